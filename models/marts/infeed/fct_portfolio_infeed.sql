with asset_infeed as (

    select * from {{ ref('fct_asset_infeed') }}

),

portfolio_days as (

    select * from {{ ref('int_portfolio_days') }}

),

summed as (

    select
        delivery_start_utc,
        delivery_date,
        sum(infeed_mwh) as infeed_mwh,
        coalesce(sum(infeed_mwh) filter (where infeed_source = 'final'), 0) as final_mwh,
        coalesce(sum(infeed_mwh) filter (where infeed_source = 'live'), 0) as live_mwh,
        coalesce(sum(infeed_mwh) filter (where infeed_source = 'forecast'), 0) as forecast_mwh,
        count(*) as assets_present,
        count(*) filter (where infeed_source in ('final', 'live')) as measured_assets_present,
        count(*) filter (where infeed_source = 'final') as final_assets_present
    from asset_infeed
    group by delivery_start_utc, delivery_date

),

compared as (

    select
        summed.delivery_start_utc,
        summed.delivery_date,
        cast(summed.infeed_mwh as decimal(18, 9)) as infeed_mwh,
        cast(summed.final_mwh as decimal(18, 9)) as final_mwh,
        cast(summed.live_mwh as decimal(18, 9)) as live_mwh,
        cast(summed.forecast_mwh as decimal(18, 9)) as forecast_mwh,
        cast(portfolio_days.assets_expected as bigint) as assets_expected,
        cast(summed.assets_present as bigint) as assets_present,
        cast(summed.measured_assets_present as bigint) as measured_assets_present,
        cast(summed.final_assets_present as bigint) as final_assets_present,
        summed.assets_present = portfolio_days.assets_expected as is_complete,
        summed.measured_assets_present = portfolio_days.assets_expected as is_measured_complete
    from summed
    inner join portfolio_days on summed.delivery_date = portfolio_days.delivery_date

)

select * from compared
