with days as (

    select distinct delivery_start_utc from {{ ref('int_known_moments') }}

),

files as (

    select * from {{ ref('stg_ingest__files') }}

),

points as (

    select
        points.asset_id,
        points.delivery_start_utc,
        points.version_utc,
        points.forecast_kw,
        points.file_order,
        points.row_number,
        files.file_timestamp_utc
    from {{ ref('stg_vpp__forecasts') }} as points
    inner join days on points.delivery_start_utc = days.delivery_start_utc
    inner join files on points.file_id = files.file_id
    where points.version_utc <= points.delivery_start_utc

),

-- Once more as staging does it, but for these days alone: there it would look at all forecasts ever landed.
dated as (

    select
        asset_id,
        delivery_start_utc,
        version_utc,
        forecast_kw,
        {{ known_at('version_utc', ['asset_id', 'delivery_start_utc', 'version_utc']) }} as known_at_utc,
        file_order,
        row_number
    from points

)

select * from dated
