with margins as (

    select * from {{ ref('fct_asset_margins') }}

),

summed as (

    select
        period,
        period_start_date,
        {% for name in performance_sums() + owner_line_sums() %}
            sum({{ name }}) as {{ name }},
        {% endfor %}
        count(*) filter (where is_blocked) as blocked_assets
    from margins
    group by period, period_start_date

)

select * from summed
