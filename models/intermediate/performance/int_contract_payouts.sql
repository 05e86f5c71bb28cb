with quarter_hours as (

    select * from {{ ref('int_invoice_quarter_hours') }}

),

redispatch as (

    select * from {{ ref('fct_redispatch') }}

),

infeed_payouts as (

    select
        contract_id,
        delivery_date,
        sum(infeed_mwh) as measured_mwh,
        sum({{ amount_eur('payout_price_eur_per_mwh', 'infeed_mwh') }}) as infeed_payout_eur,
        count(*) - count(payout_price_eur_per_mwh) as unpaid_infeed_quarter_hours
    from quarter_hours
    group by contract_id, delivery_date

),

redispatch_payouts as (

    select
        contract_id,
        delivery_date,
        sum(lost_energy_mwh) as lost_energy_mwh,
        sum(payout_eur) as redispatch_payout_eur,
        sum(claim_eur) as claim_eur,
        count(*) - count(payout_eur) as unpaid_redispatch_quarter_hours
    from redispatch
    group by contract_id, delivery_date

),

together as (

    select
        infeed_payouts.measured_mwh,
        infeed_payouts.infeed_payout_eur,
        redispatch_payouts.lost_energy_mwh,
        redispatch_payouts.redispatch_payout_eur,
        redispatch_payouts.claim_eur,
        coalesce(infeed_payouts.contract_id, redispatch_payouts.contract_id) as contract_id,
        coalesce(infeed_payouts.delivery_date, redispatch_payouts.delivery_date) as delivery_date,
        coalesce(infeed_payouts.unpaid_infeed_quarter_hours, 0) as unpaid_infeed_quarter_hours,
        coalesce(redispatch_payouts.unpaid_redispatch_quarter_hours, 0) as unpaid_redispatch_quarter_hours
    from infeed_payouts
    full outer join redispatch_payouts
        on
            infeed_payouts.contract_id = redispatch_payouts.contract_id
            and infeed_payouts.delivery_date = redispatch_payouts.delivery_date

)

select * from together
