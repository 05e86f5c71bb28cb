{{ config(materialized='incremental') }}

with errors as (

    select * from {{ ref('int_forecast_errors') }}

),

by_scope as (

    select
        *,
        'portfolio' as scope
    from errors
    union all
    select
        *,
        technology as scope
    from errors
    where technology is not null

),

-- The sum and the assets' own errors rest on the same samples, so that the two can be compared.
summed as (

    select
        scope,
        delivery_start_utc,
        delivery_date,
        lead_time_bucket,
        count(*) as assets_present,
        sum(capacity_mwh) as capacity_mwh,
        sum(error_mwh) as error_mwh,
        sum(abs(error_mwh)) as asset_absolute_error_mwh,
        sum(case when persistence_error_mwh is not null then error_mwh end) as compared_error_mwh,
        sum(persistence_error_mwh) as persistence_error_mwh
    from by_scope
    group by scope, delivery_start_utc, delivery_date, lead_time_bucket

)

select * from summed
