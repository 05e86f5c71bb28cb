{%- set moments = {
    'stg_vpp__forecasts': 'delivery_start_utc',
    'stg_vpp__live_measured_infeed': 'measured_at_utc',
    'stg_dso__final_production': 'delivery_start_utc',
    'stg_dso__redispatch_flags': 'delivery_start_utc',
    'stg_dso__redispatch_compensation': 'delivery_start_utc',
    'stg_exchange__private_trades': 'delivery_start_utc',
    'stg_exchange__public_trades': 'delivery_start_utc',
    'stg_imbalance__final_prices': 'delivery_start_utc',
    'stg_imbalance__estimated_prices': 'delivery_start_utc',
} -%}
with {% for model, moment in moments.items() %}{{ model }} as (

    select
        min({{ moment }}) as first_utc,
        max({{ moment }}) as last_utc
    from {{ ref(model) }}

),

{% endfor %}spans as (

    {% for model in moments %}select * from {{ model }}
    {% if not loop.last %}union all
    {% endif %}{% endfor %}
),

span as (

    select
        {{ first_of_month('cast(' ~ utc_to_local('min(first_utc)') ~ ' as date)') }} as first_month,
        {{ first_of_month('cast(' ~ utc_to_local('max(last_utc)') ~ ' as date)') }} as last_month
    from spans

)

select * from span
