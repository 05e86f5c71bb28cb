{{ config(materialized='incremental') }}

with checks as (

    select * from {{ ref('int_live_checks') }}

),

flat_lines as (

    select * from {{ ref('int_live_flat_lines') }}

),

together as (

    select
        'live_above_capacity' as finding,
        delivery_date,
        1 as rows,
        asset_id || ' at ' || cast(delivery_start_utc as string) || ' UTC: '
        || cast(greatest_live_kw as string) || ' kW of ' || cast(capacity_kw as string) || ' kW' as example
    from checks
    where is_above_capacity
    union all
    select
        'live_final_deviation' as finding,
        delivery_date,
        1 as rows,
        asset_id || ' at ' || cast(delivery_start_utc as string) || ' UTC: live '
        || cast(live_kw as string) || ' kW, final ' || cast(final_kw as string) || ' kW' as example
    from checks
    where is_deviating
    union all
    select
        'live_flat_line' as finding,
        delivery_date,
        flat_quarter_hours as rows,
        asset_id || ': ' || cast(flat_kw as string) || ' kW for ' || cast(flat_quarter_hours as string)
        || ' quarter-hours from ' || cast(flat_from_utc as string) || ' UTC' as example
    from flat_lines

),

counted as (

    select
        'live_measured_infeed' as feed,
        delivery_date,
        cast(null as string) as file_name,
        finding,
        sum(rows) as rows,
        min(example) as example
    from together
    group by delivery_date, finding

)

select * from counted
