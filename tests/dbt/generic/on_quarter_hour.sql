{% test on_quarter_hour(model, column_name) %}

select {{ column_name }}
from {{ model }}
where {{ quarter_hour_of(column_name) }} <> {{ column_name }}

{% endtest %}
