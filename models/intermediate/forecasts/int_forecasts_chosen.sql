{{ config(materialized='incremental') }}

with forecasts as (

    select * from {{ ref('stg_vpp__forecasts') }}

),

issued_in_time as (

    select
        *,
        version_utc <= {{ gate_closure('delivery_start_utc') }} as is_tradeable
    from forecasts
    where version_utc <= delivery_start_utc

),

chosen as (

    select
        asset_id,
        delivery_start_utc,
        max(version_utc) as latest_version_utc,
        {{ value_of_newest('forecast_kw', version='version_utc') }} as latest_forecast_kw,
        max(version_utc) filter (where is_tradeable) as tradeable_version_utc,
        {{ value_of_newest('forecast_kw', version='version_utc') }} filter (where is_tradeable) as tradeable_forecast_kw
    from issued_in_time
    group by asset_id, delivery_start_utc

)

select * from chosen
