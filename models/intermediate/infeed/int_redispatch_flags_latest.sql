with flags as (

    select * from {{ ref('stg_dso__redispatch_flags') }}

),

latest as (

    select
        metering_point_id,
        delivery_start_utc,
        {{ value_of_newest('is_redispatched') }} as is_redispatched,
        min(file_timestamp_utc) filter (where is_redispatched) as announced_at_utc
    from flags
    group by metering_point_id, delivery_start_utc

)

select * from latest
