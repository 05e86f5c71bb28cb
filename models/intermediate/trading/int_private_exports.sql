{{ config(meta={'scope': 'all'}) }}

with trades as (

    select * from {{ ref('stg_exchange__private_trades') }}

),

files as (

    select * from {{ ref('stg_ingest__files') }}

),

rows_of_files as (

    select
        file_id,
        file_order,
        count(*) as trades
    from trades
    group by file_id, file_order

),

first_named as (

    select
        {{ export_day('files.file_name') }} as export_day,
        trades.trade_id,
        trades.side,
        min(trades.file_order) as file_order
    from trades
    inner join files on trades.file_id = files.file_id
    group by {{ export_day('files.file_name') }}, trades.trade_id, trades.side

),

news as (

    select
        file_order,
        count(*) as new_trades
    from first_named
    group by file_order

),

counted as (

    select
        files.file_id,
        rows_of_files.file_order,
        {{ export_day('files.file_name') }} as export_day,
        files.file_timestamp_utc,
        coalesce(news.new_trades, 0) as new_trades,
        rows_of_files.trades - coalesce(news.new_trades, 0) as repeated_trades
    from rows_of_files
    inner join files on rows_of_files.file_id = files.file_id
    left join news on rows_of_files.file_order = news.file_order

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
