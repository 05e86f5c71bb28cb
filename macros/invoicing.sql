{% macro invoicing_month(delivery_date) -%}
    substr(cast({{ delivery_date }} as string), 1, 7)
{%- endmacro %}


{% macro cents(amount_eur) -%}
    cast({{ amount_eur }} as decimal(18, 2))
{%- endmacro %}
