with forecasts as (

    select * from {{ ref('int_forecasts_by_lead_time') }}

),

measurements as (

    select * from {{ ref('int_measurements_first_known') }}

),

versions as (

    select distinct
        asset_id,
        version_utc
    from forecasts

),

-- Measurements come before a version that was issued when they became known.
in_order as (

    select
        asset_id,
        known_at_utc as at_utc,
        0 as place,
        measured_at_utc
    from measurements
    union all
    select
        asset_id,
        version_utc as at_utc,
        1 as place,
        cast(null as timestamp) as measured_at_utc
    from versions

),

so_far as (

    select
        asset_id,
        at_utc,
        place,
        max(measured_at_utc) over (
            partition by asset_id order by at_utc asc, place asc
            rows between unbounded preceding and current row
        ) as last_measured_at_utc
    from in_order

),

persisted as (

    select
        so_far.asset_id,
        so_far.at_utc as version_utc,
        measurements.measured_kw as persistence_kw
    from so_far
    inner join measurements
        on
            so_far.asset_id = measurements.asset_id
            and so_far.last_measured_at_utc = measurements.measured_at_utc
    where
        so_far.place = 1
        and so_far.last_measured_at_utc > so_far.at_utc - interval '{{ var("persistence_hours") }}' hour

)

select * from persisted
