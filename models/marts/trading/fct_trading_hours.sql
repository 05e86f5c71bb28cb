with private_hours as (

    select * from {{ ref('int_private_hours') }}

),

market_hours as (

    select * from {{ ref('int_market_hours') }}

),

quarter_hours as (

    select * from {{ ref('dim_quarter_hours') }}

),

side_by_side as (

    select
        private_hours.revenue_eur,
        private_hours.trades,
        private_hours.sold_mwh,
        private_hours.bought_mwh,
        private_hours.private_vwap_eur_per_mwh,
        private_hours.sell_vwap_eur_per_mwh,
        private_hours.buy_vwap_eur_per_mwh,
        market_hours.market_vwap_eur_per_mwh,
        market_hours.market_mwh,
        market_hours.market_trades,
        market_hours.id1_like_eur_per_mwh,
        market_hours.id3_like_eur_per_mwh,
        coalesce(private_hours.delivery_start_utc, market_hours.delivery_start_utc) as delivery_start_utc
    from private_hours
    full outer join market_hours on private_hours.delivery_start_utc = market_hours.delivery_start_utc

),

dated as (

    select
        cast(side_by_side.delivery_start_utc as timestamp) as delivery_start_utc,
        cast(quarter_hours.delivery_date as date) as delivery_date,
        cast(coalesce(side_by_side.revenue_eur, 0) as decimal(18, 6)) as revenue_eur,
        cast(coalesce(side_by_side.trades, 0) as bigint) as trades,
        cast(coalesce(side_by_side.sold_mwh, 0) as decimal(18, 9)) as sold_mwh,
        cast(coalesce(side_by_side.bought_mwh, 0) as decimal(18, 9)) as bought_mwh,
        cast(coalesce(side_by_side.sold_mwh - side_by_side.bought_mwh, 0) as decimal(18, 9)) as net_sold_mwh,
        side_by_side.private_vwap_eur_per_mwh,
        side_by_side.sell_vwap_eur_per_mwh,
        side_by_side.buy_vwap_eur_per_mwh,
        side_by_side.market_vwap_eur_per_mwh,
        cast(coalesce(side_by_side.market_mwh, 0) as decimal(18, 9)) as market_mwh,
        cast(coalesce(side_by_side.market_trades, 0) as bigint) as market_trades,
        side_by_side.id1_like_eur_per_mwh,
        side_by_side.id3_like_eur_per_mwh
    from side_by_side
    inner join quarter_hours on side_by_side.delivery_start_utc = quarter_hours.delivery_start_utc

)

select * from dated
