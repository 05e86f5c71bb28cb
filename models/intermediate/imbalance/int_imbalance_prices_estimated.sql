with prices as (

    select * from {{ ref('stg_imbalance__estimated_prices') }}

),

latest as (

    select
        delivery_start_utc,
        {{ value_of_newest('estimate_eur_per_mwh') }} as estimate_eur_per_mwh
    from prices
    group by delivery_start_utc

)

select * from latest
