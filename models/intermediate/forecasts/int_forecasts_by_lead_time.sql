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

newest_in_bucket as (

    select
        forecasts.asset_id,
        forecasts.delivery_start_utc,
        {{ lead_time_bucket('forecasts.version_utc', 'forecasts.delivery_start_utc') }} as lead_time_bucket,
        max(forecasts.version_utc) as version_utc,
        {{ value_of_newest('forecasts.forecast_kw', version='forecasts.version_utc', of='forecasts') }} as forecast_kw
    from forecasts
    inner join measured
        on
            forecasts.asset_id = measured.asset_id
            and forecasts.delivery_start_utc = measured.delivery_start_utc
    group by
        forecasts.asset_id,
        forecasts.delivery_start_utc,
        {{ lead_time_bucket('forecasts.version_utc', 'forecasts.delivery_start_utc') }}

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
