with valued as (

    select * from {{ ref('int_asset_side_quarter_hours') }}

),

summed as (

    select
        delivery_date,
        sum(alpha_eur) as alpha_eur,
        sum(measured_mwh) filter (where not is_attributed) as unattributed_mwh,
        sum(infeed_value_eur) filter (where is_attributed) as attributed_infeed_value_eur,
        sum(alpha_eur) filter (where is_attributed) as attributed_alpha_eur,
        sum(opportunity_cost_eur) filter (where is_attributed) as position_opportunity_cost_eur
    from valued
    group by delivery_date

)

select * from summed
