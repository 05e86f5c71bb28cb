{%- set both_ends = "(delivery_start_utc, delivery_end_utc - interval '15' minute)" -%}
{%- set feeds = [
    ('stg_vpp__forecasts', 'delivery_start_utc', 'delivery_start_utc'),
    ('stg_vpp__live_measured_infeed', 'measured_at_utc', 'measured_at_utc'),
    ('stg_dso__final_production', 'delivery_start_utc', 'delivery_start_utc'),
    ('stg_dso__redispatch_flags', 'delivery_start_utc', 'delivery_start_utc'),
    ('stg_dso__redispatch_compensation', 'delivery_start_utc', 'delivery_start_utc'),
    ('stg_exchange__private_trades', 'least' ~ both_ends, 'greatest' ~ both_ends),
    ('stg_exchange__public_trades', 'least' ~ both_ends, 'greatest' ~ both_ends),
    ('stg_imbalance__final_prices', 'delivery_start_utc', 'delivery_start_utc'),
    ('stg_imbalance__estimated_prices', 'delivery_start_utc', 'delivery_start_utc'),
] -%}
with ends as (

    {% for model, first, last in feeds %}
        select
            min({{ first }}) as first_utc,
            max({{ last }}) as last_utc
        from {{ ref(model) }}
        where {{ is_of_new_file() }}
        {% if not loop.last %}union all{% endif %}
    {% endfor %}

),

spans as (

    {% if build_day() is none %}
        select
            cast({{ utc_to_local('min(first_utc)') }} as date) as first_date,
            cast({{ utc_to_local('max(last_utc)') }} as date) as last_date
        from ends
        {{ 'union all ' ~ standing_calendar() if is_narrowed() }}
    {% else %}
        select
            cast('{{ build_day() }}' as date) as first_date,
            cast('{{ build_day() }}' as date) as last_date
    {% endif %}

),

months as (

    select
        {{ first_of_month('min(first_date)') }} as first_month,
        {{ first_of_month('max(last_date)') }} as last_month
    from spans

)

select * from months
