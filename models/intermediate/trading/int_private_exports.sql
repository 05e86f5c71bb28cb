{{ config(meta={'scope': 'all'}) }}

with trades as (

    select * from {{ ref('stg_exchange__private_trades') }}

),

files as (

    select * from {{ ref('stg_ingest__files') }}

),

rows_of_files as (

    select
        trades.file_id,
        trades.file_order,
        {{ export_day('files.file_name') }} as export_day,
        files.file_timestamp_utc,
        row_number() over (
            partition by trades.trade_id, trades.side order by trades.file_order asc, trades.row_number asc
        ) as occurrence
    from trades
    inner join files on trades.file_id = files.file_id

),

-- A file that repeats trades of an earlier one is an export of the whole day; one that repeats none may hold news only.
exports as (

    select
        file_id,
        file_order,
        export_day,
        file_timestamp_utc,
        max(occurrence) > 1 as is_whole
    from rows_of_files
    group by file_id, file_order, export_day, file_timestamp_utc

),

newest as (

    select
        file_id,
        file_order,
        export_day,
        max(file_order) filter (where is_whole) over (partition by export_day) as last_file_order,
        max(file_timestamp_utc) filter (where is_whole) over (partition by export_day) as last_exported_at_utc
    from exports

)

select * from newest
