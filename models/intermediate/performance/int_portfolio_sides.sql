with trade_side as (

    select * from {{ ref('int_trade_side_days') }}

),

asset_side as (

    select * from {{ ref('int_asset_side_days') }}

),

together as (

    select
        trade_side.*,
        asset_side.alpha_eur,
        asset_side.unattributed_mwh,
        asset_side.attributed_infeed_value_eur,
        asset_side.attributed_alpha_eur,
        asset_side.position_opportunity_cost_eur
    from trade_side
    inner join asset_side on trade_side.delivery_date = asset_side.delivery_date

),

summed as (
    {% for period in ['day', 'month'] %}
        select
            '{{ period }}' as period,
            {{ period_start(period, 'delivery_date') }} as period_start_date,
            {{ sums_of(position_sums()) }},
            {{ sums_of(['unattributed_quarter_hours', 'attributed_infeed_value_eur', 'attributed_alpha_eur']) }}
        from together
        group by {{ period_start(period, 'delivery_date') }}
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
)

select * from summed
