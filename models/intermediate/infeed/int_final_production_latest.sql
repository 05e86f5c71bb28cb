with final_production as (

    select * from {{ ref('stg_dso__final_production') }}

),

latest as (

    select
        metering_point_id,
        delivery_start_utc,
        {{ value_of_newest('final_kw') }} as final_kw
    from final_production
    group by metering_point_id, delivery_start_utc

)

select * from latest
