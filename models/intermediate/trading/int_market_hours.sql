{{ config(materialized='incremental') }}

with trades as (

    select * from {{ ref('fct_market_trades') }}
    where product = 'hour'

),

priced as (

    select
        delivery_start_utc,
        count(*) as market_trades,
        sum(volume_mwh) as market_mwh,
        {{ vwap('sum(' ~ amount_eur('price_eur_per_mwh', 'volume_mwh') ~ ')', 'sum(volume_mwh)') }}
            as market_vwap_eur_per_mwh,
        {{ last_hours_vwap(1) }} as id1_like_eur_per_mwh,
        {{ last_hours_vwap(3) }} as id3_like_eur_per_mwh
    from trades
    group by delivery_start_utc

)

select * from priced
