with days as (

    select * from {{ ref('int_asset_performance_days') }}

),

summed as (
    {% for period in ['day', 'month'] %}
        select
            asset_id,
            '{{ period }}' as period,
            {{ period_start(period, 'delivery_date') }} as period_start_date,
            {{ sums_of(performance_sums()) }}
        from days
        group by asset_id, {{ period_start(period, 'delivery_date') }}
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
)

select * from summed
