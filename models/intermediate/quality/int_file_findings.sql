{{ config(meta={'scope': 'all'}) }}

with files as (

    select * from {{ ref('stg_ingest__files') }}

),

remarks as (

    select * from {{ ref('stg_ingest__file_remarks') }}

),

quarantined as (

    select
        feed,
        file_name,
        'quarantined_file' as finding,
        count(*) as rows,
        min(reason) as example
    from files
    where status = 'quarantined' and {{ known_by('file_timestamp_utc') }}
    group by feed, file_name

),

unknown_columns as (

    select
        feed,
        cast(null as string) as file_name,
        'unknown_column' as finding,
        count(*) as rows,
        min(unknown_columns) as example
    from files
    where unknown_columns is not null and {{ known_by('file_timestamp_utc') }}
    group by feed

),

remarked as (

    select
        feed,
        cast(null as string) as file_name,
        finding,
        count(*) as rows,
        min(file_name || ': ' || example) as example
    from remarks
    group by feed, finding

),

together as (

    select * from quarantined
    union all
    select * from unknown_columns
    union all
    select * from remarked

),

shaped as (

    select
        feed,
        cast(null as date) as delivery_date,
        file_name,
        finding,
        rows,
        example
    from together

)

select * from shaped
