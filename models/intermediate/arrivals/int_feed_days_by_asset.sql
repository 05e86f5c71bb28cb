{%- set feeds = [
    (
        'forecasts', 'forecast_quarter_hours', 'forecast_quarter_hours - tradeable_quarter_hours',
        'newest_forecast_at_utc'
    ),
    ('live_measured_infeed', 'live_quarter_hours', 'cast(null as bigint)', 'newest_live_at_utc'),
    ('final_production', 'final_quarter_hours', 'late_final_quarter_hours', 'newest_final_at_utc'),
] -%}
with asset_arrivals as (

    select * from {{ ref('int_asset_arrivals') }}

),

redispatch as (

    select * from {{ ref('fct_redispatch') }}

),

prices as (

    select * from {{ ref('int_feed_arrivals') }}
    where feed = 'redispatch_compensation'

),

together as (

    {% for feed, arrived, late, newest in feeds %}
        select
            '{{ feed }}' as feed,
            delivery_date,
            sum(expected_quarter_hours) as expected,
            sum({{ arrived }}) as arrived,
            sum({{ late }}) as late,
            max({{ newest }}) as newest_at_utc
        from asset_arrivals
        group by delivery_date
        union all
    {% endfor %}
    select
        'redispatch_compensation' as feed,
        redispatch.delivery_date,
        count(*) as expected,
        count(redispatch.compensation_price_eur_per_mwh) as arrived,
        count(case when prices.is_late then 1 end) as late,
        max(prices.newest_at_utc) as newest_at_utc
    from redispatch
    left join prices on redispatch.delivery_start_utc = prices.delivery_start_utc
    group by redispatch.delivery_date

)

select * from together
