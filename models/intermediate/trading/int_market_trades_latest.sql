with trades as (

    select * from {{ ref('stg_exchange__public_trades') }}

),

ranked as (

    select
        *,
        row_number() over (partition by trade_id order by file_order desc, row_number desc) as recency
    from trades

),

newest as (

    select
        trade_id,
        side,
        delivery_start_utc,
        delivery_end_utc,
        executed_at_utc,
        price_eur_per_mwh,
        {{ trade_mwh('volume', 'volume_unit', 'delivery_start_utc', 'delivery_end_utc') }} as volume_mwh,
        volume,
        volume_unit,
        file_id
    from ranked
    where recency = 1

)

select * from newest
