{{ config(meta={'scope': 'all'}) }}

with positions as (

    select * from {{ ref('fct_positions') }}

),

quarter_hours as (

    select * from {{ ref('dim_quarter_hours') }}

),

files as (

    select * from {{ ref('stg_ingest__files') }}
    where status = 'landed' and {{ known_by('file_timestamp_utc') }}

),

span as (

    select
        min(delivery_date) as first_date,
        max(delivery_date) as last_date
    from positions

),

knowledge as (

    select max(file_timestamp_utc) as data_known_until_utc from files

),

days as (

    select
        quarter_hours.delivery_date,
        max(quarter_hours.delivery_end_utc) as day_end_utc,
        count(*) as quarter_hours
    from quarter_hours
    inner join span
        on quarter_hours.delivery_date >= span.first_date and quarter_hours.delivery_date <= span.last_date
    group by quarter_hours.delivery_date

),

dated as (

    select
        days.delivery_date,
        days.day_end_utc,
        days.quarter_hours,
        knowledge.data_known_until_utc
    from days
    cross join knowledge

)

select * from dated
