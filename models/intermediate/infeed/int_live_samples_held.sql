{{ config(materialized='view') }}

{#- A sample that a revision replaces shares its moment with the next one, so it holds for no time. -#}
with samples as (

    select * from {{ ref('stg_vpp__live_measured_infeed', whole=true) }}
    where {{ measured_for_this_build('measured_at_utc', minutes_held=5) }}

),

followed as (

    select
        asset_id,
        measured_at_utc,
        live_kw,
        lead(measured_at_utc) over (
            partition by asset_id
            order by measured_at_utc asc, file_order asc, row_number asc
        ) as next_measured_at_utc
    from samples
    where coalesce(quality, 1) > 0

),

held as (

    select
        asset_id,
        measured_at_utc,
        live_kw,
        {{ quarter_hour_of('measured_at_utc') }} as delivery_start_utc,
        least(
            coalesce(next_measured_at_utc, measured_at_utc + interval '5' minute),
            measured_at_utc + interval '5' minute
        ) as held_until_utc
    from followed
    where next_measured_at_utc is null or next_measured_at_utc > measured_at_utc

)

select * from held
