with energies as (

    select * from {{ ref('int_revised_energies') }}

),

forecasts as (

    select * from {{ ref('fct_asset_forecasts') }}

),

prices as (

    select * from {{ ref('fct_imbalance_prices') }}

),

payouts as (

    select * from {{ ref('int_invoice_quarter_hours') }}

),

imbalances as (

    select
        energies.*,
        payouts.payout_price_eur_per_mwh,
        prices.short_price_eur_per_mwh,
        prices.long_price_eur_per_mwh,
        energies.old_mwh - forecasts.tradeable_forecast_mwh as old_imbalance_mwh,
        energies.new_mwh - forecasts.tradeable_forecast_mwh as new_imbalance_mwh
    from energies
    left join forecasts
        on
            energies.asset_id = forecasts.asset_id
            and energies.delivery_start_utc = forecasts.delivery_start_utc
    left join prices on energies.delivery_start_utc = prices.delivery_start_utc
    left join payouts
        on
            energies.contract_id = payouts.contract_id
            and energies.delivery_start_utc = payouts.delivery_start_utc

),

weighed as (

    select
        feed,
        item_id,
        delivery_start_utc,
        version_number,
        asset_id,
        old_mwh,
        new_mwh,
        payout_price_eur_per_mwh,
        {{ imbalance_cost_eur(
            'old_imbalance_mwh',
            by_imbalance_side('old_imbalance_mwh', 'short_price_eur_per_mwh', 'long_price_eur_per_mwh')
        ) }} as old_imbalance_cost_eur,
        {{ imbalance_cost_eur(
            'new_imbalance_mwh',
            by_imbalance_side('new_imbalance_mwh', 'short_price_eur_per_mwh', 'long_price_eur_per_mwh')
        ) }} as new_imbalance_cost_eur
    from imbalances

)

select * from weighed
