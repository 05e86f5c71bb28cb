with days as (

    select * from {{ ref('int_delivered_days') }}

),

arrivals as (

    select * from {{ ref('int_feed_arrivals') }}

),

arrived as (

    select
        feed,
        delivery_date,
        count(*) as arrived,
        count(case when is_late then 1 end) as late,
        max(newest_at_utc) as newest_at_utc
    from arrivals
    group by feed, delivery_date

),

deadlines as (

    select * from {{ ref('feed_deadlines') }}
    where
        feed in (
            'private_trades',
            'public_trades',
            'redispatch_flags',
            'imbalance_prices_estimated',
            'imbalance_prices_final'
        )

),

by_arrival as (

    select
        deadlines.feed,
        days.delivery_date,
        arrived.newest_at_utc,
        case when deadlines.feed like 'imbalance_prices%' then days.quarter_hours end as expected,
        coalesce(arrived.arrived, 0) as arrived,
        coalesce(arrived.late, 0) as late
    from days
    cross join deadlines
    left join arrived on deadlines.feed = arrived.feed and days.delivery_date = arrived.delivery_date

)

select * from by_arrival
