with trades as (

    select * from {{ ref('int_market_trades_latest') }}

),

named as (

    select
        cast(trade_id as string) as trade_id,
        cast(delivery_start_utc as timestamp) as delivery_start_utc,
        cast(delivery_end_utc as timestamp) as delivery_end_utc,
        cast({{ utc_to_local('delivery_start_utc') }} as date) as delivery_date,
        cast({{ trade_product('delivery_start_utc', 'delivery_end_utc') }} as string) as product,
        cast(executed_at_utc as timestamp) as executed_at_utc,
        cast(price_eur_per_mwh as decimal(18, 6)) as price_eur_per_mwh,
        cast(volume_mwh as decimal(18, 9)) as volume_mwh
    from trades
    order by delivery_date, executed_at_utc

)

select * from named
