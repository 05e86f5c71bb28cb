with asset_days as (

    select * from {{ ref('int_asset_days') }}

),

contracts as (

    select * from {{ ref('int_contracts_dated') }}

),

counted as (

    select
        asset_days.delivery_date,
        count(*) as assets_expected,
        sum(contracts.capacity_mw) as capacity_mw,
        count(contracts.capacity_mw) as capacities_known
    from asset_days
    inner join contracts on asset_days.contract_id = contracts.contract_id
    group by asset_days.delivery_date

)

select * from counted
