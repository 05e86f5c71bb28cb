-- Conservation across grains (TR-2, TR-5, TR-7): trades, quarter-hours and days tell one PnL and one position.
-- Money is rounded to a millionth of a EUR at each grain, so sums may differ by half of that for each of their rows.
with trades as (

    select
        sum(revenue_eur) as revenue_eur,
        sum(case side when 'SELL' then volume_mwh else -volume_mwh end) as net_sold_mwh,
        count(*) as summands
    from {{ ref('fct_trades', whole=true) }}

),

quarter_hours as (

    select
        sum(revenue_eur) as revenue_eur,
        sum(net_sold_mwh) as net_sold_mwh,
        sum(alpha_eur) as alpha_eur,
        count(*) as summands
    from {{ ref('fct_trading_quarter_hours', whole=true) }}

),

days as (

    select
        sum(revenue_eur) as revenue_eur,
        sum(net_sold_mwh) as net_sold_mwh,
        sum(priced_alpha_eur) as alpha_eur
    from {{ ref('fct_trading_days', whole=true) }}
    where product = 'all'

),

products as (

    select
        sum(revenue_eur) as revenue_eur,
        sum(net_sold_mwh) as net_sold_mwh,
        sum(priced_alpha_eur) as alpha_eur
    from {{ ref('fct_trading_days', whole=true) }}
    where product <> 'all'

)

select
    trades.revenue_eur as trades_eur,
    quarter_hours.revenue_eur as quarter_hours_eur,
    days.revenue_eur as days_eur,
    products.revenue_eur as products_eur
from trades
cross join quarter_hours
cross join days
cross join products
where
    trades.net_sold_mwh <> quarter_hours.net_sold_mwh
    or trades.net_sold_mwh <> days.net_sold_mwh
    or trades.net_sold_mwh <> products.net_sold_mwh
    or abs(trades.revenue_eur - quarter_hours.revenue_eur) > 0.000001 * (trades.summands + quarter_hours.summands)
    or abs(trades.revenue_eur - days.revenue_eur) > 0.000001 * trades.summands
    or abs(days.revenue_eur - products.revenue_eur) > 0.000001 * quarter_hours.summands
    or abs(quarter_hours.alpha_eur - days.alpha_eur) > 0.000001 * quarter_hours.summands
    or abs(days.alpha_eur - products.alpha_eur) > 0.000001 * quarter_hours.summands
