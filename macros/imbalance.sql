{% macro price_status(final_price, estimate) -%}
    case when {{ final_price }} is not null then 'final' when {{ estimate }} is not null then 'estimate' end
{%- endmacro %}


{% macro by_imbalance_side(imbalance_mwh, short_value, long_value) -%}
    case when {{ imbalance_mwh }} >= 0 then {{ long_value }} when {{ imbalance_mwh }} < 0 then {{ short_value }} end
{%- endmacro %}


{% macro imbalance_cost_eur(imbalance_mwh, price_eur_per_mwh) -%}
    cast(-{{ amount_eur(price_eur_per_mwh, imbalance_mwh) }} as decimal(18, 6))
{%- endmacro %}
