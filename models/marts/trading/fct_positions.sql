with portfolio_infeed as (

    select * from {{ ref('fct_portfolio_infeed') }}

),

trading as (

    select * from {{ ref('fct_trading_quarter_hours') }}
    where trades > 0

),

quarter_hours as (

    select * from {{ ref('dim_quarter_hours') }}

),

portfolio_days as (

    select * from {{ ref('int_portfolio_days') }}

),

known as (

    select
        quarter_hours.delivery_start_utc,
        quarter_hours.delivery_date,
        coalesce(portfolio_days.assets_expected, 0) as assets_expected,
        coalesce(portfolio_infeed.assets_present, 0) as assets_present,
        coalesce(portfolio_infeed.final_assets_present, 0) as final_assets_present,
        case when portfolio_days.assets_expected is null then 0 else portfolio_infeed.infeed_mwh end as infeed_mwh,
        coalesce(portfolio_infeed.final_mwh + portfolio_infeed.live_mwh, 0) as measured_mwh,
        coalesce(portfolio_infeed.forecast_mwh, 0) as forecast_mwh,
        coalesce(trading.net_sold_mwh, 0) as net_sold_mwh
    from quarter_hours
    left join portfolio_infeed on quarter_hours.delivery_start_utc = portfolio_infeed.delivery_start_utc
    left join trading on quarter_hours.delivery_start_utc = trading.delivery_start_utc
    left join portfolio_days on quarter_hours.delivery_date = portfolio_days.delivery_date
    where portfolio_infeed.delivery_start_utc is not null or trading.delivery_start_utc is not null

),

positions as (

    select
        cast(delivery_start_utc as timestamp) as delivery_start_utc,
        cast(delivery_date as date) as delivery_date,
        cast(infeed_mwh as decimal(18, 9)) as infeed_mwh,
        cast(measured_mwh as decimal(18, 9)) as measured_mwh,
        cast(forecast_mwh as decimal(18, 9)) as forecast_mwh,
        cast(net_sold_mwh as decimal(18, 9)) as net_sold_mwh,
        cast(infeed_mwh - net_sold_mwh as decimal(18, 9)) as open_position_mwh,
        cast(assets_expected as bigint) as assets_expected,
        cast(assets_present as bigint) as assets_present,
        cast(final_assets_present as bigint) as final_assets_present,
        assets_present = assets_expected as is_complete
    from known

)

select * from positions
