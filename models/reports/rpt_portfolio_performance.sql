with margins as (

    select * from {{ ref('fct_portfolio_margins') }}

),

quality as (

    select * from {{ ref('fct_forecast_quality') }}
    where scope = 'portfolio'

),

market_means as (

    select * from {{ ref('fct_market_means') }}

),

captured as (

    select
        margins.*,
        {{ columns_of('quality', ['nmae', 'nrmse', 'nbias', 'skill']) }},
        market_means.market_mean_eur_per_mwh,
        {{ vwap('margins.market_value_eur', 'margins.valued_mwh') }} as capture_price_eur_per_mwh
    from margins
    left join quality
        on margins.period = quality.period and margins.period_start_date = quality.period_start_date
    left join market_means
        on margins.period = market_means.period and margins.period_start_date = market_means.period_start_date

),

reported as (

    select
        period,
        period_start_date,
        {{ performance_status() }} as status,
        {{ performance_figures() }},
        revenue_eur,
        net_sold_mwh,
        alpha_eur,
        forecast_imbalance_cost_eur,
        netting_effect_eur,
        position_imbalance_mwh,
        position_imbalance_cost_eur,
        position_opportunity_cost_eur,
        margin_from_trades_eur,
        margin_from_assets_eur,
        residual_eur,
        unattributed_quarter_hours,
        unattributed_revenue_eur,
        unattributed_imbalance_cost_eur,
        unattributed_mwh,
        margin_eur,
        margin_reason
    from captured

)

select * from reported
