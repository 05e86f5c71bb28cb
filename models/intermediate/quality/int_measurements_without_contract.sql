{{ config(materialized='incremental') }}

with asset_days as (

    select * from {{ ref('int_asset_days') }}

),

quarter_hours as (

    select * from {{ ref('dim_quarter_hours') }}

),

measurements as (

    select
        'final_production' as feed,
        metering_point_id as measured_at,
        delivery_start_utc
    from {{ ref('int_final_production_latest') }}
    union all
    select
        'redispatch_flags' as feed,
        metering_point_id as measured_at,
        delivery_start_utc
    from {{ ref('int_redispatch_flags_latest') }}
    union all
    select
        'live_measured_infeed' as feed,
        asset_id as measured_at,
        delivery_start_utc
    from {{ ref('int_live_quarter_hours') }}

),

strangers as (

    select
        measurements.feed,
        measurements.measured_at,
        quarter_hours.delivery_date,
        count(*) as quarter_hours
    from measurements
    inner join quarter_hours on measurements.delivery_start_utc = quarter_hours.delivery_start_utc
    left join asset_days
        on
            quarter_hours.delivery_date = asset_days.delivery_date
            and measurements.measured_at = case
                when measurements.feed = 'live_measured_infeed' then asset_days.asset_id
                else asset_days.metering_point_id
            end
    where asset_days.asset_id is null
    group by measurements.feed, measurements.measured_at, quarter_hours.delivery_date

)

select * from strangers
