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


{% macro quarter_hour_of(moment) %}
    {{- return(adapter.dispatch('quarter_hour_of', 'route_to_market')(moment)) -}}
{% endmacro %}

{% macro duckdb__quarter_hour_of(moment) -%}
    time_bucket(interval '15' minute, {{ moment }})
{%- endmacro %}

{% macro spark__quarter_hour_of(moment) -%}
    cast(date_trunc('hour', {{ moment }}) as timestamp_ntz)
    + make_dt_interval(0, 0, 15 * cast(floor(minute({{ moment }}) / 15) as int))
{%- endmacro %}


{% macro microseconds_between(earlier, later) %}
    {{- return(adapter.dispatch('microseconds_between', 'route_to_market')(earlier, later)) -}}
{% endmacro %}

{% macro duckdb__microseconds_between(earlier, later) -%}
    date_diff('microsecond', {{ earlier }}, {{ later }})
{%- endmacro %}

{% macro spark__microseconds_between(earlier, later) -%}
    timestampdiff(microsecond, {{ earlier }}, {{ later }})
{%- endmacro %}


{% macro minutes_between(earlier, later) -%}
    cast(floor({{ microseconds_between(earlier, later) }} / 60000000) as integer)
{%- endmacro %}


{% macro whole_division(dividend, divisor) %}
    {{- return(adapter.dispatch('whole_division', 'route_to_market')(dividend, divisor)) -}}
{% endmacro %}

{% macro duckdb__whole_division(dividend, divisor) -%}
    (({{ dividend }}) // ({{ divisor }}))
{%- endmacro %}

{% macro spark__whole_division(dividend, divisor) -%}
    (({{ dividend }}) div ({{ divisor }}))
{%- endmacro %}


{% macro ratio(numerator, denominator, scale) %}
    {{- return(adapter.dispatch('ratio', 'route_to_market')(numerator, denominator, scale)) -}}
{% endmacro %}

{#- DuckDB divides decimals as doubles; whole numbers keep every digit. Text is the way from a decimal to its digits. -#}
{% macro duckdb__ratio(numerator, denominator, scale) -%}
    {%- set n = "cast(replace(cast(cast(" ~ numerator ~ " as decimal(38, " ~ (scale + 9)
        ~ ")) as varchar), '.', '') as hugeint)" -%}
    {%- set d = "cast(replace(cast(cast(" ~ denominator ~ " as decimal(38, 9)) as varchar), '.', '') as hugeint)" -%}
    (
        cast(
            sign({{ n }}) * sign({{ d }})
            * ((2 * abs({{ n }}) + abs({{ d }})) // nullif(2 * abs({{ d }}), 0))
            as decimal({{ 38 - scale }}, 0)
        ) * cast('0.{{ '0' * (scale - 1) }}1' as decimal({{ scale }}, {{ scale }}))
    )
{%- endmacro %}

{% macro spark__ratio(numerator, denominator, scale) -%}
    cast(
        cast({{ numerator }} as decimal(38, {{ scale + 9 }})) / nullif(cast({{ denominator }} as decimal(38, 9)), 0)
        as decimal(38, {{ scale }})
    )
{%- endmacro %}


{% macro value_at_greatest(value, order_columns) %}
    {{- return(adapter.dispatch('value_at_greatest', 'route_to_market')(value, order_columns)) -}}
{% endmacro %}

{% macro duckdb__value_at_greatest(value, order_columns) -%}
    arg_max_null({{ value }}, {{ order_columns[0] if order_columns | length == 1 else 'row(' ~ order_columns | join(', ') ~ ')' }})
{%- endmacro %}

{% macro spark__value_at_greatest(value, order_columns) -%}
    max_by({{ value }}, struct({{ order_columns | join(', ') }}))
{%- endmacro %}


{#- The value in the newest row of a key: of its greatest version, where there are any, then in the last file and row. -#}
{% macro value_of_newest(value, version=none, of=none) %}
    {{- return(adapter.dispatch('value_of_newest', 'route_to_market')(value, version, of ~ '.' if of else '')) -}}
{% endmacro %}

{#- One whole number compares three times as fast as a row of three columns; file and row have 19 digits of it. -#}
{% macro duckdb__value_of_newest(value, version, table) -%}
    arg_max_null(
        {{ value }},
        {%- if version %}
        cast(epoch_us({{ version }}) as hugeint) * cast('10000000000000000000' as hugeint) +
        {%- endif %}
        (cast({{ table }}file_order as bigint) * 10000000000 + cast({{ table }}row_number as bigint))
    )
{%- endmacro %}

{% macro spark__value_of_newest(value, version, table) -%}
    max_by({{ value }}, struct({{ version ~ ', ' if version }}{{ table }}file_order, {{ table }}row_number))
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
