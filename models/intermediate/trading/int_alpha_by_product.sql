with private_quarter_hours as (

    select * from {{ ref('int_private_quarter_hours') }}

),

market_prices as (

    select * from {{ ref('int_market_prices') }}

),

compared as (

    select
        private_quarter_hours.delivery_start_utc,
        private_quarter_hours.delivery_date,
        private_quarter_hours.product,
        private_quarter_hours.revenue_eur
        - {{ amount_eur(
            'market_prices.market_vwap_eur_per_mwh',
            'private_quarter_hours.sold_mwh - private_quarter_hours.bought_mwh'
        ) }}
            as alpha_eur
    from private_quarter_hours
    left join market_prices on private_quarter_hours.delivery_start_utc = market_prices.delivery_start_utc

)

select * from compared
