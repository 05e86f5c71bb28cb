with asset_infeed as (

    select * from {{ ref('fct_asset_infeed') }}

),

market as (

    select * from {{ ref('int_market_prices') }}

),

contracts as (

    select * from {{ ref('dim_contracts') }}

),

assets as (

    select * from {{ ref('dim_assets') }}

),

valued as (

    select
        asset_infeed.asset_id,
        asset_infeed.delivery_date,
        asset_infeed.infeed_source,
        asset_infeed.is_redispatched,
        market.market_vwap_eur_per_mwh,
        coalesce(
            cast(contracts.capacity_mw * cast(0.25 as decimal(3, 2)) as decimal(18, 9)),
            {{ kw_to_mwh('assets.capacity_kw') }}
        ) as capacity_mwh,
        case when asset_infeed.infeed_source in ('final', 'live') then asset_infeed.infeed_mwh end as measured_mwh,
        case when asset_infeed.infeed_source = 'final' then asset_infeed.infeed_mwh end as final_mwh,
        case when asset_infeed.infeed_source = 'forecast' then asset_infeed.infeed_mwh end as forecast_infeed_mwh
    from asset_infeed
    left join market on asset_infeed.delivery_start_utc = market.delivery_start_utc
    left join contracts on asset_infeed.contract_id = contracts.contract_id
    left join assets on asset_infeed.asset_id = assets.asset_id

),

summed as (

    select
        asset_id,
        delivery_date,
        count(*) as infeed_quarter_hours,
        count(measured_mwh) as measured_quarter_hours,
        count(*) filter (where infeed_source = 'final') as final_quarter_hours,
        count(*) filter (where is_redispatched) as redispatched_quarter_hours,
        count(*) filter (where measured_mwh is not null and market_vwap_eur_per_mwh is not null)
            as valued_quarter_hours,
        sum(measured_mwh) as measured_mwh,
        sum(final_mwh) as final_mwh,
        sum(capacity_mwh) filter (where measured_mwh is not null) as possible_mwh,
        sum(forecast_infeed_mwh) as forecast_infeed_mwh,
        sum(measured_mwh) filter (where market_vwap_eur_per_mwh is not null) as valued_mwh,
        sum({{ amount_eur('market_vwap_eur_per_mwh', 'measured_mwh') }}) as market_value_eur
    from valued
    group by asset_id, delivery_date

)

select * from summed
