with imbalances as (

    select * from {{ ref('int_asset_imbalances') }}

),

prices as (

    select * from {{ ref('fct_imbalance_prices') }}

),

market as (

    select * from {{ ref('int_market_prices') }}

),

priced as (

    select
        imbalances.*,
        market.market_vwap_eur_per_mwh,
        {{ by_imbalance_side(
            'imbalances.imbalance_mwh', 'prices.short_price_eur_per_mwh', 'prices.long_price_eur_per_mwh'
        ) }} as price_eur_per_mwh,
        {{ by_imbalance_side('imbalances.imbalance_mwh', 'prices.short_price_status', 'prices.long_price_status') }}
            as price_status
    from imbalances
    left join prices on imbalances.delivery_start_utc = prices.delivery_start_utc
    left join market on imbalances.delivery_start_utc = market.delivery_start_utc

),

settled as (

    select
        cast(asset_id as string) as asset_id,
        cast(delivery_start_utc as timestamp) as delivery_start_utc,
        cast(delivery_date as date) as delivery_date,
        cast(contract_id as string) as contract_id,
        cast(infeed_source as string) as infeed_source,
        cast(imbalance_mwh as decimal(18, 9)) as imbalance_mwh,
        cast(price_eur_per_mwh as decimal(18, 6)) as price_eur_per_mwh,
        cast(price_status as string) as price_status,
        {{ imbalance_cost_eur('imbalance_mwh', 'price_eur_per_mwh') }} as imbalance_cost_eur,
        cast({{ amount_eur('market_vwap_eur_per_mwh - price_eur_per_mwh', 'imbalance_mwh') }} as decimal(18, 6))
            as imbalance_opportunity_cost_eur,
        cast(redispatch_mwh as decimal(18, 9)) as redispatch_mwh,
        cast(imbalance_mwh - redispatch_mwh as decimal(18, 9)) as forecast_error_mwh
    from priced
    order by delivery_date, asset_id

)

select * from settled
