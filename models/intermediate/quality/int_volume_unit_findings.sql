with trades as (

    select
        'private_trades' as feed,
        trade_id,
        volume,
        volume_unit,
        delivery_start_utc,
        delivery_end_utc,
        file_id
    from {{ ref('int_private_trades_latest') }}
    union all
    select
        'public_trades' as feed,
        trade_id,
        volume,
        volume_unit,
        delivery_start_utc,
        delivery_end_utc,
        file_id
    from {{ ref('int_market_trades_latest') }}

),

files as (

    select * from {{ ref('stg_ingest__files') }}

),

in_power as (

    select
        *,
        cast({{ utc_to_local('delivery_start_utc') }} as date) as delivery_date,
        case volume_unit
            when 'MW' then volume
            else {{ ratio('volume * 60', minutes_between('delivery_start_utc', 'delivery_end_utc'), 9) }}
        end as power_mw
    from trades

),

off_the_steps as (

    select
        in_power.feed,
        in_power.delivery_date,
        files.file_name,
        'volume_unit_impossible' as finding,
        count(*) as rows,
        min(
            'trade ' || in_power.trade_id || ': ' || cast(in_power.volume as string) || ' ' || in_power.volume_unit
            || ' is ' || cast(in_power.power_mw as string) || ' MW, no multiple of {{ var("smallest_lot_mw") }}'
        ) as example
    from in_power
    inner join files on in_power.file_id = files.file_id
    where in_power.power_mw % cast({{ var('smallest_lot_mw') }} as decimal(18, 9)) <> 0
    group by in_power.feed, in_power.delivery_date, files.file_name

)

select * from off_the_steps
