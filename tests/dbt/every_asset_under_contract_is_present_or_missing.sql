-- No portfolio row may lack an asset in silence (FC-3): what is expected is present or counted as missing.
with portfolio_forecasts as (

    select * from {{ ref('fct_portfolio_forecasts') }}

),

asset_days as (

    select * from {{ ref('int_asset_days') }}

),

expected as (

    select
        delivery_date,
        count(distinct asset_id) as assets
    from asset_days
    group by delivery_date

)

select portfolio_forecasts.delivery_start_utc
from portfolio_forecasts
left join expected on portfolio_forecasts.delivery_date = expected.delivery_date
where
    portfolio_forecasts.assets_expected is distinct from expected.assets
    or portfolio_forecasts.assets_present > portfolio_forecasts.assets_expected
    or portfolio_forecasts.is_complete <> (portfolio_forecasts.assets_present = portfolio_forecasts.assets_expected)
