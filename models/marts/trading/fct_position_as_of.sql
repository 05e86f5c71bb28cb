{{ config(materialized='table', meta={'scope': 'all'}) }}

with infeed as (

    select * from {{ ref('int_known_infeed') }}

),

trades as (

    select * from {{ ref('int_known_trades') }}

),

portfolio_days as (

    select * from {{ ref('int_portfolio_days') }}

),

together as (

    select
        infeed.infeed_mwh,
        infeed.measured_mwh,
        infeed.forecast_mwh,
        infeed.assets_present,
        trades.net_sold_mwh,
        coalesce(infeed.as_of_utc, trades.as_of_utc) as as_of_utc,
        coalesce(infeed.delivery_start_utc, trades.delivery_start_utc) as delivery_start_utc,
        coalesce(infeed.delivery_date, trades.delivery_date) as delivery_date
    from infeed
    full outer join trades
        on infeed.as_of_utc = trades.as_of_utc and infeed.delivery_start_utc = trades.delivery_start_utc

),

positions as (

    select
        cast(together.as_of_utc as timestamp) as as_of_utc,
        cast(together.delivery_start_utc as timestamp) as delivery_start_utc,
        cast(together.delivery_date as date) as delivery_date,
        cast(together.infeed_mwh as decimal(18, 9)) as infeed_mwh,
        cast(coalesce(together.measured_mwh, 0) as decimal(18, 9)) as measured_mwh,
        cast(coalesce(together.forecast_mwh, 0) as decimal(18, 9)) as forecast_mwh,
        cast(coalesce(together.net_sold_mwh, 0) as decimal(18, 9)) as net_sold_mwh,
        cast(together.infeed_mwh - coalesce(together.net_sold_mwh, 0) as decimal(18, 9)) as open_position_mwh,
        cast(coalesce(portfolio_days.assets_expected, 0) as bigint) as assets_expected,
        cast(coalesce(together.assets_present, 0) as bigint) as assets_present
    from together
    left join portfolio_days on together.delivery_date = portfolio_days.delivery_date

)

select * from positions
