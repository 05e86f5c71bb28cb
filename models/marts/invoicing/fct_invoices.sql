with invoices as (

    select * from {{ ref('int_invoices') }}

),

contracts as (

    select * from {{ ref('dim_contracts') }}

),

lines as (

    select * from {{ ref('fct_invoice_lines') }}

),

issues as (

    select * from {{ ref('int_invoice_issues') }}

),

totals as (

    select
        invoice_id,
        sum(net_eur) as net_eur,
        sum(vat_eur) as vat_eur,
        sum(gross_eur) as gross_eur,
        sum(gross_eur) filter (where supplier = 'owner') as owner_gross_eur,
        sum(gross_eur) filter (where supplier = 'flexpower') as flexpower_gross_eur
    from lines
    group by invoice_id

),

stated as (

    select
        cast(invoices.invoice_id as string) as invoice_id,
        cast(invoices.contract_id as string) as contract_id,
        cast(contracts.asset_id as string) as asset_id,
        cast(invoices.invoicing_month as string) as invoicing_month,
        cast(
            case
                when issues.blocking_issues is not null then 'blocked'
                when issues.provisional_issues is not null then 'provisional'
                else 'final'
            end as string
        ) as status,
        cast(
            coalesce(
                issues.blocking_issues || coalesce('; ' || issues.provisional_issues, ''), issues.provisional_issues
            )
            as string
        ) as issues,
        cast(totals.net_eur as decimal(18, 2)) as net_eur,
        cast(totals.vat_eur as decimal(18, 2)) as vat_eur,
        cast(totals.gross_eur as decimal(18, 2)) as gross_eur,
        cast(totals.owner_gross_eur as decimal(18, 2)) as owner_gross_eur,
        cast(totals.flexpower_gross_eur as decimal(18, 2)) as flexpower_gross_eur,
        cast(invoices.expected_quarter_hours as bigint) as expected_quarter_hours,
        cast(invoices.measured_quarter_hours as bigint) as measured_quarter_hours,
        cast(invoices.final_quarter_hours as bigint) as final_quarter_hours,
        cast(invoices.priced_quarter_hours as bigint) as priced_quarter_hours,
        cast(invoices.volume_mwh as decimal(18, 9)) as volume_mwh
    from invoices
    inner join contracts on invoices.contract_id = contracts.contract_id
    inner join issues on invoices.invoice_id = issues.invoice_id
    left join totals on invoices.invoice_id = totals.invoice_id and issues.blocking_issues is null

)

select * from stated
