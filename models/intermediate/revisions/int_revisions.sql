with
{% for feed, model, item_id, values in feeds_corrected() %}
    {{ feed }} as (

        select * from {{ ref(model) }}

    ),

{% endfor %}
versions as (

    {% for feed, model, item_id, values in feeds_corrected() %}
        {% set outer = loop %}
        {% for measure, value in values.items() %}
            select
                '{{ feed }}' as feed,
                '{{ measure }}' as measure,
                {{ item_id }} as item_id,
                delivery_start_utc,
                cast({{ value }} as decimal(18, 6)) as new_value,
                known_at_utc as new_known_at_utc,
                file_order,
                row_number
            from {{ feed }}
            {% if not (outer.last and loop.last) %}union all{% endif %}
        {% endfor %}
    {% endfor %}

),

-- A blank side of a price replaces nothing.
in_order as (

    select
        *,
        lag(new_value) over (
            partition by feed, measure, item_id, delivery_start_utc order by file_order asc, row_number asc
        ) as old_value,
        lag(new_known_at_utc) over (
            partition by feed, measure, item_id, delivery_start_utc order by file_order asc, row_number asc
        ) as old_known_at_utc,
        row_number() over (
            partition by feed, measure, item_id, delivery_start_utc order by file_order asc, row_number asc
        ) as version_number
    from versions
    where new_value is not null

),

changed as (

    select
        feed,
        measure,
        item_id,
        delivery_start_utc,
        version_number,
        old_value,
        new_value,
        old_known_at_utc,
        new_known_at_utc
    from in_order
    where old_value <> new_value

)

select * from changed
