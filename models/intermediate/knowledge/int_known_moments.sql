with asset_infeed as (

    select * from {{ ref('fct_asset_infeed', whole=true) }}

),

quarter_hours as (

    select * from {{ ref('dim_quarter_hours') }}

),

newest as (

    select max(delivery_date) as last_date from asset_infeed
    where infeed_source in ('final', 'live')

),

chosen as (

    select
        quarter_hours.delivery_start_utc,
        quarter_hours.delivery_end_utc,
        quarter_hours.delivery_date
    from quarter_hours
    cross join newest
    where
        quarter_hours.delivery_date > newest.last_date - {{ var('position_as_of_days') }}
        and quarter_hours.delivery_date <= newest.last_date

),

moments as (

    select
        chosen.delivery_start_utc,
        chosen.delivery_date,
        moments.delivery_end_utc as as_of_utc
    from chosen
    inner join chosen as moments on chosen.delivery_date = moments.delivery_date

)

select * from moments
