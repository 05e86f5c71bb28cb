with contracts as (

    select * from {{ ref('stg_crm__contracts') }}

),

lists as (

    select distinct
        file_order,
        listed_on
    from contracts

),

last_listed as (

    select
        contract_id,
        max(file_order) as last_file_order
    from contracts
    group by contract_id

),

lists_without as (

    select
        last_listed.contract_id,
        lists.listed_on,
        row_number() over (partition by last_listed.contract_id order by lists.file_order asc) as place
    from last_listed
    inner join lists on last_listed.last_file_order < lists.file_order

),

first_list_without as (

    select
        contract_id,
        listed_on as dropped_on
    from lists_without
    where place = 1

)

select * from first_list_without
