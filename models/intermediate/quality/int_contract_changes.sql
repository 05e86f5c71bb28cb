{{ config(meta={'scope': 'all'}) }}

with contracts as (

    select * from {{ ref('stg_crm__contracts') }}

),

numbered as (

    select
        *,
        row_number() over (partition by contract_id order by file_order asc, row_number asc) as place
    from contracts
    where has_terms

),

compared as (

    select
        newer.contract_id,
        newer.file_name,
        newer.listed_on,
        newer.known_at_utc,
        {{ joined_issues([
            ("newer.asset_id <> older.asset_id", "'asset ' || older.asset_id || ' -> ' || newer.asset_id"),
            ("newer.metering_point_id is distinct from older.metering_point_id", "'metering point changed'"),
            ("newer.capacity_mw is distinct from older.capacity_mw", "'capacity changed'"),
            ("newer.contract_begin <> older.contract_begin", "'begin changed'"),
            ("newer.contract_end is distinct from older.contract_end", "'end changed'"),
            ("newer.price_model is distinct from older.price_model", "'price model changed'"),
            ("newer.price_eur_per_mwh is distinct from older.price_eur_per_mwh", "'price changed'"),
            ("newer.fee_model is distinct from older.fee_model", "'fee model changed'"),
            ("newer.fee_eur is distinct from older.fee_eur", "'fee changed'"),
            ("newer.fee_percent is distinct from older.fee_percent", "'fee percentage changed'"),
        ]) }} as changes
    from numbered as newer
    inner join numbered as older
        on newer.contract_id = older.contract_id and newer.place = older.place + 1

),

changed as (

    select * from compared
    where changes is not null

)

select * from changed
