{% macro kw_to_mwh(power_kw) -%}
    cast({{ double_to_decimal(power_kw, 23, 15) }} * cast(0.00025 as decimal(6, 5)) as decimal(18, 9))
{%- endmacro %}


{% macro gate_closure(delivery_start) -%}
    {{ delivery_start }} - interval '{{ var("gate_closure_minutes") }}' minute
{%- endmacro %}


{% macro trade_mwh(volume, volume_unit, delivery_start, delivery_end) -%}
    {%- set energy = "cast(" ~ volume ~ " as decimal(18, 9))" -%}
    {%- set power = "cast(" ~ ratio(volume ~ " * " ~ minutes_between(delivery_start, delivery_end), '60', 9)
        ~ " as decimal(18, 9))" -%}
    {%- set unit = var('trade_volume_unit') -%}
    {%- if unit is none -%}
        case {{ volume_unit }} when 'MWH' then {{ energy }} when 'MW' then {{ power }} end
    {%- elif unit == 'MWH' -%}
        {{ energy }}
    {%- elif unit == 'MW' -%}
        {{ power }}
    {%- else -%}
        {{ exceptions.raise_compiler_error("trade_volume_unit is '" ~ unit ~ "', expected MWH, MW or none") }}
    {%- endif -%}
{%- endmacro %}


{% macro trade_product(delivery_start, delivery_end) -%}
    case {{ minutes_between(delivery_start, delivery_end) }}
        when 15 then 'quarter_hour'
        when 30 then 'half_hour'
        when 60 then 'hour'
        else 'block'
    end
{%- endmacro %}


{% macro signed_by_side(side, value) -%}
    case {{ side }} when 'SELL' then {{ value }} when 'BUY' then -({{ value }}) end
{%- endmacro %}


{% macro quarter_hour_share(volume_mwh, part, parts) -%}
    {%- set units = "cast(cast(" ~ volume_mwh ~ " as decimal(28, 9)) * 1000000000 as bigint)" -%}
    cast(
        cast(
            {{ whole_division(units ~ " * " ~ part, parts) }} - {{ whole_division(units ~ " * (" ~ part ~ " - 1)", parts) }}
            as decimal(18, 0)
        ) * cast('0.000000001' as decimal(9, 9))
        as decimal(18, 9)
    )
{%- endmacro %}


{% macro vwap(turnover_eur, volume_mwh) -%}
    cast({{ ratio(turnover_eur, volume_mwh, 6) }} as decimal(18, 6))
{%- endmacro %}


{% macro amount_eur(price_eur_per_mwh, volume_mwh) -%}
    (cast({{ price_eur_per_mwh }} as decimal(19, 6)) * cast({{ volume_mwh }} as decimal(18, 9)))
{%- endmacro %}
