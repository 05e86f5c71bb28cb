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


{% macro lead_time_bucket(moment, delivery_start) -%}
    case
        when {{ moment }} > {{ delivery_start }} then 'after start'
        when {{ moment }} > {{ delivery_start }} - interval '1' hour then '0-1 h'
        when {{ moment }} > {{ delivery_start }} - interval '3' hour then '1-3 h'
        when {{ moment }} > {{ delivery_start }} - interval '6' hour then '3-6 h'
        when {{ moment }} > {{ delivery_start }} - interval '24' hour then '6-24 h'
        else 'over 24 h'
    end
{%- endmacro %}
