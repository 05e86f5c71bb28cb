{{ config(meta={'scope': 'all'}) }}

with days as (

    select * from {{ ref('int_delivered_days') }}

),

files as (

    select * from {{ ref('stg_ingest__files') }}
    where feed = 'contracts' and status = 'landed' and {{ known_by('file_timestamp_utc') }}

),

asset_days as (

    select * from {{ ref('int_asset_days') }}

),

technical_data as (

    select * from {{ ref('int_technical_data_latest') }}

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
    union all
    select
        'technical_data' as feed,
        days.delivery_date,
        count(*) as expected,
        cast(null as bigint) as late,
        count(technical_data.asset_id) as arrived,
        max(technical_data.known_at_utc) as newest_at_utc
    from days
    inner join asset_days on days.delivery_date = asset_days.delivery_date
    left join technical_data on asset_days.asset_id = technical_data.asset_id
    group by days.delivery_date

)

select * from lists
