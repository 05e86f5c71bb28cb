with rows as (

    select * from {{ source('crm', 'contracts') }}

),

files as (

    select * from {{ ref('stg_ingest__files') }}

),

listed as (

    select
        rows.contract_id,
        rows.asset_id,
        rows.metering_point_id,
        rows.technology,
        rows.capacity_mw,
        rows.contract_begin,
        rows.contract_end,
        rows.price_model,
        rows.price_eur_per_mwh,
        rows.fee_model,
        rows.fee_eur,
        rows.fee_percent,
        rows.file_id,
        rows.row_number,
        files.file_name,
        files.file_order,
        files.file_timestamp_utc as known_at_utc,
        cast({{ utc_to_local('files.file_timestamp_utc') }} as date) as listed_on,
        rows.asset_id is not null and rows.contract_begin is not null and rows.has_readable_end as has_terms
    from rows
    inner join files on rows.file_id = files.file_id

),

known as (

    select * from listed
    where {{ known_by('known_at_utc') }}

)

select * from known
