with asset_days as (

    select
        *,
        {{ invoicing_month('delivery_date') }} as invoicing_month
    from {{ ref('int_asset_days') }}

),

invoices as (

    select * from {{ ref('int_invoices') }}

),

contracts as (

    select * from {{ ref('dim_contracts') }}

),

payouts as (

    select * from {{ ref('int_contract_payouts') }}

),

market_months as (

    select * from {{ ref('int_market_months') }}

),

due as (

    select
        asset_days.asset_id,
        asset_days.contract_id,
        asset_days.delivery_date,
        asset_days.invoicing_month,
        count(*) over (partition by asset_days.contract_id, asset_days.invoicing_month) as days_of_month
    from asset_days
    inner join invoices
        on
            asset_days.contract_id = invoices.contract_id
            and asset_days.invoicing_month = invoices.invoicing_month

),

accrued as (

    select
        due.asset_id,
        due.contract_id,
        due.delivery_date,
        case contracts.fee_model
            when 'fixed_as_produced'
                then {{ amount_eur('contracts.fee_eur_per_mwh', '-coalesce(payouts.measured_mwh, 0)') }}
            when 'fixed_for_capacity'
                then
                    {{ ratio(
                        amount_eur('contracts.fee_eur_per_mw_month', '-contracts.capacity_mw'), 'due.days_of_month', 9
                    ) }}
            when 'percent_of_market'
                then
                    {{ amount_eur('market_months.market_vwap_eur_per_mwh', '-coalesce(payouts.measured_mwh, 0)') }}
                    * cast(contracts.fee_percent as decimal(9, 6)) * cast(0.01 as decimal(3, 2))
        end as fee_charged_eur
    from due
    inner join contracts on due.contract_id = contracts.contract_id
    left join payouts on due.contract_id = payouts.contract_id and due.delivery_date = payouts.delivery_date
    left join market_months on due.invoicing_month = market_months.invoicing_month

)

select * from accrued
