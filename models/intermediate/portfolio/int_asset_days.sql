with contracts as (

    select * from {{ ref('int_contracts_dated') }}

),

quarter_hours as (

    select * from {{ ref('dim_quarter_hours') }}

),

days as (

    select distinct delivery_date from quarter_hours

),

covered as (

    select
        contracts.asset_id,
        contracts.metering_point_id,
        contracts.contract_id,
        days.delivery_date,
        row_number() over (
            partition by contracts.asset_id, days.delivery_date
            order by contracts.valid_from desc, contracts.contract_id desc
        ) as choice
    from contracts
    inner join days
        on
            contracts.valid_from <= days.delivery_date
            and (contracts.valid_to > days.delivery_date or contracts.valid_to is null)

),

chosen as (

    select
        asset_id,
        metering_point_id,
        contract_id,
        delivery_date
    from covered
    where choice = 1

)

select * from chosen
