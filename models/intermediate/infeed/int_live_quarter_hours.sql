{{ config(materialized='incremental') }}

with held as (

    select * from {{ ref('int_live_samples_held') }}

),

pieces as (

    select
        asset_id,
        delivery_start_utc,
        live_kw,
        {{ microseconds_between(
            'measured_at_utc', "least(held_until_utc, delivery_start_utc + interval '15' minute)"
        ) }} as microseconds
    from held
    union all
    select
        asset_id,
        delivery_start_utc + interval '15' minute as delivery_start_utc,
        live_kw,
        {{ microseconds_between("delivery_start_utc + interval '15' minute", 'held_until_utc') }} as microseconds
    from held
    where held_until_utc > delivery_start_utc + interval '15' minute

),

summed as (

    select
        asset_id,
        delivery_start_utc,
        sum(cast(live_kw as decimal(28, 15)) * cast(microseconds as decimal(10, 0))) as kw_microseconds,
        sum(microseconds) as microseconds,
        min(live_kw) as least_live_kw,
        max(live_kw) as greatest_live_kw
    from pieces
    where {{ in_this_build('delivery_start_utc') }}
    group by asset_id, delivery_start_utc

),

averaged as (

    select
        asset_id,
        delivery_start_utc,
        cast({{ ratio('kw_microseconds', 'microseconds', 12) }} as double) as covered_live_kw,
        cast(microseconds as double) / 900000000 as live_coverage,
        microseconds * 2 >= 900000000 as is_live_sufficient,
        least_live_kw,
        greatest_live_kw
    from summed

)

select * from averaged
