with positions as (

    select * from {{ ref('fct_positions') }}

),

trading as (

    select * from {{ ref('fct_trading_quarter_hours') }}

),

imbalances as (

    select * from {{ ref('fct_portfolio_imbalance') }}

),

settled as (

    select
        positions.delivery_start_utc,
        positions.delivery_date,
        trading.market_vwap_eur_per_mwh is not null and imbalances.position_imbalance_cost_eur is not null
            as is_attributed
    from positions
    left join trading on positions.delivery_start_utc = trading.delivery_start_utc
    left join imbalances on positions.delivery_start_utc = imbalances.delivery_start_utc
    where positions.measured_mwh > 0 or trading.trades > 0 or imbalances.assets_present > 0

)

select * from settled
