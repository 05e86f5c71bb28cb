with private_quarter_hours as (

    select * from {{ ref('int_private_quarter_hours') }}

),

alpha as (

    select * from {{ ref('int_alpha_by_product') }}

),

market_prices as (

    select * from {{ ref('int_market_prices') }}

),

indices as (

    select * from {{ ref('int_market_indices') }}

),

private_summed as (

    select
        delivery_start_utc,
        delivery_date,
        sum(trades) as trades,
        sum(revenue_eur) as revenue_eur,
        sum(sold_mwh) as sold_mwh,
        sum(bought_mwh) as bought_mwh,
        {{ vwap('sum(turnover_eur)', 'sum(sold_mwh + bought_mwh)') }} as private_vwap_eur_per_mwh,
        {{ vwap('sum(sell_turnover_eur)', 'sum(sold_mwh)') }} as sell_vwap_eur_per_mwh,
        {{ vwap('sum(buy_turnover_eur)', 'sum(bought_mwh)') }} as buy_vwap_eur_per_mwh
    from private_quarter_hours
    group by delivery_start_utc, delivery_date

),

alpha_summed as (

    select
        delivery_start_utc,
        sum(alpha_eur) as alpha_eur
    from alpha
    group by delivery_start_utc

),

side_by_side as (

    select
        cast(coalesce(private_summed.delivery_start_utc, market_prices.delivery_start_utc) as timestamp)
            as delivery_start_utc,
        cast(coalesce(private_summed.delivery_date, market_prices.delivery_date) as date) as delivery_date,
        cast(coalesce(private_summed.revenue_eur, 0) as decimal(18, 6)) as revenue_eur,
        cast(coalesce(private_summed.trades, 0) as bigint) as trades,
        cast(coalesce(private_summed.sold_mwh, 0) as decimal(18, 9)) as sold_mwh,
        cast(coalesce(private_summed.bought_mwh, 0) as decimal(18, 9)) as bought_mwh,
        cast(coalesce(private_summed.sold_mwh - private_summed.bought_mwh, 0) as decimal(18, 9)) as net_sold_mwh,
        private_summed.private_vwap_eur_per_mwh,
        private_summed.sell_vwap_eur_per_mwh,
        private_summed.buy_vwap_eur_per_mwh,
        market_prices.market_vwap_eur_per_mwh,
        cast(coalesce(market_prices.market_mwh, 0) as decimal(18, 9)) as market_mwh,
        cast(coalesce(market_prices.market_trades, 0) as bigint) as market_trades,
        cast(case when private_summed.trades is null then 0 else alpha_summed.alpha_eur end as decimal(18, 6))
            as alpha_eur,
        indices.id1_like_eur_per_mwh,
        indices.id3_like_eur_per_mwh
    from private_summed
    full outer join market_prices on private_summed.delivery_start_utc = market_prices.delivery_start_utc
    left join indices on market_prices.delivery_start_utc = indices.delivery_start_utc
    left join alpha_summed on private_summed.delivery_start_utc = alpha_summed.delivery_start_utc

)

select * from side_by_side
