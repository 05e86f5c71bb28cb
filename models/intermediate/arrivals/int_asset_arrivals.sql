with asset_quarter_hours as (

    select * from {{ ref('int_asset_quarter_hours') }}

),

days as (

    select * from {{ ref('int_delivered_days') }}

),

asset_infeed as (

    select * from {{ ref('fct_asset_infeed') }}

),

forecasts as (

    select * from {{ ref('fct_asset_forecasts') }}

),

arrivals as (

    select * from {{ ref('int_feed_arrivals') }}
    where feed = 'final_production'

),

counted as (

    select
        asset_quarter_hours.asset_id,
        asset_quarter_hours.delivery_date,
        asset_quarter_hours.contract_id,
        count(*) as expected_quarter_hours,
        count(forecasts.latest_version_utc) as forecast_quarter_hours,
        count(forecasts.tradeable_version_utc) as tradeable_quarter_hours,
        count(asset_infeed.live_kw) as live_quarter_hours,
        count(asset_infeed.final_kw) as final_quarter_hours,
        count(case when arrivals.is_late then asset_infeed.final_kw end) as late_final_quarter_hours,
        count(asset_infeed.infeed_mwh) as infeed_quarter_hours,
        max(forecasts.latest_version_utc) as newest_forecast_at_utc,
        max(case when asset_infeed.live_kw is not null then asset_infeed.delivery_start_utc end)
        + interval '15' minute as newest_live_at_utc,
        max(arrivals.newest_at_utc) as newest_final_at_utc
    from asset_quarter_hours
    inner join days on asset_quarter_hours.delivery_date = days.delivery_date
    left join asset_infeed
        on
            asset_quarter_hours.asset_id = asset_infeed.asset_id
            and asset_quarter_hours.delivery_start_utc = asset_infeed.delivery_start_utc
    left join forecasts
        on
            asset_quarter_hours.asset_id = forecasts.asset_id
            and asset_quarter_hours.delivery_start_utc = forecasts.delivery_start_utc
    left join arrivals
        on
            asset_quarter_hours.metering_point_id = arrivals.item_id
            and asset_quarter_hours.delivery_start_utc = arrivals.delivery_start_utc
    group by asset_quarter_hours.asset_id, asset_quarter_hours.delivery_date, asset_quarter_hours.contract_id

)

select * from counted
