{{ config(meta={'scope': 'all'}) }}

with contracts as (

    select * from {{ ref('dim_contracts') }}

),

unusable as (

    select * from {{ ref('int_contract_rows_unusable') }}

),

overlapping as (

    select * from {{ ref('int_contract_overlaps') }}

),

not_billable as (

    select
        'contract_not_billable' as finding,
        contract_id || ': ' || billing_issues as example
    from contracts
    where not is_billable

),

dropped as (

    select
        'contract_dropped' as finding,
        contract_id || ' is missing from the list of ' || cast(dropped_on as string) as example
    from contracts
    where dropped_on is not null

),

together as (

    select * from not_billable
    union all
    select * from dropped
    union all
    select * from unusable
    union all
    select * from overlapping

),

counted as (

    select
        'contracts' as feed,
        cast(null as date) as delivery_date,
        cast(null as string) as file_name,
        finding,
        count(*) as rows,
        min(example) as example
    from together
    group by finding

)

select * from counted
