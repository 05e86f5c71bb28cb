with quarter_hours as (

    select * from {{ ref('int_invoice_quarter_hours') }}

),

summed as (

    select
        contract_id,
        invoicing_month,
        count(*) as measured_quarter_hours,
        count(*) filter (where infeed_source = 'final') as final_quarter_hours,
        count(payout_price_eur_per_mwh) as priced_quarter_hours,
        sum(infeed_mwh) as volume_mwh,
        sum(infeed_mwh) filter (where payout_price_eur_per_mwh is not null) as priced_mwh,
        sum({{ amount_eur('payout_price_eur_per_mwh', 'infeed_mwh') }}) as payout_eur
    from quarter_hours
    group by contract_id, invoicing_month

)

select * from summed
