with rows as (

    select * from {{ source('imbalance', 'imbalance_prices_final') }}

),

files as (

    select * from {{ ref('stg_ingest__files') }}

),

valid as (

    select
        rows.delivery_start_utc,
        rows.short_price_eur_per_mwh,
        rows.long_price_eur_per_mwh,
        rows.file_id,
        rows.row_number,
        files.file_timestamp_utc,
        files.file_order
    from rows
    inner join files on rows.file_id = files.file_id
    where coalesce(rows.short_price_eur_per_mwh, rows.long_price_eur_per_mwh) is not null

),

dated as (

    select
        delivery_start_utc,
        short_price_eur_per_mwh,
        long_price_eur_per_mwh,
        {{ known_after_delivery() }} as known_at_utc,
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
