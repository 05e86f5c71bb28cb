with margins as (

    select * from {{ ref('fct_asset_margins') }}

),

quality as (

    select * from {{ ref('fct_forecast_quality') }}
    where scope = 'asset'

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
        on
            margins.asset_id = quality.asset_id
            and margins.period = quality.period
            and margins.period_start_date = quality.period_start_date
    left join market_means
        on margins.period = market_means.period and margins.period_start_date = market_means.period_start_date

),

reported as (

    select
        asset_id,
        period,
        period_start_date,
        {{ performance_status() }} as status,
        {{ performance_figures() }},
        margin_eur,
        margin_reason,
        margin_subtotal_eur
    from captured

)

select * from reported
