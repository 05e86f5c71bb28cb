with bad_rows as (

    select * from {{ source('ingest', 'bad_rows') }}

),

files as (

    select * from {{ ref('stg_ingest__files') }}

),

named as (

    select
        files.feed,
        files.file_name,
        bad_rows.file_id,
        bad_rows.row_number,
        bad_rows.column_name,
        bad_rows.problem,
        bad_rows.content,
        bad_rows.is_landed,
        files.file_timestamp_utc as known_at_utc
    from bad_rows
    inner join files on bad_rows.file_id = files.file_id

),

known as (

    select * from named
    where {{ known_by('known_at_utc') }}

)

select * from known
