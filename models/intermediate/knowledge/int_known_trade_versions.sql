with moments as (

    select
        min(delivery_start_utc) as first_start_utc,
        max(delivery_start_utc) as last_start_utc
    from {{ ref('int_known_moments') }}

),

trades as (

    select * from {{ ref('stg_exchange__private_trades') }}

),

-- All rows of the trades that ever named these quarter-hours: a later row may have moved one away.
named as (

    select trades.trade_id
    from trades
    inner join moments
        on trades.delivery_start_utc <= moments.last_start_utc and trades.delivery_end_utc > moments.first_start_utc

),

-- A row counts from when it is known until the next one of its trade (TR-5); later files are known later.
versions as (

    select
        trade_id,
        side,
        delivery_start_utc,
        delivery_end_utc,
        {{ trade_mwh('volume', 'volume_unit', 'delivery_start_utc', 'delivery_end_utc') }} as volume_mwh,
        known_at_utc as known_from_utc,
        lead(known_at_utc) over (
            partition by trade_id, side order by file_order asc, row_number asc
        ) as known_until_utc,
        row_number() over (partition by trade_id, side order by file_order asc, row_number asc) as version_number
    from trades
    where trade_id in (select named.trade_id from named)

)

select * from versions
