with accruals as (

    select * from {{ ref('int_contract_accruals') }}

),

contracts as (

    select * from {{ ref('dim_contracts') }}

),

months as (

    select * from {{ ref('int_asset_invoiced_months') }}

),

by_period as (

    select
        accruals.asset_id,
        'day' as period,
        accruals.delivery_date as period_start_date,
        accruals.infeed_payout_eur,
        accruals.fee_charged_eur,
        accruals.redispatch_payout_eur,
        accruals.owner_lines_eur,
        cast(null as decimal(18, 6)) as rounding_difference_eur,
        contracts.billing_issues
    from accruals
    inner join contracts on accruals.contract_id = contracts.contract_id
    union all
    select
        asset_id,
        'month' as period,
        period_start_date,
        cast(infeed_payout_eur as decimal(18, 6)) as infeed_payout_eur,
        cast(fee_charged_eur as decimal(18, 6)) as fee_charged_eur,
        cast(redispatch_payout_eur as decimal(18, 6)) as redispatch_payout_eur,
        cast(owner_lines_eur as decimal(18, 6)) as owner_lines_eur,
        cast(rounding_difference_eur as decimal(18, 6)) as rounding_difference_eur,
        billing_issues
    from months

)

select * from by_period
