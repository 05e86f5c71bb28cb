with invoices as (

    select * from {{ ref('int_invoices') }}

),

payouts as (

    select * from {{ ref('int_invoice_payouts') }}

),

fees as (

    select * from {{ ref('int_invoice_fees') }}

),

vat as (

    select * from {{ ref('int_invoice_vat') }}

),

lines as (

    select * from payouts
    union all
    select * from fees

),

taxed as (

    select
        lines.*,
        vat.vat_rate,
        vat.vat_category,
        vat.exemption_reason,
        {{ cents('lines.net_eur * vat.vat_rate') }} as vat_eur
    from lines
    left join vat on lines.invoice_id = vat.invoice_id and lines.line_type = vat.line_type

),

named as (

    select
        cast(invoices.invoice_id as string) as invoice_id,
        cast(invoices.contract_id as string) as contract_id,
        cast(invoices.invoicing_month as string) as invoicing_month,
        cast(taxed.line_type as string) as line_type,
        cast(taxed.supplier as string) as supplier,
        cast(taxed.quantity as decimal(18, 9)) as quantity,
        cast(taxed.quantity_unit as string) as quantity_unit,
        cast(taxed.unit_price_eur as decimal(18, 6)) as unit_price_eur,
        taxed.net_eur,
        cast(taxed.vat_rate as decimal(5, 4)) as vat_rate,
        cast(taxed.vat_category as string) as vat_category,
        cast(taxed.exemption_reason as string) as exemption_reason,
        taxed.vat_eur,
        cast(taxed.net_eur + taxed.vat_eur as decimal(18, 2)) as gross_eur
    from taxed
    inner join invoices on taxed.invoice_id = invoices.invoice_id

)

select * from named
