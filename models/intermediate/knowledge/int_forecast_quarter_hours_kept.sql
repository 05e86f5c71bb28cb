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

kept as (

    select
        asset_days.asset_id,
        quarter_hours.delivery_start_utc,
        quarter_hours.delivery_date
    from quarter_hours
    inner join asset_days on quarter_hours.delivery_date = asset_days.delivery_date
    cross join ends
    where
        quarter_hours.delivery_date > ends.newest_date - {{ var('forecast_version_days') }}
        and quarter_hours.delivery_start_utc <= ends.last_delivery_start_utc

)

select * from kept
