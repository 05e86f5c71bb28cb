{{ config(materialized='incremental') }}

with margins as (

    select * from {{ ref('fct_asset_margins') }}

),

summed as (

    select
        period,
        period_start_date,
        {{ sums_of(performance_sums() + owner_line_sums()) }},
        count(*) filter (where is_blocked) as blocked_assets
    from margins
    group by period, period_start_date

)

select * from summed
