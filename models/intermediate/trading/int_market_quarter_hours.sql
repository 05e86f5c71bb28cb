{{ config(materialized='incremental') }}

with parts as (

    select * from {{ ref('int_market_trades_split') }}

),

summed as (

    select
        delivery_start_utc,
        delivery_date,
        product,
        count(*) as market_trades,
        sum({{ amount_eur('price_eur_per_mwh', 'volume_mwh') }}) as market_turnover_eur,
        sum(volume_mwh) as market_mwh
    from parts
    group by delivery_start_utc, delivery_date, product

)

select * from summed
