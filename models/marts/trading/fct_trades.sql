with trades as (

    select * from {{ ref('int_private_trades_latest') }}

),

priced as (

    select
        cast(trade_id as string) as trade_id,
        cast(side as string) as side,
        cast(delivery_start_utc as timestamp) as delivery_start_utc,
        cast(delivery_end_utc as timestamp) as delivery_end_utc,
        cast({{ utc_to_local('delivery_start_utc') }} as date) as delivery_date,
        cast(executed_at_utc as timestamp) as executed_at_utc,
        cast({{ trade_product('delivery_start_utc', 'delivery_end_utc') }} as string) as product,
        cast(price_eur_per_mwh as decimal(18, 6)) as price_eur_per_mwh,
        cast(volume_mwh as decimal(18, 9)) as volume_mwh,
        cast(
            {{ signed_by_side('side', amount_eur('price_eur_per_mwh', 'volume_mwh')) }} as decimal(18, 6)
        ) as revenue_eur
    from trades

)

select * from priced
