{#- Columns of forecast quality over the rows of a group (FC-4); energies are those of a quarter-hour. -#}
{% macro forecast_quality(error_mwh, persistence_error_mwh, capacity_mwh) -%}
    {%- set compared = "case when " ~ persistence_error_mwh ~ " is not null then " ~ error_mwh ~ " end" -%}
    cast({{ ratio('sum(abs(' ~ error_mwh ~ '))', 'sum(' ~ capacity_mwh ~ ')', 9) }} as double) as nmae,
    {{ root_of_squares(error_mwh) }} * sqrt(cast(count(*) as double))
    / nullif(cast(sum({{ capacity_mwh }}) as double), 0) as nrmse,
    cast({{ ratio('sum(' ~ error_mwh ~ ')', 'sum(' ~ capacity_mwh ~ ')', 9) }} as double) as nbias,
    1 - {{ root_of_squares(compared) }} / nullif({{ root_of_squares(persistence_error_mwh) }}, 0) as skill,
    cast(count({{ persistence_error_mwh }}) as bigint) as skill_samples
{%- endmacro %}


{#- Squares are summed as decimals, so that the order of rows does not count. -#}
{% macro root_of_squares(energy_mwh) -%}
    sqrt(cast(sum(cast({{ energy_mwh }} as decimal(15, 9)) * cast({{ energy_mwh }} as decimal(15, 9))) as double))
{%- endmacro %}


{% macro period_start(period, delivery_date) -%}
    {%- if period == 'month' -%} {{ first_of_month(delivery_date) }} {%- else -%} {{ delivery_date }} {%- endif -%}
{%- endmacro %}
