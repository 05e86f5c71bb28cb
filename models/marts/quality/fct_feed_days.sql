{{ config(materialized='table', meta={'scope': 'all'}) }}

with feed_days as (

    select * from {{ ref('int_feed_days') }}

),

days as (

    select * from {{ ref('int_delivered_days') }}

),

deadlines as (

    select * from {{ ref('feed_deadlines') }}

),

due as (

    select
        feed_days.*,
        deadlines.unit,
        deadlines.stale_minutes,
        days.data_known_until_utc,
        days.day_end_utc + interval '1' hour * deadlines.due_hours as due_at_utc
    from feed_days
    inner join days on feed_days.delivery_date = days.delivery_date
    inner join deadlines on feed_days.feed = deadlines.feed

),

judged as (

    select
        cast(feed as string) as feed,
        cast(delivery_date as date) as delivery_date,
        cast(unit as string) as unit,
        cast(expected as bigint) as expected,
        cast(arrived as bigint) as arrived,
        cast(case when arrived >= expected then 0 else expected - arrived end as bigint) as missing,
        cast(late as bigint) as late,
        cast(due_at_utc as timestamp) as due_at_utc,
        cast(newest_at_utc as timestamp) as newest_at_utc,
        cast(stale_minutes as bigint) as stale_minutes,
        cast(
            case
                when arrived >= expected then 'complete'
                when expected is null and arrived > 0 then 'arrived'
                when data_known_until_utc < due_at_utc then 'pending'
                when expected is null then 'nothing arrived'
                else 'incomplete'
            end as string
        ) as status
    from due

)

select * from judged
