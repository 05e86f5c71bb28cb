{{ config(materialized='incremental') }}

with forecasts as (

    select * from {{ ref('int_forecasts_by_lead_time') }}

),

persistence as (

    select * from {{ ref('int_forecast_persistence') }}

),

asset_infeed as (

    select * from {{ ref('fct_asset_infeed') }}

),

contracts as (

    select * from {{ ref('dim_contracts') }}

),

assets as (

    select * from {{ ref('dim_assets') }}

),

compared as (

    select
        forecasts.asset_id,
        forecasts.delivery_start_utc,
        asset_infeed.delivery_date,
        forecasts.lead_time_bucket,
        assets.technology,
        coalesce(
            cast(contracts.capacity_mw * cast(0.25 as decimal(3, 2)) as decimal(18, 9)),
            {{ kw_to_mwh('assets.capacity_kw') }}
        ) as capacity_mwh,
        asset_infeed.infeed_mwh - {{ kw_to_mwh('forecasts.forecast_kw') }} as error_mwh,
        case when persistence.persistence_kw is not null then asset_infeed.infeed_mwh end
        - {{ kw_to_mwh('forecasts.forecast_kw') }} as compared_error_mwh,
        asset_infeed.infeed_mwh - {{ kw_to_mwh('persistence.persistence_kw') }} as persistence_error_mwh
    from forecasts
    inner join asset_infeed
        on
            forecasts.asset_id = asset_infeed.asset_id
            and forecasts.delivery_start_utc = asset_infeed.delivery_start_utc
    left join persistence
        on
            forecasts.asset_id = persistence.asset_id
            and forecasts.version_utc = persistence.version_utc
    left join contracts on asset_infeed.contract_id = contracts.contract_id
    left join assets on forecasts.asset_id = assets.asset_id

),

with_capacity as (

    select * from compared
    where capacity_mwh > 0

)

select * from with_capacity
