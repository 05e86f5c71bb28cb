with rows as (

    select * from {{ source('vpp', 'technical_data') }}

),

files as (

    select * from {{ ref('stg_ingest__files') }}

),

valid as (

    select
        rows.asset_id,
        rows.asset_name,
        rows.technology,
        rows.status,
        rows.capacity_kw,
        rows.latitude,
        rows.longitude,
        rows.technical_attributes,
        rows.file_id,
        rows.row_number,
        files.file_timestamp_utc,
        files.file_order
    from rows
    inner join files on rows.file_id = files.file_id
    where rows.asset_id is not null

),

dated as (

    select
        asset_id,
        asset_name,
        technology,
        status,
        capacity_kw,
        latitude,
        longitude,
        technical_attributes,
        file_timestamp_utc as known_at_utc,
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
