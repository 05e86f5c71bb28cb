with asset_forecasts as (

    select * from {{ ref('fct_asset_forecasts') }}

),

portfolio_days as (

    select * from {{ ref('int_portfolio_days') }}

),

summed as (

    select
        delivery_start_utc,
        delivery_date,
        sum(latest_forecast_mwh) as latest_forecast_mwh,
        sum(tradeable_forecast_mwh) as tradeable_forecast_mwh,
        count(latest_forecast_mwh) as assets_present,
        count(tradeable_forecast_mwh) as tradeable_assets_present
    from asset_forecasts
    group by delivery_start_utc, delivery_date

),

compared as (

    select
        summed.delivery_start_utc,
        summed.delivery_date,
        cast(summed.latest_forecast_mwh as decimal(18, 9)) as latest_forecast_mwh,
        cast(summed.tradeable_forecast_mwh as decimal(18, 9)) as tradeable_forecast_mwh,
        cast(portfolio_days.assets_expected as bigint) as assets_expected,
        cast(summed.assets_present as bigint) as assets_present,
        cast(summed.tradeable_assets_present as bigint) as tradeable_assets_present,
        summed.assets_present = portfolio_days.assets_expected as is_complete,
        summed.tradeable_assets_present = portfolio_days.assets_expected as is_tradeable_complete
    from summed
    inner join portfolio_days on summed.delivery_date = portfolio_days.delivery_date

)

select * from compared
