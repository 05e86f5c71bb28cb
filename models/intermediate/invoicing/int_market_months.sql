{{ config(materialized='incremental') }}

with market as (

    select * from {{ ref('int_market_quarter_hours') }}

),

priced as (

    select
        {{ invoicing_month('delivery_date') }} as invoicing_month,
        {{ vwap('sum(market_turnover_eur)', 'sum(market_mwh)') }} as market_vwap_eur_per_mwh
    from market
    group by {{ invoicing_month('delivery_date') }}

)

select * from priced
