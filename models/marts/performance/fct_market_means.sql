with market as (

    select * from {{ ref('int_market_prices') }}

),

averaged as (
    {% for period in ['day', 'month'] %}
        select
            cast('{{ period }}' as string) as period,
            cast({{ period_start(period, 'delivery_date') }} as date) as period_start_date,
            cast({{ ratio('sum(market_vwap_eur_per_mwh)', 'count(market_vwap_eur_per_mwh)', 6) }} as decimal(18, 6))
                as market_mean_eur_per_mwh
        from market
        group by {{ period_start(period, 'delivery_date') }}
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
)

select * from averaged
