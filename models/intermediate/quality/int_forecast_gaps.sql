with asset_forecasts as (

    select * from {{ ref('fct_asset_forecasts') }}

),

portfolio_forecasts as (

    select * from {{ ref('fct_portfolio_forecasts') }}

),

asset_days as (

    select * from {{ ref('int_asset_days') }}

),

expected as (

    select
        asset_days.asset_id,
        portfolio_forecasts.delivery_date,
        portfolio_forecasts.delivery_start_utc
    from portfolio_forecasts
    inner join asset_days on portfolio_forecasts.delivery_date = asset_days.delivery_date

),

gaps as (

    select
        expected.delivery_date,
        expected.asset_id || ' at ' || cast(expected.delivery_start_utc as string) || ' UTC' as example,
        case
            when asset_forecasts.asset_id is null then 'forecast_missing'
            when asset_forecasts.tradeable_version_utc is null then 'tradeable_forecast_missing'
        end as finding
    from expected
    left join asset_forecasts
        on
            expected.asset_id = asset_forecasts.asset_id
            and expected.delivery_start_utc = asset_forecasts.delivery_start_utc

),

found as (

    select * from gaps
    where finding is not null

)

select * from found
