{{ config(materialized='incremental') }}

with all_trades as (

    select * from {{ ref('stg_exchange__public_trades', whole=true) }}

),

-- All rows of the trades that ever named a day of this build: a later row may have moved one to another day.
touched as (

    select distinct trade_id from all_trades
    where {{ in_this_build('delivery_start_utc') }}

),

trades as (

    select all_trades.*
    from all_trades
    inner join touched on all_trades.trade_id = touched.trade_id

),

ranked as (

    select
        *,
        row_number() over (partition by trade_id order by file_order desc, row_number desc) as recency
    from trades

),

newest as (

    select
        trade_id,
        side,
        delivery_start_utc,
        delivery_end_utc,
        executed_at_utc,
        price_eur_per_mwh,
        {{ trade_mwh('volume', 'volume_unit', 'delivery_start_utc', 'delivery_end_utc') }} as volume_mwh,
        volume,
        volume_unit,
        file_id
    from ranked
    where recency = 1

)

select * from newest
