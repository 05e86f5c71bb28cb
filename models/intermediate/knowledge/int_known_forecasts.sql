{%- set points -%}
    select
        points.asset_id,
        points.delivery_start_utc,
        points.version_utc,
        points.forecast_kw,
        points.file_order,
        points.row_number,
        points.file_timestamp_utc
    from {{ ref('stg_vpp__forecasts') }} as points
    inner join days on points.delivery_start_utc = days.delivery_start_utc
    where points.version_utc <= points.delivery_start_utc
{%- endset -%}
{%- set version = 'dated.version_utc' -%}

with days as (

    select distinct delivery_start_utc from {{ ref('int_known_moments') }}

),

first_moment as (

    select min(as_of_utc) as first_as_of_utc from {{ ref('int_known_moments') }}

),

-- Once more as staging does it, but for these days alone: there it would look at all forecasts ever landed.
dated as (

    {{ dated_rows(points, 'version_utc', ['asset_id', 'delivery_start_utc', 'version_utc']) }}

),

-- Of the two thirds that were known before the first moment only the newest is ever looked at.
newest_at_first as (

    select
        dated.asset_id,
        dated.delivery_start_utc,
        max(dated.version_utc) as version_utc,
        {{ value_of_newest('dated.forecast_kw', version=version, of='dated') }} as forecast_kw,
        {{ value_of_newest('dated.known_at_utc', version=version, of='dated') }} as known_at_utc,
        {{ value_of_newest('dated.file_order', version=version, of='dated') }} as file_order,
        {{ value_of_newest('dated.row_number', version=version, of='dated') }} as row_number
    from dated
    inner join first_moment on dated.known_at_utc <= first_moment.first_as_of_utc
    group by dated.asset_id, dated.delivery_start_utc

),

known as (

    select * from newest_at_first
    union all
    select
        dated.asset_id,
        dated.delivery_start_utc,
        dated.version_utc,
        dated.forecast_kw,
        dated.known_at_utc,
        dated.file_order,
        dated.row_number
    from dated
    inner join first_moment on dated.known_at_utc > first_moment.first_as_of_utc

)

select * from known
