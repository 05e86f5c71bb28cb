{{ config(materialized='incremental') }}

with market as (

    select * from {{ ref('int_market_quarter_hours') }}

),

by_product_and_all as (

    select
        delivery_date,
        product,
        market_turnover_eur,
        market_mwh
    from market
    union all
    select
        delivery_date,
        'all' as product,
        market_turnover_eur,
        market_mwh
    from market

),

priced as (

    select
        delivery_date,
        product,
        sum(market_mwh) as market_mwh,
        {{ vwap('sum(market_turnover_eur)', 'sum(market_mwh)') }} as market_vwap_eur_per_mwh
    from by_product_and_all
    group by delivery_date, product

)

select * from priced
