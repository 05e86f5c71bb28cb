{% test has_key(model, columns, never_null=[], may_be_null=[]) %}

{#- One look at a model for all that its rows promise, since each test costs dbt more than the look itself. -#}
{%- set row_key -%}
    {% for column in columns %}'{{ column }}=' || coalesce(cast({{ column }} as string), 'NULL'){{ " || ', ' || " if not loop.last }}
    {%- endfor %}
{%- endset -%}
{%- set filled = columns | reject('in', may_be_null) | list + never_null %}

select
    {{ row_key }} as row_key,
    cast(count(*) as string) || ' rows have this key' as problem
from {{ model }}
group by {{ columns | join(', ') }}
having count(*) > 1
{% if filled %}
union all
select
    {{ row_key }} as row_key,
    case{% for column in filled %}
        when {{ column }} is null then '{{ column }} is NULL'
    {%- endfor %}
    end as problem
from {{ model }}
where {{ filled | join(' is null or ') }} is null
{% endif %}
{% endtest %}
