with rows as (

    select * from {{ source('exchange', 'public_trades') }}

),

files as (

    select * from {{ ref('stg_ingest__files') }}

),

valid as (

    select
        rows.trade_id,
        rows.side,
        rows.delivery_start_utc,
        rows.delivery_end_utc,
        rows.executed_at_utc,
        rows.price_eur_per_mwh,
        rows.volume,
        rows.volume_unit,
        rows.file_id,
        rows.row_number,
        files.file_timestamp_utc,
        files.file_order
    from rows
    inner join files on rows.file_id = files.file_id
    where
        rows.delivery_start_utc is not null
        and rows.delivery_end_utc > rows.delivery_start_utc
        and rows.executed_at_utc is not null
        and rows.price_eur_per_mwh is not null
        and rows.volume is not null
        and rows.volume_unit is not null
        and rows.currency is not null

),

dated as (

    select
        trade_id,
        side,
        delivery_start_utc,
        delivery_end_utc,
        executed_at_utc,
        price_eur_per_mwh,
        volume,
        volume_unit,
        {{ known_at('executed_at_utc', ['trade_id', 'side']) }} as known_at_utc,
        file_id,
        file_order,
        row_number
    from valid

),

known as (

    select * from dated
    where {{ known_by('known_at_utc') }}

)

select * from known
