{{ config(meta={'scope': 'all'}) }}

with changes as (

    select * from {{ ref('int_contract_changes') }}

),

counted as (

    select
        'contracts' as feed,
        cast(null as date) as delivery_date,
        cast(null as string) as file_name,
        'contract_terms_changed' as finding,
        count(*) as rows,
        min(contract_id || ' in ' || file_name || ': ' || changes) as example
    from changes
    having count(*) > 0

)

select * from counted
