with contracts as (

    select * from {{ ref('stg_crm__contracts') }}

),

owners as (

    select * from {{ ref('stg_crm__contract_owners') }}

),

ranked as (

    select
        *,
        row_number() over (partition by contract_id order by file_order desc, row_number desc) as recency
    from contracts
    where has_terms

),

owned as (

    select
        ranked.contract_id,
        ranked.asset_id,
        ranked.metering_point_id,
        ranked.technology,
        ranked.capacity_mw,
        ranked.contract_begin,
        ranked.contract_end,
        ranked.price_model,
        ranked.price_eur_per_mwh,
        ranked.fee_model,
        ranked.fee_eur,
        ranked.fee_percent,
        owners.owner_id,
        ranked.known_at_utc
    from ranked
    left join owners on ranked.file_id = owners.file_id and ranked.row_number = owners.row_number
    where ranked.recency = 1

)

select * from owned
