with trading as (

    select * from {{ ref('fct_trading_quarter_hours') }}

),

portfolio_days as (

    select * from {{ ref('int_portfolio_days') }}

),

portfolio_infeed as (

    select * from {{ ref('fct_portfolio_infeed') }}
    where measured_assets_present > 0

),

sold_above_capacity as (

    select
        'private_trades' as feed,
        'sold_above_capacity' as finding,
        trading.delivery_date,
        cast(trading.delivery_start_utc as string)
        || ' UTC: sold '
        || cast(cast(trading.sold_mwh * 4 as decimal(18, 3)) as string)
        || ' MW, under contract are '
        || cast(cast(coalesce(portfolio_days.capacity_mw, 0) as decimal(18, 3)) as string)
        || ' MW' as example
    from trading
    left join portfolio_days on trading.delivery_date = portfolio_days.delivery_date
    where
        trading.sold_mwh * 4 > coalesce(portfolio_days.capacity_mw, 0)
        and coalesce(portfolio_days.capacities_known, 0) = coalesce(portfolio_days.assets_expected, 0)

),

market_price_missing as (

    select
        'public_trades' as feed,
        'market_price_missing' as finding,
        coalesce(trading.delivery_date, portfolio_infeed.delivery_date) as delivery_date,
        cast(coalesce(trading.delivery_start_utc, portfolio_infeed.delivery_start_utc) as string) || ' UTC' as example
    from trading
    full outer join portfolio_infeed on trading.delivery_start_utc = portfolio_infeed.delivery_start_utc
    where trading.market_vwap_eur_per_mwh is null

),

together as (

    select * from sold_above_capacity
    union all
    select * from market_price_missing

),

counted as (

    select
        feed,
        delivery_date,
        cast(null as string) as file_name,
        finding,
        count(*) as rows,
        min(example) as example
    from together
    group by feed, delivery_date, finding

)

select * from counted
