with asset_infeed as (

    select * from {{ ref('fct_asset_infeed') }}

),

forecasts as (

    select * from {{ ref('fct_asset_forecasts') }}

),

redispatch as (

    select * from {{ ref('fct_redispatch') }}

),

measured as (

    select
        asset_infeed.asset_id,
        asset_infeed.delivery_start_utc,
        asset_infeed.delivery_date,
        asset_infeed.contract_id,
        asset_infeed.infeed_source,
        asset_infeed.infeed_mwh - forecasts.{{ var('imbalance_forecast') }}_forecast_mwh as imbalance_mwh,
        case when asset_infeed.is_redispatched then -redispatch.lost_energy_mwh else 0 end as redispatch_mwh
    from asset_infeed
    inner join forecasts
        on
            asset_infeed.asset_id = forecasts.asset_id
            and asset_infeed.delivery_start_utc = forecasts.delivery_start_utc
    left join redispatch
        on
            asset_infeed.asset_id = redispatch.asset_id
            and asset_infeed.delivery_start_utc = redispatch.delivery_start_utc
    where
        asset_infeed.infeed_source in ('final', 'live')
        and forecasts.{{ var('imbalance_forecast') }}_forecast_mwh is not null

)

select * from measured
