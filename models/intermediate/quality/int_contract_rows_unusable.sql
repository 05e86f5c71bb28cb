{{ config(meta={'scope': 'all'}) }}

with listed as (

    select * from {{ ref('stg_crm__contracts') }}

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

)

select * from unusable
