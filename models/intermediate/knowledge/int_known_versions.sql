{%- set kinds = [
    ('final', 'stg_dso__final_production', 'items.final_kw'),
    ('redispatch', 'stg_dso__redispatch_flags', 'case when items.is_redispatched then 0 end'),
] -%}
with days as (

    select distinct
        delivery_start_utc,
        delivery_date
    from {{ ref('int_known_moments') }}

),

asset_days as (

    select * from {{ ref('int_asset_days') }}

),

asset_quarter_hours as (

    select
        asset_days.asset_id,
        asset_days.metering_point_id,
        days.delivery_start_utc
    from days
    inner join asset_days on days.delivery_date = asset_days.delivery_date

),

forecasts as (

    select * from {{ ref('int_known_forecasts') }}

),

versions as (
    {% for kind, model, value in kinds %}
        select
            '{{ kind }}' as kind,
            asset_quarter_hours.asset_id,
            asset_quarter_hours.delivery_start_utc,
            cast({{ value }} as double) as infeed_kw,
            cast(null as timestamp) as version_utc,
            items.known_at_utc,
            items.file_order,
            items.row_number
        from {{ ref(model) }} as items
        inner join asset_quarter_hours
            on
                items.metering_point_id = asset_quarter_hours.metering_point_id
                and items.delivery_start_utc = asset_quarter_hours.delivery_start_utc
        union all
    {% endfor %}
    select
        'forecast' as kind,
        items.asset_id,
        items.delivery_start_utc,
        items.forecast_kw as infeed_kw,
        items.version_utc,
        items.known_at_utc,
        items.file_order,
        items.row_number
    from forecasts as items
    inner join asset_quarter_hours
        on
            items.asset_id = asset_quarter_hours.asset_id
            and items.delivery_start_utc = asset_quarter_hours.delivery_start_utc

)

select * from versions
