with asset_days as (

    select * from {{ ref('int_asset_days') }}

),

quarter_hours as (

    select * from {{ ref('dim_quarter_hours') }}

),

infeed_days as (

    select * from {{ ref('int_asset_infeed_days') }}

),

forecasts as (

    select * from {{ ref('fct_asset_forecasts') }}

),

days as (

    select
        delivery_date,
        count(*) as expected_quarter_hours
    from quarter_hours
    group by delivery_date

),

forecast_days as (

    select
        asset_id,
        delivery_date,
        sum(latest_forecast_mwh) as latest_forecast_mwh,
        sum(tradeable_forecast_mwh) as tradeable_forecast_mwh,
        count(latest_forecast_mwh) as forecast_quarter_hours,
        count(tradeable_forecast_mwh) as tradeable_quarter_hours
    from forecasts
    group by asset_id, delivery_date

),

summed as (

    select
        cast(asset_days.asset_id as string) as asset_id,
        cast(asset_days.delivery_date as date) as delivery_date,
        cast(asset_days.contract_id as string) as contract_id,
        cast(days.expected_quarter_hours as bigint) as expected_quarter_hours,
        cast(coalesce(infeed_days.infeed_quarter_hours, 0) as bigint) as infeed_quarter_hours,
        cast(coalesce(infeed_days.measured_quarter_hours, 0) as bigint) as measured_quarter_hours,
        cast(coalesce(infeed_days.redispatched_quarter_hours, 0) as bigint) as redispatched_quarter_hours,
        cast(infeed_days.final_mwh as decimal(18, 9)) as final_mwh,
        cast(infeed_days.measured_mwh - coalesce(infeed_days.final_mwh, 0) as decimal(18, 9)) as live_mwh,
        cast(infeed_days.forecast_infeed_mwh as decimal(18, 9)) as forecast_infeed_mwh,
        cast(forecast_days.latest_forecast_mwh as decimal(18, 9)) as latest_forecast_mwh,
        cast(forecast_days.tradeable_forecast_mwh as decimal(18, 9)) as tradeable_forecast_mwh,
        cast(coalesce(forecast_days.forecast_quarter_hours, 0) as bigint) as forecast_quarter_hours,
        cast(coalesce(forecast_days.tradeable_quarter_hours, 0) as bigint) as tradeable_quarter_hours
    from asset_days
    inner join days on asset_days.delivery_date = days.delivery_date
    left join infeed_days
        on asset_days.asset_id = infeed_days.asset_id and asset_days.delivery_date = infeed_days.delivery_date
    left join forecast_days
        on asset_days.asset_id = forecast_days.asset_id and asset_days.delivery_date = forecast_days.delivery_date

)

select * from summed
