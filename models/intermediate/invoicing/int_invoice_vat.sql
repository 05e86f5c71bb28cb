with invoices as (

    select * from {{ ref('int_invoices') }}

),

vat_rates as (

    select * from {{ ref('vat_rates') }}

),

applicable as (

    select
        invoices.invoice_id,
        vat_rates.line_type,
        vat_rates.vat_rate,
        vat_rates.vat_category,
        vat_rates.exemption_reason,
        row_number() over (
            partition by invoices.invoice_id, vat_rates.line_type
            order by vat_rates.contract_id asc nulls last, vat_rates.valid_from desc
        ) as choice
    from invoices
    inner join vat_rates
        on
            (invoices.contract_id = vat_rates.contract_id or vat_rates.contract_id is null)
            and invoices.last_delivery_date >= vat_rates.valid_from
            and (invoices.last_delivery_date < vat_rates.valid_to or vat_rates.valid_to is null)

),

chosen as (

    select
        invoice_id,
        line_type,
        vat_rate,
        vat_category,
        exemption_reason
    from applicable
    where choice = 1

)

select * from chosen
