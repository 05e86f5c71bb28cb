-- Conservation across grains (FC-3): whoever adds up assets must get the portfolio, to the last digit.
with asset_forecasts as (

    select * from {{ ref('fct_asset_forecasts') }}

),

portfolio_forecasts as (

    select * from {{ ref('fct_portfolio_forecasts') }}

),

summed as (

    select
        delivery_start_utc,
        sum(latest_forecast_mwh) as latest_forecast_mwh,
        sum(tradeable_forecast_mwh) as tradeable_forecast_mwh
    from asset_forecasts
    group by delivery_start_utc

)

select
    summed.delivery_start_utc as from_assets,
    portfolio_forecasts.delivery_start_utc as from_portfolio
from summed
full outer join portfolio_forecasts on summed.delivery_start_utc = portfolio_forecasts.delivery_start_utc
where
    summed.latest_forecast_mwh is distinct from portfolio_forecasts.latest_forecast_mwh
    or summed.tradeable_forecast_mwh is distinct from portfolio_forecasts.tradeable_forecast_mwh
