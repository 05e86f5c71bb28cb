with rows as (

    select * from {{ source('vpp', 'forecasts') }}

),

files as (

    select * from {{ ref('stg_ingest__files') }}

),

valid as (

    select
        rows.asset_id,
        rows.delivery_start_utc,
        rows.version_utc,
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
        asset_id,
        delivery_start_utc,
        version_utc,
        power_kw as forecast_kw,
        {{ known_at('version_utc', ['asset_id', 'delivery_start_utc', 'version_utc']) }} as known_at_utc,
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
