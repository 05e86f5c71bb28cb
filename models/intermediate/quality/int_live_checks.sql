with asset_infeed as (

    select * from {{ ref('fct_asset_infeed') }}

),

live_quarter_hours as (

    select * from {{ ref('int_live_quarter_hours') }}

),

assets as (

    select * from {{ ref('dim_assets') }}

),

contracts as (

    select * from {{ ref('dim_contracts') }}

),

compared as (

    select
        asset_infeed.asset_id,
        asset_infeed.delivery_date,
        asset_infeed.delivery_start_utc,
        asset_infeed.final_kw,
        asset_infeed.live_kw,
        live_quarter_hours.greatest_live_kw,
        coalesce(assets.capacity_kw, cast(contracts.capacity_mw as double) * 1000) as capacity_kw
    from asset_infeed
    inner join live_quarter_hours
        on
            asset_infeed.asset_id = live_quarter_hours.asset_id
            and asset_infeed.delivery_start_utc = live_quarter_hours.delivery_start_utc
    left join assets on asset_infeed.asset_id = assets.asset_id
    left join contracts on asset_infeed.contract_id = contracts.contract_id

),

judged as (

    select
        *,
        greatest_live_kw > 1.01 * capacity_kw as is_above_capacity,
        abs(live_kw - final_kw) > capacity_kw * {{ var('live_deviation_percent') }} / 100 as is_deviating
    from compared

),

conspicuous as (

    select * from judged
    where is_above_capacity or is_deviating

)

select * from conspicuous
