{{ config(materialized='incremental') }}

with market as (

    select * from {{ ref('int_market_quarter_hours') }}

),

priced as (

    select
        delivery_start_utc,
        delivery_date,
        sum(market_trades) as market_trades,
        sum(market_mwh) as market_mwh,
        {{ vwap('sum(market_turnover_eur)', 'sum(market_mwh)') }} as market_vwap_eur_per_mwh
    from market
    group by delivery_start_utc, delivery_date

)

select * from priced
