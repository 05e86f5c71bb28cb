with imbalances as (

    select * from {{ ref('fct_asset_imbalance') }}

),

summed as (

    select
        asset_id,
        delivery_date,
        count(*) as imbalance_quarter_hours,
        count(imbalance_opportunity_cost_eur) as settled_quarter_hours,
        count(*) filter (where price_status = 'final') as final_price_quarter_hours,
        count(*) - count(imbalance_cost_eur) as unpriced_imbalance_quarter_hours,
        sum(imbalance_mwh) as imbalance_mwh,
        sum(redispatch_mwh) as redispatch_mwh,
        sum(forecast_error_mwh) as forecast_error_mwh,
        sum(imbalance_cost_eur) as imbalance_cost_eur,
        sum(imbalance_opportunity_cost_eur) as imbalance_opportunity_cost_eur
    from imbalances
    group by asset_id, delivery_date

)

select * from summed
