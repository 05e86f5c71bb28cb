with final_production as (

    select * from {{ ref('stg_dso__final_production') }}

),

latest as (

    select
        metering_point_id,
        delivery_start_utc,
        {{ value_at_greatest('final_kw', ['file_order', 'row_number']) }} as final_kw
    from final_production
    group by metering_point_id, delivery_start_utc

)

select * from latest
