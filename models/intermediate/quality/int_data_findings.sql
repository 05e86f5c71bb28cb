with file_findings as (

    select * from {{ ref('int_file_findings') }}

),

row_findings as (

    select * from {{ ref('int_row_findings') }}

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
        feed,
        file_name,
        finding,
        rows,
        example,
        cast(null as date) as delivery_date
    from row_findings
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

)

select * from together
