with errors as (

    select
        'asset' as scope,
        asset_id,
        delivery_date,
        error_mwh,
        compared_error_mwh,
        persistence_error_mwh,
        capacity_mwh
    from {{ ref('int_forecast_errors') }}
    where lead_time_bucket = 'gate closure'

),

portfolio_errors as (

    select
        scope,
        cast(null as string) as asset_id,
        delivery_date,
        error_mwh,
        compared_error_mwh,
        persistence_error_mwh,
        capacity_mwh
    from {{ ref('int_forecast_errors_summed') }}
    where lead_time_bucket = 'gate closure' and scope = 'portfolio'

),

together as (

    select * from errors
    union all
    select * from portfolio_errors

),

measured as (
    {% for period in ['day', 'month'] %}
        select
            cast(scope as string) as scope,
            cast(asset_id as string) as asset_id,
            cast('{{ period }}' as string) as period,
            cast({{ period_start(period, 'delivery_date') }} as date) as period_start_date,
            cast(count(*) as bigint) as samples,
            {{ forecast_quality() }}
        from together
        group by scope, asset_id, {{ period_start(period, 'delivery_date') }}
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
)

select * from measured
