with forecasts as (

    select * from {{ ref('stg_vpp__forecasts') }}

),

quarter_hours as (

    select * from {{ ref('dim_quarter_hours') }}

),

asset_days as (

    select * from {{ ref('int_asset_days') }}

),

ends as (

    select
        cast({{ utc_to_local('max(version_utc)') }} as date) as newest_date,
        max(delivery_start_utc) as last_delivery_start_utc
    from forecasts

),

-- Two steps read `ends`, so that it is found once and by itself: from what the database knows of its columns.
forecast_quarter_hours as (

    select
        quarter_hours.delivery_start_utc,
        quarter_hours.delivery_date
    from quarter_hours
    inner join ends on quarter_hours.delivery_start_utc <= ends.last_delivery_start_utc

),

recent_asset_days as (

    select
        asset_days.asset_id,
        asset_days.delivery_date
    from asset_days
    inner join ends on asset_days.delivery_date > ends.newest_date - {{ var('forecast_version_days') }}

),

kept as (

    select
        recent_asset_days.asset_id,
        forecast_quarter_hours.delivery_start_utc,
        forecast_quarter_hours.delivery_date
    from forecast_quarter_hours
    inner join recent_asset_days on forecast_quarter_hours.delivery_date = recent_asset_days.delivery_date

)

select * from kept
