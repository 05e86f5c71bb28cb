{% macro last_hours_vwap(hours) -%}
    {%- set in_time = "executed_at_utc >= delivery_start_utc - interval '" ~ hours
        ~ "' hour and executed_at_utc < delivery_start_utc" -%}
    {%- set turnover = "sum(case when " ~ in_time ~ " then " ~ amount_eur('price_eur_per_mwh', 'volume_mwh') ~ " end)" -%}
    {{ vwap(turnover, "sum(case when " ~ in_time ~ " then volume_mwh end)") }}
{%- endmacro %}


{#- An export of trades is named <kind>_Trades-<day>-<moment>: all but the moment says which day it is of. -#}
{% macro export_day(file_name) -%}
    substr({{ file_name }}, 1, 23)
{%- endmacro %}


{% macro side_vwap(side) -%}
    {%- set turnover = "sum(case when side = '" ~ side ~ "' then "
        ~ amount_eur('price_eur_per_mwh', 'volume_mwh') ~ " end)" -%}
    {{ vwap(turnover, "sum(case when side = '" ~ side ~ "' then volume_mwh end)") }}
{%- endmacro %}


{#- Upper ends of the buckets in hours, and their names. -#}
{% macro lead_time_ends() -%}
    {{- return([(1, '0-1 h'), (3, '1-3 h'), (6, '3-6 h'), (24, '6-24 h')]) -}}
{%- endmacro %}


{% macro lead_time_bucket(moment, delivery_start) -%}
    case
        when {{ moment }} > {{ delivery_start }} then 'after start'
        {%- for hours, name in lead_time_ends() %}
        when {{ moment }} > {{ delivery_start }} - interval '{{ hours }}' hour then '{{ name }}'
        {%- endfor %}
        else 'over 24 h'
    end
{%- endmacro %}


{#- The bucket as a number, by which many rows are grouped faster than by its name. -#}
{% macro lead_time_step(moment, delivery_start) -%}
    {%- set lead_time = microseconds_between(moment, delivery_start) -%}
    case
        when {{ lead_time }} < 0 then 0
        {%- for hours, _ in lead_time_ends() %}
        when {{ lead_time }} < {{ hours * 3600000000 }} then {{ loop.index }}
        {%- endfor %}
        else {{ lead_time_ends() | length + 1 }}
    end
{%- endmacro %}
