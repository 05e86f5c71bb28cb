{% macro kw_to_mwh(power_kw) -%}
    cast({{ double_to_decimal(power_kw, 23, 15) }} * cast(0.00025 as decimal(6, 5)) as decimal(18, 9))
{%- endmacro %}


{% macro gate_closure(delivery_start) -%}
    {{ delivery_start }} - interval '{{ var("gate_closure_minutes") }}' minute
{%- endmacro %}
