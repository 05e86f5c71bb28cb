with invoices as (

    select * from {{ ref('fct_invoices') }}

),

lines as (

    select * from {{ ref('fct_invoice_lines') }}

),

accruals as (

    select * from {{ ref('int_contract_accruals') }}

),

invoiced as (

    select
        invoices.asset_id,
        cast(invoices.invoicing_month || '-01' as date) as period_start_date,
        sum(lines.net_eur) filter (where lines.line_type = 'infeed_payout') as infeed_payout_eur,
        sum(lines.net_eur) filter (where lines.line_type = 'fee') as fee_charged_eur,
        sum(lines.net_eur) filter (where lines.line_type = 'redispatch_payout') as redispatch_payout_eur,
        coalesce(sum(lines.net_eur), 0) as owner_lines_eur,
        max(case when invoices.status = 'blocked' then invoices.issues end) as billing_issues
    from invoices
    inner join lines on invoices.invoice_id = lines.invoice_id
    group by invoices.asset_id, invoices.invoicing_month

),

accrued as (

    select
        asset_id,
        {{ first_of_month('delivery_date') }} as period_start_date,
        sum(owner_lines_eur) as accrued_eur
    from accruals
    group by asset_id, {{ first_of_month('delivery_date') }}

),

compared as (

    select
        invoiced.asset_id,
        invoiced.period_start_date,
        invoiced.infeed_payout_eur,
        invoiced.fee_charged_eur,
        invoiced.redispatch_payout_eur,
        invoiced.owner_lines_eur,
        invoiced.billing_issues,
        invoiced.owner_lines_eur - accrued.accrued_eur as rounding_difference_eur
    from invoiced
    inner join accrued
        on invoiced.asset_id = accrued.asset_id and invoiced.period_start_date = accrued.period_start_date

)

select * from compared
