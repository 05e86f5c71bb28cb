-- Conservation across grains (IN-4): assets add up to the portfolio, and its sources to the whole, to the last digit.
with asset_infeed as (

    select * from {{ ref('fct_asset_infeed') }}

),

portfolio_infeed as (

    select * from {{ ref('fct_portfolio_infeed') }}

),

summed as (

    select
        delivery_start_utc,
        sum(infeed_mwh) as infeed_mwh
    from asset_infeed
    group by delivery_start_utc

)

select
    summed.delivery_start_utc as from_assets,
    portfolio_infeed.delivery_start_utc as from_portfolio
from summed
full outer join portfolio_infeed on summed.delivery_start_utc = portfolio_infeed.delivery_start_utc
where
    summed.infeed_mwh is distinct from portfolio_infeed.infeed_mwh
    or portfolio_infeed.infeed_mwh
    <> portfolio_infeed.final_mwh + portfolio_infeed.live_mwh + portfolio_infeed.forecast_mwh
