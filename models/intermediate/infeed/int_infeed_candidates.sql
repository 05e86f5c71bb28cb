with asset_quarter_hours as (

    select * from {{ ref('int_asset_quarter_hours') }}

),

final_production as (

    select * from {{ ref('int_final_production_latest') }}

),

live_quarter_hours as (

    select * from {{ ref('int_live_quarter_hours') }}

),

flags as (

    select * from {{ ref('int_redispatch_flags_latest') }}

),

forecasts as (

    select * from {{ ref('fct_asset_forecasts') }}

),

side_by_side as (

    select
        asset_quarter_hours.asset_id,
        asset_quarter_hours.delivery_start_utc,
        asset_quarter_hours.delivery_date,
        asset_quarter_hours.contract_id,
        final_production.final_kw,
        forecasts.latest_forecast_kw,
        forecasts.latest_version_utc,
        case when live_quarter_hours.is_live_sufficient then live_quarter_hours.covered_live_kw end as live_kw,
        coalesce(live_quarter_hours.live_coverage, 0) as live_coverage,
        coalesce(flags.is_redispatched, false) as is_redispatched
    from asset_quarter_hours
    left join final_production
        on
            asset_quarter_hours.metering_point_id = final_production.metering_point_id
            and asset_quarter_hours.delivery_start_utc = final_production.delivery_start_utc
    left join live_quarter_hours
        on
            asset_quarter_hours.asset_id = live_quarter_hours.asset_id
            and asset_quarter_hours.delivery_start_utc = live_quarter_hours.delivery_start_utc
    left join flags
        on
            asset_quarter_hours.metering_point_id = flags.metering_point_id
            and asset_quarter_hours.delivery_start_utc = flags.delivery_start_utc
    left join forecasts
        on
            asset_quarter_hours.asset_id = forecasts.asset_id
            and asset_quarter_hours.delivery_start_utc = forecasts.delivery_start_utc

),

known as (

    select * from side_by_side
    where final_kw is not null or live_kw is not null or is_redispatched or latest_forecast_kw is not null

)

select * from known
