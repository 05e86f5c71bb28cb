with private_days as (

    select * from {{ ref('int_private_days') }}

),

market_days as (

    select * from {{ ref('int_market_days') }}

),

alpha_days as (

    select * from {{ ref('int_alpha_days') }}

),

side_by_side as (

    select
        cast(coalesce(private_days.delivery_date, market_days.delivery_date) as date) as delivery_date,
        cast(coalesce(private_days.product, market_days.product) as string) as product,
        cast(coalesce(private_days.revenue_eur, 0) as decimal(18, 6)) as revenue_eur,
        cast(coalesce(private_days.trades, 0) as bigint) as trades,
        cast(coalesce(private_days.sold_mwh, 0) as decimal(18, 9)) as sold_mwh,
        cast(coalesce(private_days.bought_mwh, 0) as decimal(18, 9)) as bought_mwh,
        cast(coalesce(private_days.sold_mwh - private_days.bought_mwh, 0) as decimal(18, 9)) as net_sold_mwh,
        private_days.private_vwap_eur_per_mwh,
        private_days.sell_vwap_eur_per_mwh,
        private_days.buy_vwap_eur_per_mwh,
        market_days.market_vwap_eur_per_mwh,
        cast(coalesce(market_days.market_mwh, 0) as decimal(18, 9)) as market_mwh,
        cast(case when private_days.trades is null then 0 else alpha_days.alpha_eur end as decimal(18, 6))
            as alpha_eur,
        cast(coalesce(alpha_days.priced_alpha_eur, 0) as decimal(18, 6)) as priced_alpha_eur,
        cast(coalesce(alpha_days.unpriced_quarter_hours, 0) as bigint) as unpriced_quarter_hours
    from private_days
    full outer join market_days
        on private_days.delivery_date = market_days.delivery_date and private_days.product = market_days.product
    left join alpha_days
        on private_days.delivery_date = alpha_days.delivery_date and private_days.product = alpha_days.product

)

select * from side_by_side
