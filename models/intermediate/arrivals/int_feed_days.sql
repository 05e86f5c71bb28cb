{{ config(meta={'scope': 'all'}) }}

{%- set groups = ['arrived', 'of_lists'] -%}
with together as (
    {% for group in groups %}
        select
            feed,
            delivery_date,
            expected,
            arrived,
            late,
            newest_at_utc
        from {{ ref('int_feed_days_' ~ group) }}
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
)

select * from together
