with file_findings as (

    select * from {{ ref('int_file_findings') }}

),

contract_findings as (

    select * from {{ ref('int_contract_findings') }}

),

asset_findings as (

    select * from {{ ref('int_asset_findings') }}

),

forecast_findings as (

    select * from {{ ref('int_forecast_findings') }}

),

finding_types as (

    select * from {{ ref('finding_types') }}

),

together as (

    select
        feed,
        file_name,
        finding,
        rows,
        example,
        cast(null as date) as delivery_date
    from file_findings
    union all
    select
        'contracts' as feed,
        cast(null as string) as file_name,
        finding,
        rows,
        example,
        cast(null as date) as delivery_date
    from contract_findings
    union all
    select
        'technical_data' as feed,
        cast(null as string) as file_name,
        finding,
        rows,
        example,
        cast(null as date) as delivery_date
    from asset_findings
    union all
    select
        'forecasts' as feed,
        cast(null as string) as file_name,
        finding,
        rows,
        example,
        delivery_date
    from forecast_findings

),

explained as (

    select
        cast(together.feed as string) as feed,
        cast(together.delivery_date as date) as delivery_date,
        cast(together.file_name as string) as file_name,
        cast(together.finding as string) as finding,
        cast(finding_types.severity as string) as severity,
        cast(together.rows as bigint) as rows,
        cast(together.example as string) as example,
        cast(finding_types.meaning as string) as meaning,
        cast(finding_types.what_to_do as string) as what_to_do
    from together
    left join finding_types on together.finding = finding_types.finding

)

select * from explained
