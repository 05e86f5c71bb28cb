{{ config(materialized='view') }}

with trades as (

    select * from {{ ref('fct_market_trades', whole=true) }}
    where
        {{ in_this_build('delivery_start_utc') }}
        or {{ in_this_build("delivery_end_utc - interval '15' minute", of='delivery_start_utc') }}
        -- what lasts longer may deliver on this build's days in between
        or delivery_end_utc > delivery_start_utc + interval '23' hour

),

quarter_hours as (

    select * from {{ ref('dim_quarter_hours') }}

),

exploded as (

    select
        *,
        {{ quarter_hours_between('delivery_start_utc', "delivery_end_utc - interval '15' minute") }} as part_start_utc
    from trades

),

numbered as (

    select
        *,
        {{ whole_division(minutes_between('delivery_start_utc', 'part_start_utc'), '15') }} + 1 as part,
        {{ whole_division(minutes_between('delivery_start_utc', 'delivery_end_utc'), '15') }} as parts
    from exploded

),

split as (

    select
        numbered.trade_id,
        numbered.product,
        numbered.part_start_utc as delivery_start_utc,
        quarter_hours.delivery_date,
        numbered.executed_at_utc,
        numbered.price_eur_per_mwh,
        {{ quarter_hour_share('numbered.volume_mwh', 'numbered.part', 'numbered.parts') }} as volume_mwh
    from numbered
    inner join quarter_hours on numbered.part_start_utc = quarter_hours.delivery_start_utc

)

select * from split
