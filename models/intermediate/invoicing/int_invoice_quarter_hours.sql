{{ config(materialized='incremental') }}

with asset_infeed as (

    select * from {{ ref('fct_asset_infeed') }}
    where infeed_source in ('final', 'live')

),

contracts as (

    select * from {{ ref('dim_contracts') }}

),

market as (

    select * from {{ ref('int_market_prices') }}

),

measured as (

    select
        asset_infeed.contract_id,
        asset_infeed.delivery_start_utc,
        asset_infeed.delivery_date,
        {{ invoicing_month('asset_infeed.delivery_date') }} as invoicing_month,
        asset_infeed.infeed_mwh,
        asset_infeed.infeed_source,
        case contracts.price_model
            when 'fixed' then contracts.price_eur_per_mwh
            when 'market' then market.market_vwap_eur_per_mwh
        end as payout_price_eur_per_mwh
    from asset_infeed
    inner join contracts on asset_infeed.contract_id = contracts.contract_id
    left join market on asset_infeed.delivery_start_utc = market.delivery_start_utc

)

select * from measured
