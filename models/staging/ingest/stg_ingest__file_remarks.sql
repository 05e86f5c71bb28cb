with remarks as (

    select * from {{ source('ingest', 'file_remarks') }}

),

files as (

    select * from {{ ref('stg_ingest__files') }}

),

named as (

    select
        files.feed,
        files.file_name,
        remarks.file_id,
        remarks.finding,
        remarks.example,
        files.file_timestamp_utc as known_at_utc
    from remarks
    inner join files on remarks.file_id = files.file_id

),

known as (

    select * from named
    where {{ known_by('known_at_utc') }}

)

select * from known
