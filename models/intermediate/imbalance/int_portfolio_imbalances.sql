with positions as (

    select * from {{ ref('fct_positions') }}

),

portfolio_infeed as (

    select * from {{ ref('fct_portfolio_infeed') }}

),

asset_imbalance as (

    select * from {{ ref('fct_asset_imbalance') }}

),

summed as (

    select
        delivery_start_utc,
        sum(imbalance_mwh) as forecast_imbalance_mwh,
        case when count(imbalance_cost_eur) = count(*) then sum(imbalance_cost_eur) end as asset_cost_eur,
        count(*) as forecast_assets_present
    from asset_imbalance
    group by delivery_start_utc

),

together as (

    select
        portfolio_infeed.delivery_start_utc,
        portfolio_infeed.delivery_date,
        summed.forecast_imbalance_mwh,
        summed.asset_cost_eur,
        portfolio_infeed.assets_expected,
        portfolio_infeed.measured_assets_present as assets_present,
        portfolio_infeed.final_assets_present,
        portfolio_infeed.is_measured_complete as is_complete,
        coalesce(summed.forecast_assets_present, 0) as forecast_assets_present,
        case when portfolio_infeed.is_measured_complete then positions.open_position_mwh end as position_imbalance_mwh
    from portfolio_infeed
    inner join positions on portfolio_infeed.delivery_start_utc = positions.delivery_start_utc
    left join summed on portfolio_infeed.delivery_start_utc = summed.delivery_start_utc
    where portfolio_infeed.measured_assets_present > 0

)

select * from together
