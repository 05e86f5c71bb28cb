{%- set valid -%}
    select
        rows.asset_id,
        rows.measured_at_utc,
        rows.power_kw,
        rows.quality,
        rows.file_id,
        rows.row_number,
        files.file_timestamp_utc,
        files.file_order
    from {{ source('vpp', 'live_measured_infeed') }} as rows
    inner join files on rows.file_id = files.file_id
    where rows.power_kw is not null
{%- endset -%}

with files as (

    select * from {{ ref('stg_ingest__files') }}

),

valid as (

    {{ dated_rows(valid, 'measured_at_utc', ['asset_id', 'measured_at_utc']) }}

),

dated as (

    select
        asset_id,
        measured_at_utc,
        power_kw as live_kw,
        quality,
        known_at_utc,
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
