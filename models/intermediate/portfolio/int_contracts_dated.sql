with contracts as (

    select * from {{ ref('int_contracts_latest') }}

),

dropped as (

    select * from {{ ref('int_contracts_dropped') }}

),

dated as (

    select
        contracts.contract_id,
        contracts.asset_id,
        contracts.metering_point_id,
        contracts.technology,
        contracts.capacity_mw,
        contracts.contract_begin as valid_from,
        contracts.price_model,
        contracts.price_eur_per_mwh,
        contracts.fee_model,
        contracts.fee_eur,
        contracts.fee_percent,
        contracts.owner_id,
        dropped.dropped_on,
        contracts.known_at_utc,
        case
            when contracts.contract_end <= dropped.dropped_on then contracts.contract_end
            else coalesce(dropped.dropped_on, contracts.contract_end)
        end as valid_to
    from contracts
    left join dropped on contracts.contract_id = dropped.contract_id

)

select * from dated
