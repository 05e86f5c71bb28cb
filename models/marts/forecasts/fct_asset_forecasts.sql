with forecasts as (

    select * from {{ ref('int_forecasts_chosen') }}

),

quarter_hours as (

    select * from {{ ref('dim_quarter_hours') }}

),

asset_days as (

    select * from {{ ref('int_asset_days') }}

),

under_contract as (

    select
        cast(forecasts.asset_id as string) as asset_id,
        cast(forecasts.delivery_start_utc as timestamp) as delivery_start_utc,
        cast(quarter_hours.delivery_date as date) as delivery_date,
        cast(asset_days.contract_id as string) as contract_id,
        cast(forecasts.latest_version_utc as timestamp) as latest_version_utc,
        cast(forecasts.latest_forecast_kw as double) as latest_forecast_kw,
        {{ kw_to_mwh('forecasts.latest_forecast_kw') }} as latest_forecast_mwh,
        cast(forecasts.tradeable_version_utc as timestamp) as tradeable_version_utc,
        cast(forecasts.tradeable_forecast_kw as double) as tradeable_forecast_kw,
        {{ kw_to_mwh('forecasts.tradeable_forecast_kw') }} as tradeable_forecast_mwh
    from forecasts
    inner join quarter_hours on forecasts.delivery_start_utc = quarter_hours.delivery_start_utc
    inner join asset_days
        on
            forecasts.asset_id = asset_days.asset_id
            and quarter_hours.delivery_date = asset_days.delivery_date
    order by delivery_date, asset_id

)

select * from under_contract
