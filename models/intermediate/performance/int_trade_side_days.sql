with attributions as (

    select * from {{ ref('int_position_attributions') }}

),

trades as (

    select * from {{ ref('int_private_trades_split') }}

),

imbalances as (

    select * from {{ ref('fct_portfolio_imbalance') }}

),

revenues as (

    select
        delivery_start_utc,
        sum({{ signed_by_side('side', amount_eur('price_eur_per_mwh', 'volume_mwh')) }}) as revenue_eur,
        sum({{ signed_by_side('side', 'volume_mwh') }}) as net_sold_mwh
    from trades
    group by delivery_start_utc

),

side_by_side as (

    select
        attributions.delivery_date,
        attributions.is_attributed,
        revenues.revenue_eur,
        revenues.net_sold_mwh,
        imbalances.position_imbalance_mwh,
        imbalances.position_imbalance_cost_eur,
        imbalances.forecast_imbalance_cost_eur,
        imbalances.netting_effect_eur
    from attributions
    left join revenues on attributions.delivery_start_utc = revenues.delivery_start_utc
    left join imbalances on attributions.delivery_start_utc = imbalances.delivery_start_utc

),

summed as (

    select
        delivery_date,
        count(*) filter (where not is_attributed) as unattributed_quarter_hours,
        sum(revenue_eur) as revenue_eur,
        sum(revenue_eur) filter (where not is_attributed) as unattributed_revenue_eur,
        sum(net_sold_mwh) as net_sold_mwh,
        sum(position_imbalance_mwh) as position_imbalance_mwh,
        sum(position_imbalance_cost_eur) as position_imbalance_cost_eur,
        sum(position_imbalance_cost_eur) filter (where not is_attributed) as unattributed_imbalance_cost_eur,
        sum(forecast_imbalance_cost_eur) as forecast_imbalance_cost_eur,
        sum(netting_effect_eur) as netting_effect_eur
    from side_by_side
    group by delivery_date

)

select * from summed
