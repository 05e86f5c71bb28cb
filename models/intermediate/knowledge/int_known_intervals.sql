with versions as (

    select * from {{ ref('int_known_versions') }}

),

live as (

    select * from {{ ref('int_known_live') }}

),

placed as (

    select
        *,
        row_number() over (
            partition by kind, asset_id, delivery_start_utc
            order by version_utc asc, file_order asc, row_number asc
        ) as place
    from versions

),

-- A version counts from when it is known, unless a better one was known by then.
in_order_of_knowledge as (

    select
        *,
        max(place) over (
            partition by kind, asset_id, delivery_start_utc
            order by known_at_utc asc, place asc
            rows between unbounded preceding and current row
        ) as best_place
    from placed

),

replaced as (

    select
        kind,
        asset_id,
        delivery_start_utc,
        infeed_kw,
        known_at_utc as known_from_utc,
        lead(known_at_utc) over (
            partition by kind, asset_id, delivery_start_utc order by place asc
        ) as known_until_utc
    from in_order_of_knowledge
    where place = best_place

),

together as (

    select
        kind,
        asset_id,
        delivery_start_utc,
        infeed_kw,
        known_from_utc,
        known_until_utc
    from replaced
    union all
    select
        'live' as kind,
        asset_id,
        delivery_start_utc,
        live_kw as infeed_kw,
        known_from_utc,
        known_until_utc
    from live

)

select * from together
