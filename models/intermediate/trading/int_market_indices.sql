{{ config(materialized='incremental') }}

with parts as (

    select * from {{ ref('int_market_trades_split') }}

),

indexed as (

    select
        delivery_start_utc,
        {{ last_hours_vwap(1) }} as id1_like_eur_per_mwh,
        {{ last_hours_vwap(3) }} as id3_like_eur_per_mwh
    from parts
    group by delivery_start_utc

)

select * from indexed
