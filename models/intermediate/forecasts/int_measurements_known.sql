with forecasts as (

    select * from {{ ref('int_forecasts_by_lead_time') }}

),

live_samples as (

    select * from {{ ref('stg_vpp__live_measured_infeed', whole=true) }}
    where quality > 0 or quality is null

),

final_production as (

    select * from {{ ref('stg_dso__final_production', whole=true) }}

),

asset_quarter_hours as (

    select * from {{ ref('int_asset_quarter_hours', whole=true) }}

),

asked_for as (

    select
        min(version_utc) - interval '{{ var("persistence_hours") }}' hour as first_utc,
        max(version_utc) as last_utc
    from forecasts

),

measurements as (

    select
        asset_id,
        measured_at_utc,
        known_at_utc,
        live_kw as measured_kw,
        file_order,
        row_number
    from live_samples
    union all
    select
        asset_quarter_hours.asset_id,
        final_production.delivery_start_utc + interval '15' minute as measured_at_utc,
        final_production.known_at_utc,
        final_production.final_kw as measured_kw,
        final_production.file_order,
        final_production.row_number
    from final_production
    inner join asset_quarter_hours
        on
            final_production.metering_point_id = asset_quarter_hours.metering_point_id
            and final_production.delivery_start_utc = asset_quarter_hours.delivery_start_utc

),

in_time as (

    select
        measurements.asset_id,
        measurements.measured_at_utc,
        measurements.known_at_utc,
        measurements.measured_kw,
        measurements.file_order,
        measurements.row_number
    from measurements
    inner join asked_for
        on
            measurements.measured_at_utc >= asked_for.first_utc
            and measurements.measured_at_utc <= asked_for.last_utc

)

select * from in_time
