with spans as (

    select * from {{ ref('int_delivery_spans') }}

),

candidates as (

    select
        first_month,
        last_month,
        {{ quarter_hours_between(
            "cast(first_month as timestamp) - interval '1' day",
            "cast(last_month as timestamp) + interval '33' day"
        ) }} as delivery_start_utc
    from spans
    where first_month is not null

),

local_candidates as (

    select
        *,
        {{ utc_to_local('delivery_start_utc') }} as delivery_start_local
    from candidates

),

whole_months as (

    select
        delivery_start_utc,
        delivery_start_local,
        cast(delivery_start_local as date) as delivery_date
    from local_candidates
    where
        {{ first_of_month('cast(delivery_start_local as date)') }} >= first_month
        and {{ first_of_month('cast(delivery_start_local as date)') }} <= last_month

),

numbered as (

    select
        cast(delivery_start_utc as timestamp) as delivery_start_utc,
        cast(delivery_start_utc + interval '15' minute as timestamp) as delivery_end_utc,
        cast(delivery_start_local as timestamp) as delivery_start_local,
        delivery_date,
        cast(
            delivery_start_utc - interval '1' minute * extract(minute from delivery_start_local) as timestamp
        ) as delivery_hour_start_utc,
        cast(
            row_number() over (partition by delivery_date order by delivery_start_utc asc) as integer
        ) as quarter_hour_of_day
    from whole_months

)

select * from numbered
