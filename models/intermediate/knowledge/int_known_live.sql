with followed as (

    select * from {{ ref('int_known_live_states') }}

),

held as (

    select
        asset_id,
        delivery_start_utc,
        state_utc,
        live_kw,
        {{ microseconds_between(
            'greatest(measured_at_utc, delivery_start_utc)',
            "least(coalesce(next_measured_at_utc, measured_at_utc + interval '5' minute),"
            ~ " measured_at_utc + interval '5' minute, delivery_start_utc + interval '15' minute)"
        ) }} as microseconds
    from followed
    where next_measured_at_utc is null or next_measured_at_utc > measured_at_utc

),

summed as (

    select
        asset_id,
        delivery_start_utc,
        state_utc,
        sum(cast(live_kw as decimal(28, 15)) * cast(microseconds as decimal(10, 0))) as kw_microseconds,
        sum(microseconds) as microseconds
    from held
    where microseconds > 0
    group by asset_id, delivery_start_utc, state_utc

),

states as (

    select distinct
        asset_id,
        delivery_start_utc,
        state_utc
    from followed

),

-- A state in which too little is covered has no value, so it ends the one before.
valued as (

    select
        states.asset_id,
        states.delivery_start_utc,
        states.state_utc as known_from_utc,
        lead(states.state_utc) over (
            partition by states.asset_id, states.delivery_start_utc order by states.state_utc asc
        ) as known_until_utc,
        case
            when summed.microseconds * 2 >= 900000000
                then cast({{ ratio('summed.kw_microseconds', 'summed.microseconds', 12) }} as double)
        end as live_kw
    from states
    left join summed
        on
            states.asset_id = summed.asset_id
            and states.delivery_start_utc = summed.delivery_start_utc
            and states.state_utc = summed.state_utc

)

select * from valued
