with imbalances as (

    select * from {{ ref('fct_portfolio_imbalance') }}

),

prices as (

    select * from {{ ref('fct_imbalance_prices') }}

),

-- Which price settles the position of the portfolio: of its side, or the estimate.
settled as (

    select
        imbalances.delivery_start_utc,
        imbalances.position_imbalance_mwh,
        case
            when {{ by_imbalance_side(
                'imbalances.position_imbalance_mwh', 'prices.short_price_status', 'prices.long_price_status'
            ) }} = 'estimate' then 'estimate_eur_per_mwh'
            else {{ by_imbalance_side(
                'imbalances.position_imbalance_mwh', "'short_price_eur_per_mwh'", "'long_price_eur_per_mwh'"
            ) }}
        end as measure
    from imbalances
    inner join prices on imbalances.delivery_start_utc = prices.delivery_start_utc

)

select * from settled
