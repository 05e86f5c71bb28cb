with manifest as (

    select * from {{ source('ingest', 'manifest') }}

),

ordered as (

    select
        file_id,
        load_id,
        feed,
        file_name,
        path,
        status,
        reason,
        rows,
        bad_rows,
        unknown_columns,
        file_timestamp_utc,
        loaded_at_utc,
        row_number() over (order by file_timestamp_utc asc nulls first, file_name asc, file_id asc) as file_order
    from manifest

)

select * from ordered
