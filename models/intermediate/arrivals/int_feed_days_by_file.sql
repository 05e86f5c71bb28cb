{%- set counted_feeds = ['private_trades', 'public_trades', 'redispatch_flags'] -%}
{%- set priced_feeds = ['imbalance_prices_estimated', 'imbalance_prices_final'] -%}
with days as (

    select * from {{ ref('int_delivered_days') }}

),

arrivals as (

    select * from {{ ref('int_feed_arrivals') }}

),

files as (

    select * from {{ ref('stg_ingest__files') }}
    where feed = 'contracts' and status = 'landed' and {{ known_by('file_timestamp_utc') }}

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
    where feed in ('{{ (counted_feeds + priced_feeds) | join("', '") }}')

),

by_arrival as (

    select
        deadlines.feed,
        days.delivery_date,
        case when deadlines.feed in ('{{ priced_feeds | join("', '") }}') then days.quarter_hours end as expected,
        coalesce(arrived.arrived, 0) as arrived,
        coalesce(arrived.late, 0) as late,
        arrived.newest_at_utc
    from days
    cross join deadlines
    left join arrived on deadlines.feed = arrived.feed and days.delivery_date = arrived.delivery_date

),

lists as (

    select
        'contracts' as feed,
        days.delivery_date,
        1 as expected,
        count(files.file_id) as arrived,
        cast(null as bigint) as late,
        max(files.file_timestamp_utc) as newest_at_utc
    from days
    left join files
        on
            files.file_timestamp_utc < days.day_end_utc
            and files.file_timestamp_utc >= days.day_end_utc - interval '7' day
    group by days.delivery_date

),

together as (

    select * from by_arrival
    union all
    select * from lists

)

select * from together
