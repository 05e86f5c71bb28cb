{#- Every difference between engines stands here: DuckDB first, Spark as the way out of one machine. -#}

{% macro utc_to_local(utc_time, zone=none) %}
    {{- return(adapter.dispatch('utc_to_local', 'route_to_market')(utc_time, zone or var('market_time_zone'))) -}}
{% endmacro %}

{% macro duckdb__utc_to_local(utc_time, zone) -%}
    timezone('{{ zone }}', timezone('UTC', {{ utc_time }}))
{%- endmacro %}

{% macro spark__utc_to_local(utc_time, zone) -%}
    convert_timezone('UTC', '{{ zone }}', {{ utc_time }})
{%- endmacro %}


{% macro quarter_hours_between(first, last) %}
    {{- return(adapter.dispatch('quarter_hours_between', 'route_to_market')(first, last)) -}}
{% endmacro %}

{% macro duckdb__quarter_hours_between(first, last) -%}
    unnest(generate_series({{ first }}, {{ last }}, interval '15' minute))
{%- endmacro %}

{% macro spark__quarter_hours_between(first, last) -%}
    explode(sequence({{ first }}, {{ last }}, interval '15' minute))
{%- endmacro %}


{% macro first_of_month(day) %}
    {{- return(adapter.dispatch('first_of_month', 'route_to_market')(day)) -}}
{% endmacro %}

{% macro default__first_of_month(day) -%}
    cast(date_trunc('month', {{ day }}) as date)
{%- endmacro %}


{% macro minutes_between(earlier, later) %}
    {{- return(adapter.dispatch('minutes_between', 'route_to_market')(earlier, later)) -}}
{% endmacro %}

{% macro duckdb__minutes_between(earlier, later) -%}
    cast(floor(date_diff('microsecond', {{ earlier }}, {{ later }}) / 60000000) as integer)
{%- endmacro %}

{% macro spark__minutes_between(earlier, later) -%}
    cast(floor(timestampdiff(microsecond, {{ earlier }}, {{ later }}) / 60000000) as int)
{%- endmacro %}


{% macro value_at_greatest(value, order_columns) %}
    {{- return(adapter.dispatch('value_at_greatest', 'route_to_market')(value, order_columns)) -}}
{% endmacro %}

{% macro duckdb__value_at_greatest(value, order_columns) -%}
    arg_max_null({{ value }}, row({{ order_columns | join(', ') }}))
{%- endmacro %}

{% macro spark__value_at_greatest(value, order_columns) -%}
    max_by({{ value }}, struct({{ order_columns | join(', ') }}))
{%- endmacro %}


{% macro double_to_decimal(value, precision, scale) %}
    {{- return(adapter.dispatch('double_to_decimal', 'route_to_market')(value, precision, scale)) -}}
{% endmacro %}

{% macro duckdb__double_to_decimal(value, precision, scale) -%}
    cast(cast({{ value }} as varchar) as decimal({{ precision }}, {{ scale }}))
{%- endmacro %}

{% macro spark__double_to_decimal(value, precision, scale) -%}
    cast({{ value }} as decimal({{ precision }}, {{ scale }}))
{%- endmacro %}


{% macro hashed(text) %}
    {{- return(adapter.dispatch('hashed', 'route_to_market')(text)) -}}
{% endmacro %}

{% macro duckdb__hashed(text) -%}
    sha256({{ text }})
{%- endmacro %}

{% macro spark__hashed(text) -%}
    sha2({{ text }}, 256)
{%- endmacro %}
