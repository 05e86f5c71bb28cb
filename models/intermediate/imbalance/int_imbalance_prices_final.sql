with prices as (

    select * from {{ ref('stg_imbalance__final_prices') }}

),

latest as (

    select
        delivery_start_utc,
        {{ value_of_newest('short_price_eur_per_mwh') }}
        filter (where short_price_eur_per_mwh is not null) as short_price_eur_per_mwh,
        {{ value_of_newest('long_price_eur_per_mwh') }}
        filter (where long_price_eur_per_mwh is not null) as long_price_eur_per_mwh
    from prices
    group by delivery_start_utc

)

select * from latest
