with prices as (

    select * from {{ ref('stg_dso__redispatch_compensation') }}

),

latest as (

    select
        delivery_start_utc,
        {{ value_of_newest('compensation_price_eur_per_mwh') }} as compensation_price_eur_per_mwh
    from prices
    group by delivery_start_utc

)

select * from latest
