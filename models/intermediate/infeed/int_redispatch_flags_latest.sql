with flags as (

    select * from {{ ref('stg_dso__redispatch_flags') }}

),

latest as (

    select
        metering_point_id,
        delivery_start_utc,
        {{ value_at_greatest('is_redispatched', ['file_order', 'row_number']) }} as is_redispatched,
        {{ value_at_greatest('known_at_utc', ['file_order', 'row_number']) }} as flag_known_at_utc
    from flags
    group by metering_point_id, delivery_start_utc

)

select * from latest
