with asset_days as (

    select * from {{ ref('int_asset_days') }}

),

quarter_hours as (

    select
        delivery_date,
        count(*) as expected_quarter_hours
    from {{ ref('dim_quarter_hours') }}
    group by delivery_date

),

infeed as (

    select * from {{ ref('int_asset_infeed_days') }}

),

imbalance as (

    select * from {{ ref('int_asset_imbalance_days') }}

),

accruals as (

    select * from {{ ref('int_contract_accruals') }}

),

last_day as (

    select max(delivery_date) as last_delivery_date from {{ ref('fct_asset_infeed', whole=true) }}

),

together as (

    select
        asset_days.asset_id,
        asset_days.contract_id,
        asset_days.delivery_date,
        quarter_hours.expected_quarter_hours,
        {{ columns_of('infeed', [
            'measured_mwh', 'forecast_infeed_mwh', 'possible_mwh', 'valued_mwh', 'market_value_eur',
        ]) }},
        {{ columns_of('infeed', [
            'measured_quarter_hours', 'final_quarter_hours', 'redispatched_quarter_hours', 'valued_quarter_hours',
        ], if_missing=0) }},
        {{ columns_of('imbalance', [
            'imbalance_mwh', 'redispatch_mwh', 'forecast_error_mwh', 'imbalance_cost_eur',
            'imbalance_opportunity_cost_eur',
        ]) }},
        {{ columns_of('imbalance', [
            'imbalance_quarter_hours', 'unpriced_imbalance_quarter_hours', 'settled_quarter_hours',
            'final_price_quarter_hours',
        ], if_missing=0) }},
        {{ columns_of('accruals', [
            'infeed_payout_eur', 'fee_charged_eur', 'redispatch_payout_eur', 'claim_eur', 'lost_energy_mwh',
        ]) }},
        {{ columns_of('accruals', ['unpaid_infeed_quarter_hours', 'unpaid_redispatch_quarter_hours'], if_missing=0) }}
    from asset_days
    cross join last_day
    inner join quarter_hours on asset_days.delivery_date = quarter_hours.delivery_date
    left join infeed on asset_days.asset_id = infeed.asset_id and asset_days.delivery_date = infeed.delivery_date
    left join imbalance
        on asset_days.asset_id = imbalance.asset_id and asset_days.delivery_date = imbalance.delivery_date
    left join accruals
        on asset_days.contract_id = accruals.contract_id and asset_days.delivery_date = accruals.delivery_date
    where
        infeed.asset_id is not null
        or (accruals.asset_id is not null and asset_days.delivery_date <= last_day.last_delivery_date)

)

select * from together
