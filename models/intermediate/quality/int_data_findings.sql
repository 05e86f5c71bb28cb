{{ config(meta={'scope': 'all'}) }}

{%- set kinds = ['day', 'file', 'row', 'contract', 'contract_change', 'asset'] -%}
with together as (
    {% for kind in kinds %}
        select
            feed,
            delivery_date,
            file_name,
            finding,
            rows,
            example
        from {{ ref('int_' ~ kind ~ '_findings') }}
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
)

select * from together
