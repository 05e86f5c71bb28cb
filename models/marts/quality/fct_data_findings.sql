{{ config(materialized='table', meta={'scope': 'all'}) }}

with findings as (

    select * from {{ ref('int_data_findings') }}

),

finding_types as (

    select * from {{ ref('finding_types') }}

),

explained as (

    select
        cast(findings.feed as string) as feed,
        cast(findings.delivery_date as date) as delivery_date,
        cast(findings.file_name as string) as file_name,
        cast(findings.finding as string) as finding,
        cast(finding_types.severity as string) as severity,
        cast(findings.rows as bigint) as rows,
        cast(findings.example as string) as example,
        cast(finding_types.meaning as string) as meaning,
        cast(finding_types.what_to_do as string) as what_to_do
    from findings
    left join finding_types on findings.finding = finding_types.finding

)

select * from explained
