{#- A quarter-hour's live value is complete at its end (IN-1) and changes only when a sample is corrected later. -#}
-- A sample may hold into the next quarter-hour.
with sampled as (

    {% for minutes in (0, 15) %}
        select distinct
            delivery_start_utc,
            delivery_start_utc - interval '{{ minutes }}' minute as sampled_from_utc
        from {{ ref('int_known_moments') }}
        {% if not loop.last %}union all{% endif %}
    {% endfor %}

),

live_samples as (

    select
        samples.asset_id,
        samples.measured_at_utc,
        samples.live_kw,
        samples.quality,
        samples.file_order,
        samples.row_number,
        samples.known_at_utc,
        sampled.delivery_start_utc
    from {{ ref('stg_vpp__live_measured_infeed') }} as samples
    inner join sampled on {{ quarter_hour_of('samples.measured_at_utc') }} = sampled.sampled_from_utc

),

states as (

    select distinct
        asset_id,
        delivery_start_utc,
        greatest(known_at_utc, delivery_start_utc + interval '15' minute) as state_utc
    from live_samples

),

samples_of_states as (

    select
        live_samples.asset_id,
        live_samples.delivery_start_utc,
        states.state_utc,
        live_samples.measured_at_utc,
        live_samples.live_kw,
        live_samples.file_order,
        live_samples.row_number
    from states
    inner join live_samples
        on
            states.asset_id = live_samples.asset_id
            and states.delivery_start_utc = live_samples.delivery_start_utc
            and states.state_utc >= live_samples.known_at_utc
    where coalesce(live_samples.quality, 1) > 0

),

followed as (

    select
        asset_id,
        delivery_start_utc,
        state_utc,
        measured_at_utc,
        live_kw,
        file_order,
        row_number,
        lead(measured_at_utc) over (
            partition by asset_id, delivery_start_utc, state_utc
            order by measured_at_utc asc, file_order asc, row_number asc
        ) as next_measured_at_utc
    from samples_of_states

)

select * from followed
