{{ config(materialized='view') }}

with asset_days as (

    select * from {{ ref('int_asset_days') }}

),

quarter_hours as (

    select * from {{ ref('dim_quarter_hours') }}

),

covered as (

    select
        asset_days.asset_id,
        asset_days.metering_point_id,
        asset_days.contract_id,
        quarter_hours.delivery_start_utc,
        quarter_hours.delivery_date
    from asset_days
    inner join quarter_hours on asset_days.delivery_date = quarter_hours.delivery_date

)

select * from covered
