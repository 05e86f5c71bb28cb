{{ config(materialized='incremental') }}

with gaps as (

    select * from {{ ref('int_forecast_gaps') }}

),

chosen as (

    select * from {{ ref('int_forecasts_chosen') }}

),

asset_days as (

    select * from {{ ref('int_asset_days') }}

),

quarter_hours as (

    select * from {{ ref('dim_quarter_hours') }}

),

strangers as (

    select
        quarter_hours.delivery_date,
        chosen.asset_id || ' at ' || cast(chosen.delivery_start_utc as string) || ' UTC' as example,
        'forecast_without_contract' as finding
    from chosen
    inner join quarter_hours on chosen.delivery_start_utc = quarter_hours.delivery_start_utc
    left join asset_days
        on
            chosen.asset_id = asset_days.asset_id
            and quarter_hours.delivery_date = asset_days.delivery_date
    where asset_days.asset_id is null

),

together as (

    select * from gaps
    union all
    select * from strangers

),

counted as (

    select
        'forecasts' as feed,
        delivery_date,
        cast(null as string) as file_name,
        finding,
        count(*) as rows,
        min(example) as example
    from together
    group by delivery_date, finding

)

select * from counted
