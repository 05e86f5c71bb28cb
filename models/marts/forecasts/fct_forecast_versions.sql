{{ config(materialized='table', meta={'scope': 'all'}) }}

with forecasts as (

    select * from {{ ref('stg_vpp__forecasts') }}

),

quarter_hours as (

    select * from {{ ref('dim_quarter_hours') }}

),

asset_days as (

    select * from {{ ref('int_asset_days') }}

),

newest as (

    select cast({{ utc_to_local('max(version_utc)') }} as date) as newest_date
    from forecasts

),

recent as (

    select
        quarter_hours.delivery_start_utc,
        quarter_hours.delivery_date
    from quarter_hours
    cross join newest
    where quarter_hours.delivery_date > newest.newest_date - {{ var('forecast_version_days') }}

),

versions as (

    select
        forecasts.asset_id,
        forecasts.delivery_start_utc,
        recent.delivery_date,
        forecasts.version_utc,
        {{ value_at_greatest('forecasts.forecast_kw', ['forecasts.file_order', 'forecasts.row_number']) }}
            as forecast_kw
    from forecasts
    inner join recent on forecasts.delivery_start_utc = recent.delivery_start_utc
    group by forecasts.asset_id, forecasts.delivery_start_utc, recent.delivery_date, forecasts.version_utc

),

under_contract as (

    select
        cast(versions.asset_id as string) as asset_id,
        cast(versions.delivery_start_utc as timestamp) as delivery_start_utc,
        cast(versions.delivery_date as date) as delivery_date,
        cast(versions.version_utc as timestamp) as version_utc,
        {{ minutes_between('versions.version_utc', 'versions.delivery_start_utc') }} as lead_time_minutes,
        cast(versions.forecast_kw as double) as forecast_kw
    from versions
    inner join asset_days
        on
            versions.asset_id = asset_days.asset_id
            and versions.delivery_date = asset_days.delivery_date
    order by delivery_date, version_utc, asset_id

)

select * from under_contract
