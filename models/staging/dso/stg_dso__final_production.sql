with rows as (

    select * from {{ source('dso', 'final_production') }}

),

files as (

    select * from {{ ref('stg_ingest__files') }}

),

valid as (

    select
        rows.metering_point_id,
        rows.delivery_start_utc,
        rows.power_kw,
        rows.file_id,
        rows.row_number,
        files.file_timestamp_utc,
        files.file_order
    from rows
    inner join files on rows.file_id = files.file_id
    where rows.power_kw is not null

),

dated as (

    select
        metering_point_id,
        delivery_start_utc,
        power_kw as final_kw,
        {{ known_after_delivery() }} as known_at_utc,
        file_id,
        file_order,
        row_number
    from valid

),

known as (

    select * from dated
    where {{ known_by('known_at_utc') }}

)

select * from known
