{%- set valid -%}
    select
        rows.asset_id,
        rows.delivery_start_utc,
        rows.version_utc,
        rows.power_kw,
        rows.file_id,
        rows.row_number,
        files.file_timestamp_utc,
        files.file_order
    from {{ source('vpp', 'forecasts') }} as rows
    inner join files on rows.file_id = files.file_id
    where rows.power_kw is not null and {{ known_by('rows.version_utc') }}
{%- endset -%}
{%- set key = ['asset_id', 'delivery_start_utc', 'version_utc'] -%}

with files as (

    select * from {{ ref('stg_ingest__files') }}

),

-- Where nobody asks when a point was known, the window of `known_at` costs nothing: it is left out.
valid as (

    {% if as_of() is none %}
        select
            *,
            {{ known_at('version_utc', key) }} as known_at_utc
        from ({{ valid }}) as all_rows
    {% else %}
        {{ dated_rows(valid, 'version_utc', key) }}
    {% endif %}

),

dated as (

    select
        asset_id,
        delivery_start_utc,
        version_utc,
        power_kw as forecast_kw,
        known_at_utc,
        file_id,
        file_timestamp_utc,
        file_order,
        row_number
    from valid

),

known as (

    select * from dated
    where {{ known_by('known_at_utc') }}

)

select * from known
