with forecasts as (

    select * from {{ ref('stg_vpp__forecasts') }}
    where version_utc <= delivery_start_utc

),

asset_forecasts as (

    select * from {{ ref('fct_asset_forecasts') }}
    where tradeable_version_utc is not null

),

measured as (

    select * from {{ ref('fct_asset_infeed') }}
    where infeed_source in ('final', 'live') and not is_redispatched

),

-- Points are grouped before the assets that were not measured are left out: joined first, it takes twice as long.
newest as (

    select
        asset_id,
        delivery_start_utc,
        max(version_utc) as version_utc,
        {{ value_of_newest('forecast_kw', version='version_utc') }} as forecast_kw
    from forecasts
    where delivery_start_utc in (select measured.delivery_start_utc from measured)
    group by asset_id, delivery_start_utc, {{ lead_time_step('version_utc', 'delivery_start_utc') }}

),

newest_in_bucket as (

    select
        newest.asset_id,
        newest.delivery_start_utc,
        {{ lead_time_bucket('newest.version_utc', 'newest.delivery_start_utc') }} as lead_time_bucket,
        newest.version_utc,
        newest.forecast_kw
    from newest
    inner join measured
        on newest.asset_id = measured.asset_id and newest.delivery_start_utc = measured.delivery_start_utc

),

at_gate_closure as (

    select
        asset_forecasts.asset_id,
        asset_forecasts.delivery_start_utc,
        'gate closure' as lead_time_bucket,
        asset_forecasts.tradeable_version_utc as version_utc,
        asset_forecasts.tradeable_forecast_kw as forecast_kw
    from asset_forecasts
    inner join measured
        on
            asset_forecasts.asset_id = measured.asset_id
            and asset_forecasts.delivery_start_utc = measured.delivery_start_utc

),

together as (

    select * from newest_in_bucket
    union all
    select * from at_gate_closure

)

select * from together
