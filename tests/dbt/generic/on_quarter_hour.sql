{% test on_quarter_hour(model, column_name) %}

{#- As text, since a second's fraction counts too: `extract(second ...)` drops it on DuckDB and keeps it on Spark. #}
select {{ column_name }}
from {{ model }}
where substr(cast({{ column_name }} as string), 15) not in ('00:00', '15:00', '30:00', '45:00')

{% endtest %}
