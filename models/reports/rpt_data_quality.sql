{{ config(materialized='table', meta={'scope': 'all'}) }}

with feed_days as (

    select * from {{ ref('fct_feed_days') }}

),

findings as (

    select * from {{ ref('fct_data_findings') }}

),

counted as (

    select
        feed,
        delivery_date,
        count(case when severity = 'error' then 1 end) as error_findings,
        count(case when severity = 'warning' then 1 end) as warning_findings,
        count(case when severity = 'info' then 1 end) as info_findings
    from findings
    group by feed, delivery_date

),

together as (

    select
        feed_days.unit,
        feed_days.expected,
        feed_days.arrived,
        feed_days.missing,
        feed_days.late,
        feed_days.status,
        feed_days.due_at_utc,
        feed_days.newest_at_utc,
        cast(1 - 1.0 * feed_days.missing / nullif(feed_days.expected, 0) as double) as completeness,
        coalesce(feed_days.feed, counted.feed) as feed,
        coalesce(feed_days.delivery_date, counted.delivery_date) as delivery_date,
        coalesce(counted.error_findings, 0) as error_findings,
        coalesce(counted.warning_findings, 0) as warning_findings,
        coalesce(counted.info_findings, 0) as info_findings
    from feed_days
    full outer join counted
        on feed_days.feed = counted.feed and feed_days.delivery_date = counted.delivery_date

)

select * from together
