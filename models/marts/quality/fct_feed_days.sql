with by_asset as (

    select * from {{ ref('int_feed_days_by_asset') }}

),

by_file as (

    select * from {{ ref('int_feed_days_by_file') }}

),

days as (

    select * from {{ ref('int_delivered_days') }}

),

deadlines as (

    select * from {{ ref('feed_deadlines') }}

),

together as (

    select * from by_asset
    union all
    select * from by_file

),

due as (

    select
        together.*,
        deadlines.unit,
        days.data_known_until_utc,
        days.day_end_utc + interval '1' hour * deadlines.due_hours as due_at_utc
    from together
    inner join days on together.delivery_date = days.delivery_date
    inner join deadlines on together.feed = deadlines.feed

),

judged as (

    select
        cast(feed as string) as feed,
        cast(delivery_date as date) as delivery_date,
        cast(unit as string) as unit,
        cast(expected as bigint) as expected,
        cast(arrived as bigint) as arrived,
        cast(greatest(expected - arrived, 0) as bigint) as missing,
        cast(late as bigint) as late,
        cast(due_at_utc as timestamp) as due_at_utc,
        cast(newest_at_utc as timestamp) as newest_at_utc,
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
