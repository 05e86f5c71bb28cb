with imbalances as (

    select * from {{ ref('int_portfolio_imbalances') }}

),

prices as (

    select * from {{ ref('fct_imbalance_prices') }}

),

priced as (

    select
        imbalances.*,
        prices.price_status,
        {{ by_imbalance_side(
            'imbalances.forecast_imbalance_mwh', 'prices.short_price_eur_per_mwh', 'prices.long_price_eur_per_mwh'
        ) }} as forecast_price_eur_per_mwh,
        {{ by_imbalance_side(
            'imbalances.position_imbalance_mwh', 'prices.short_price_eur_per_mwh', 'prices.long_price_eur_per_mwh'
        ) }} as position_price_eur_per_mwh
    from imbalances
    left join prices on imbalances.delivery_start_utc = prices.delivery_start_utc

),

costed as (

    select
        *,
        {{ imbalance_cost_eur('forecast_imbalance_mwh', 'forecast_price_eur_per_mwh') }}
            as forecast_imbalance_cost_eur,
        {{ imbalance_cost_eur('position_imbalance_mwh', 'position_price_eur_per_mwh') }}
            as position_imbalance_cost_eur
    from priced

),

settled as (

    select
        cast(delivery_start_utc as timestamp) as delivery_start_utc,
        cast(delivery_date as date) as delivery_date,
        cast(forecast_imbalance_mwh as decimal(18, 9)) as forecast_imbalance_mwh,
        forecast_imbalance_cost_eur,
        cast(forecast_imbalance_cost_eur - asset_cost_eur as decimal(18, 6)) as netting_effect_eur,
        cast(position_imbalance_mwh as decimal(18, 9)) as position_imbalance_mwh,
        position_imbalance_cost_eur,
        cast(price_status as string) as price_status,
        cast(assets_expected as bigint) as assets_expected,
        cast(assets_present as bigint) as assets_present,
        cast(final_assets_present as bigint) as final_assets_present,
        is_complete,
        cast(forecast_assets_present as bigint) as forecast_assets_present,
        forecast_assets_present = assets_expected as is_forecast_complete
    from costed

)

select * from settled
