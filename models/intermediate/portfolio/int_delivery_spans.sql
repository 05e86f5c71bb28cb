with moments as (

    select delivery_start_utc as moment_utc from {{ ref('stg_vpp__forecasts') }}
    union all
    select measured_at_utc as moment_utc from {{ ref('stg_vpp__live_measured_infeed') }}
    union all
    select delivery_start_utc as moment_utc from {{ ref('stg_dso__final_production') }}
    union all
    select delivery_start_utc as moment_utc from {{ ref('stg_dso__redispatch_flags') }}
    union all
    select delivery_start_utc as moment_utc from {{ ref('stg_dso__redispatch_compensation') }}
    union all
    select delivery_start_utc as moment_utc from {{ ref('stg_exchange__private_trades') }}
    union all
    select delivery_end_utc - interval '15' minute as moment_utc from {{ ref('stg_exchange__private_trades') }}
    union all
    select delivery_start_utc as moment_utc from {{ ref('stg_exchange__public_trades') }}
    union all
    select delivery_end_utc - interval '15' minute as moment_utc from {{ ref('stg_exchange__public_trades') }}
    union all
    select delivery_start_utc as moment_utc from {{ ref('stg_imbalance__final_prices') }}
    union all
    select delivery_start_utc as moment_utc from {{ ref('stg_imbalance__estimated_prices') }}

),

span as (

    {% if build_day() is none %}
        select
            cast({{ utc_to_local('min(moment_utc)') }} as date) as first_date,
            cast({{ utc_to_local('max(moment_utc)') }} as date) as last_date
        from moments
    {% else %}
        select
            cast('{{ build_day() }}' as date) as first_date,
            cast('{{ build_day() }}' as date) as last_date
    {% endif %}

),

months as (

    select
        {{ first_of_month('first_date') }} as first_month,
        {{ first_of_month('last_date') }} as last_month
    from span

)

select * from months
