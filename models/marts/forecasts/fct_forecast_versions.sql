{{ config(materialized='table', meta={'scope': 'all'}) }}

{#- Forecasts are named at each use: as one step that several read, all of their points would be held at once. -#}
with quarter_hours as (

    select * from {{ ref('int_forecast_quarter_hours_kept') }}

),

-- Points that came in one file, each a row and a quarter-hour after the one before, are each there once.
out_of_line as (

    select
        asset_id,
        version_utc
    from {{ ref('stg_vpp__forecasts') }}
    where delivery_start_utc in (select quarter_hours.delivery_start_utc from quarter_hours)
    group by asset_id, version_utc
    having
        min(file_order) < max(file_order)
        or min({{ microseconds_between('version_utc', 'delivery_start_utc') }} - 900000000 * row_number)
        < max({{ microseconds_between('version_utc', 'delivery_start_utc') }} - 900000000 * row_number)

),

in_line as (

    select
        forecasts.asset_id,
        forecasts.delivery_start_utc,
        forecasts.version_utc,
        forecasts.forecast_kw
    from {{ ref('stg_vpp__forecasts') }} as forecasts
    left join out_of_line
        on forecasts.asset_id = out_of_line.asset_id and forecasts.version_utc = out_of_line.version_utc
    where out_of_line.asset_id is null

),

newest as (

    select
        forecasts.asset_id,
        forecasts.delivery_start_utc,
        forecasts.version_utc,
        {{ value_of_newest('forecasts.forecast_kw', of='forecasts') }} as forecast_kw
    from {{ ref('stg_vpp__forecasts') }} as forecasts
    inner join out_of_line
        on forecasts.asset_id = out_of_line.asset_id and forecasts.version_utc = out_of_line.version_utc
    group by forecasts.asset_id, forecasts.delivery_start_utc, forecasts.version_utc

),

versions as (

    select * from in_line
    union all
    select * from newest

),

under_contract as (

    select
        cast(versions.asset_id as string) as asset_id,
        cast(versions.delivery_start_utc as timestamp) as delivery_start_utc,
        cast(quarter_hours.delivery_date as date) as delivery_date,
        cast(versions.version_utc as timestamp) as version_utc,
        {{ minutes_between('versions.version_utc', 'versions.delivery_start_utc') }} as lead_time_minutes,
        cast(versions.forecast_kw as double) as forecast_kw
    from versions
    inner join quarter_hours
        on
            versions.asset_id = quarter_hours.asset_id
            and versions.delivery_start_utc = quarter_hours.delivery_start_utc
    order by delivery_date, version_utc, asset_id

)

select * from under_contract
