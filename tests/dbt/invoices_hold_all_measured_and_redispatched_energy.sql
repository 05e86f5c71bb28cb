-- Conservation across grains (IV-1, IV-2, RD-1): every measured MWh and every redispatch payout is on exactly one
-- invoice.
with asset_infeed as (

    select * from {{ ref('fct_asset_infeed', whole=true) }}
    where infeed_source in ('final', 'live')

),

redispatch as (

    select * from {{ ref('fct_redispatch', whole=true) }}

),

invoices as (

    select * from {{ ref('fct_invoices', whole=true) }}

),

lines as (

    select * from {{ ref('fct_invoice_lines', whole=true) }}
    where line_type = 'redispatch_payout'

),

compared as (

    select
        (select sum(infeed_mwh) from asset_infeed) as measured_mwh,
        (select sum(volume_mwh) from invoices) as invoiced_mwh,
        (select sum(payout_eur) from redispatch) as payout_eur,
        (select sum(net_eur) from lines) as invoiced_eur,
        (select count(*) from lines) as invoice_lines

)

select * from compared
where
    measured_mwh is distinct from invoiced_mwh
    -- each line is rounded once, by half a cent at most
    or abs(coalesce(payout_eur, 0) - coalesce(invoiced_eur, 0)) > 0.005 * invoice_lines
