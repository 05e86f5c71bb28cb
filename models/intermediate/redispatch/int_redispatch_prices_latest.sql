with prices as (

    select * from {{ ref('stg_dso__redispatch_compensation') }}

),

latest as (

    select
        delivery_start_utc,
        {{ value_at_greatest('compensation_price_eur_per_mwh', ['file_order', 'row_number']) }}
            as compensation_price_eur_per_mwh
    from prices
    group by delivery_start_utc

)

select * from latest
