with fees as (

    select * from {{ ref('int_contract_fee_accruals') }}

),

payouts as (

    select * from {{ ref('int_contract_payouts') }}

),

accrued as (

    select
        fees.asset_id,
        fees.contract_id,
        fees.delivery_date,
        cast(payouts.infeed_payout_eur as decimal(18, 6)) as infeed_payout_eur,
        cast(fees.fee_charged_eur as decimal(18, 6)) as fee_charged_eur,
        cast(payouts.redispatch_payout_eur as decimal(18, 6)) as redispatch_payout_eur,
        cast(payouts.claim_eur as decimal(18, 6)) as claim_eur,
        cast(payouts.lost_energy_mwh as decimal(18, 9)) as lost_energy_mwh,
        cast(
            coalesce(payouts.infeed_payout_eur, 0) + coalesce(fees.fee_charged_eur, 0)
            + coalesce(payouts.redispatch_payout_eur, 0)
            as decimal(18, 6)
        ) as owner_lines_eur,
        coalesce(payouts.unpaid_infeed_quarter_hours, 0) as unpaid_infeed_quarter_hours,
        coalesce(payouts.unpaid_redispatch_quarter_hours, 0) as unpaid_redispatch_quarter_hours
    from fees
    left join payouts on fees.contract_id = payouts.contract_id and fees.delivery_date = payouts.delivery_date

)

select * from accrued
