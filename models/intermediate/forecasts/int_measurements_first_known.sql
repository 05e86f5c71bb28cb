with measurements as (

    select * from {{ ref('int_measurements_known') }}

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
