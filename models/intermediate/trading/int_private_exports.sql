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
            partition by {{ export_day('files.file_name') }}, trades.trade_id, trades.side
            order by trades.file_order asc, trades.row_number asc
        ) as occurrence
    from trades
    inner join files on trades.file_id = files.file_id

),

counted as (

    select
        file_id,
        file_order,
        export_day,
        file_timestamp_utc,
        count(*) filter (where occurrence > 1) as repeated_trades,
        count(*) filter (where occurrence = 1) as new_trades
    from rows_of_files
    group by file_id, file_order, export_day, file_timestamp_utc

),

-- A file that repeats most of what earlier ones of its day named is an export of the whole day; others hold news only.
exports as (

    select
        file_id,
        file_order,
        export_day,
        file_timestamp_utc,
        repeated_trades > 0 and 2 * repeated_trades >= sum(new_trades) over (
            partition by export_day order by file_order asc rows between unbounded preceding and 1 preceding
        ) as is_whole
    from counted

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
