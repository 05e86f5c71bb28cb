{% test on_quarter_hour(model, column_name) %}

select {{ column_name }}
from {{ model }}
where
    extract(minute from {{ column_name }}) not in (0, 15, 30, 45)
    or extract(second from {{ column_name }}) <> 0

{% endtest %}
