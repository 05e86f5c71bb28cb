{{ config(meta={'scope': 'all'}) }}

with contracts as (

    select * from {{ ref('dim_contracts') }}

),

overlapping as (

    select
        'contracts_overlap' as finding,
        earlier.contract_id || ' and ' || later.contract_id as example
    from contracts as earlier
    inner join contracts as later
        on
            earlier.asset_id = later.asset_id
            and earlier.contract_id < later.contract_id
            and (earlier.valid_from < later.valid_to or later.valid_to is null)
            and (earlier.valid_to > later.valid_from or earlier.valid_to is null)

)

select * from overlapping
