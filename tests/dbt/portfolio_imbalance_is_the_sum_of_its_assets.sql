-- Conservation across grains (IM-5, IM-6): volumes add up to the portfolio, assets' costs and the netting effect to its
-- cost, and what redispatch and the forecast caused to each asset's volume.
with asset_imbalance as (

    select * from {{ ref('fct_asset_imbalance') }}

),

portfolio_imbalance as (

    select * from {{ ref('fct_portfolio_imbalance') }}

),

summed as (

    select
        delivery_start_utc,
        sum(imbalance_mwh) as imbalance_mwh,
        sum(redispatch_mwh + forecast_error_mwh) as caused_mwh,
        count(*) = count(redispatch_mwh) as is_caused,
        sum(imbalance_cost_eur) as cost_eur
    from asset_imbalance
    group by delivery_start_utc

)

select
    summed.delivery_start_utc as from_assets,
    portfolio_imbalance.delivery_start_utc as from_portfolio
from summed
full outer join portfolio_imbalance on summed.delivery_start_utc = portfolio_imbalance.delivery_start_utc
where
    summed.imbalance_mwh is distinct from portfolio_imbalance.forecast_imbalance_mwh
    or (summed.is_caused and summed.caused_mwh <> summed.imbalance_mwh)
    or portfolio_imbalance.forecast_imbalance_cost_eur <> summed.cost_eur + portfolio_imbalance.netting_effect_eur
