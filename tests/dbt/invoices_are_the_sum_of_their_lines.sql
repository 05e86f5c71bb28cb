-- Conservation (IV-5, IV-6): an invoice that is not blocked totals its lines, both suppliers make the whole, and a
-- blocked one has no total.
with invoices as (

    select * from {{ ref('fct_invoices') }}

),

lines as (

    select * from {{ ref('fct_invoice_lines') }}

),

summed as (

    select
        invoice_id,
        sum(net_eur) as net_eur,
        sum(vat_eur) as vat_eur,
        sum(gross_eur) as gross_eur
    from lines
    group by invoice_id

)

select invoices.invoice_id
from invoices
full outer join summed on invoices.invoice_id = summed.invoice_id
where
    invoices.invoice_id is null
    or summed.invoice_id is null
    or (invoices.status = 'blocked' and coalesce(invoices.net_eur, invoices.gross_eur) is not null)
    or (
        invoices.status <> 'blocked'
        and (
            invoices.net_eur is distinct from summed.net_eur
            or invoices.gross_eur is distinct from invoices.net_eur + invoices.vat_eur
            or invoices.gross_eur
            <> coalesce(invoices.owner_gross_eur, 0) + coalesce(invoices.flexpower_gross_eur, 0)
        )
    )
