with moments as (

    select * from {{ ref('int_known_moments') }}

),

-- In MWh before they are set against the moments, which makes twice as many rows.
intervals as (

    select
        kind,
        asset_id,
        delivery_start_utc,
        known_from_utc,
        known_until_utc,
        {{ kw_to_mwh('greatest(infeed_kw, 0)') }} as infeed_mwh
    from {{ ref('int_known_intervals') }}
    where infeed_kw is not null

),

-- Best of infeed (IN-3) at each moment: final, else live, else redispatch, else forecast.
known as (

    select
        moments.as_of_utc,
        moments.delivery_start_utc,
        moments.delivery_date,
        intervals.asset_id,
        intervals.infeed_mwh,
        case intervals.kind when 'final' then 4 when 'live' then 3 when 'redispatch' then 2 else 1 end as priority
    from moments
    inner join intervals
        on
            moments.delivery_start_utc = intervals.delivery_start_utc
            and moments.as_of_utc >= intervals.known_from_utc
            and (moments.as_of_utc < intervals.known_until_utc or intervals.known_until_utc is null)

),

best as (

    select
        as_of_utc,
        delivery_start_utc,
        delivery_date,
        asset_id,
        max(priority) as priority,
        {{ value_at_greatest('infeed_mwh', ['priority']) }} as infeed_mwh
    from known
    group by as_of_utc, delivery_start_utc, delivery_date, asset_id

),

summed as (

    select
        as_of_utc,
        delivery_start_utc,
        delivery_date,
        sum(infeed_mwh) as infeed_mwh,
        coalesce(sum(infeed_mwh) filter (where priority >= 3), 0) as measured_mwh,
        coalesce(sum(infeed_mwh) filter (where priority = 1), 0) as forecast_mwh,
        count(*) as assets_present
    from best
    group by as_of_utc, delivery_start_utc, delivery_date

)

select * from summed
