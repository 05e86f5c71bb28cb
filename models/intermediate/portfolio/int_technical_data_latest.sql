with technical_data as (

    select * from {{ ref('stg_vpp__technical_data') }}

),

ranked as (

    select
        *,
        row_number() over (partition by asset_id order by file_order desc, row_number desc) as recency
    from technical_data

),

newest as (

    select
        asset_id,
        asset_name,
        technology,
        status,
        capacity_kw,
        latitude,
        longitude,
        technical_attributes,
        known_at_utc
    from ranked
    where recency = 1

)

select * from newest
