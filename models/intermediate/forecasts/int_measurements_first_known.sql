with live_samples as (

    select * from {{ ref('stg_vpp__live_measured_infeed') }}
    where quality > 0 or quality is null

),

final_production as (

    select * from {{ ref('stg_dso__final_production') }}

),

asset_quarter_hours as (

    select * from {{ ref('int_asset_quarter_hours') }}

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

ranked as (

    select
        *,
        row_number() over (
            partition by asset_id, measured_at_utc order by known_at_utc asc, file_order asc, row_number asc
        ) as occurrence
    from measurements

),

first_known as (

    select
        asset_id,
        measured_at_utc,
        known_at_utc,
        greatest(measured_kw, 0) as measured_kw
    from ranked
    where occurrence = 1

)

select * from first_known
