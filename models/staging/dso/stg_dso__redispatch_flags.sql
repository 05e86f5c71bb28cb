with rows as (

    select * from {{ source('dso', 'redispatch_flags') }}

),

files as (

    select * from {{ ref('stg_ingest__files') }}

),

valid as (

    select
        rows.metering_point_id,
        rows.delivery_start_utc,
        rows.is_redispatched,
        rows.file_id,
        rows.row_number,
        files.file_timestamp_utc,
        files.file_order
    from rows
    inner join files on rows.file_id = files.file_id
    where rows.is_redispatched is not null

),

dated as (

    select
        metering_point_id,
        delivery_start_utc,
        is_redispatched,
        file_timestamp_utc,
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
