with files as (

    select * from {{ ref('stg_ingest__files') }}

),

bad_rows as (

    select * from {{ ref('stg_ingest__bad_rows') }}

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

described_rows as (

    select
        feed,
        file_name,
        case
            when not is_landed then 'unreadable_row'
            when problem = 'blank' then 'blank_value'
            else 'unreadable_value'
        end as finding,
        'row ' || cast(row_number as string) || coalesce(', ' || column_name, '') || ': ' || problem
        || coalesce(' (' || content || ')', '') as example
    from bad_rows

),

unusable as (

    select
        feed,
        file_name,
        finding,
        count(*) as rows,
        min(example) as example
    from described_rows
    group by feed, file_name, finding

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
    select * from unusable
    union all
    select * from remarked

)

select * from together
