{%- set order = ['file_order', 'row_number'] -%}
with prices as (

    select * from {{ ref('stg_imbalance__final_prices') }}

),

latest as (

    select
        delivery_start_utc,
        {{ value_at_greatest('short_price_eur_per_mwh', order) }}
        filter (where short_price_eur_per_mwh is not null) as short_price_eur_per_mwh,
        {{ value_at_greatest('long_price_eur_per_mwh', order) }}
        filter (where long_price_eur_per_mwh is not null) as long_price_eur_per_mwh
    from prices
    group by delivery_start_utc

)

select * from latest
