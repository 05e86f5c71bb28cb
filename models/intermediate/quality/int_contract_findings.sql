with contracts as (

    select * from {{ ref('dim_contracts') }}

),

listed as (

    select * from {{ ref('stg_crm__contracts') }}

),

changes as (

    select * from {{ ref('int_contract_changes') }}

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

changed as (

    select
        'contract_terms_changed' as finding,
        contract_id || ' in ' || file_name || ': ' || changes as example
    from changes

),

newest_list as (

    select max(file_order) as file_order
    from listed

),

unusable as (

    select
        'contract_row_unusable' as finding,
        listed.contract_id || ' in ' || listed.file_name as example
    from listed
    inner join newest_list on listed.file_order = newest_list.file_order
    where not listed.has_terms

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

),

together as (

    select * from not_billable
    union all
    select * from dropped
    union all
    select * from changed
    union all
    select * from unusable
    union all
    select * from overlapping

),

counted as (

    select
        finding,
        count(*) as rows,
        min(example) as example
    from together
    group by finding

)

select * from counted
