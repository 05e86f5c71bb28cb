with prices as (

    select * from {{ ref('stg_imbalance__estimated_prices') }}

),

latest as (

    select
        delivery_start_utc,
        {{ value_at_greatest('estimate_eur_per_mwh', ['file_order', 'row_number']) }} as estimate_eur_per_mwh
    from prices
    group by delivery_start_utc

)

select * from latest
