with days as (

    select * from {{ ref('int_delivered_days') }}

),

files as (

    select * from {{ ref('stg_ingest__files') }}
    where feed = 'contracts' and status = 'landed' and {{ known_by('file_timestamp_utc') }}

),

lists as (

    select
        'contracts' as feed,
        days.delivery_date,
        1 as expected,
        cast(null as bigint) as late,
        count(files.file_id) as arrived,
        max(files.file_timestamp_utc) as newest_at_utc
    from days
    left join files
        on
            days.day_end_utc > files.file_timestamp_utc
            and files.file_timestamp_utc >= days.day_end_utc - interval '7' day
    group by days.delivery_date

)

select * from lists
