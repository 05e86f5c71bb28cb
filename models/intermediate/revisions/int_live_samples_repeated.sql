{{ config(materialized='incremental') }}

-- Hardly a sample comes twice; only those are kept.
with repeated_samples as (

    select
        asset_id,
        measured_at_utc
    from {{ ref('stg_vpp__live_measured_infeed', whole=true) }}
    where {{ measured_for_this_build('measured_at_utc') }}
    group by asset_id, measured_at_utc
    having count(*) > 1

),

samples as (

    select
        samples.asset_id,
        samples.measured_at_utc,
        {{ quarter_hour_of('samples.measured_at_utc') }} as delivery_start_utc,
        samples.live_kw,
        samples.known_at_utc,
        samples.file_order,
        samples.row_number
    from {{ ref('stg_vpp__live_measured_infeed', whole=true) }} as samples
    inner join repeated_samples
        on
            samples.asset_id = repeated_samples.asset_id
            and samples.measured_at_utc = repeated_samples.measured_at_utc

)

select * from samples
