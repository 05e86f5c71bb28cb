with moments as (

    select * from {{ ref('int_known_moments') }}

),

versions as (

    select * from {{ ref('int_known_trade_versions') }}

),

exploded as (

    select
        *,
        {{ quarter_hours_between('delivery_start_utc', "delivery_end_utc - interval '15' minute") }} as part_start_utc
    from versions

),

parts as (

    select
        part_start_utc,
        known_from_utc,
        known_until_utc,
        {{ signed_by_side('side', quarter_hour_share(
            'volume_mwh',
            '(' ~ whole_division(minutes_between('delivery_start_utc', 'part_start_utc'), '15') ~ ' + 1)',
            whole_division(minutes_between('delivery_start_utc', 'delivery_end_utc'), '15')
        )) }} as net_sold_mwh
    from exploded

),

summed as (

    select
        moments.as_of_utc,
        moments.delivery_start_utc,
        moments.delivery_date,
        sum(parts.net_sold_mwh) as net_sold_mwh
    from moments
    inner join parts
        on
            moments.delivery_start_utc = parts.part_start_utc
            and moments.as_of_utc >= parts.known_from_utc
            and (moments.as_of_utc < parts.known_until_utc or parts.known_until_utc is null)
    group by moments.as_of_utc, moments.delivery_start_utc, moments.delivery_date

)

select * from summed
