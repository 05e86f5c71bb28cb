{%- set valid -%}
    select
        rows.asset_id,
        rows.delivery_start_utc,
        rows.version_utc,
        rows.power_kw as forecast_kw,
        rows.file_id,
        files.file_timestamp_utc,
        files.file_order,
        rows.row_number
    from {{ source('vpp', 'forecasts') }} as rows
    left join files on rows.file_id = files.file_id
    where rows.power_kw is not null and {{ known_by('rows.version_utc') }}
{%- endset -%}

-- Grouped, so that the database sees that no row meets two files, and leaves the join out where it gives nothing.
with files as (

    select
        file_id,
        max(file_timestamp_utc) as file_timestamp_utc,
        max(file_order) as file_order
    from {{ ref('stg_ingest__files') }}
    group by file_id

),

-- When a point was known is found out only where it decides: a window over all points keeps filters from row groups.
valid as (

    {% if as_of() is none %}
        {{ valid }}
    {% else %}
        {{ dated_rows(valid, 'version_utc', ['asset_id', 'delivery_start_utc', 'version_utc']) }}
    {% endif %}

),

known as (

    select
        asset_id,
        delivery_start_utc,
        version_utc,
        forecast_kw,
        file_id,
        file_timestamp_utc,
        file_order,
        row_number
    from valid
    {% if as_of() is not none %}where {{ known_by('known_at_utc') }}{% endif %}

)

select * from known
