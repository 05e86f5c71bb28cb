{#- Quality of the forecasts of a group of rows with error_mwh, compared_error_mwh, persistence_error_mwh, capacity_mwh. -#}
{% macro forecast_quality() -%}
    cast({{ ratio('sum(abs(error_mwh))', 'sum(capacity_mwh)', 9) }} as double) as nmae,
    {{ root_of_squares('error_mwh') }} * sqrt(cast(count(*) as double))
    / nullif(cast(sum(capacity_mwh) as double), 0) as nrmse,
    cast({{ ratio('sum(error_mwh)', 'sum(capacity_mwh)', 9) }} as double) as nbias,
    1 - {{ root_of_squares('compared_error_mwh') }} / nullif({{ root_of_squares('persistence_error_mwh') }}, 0) as skill,
    cast(count(persistence_error_mwh) as bigint) as skill_samples
{%- endmacro %}


{#- Squares are summed as decimals, so that the order of rows does not count. -#}
{% macro root_of_squares(energy_mwh) -%}
    sqrt(cast(sum(cast({{ energy_mwh }} as decimal(15, 9)) * cast({{ energy_mwh }} as decimal(15, 9))) as double))
{%- endmacro %}


{% macro period_start(period, delivery_date) -%}
    {%- if period == 'month' -%} {{ first_of_month(delivery_date) }} {%- else -%} {{ delivery_date }} {%- endif -%}
{%- endmacro %}


{#- Columns of one relation as they are, or with a value where the join found no row. -#}
{% macro columns_of(relation, names, if_missing=none) -%}
    {%- for name in names -%}
        {%- if if_missing is none -%} {{ relation }}.{{ name }}
        {%- else -%} coalesce({{ relation }}.{{ name }}, {{ if_missing }}) as {{ name }}
        {%- endif -%}
        {{ ',\n        ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}


{#- The additive figures of an asset's days; everything else in the performance reports follows from these. -#}
{% macro performance_sums() -%}
    {{- return([
        'expected_quarter_hours', 'measured_quarter_hours', 'final_quarter_hours', 'redispatched_quarter_hours',
        'valued_quarter_hours', 'imbalance_quarter_hours', 'unpriced_imbalance_quarter_hours', 'settled_quarter_hours',
        'final_price_quarter_hours',
        'unpaid_infeed_quarter_hours', 'unpaid_redispatch_quarter_hours', 'possible_mwh', 'measured_mwh', 'forecast_infeed_mwh',
        'valued_mwh', 'market_value_eur', 'imbalance_mwh', 'redispatch_mwh', 'forecast_error_mwh',
        'imbalance_cost_eur', 'imbalance_opportunity_cost_eur', 'lost_energy_mwh', 'claim_eur',
    ]) -}}
{%- endmacro %}


{#- What owners get and pay, seen from the owner (IV-1). -#}
{% macro owner_line_sums() -%}
    {{- return([
        'infeed_payout_eur', 'fee_charged_eur', 'redispatch_payout_eur', 'owner_lines_eur', 'rounding_difference_eur',
    ]) -}}
{%- endmacro %}


{#- The additive figures of the portfolio's position (PF-2). -#}
{% macro position_sums() -%}
    {{- return([
        'revenue_eur', 'net_sold_mwh', 'alpha_eur', 'forecast_imbalance_cost_eur', 'netting_effect_eur',
        'position_imbalance_mwh', 'position_imbalance_cost_eur', 'position_opportunity_cost_eur',
        'unattributed_revenue_eur', 'unattributed_imbalance_cost_eur', 'unattributed_mwh',
    ]) -}}
{%- endmacro %}


{% macro sums_of(names) -%}
    {%- for name in names -%}
        sum({{ name }}) as {{ name }}{{ ',\n        ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}


{#- Sums in the type of their unit. -#}
{% macro cast_sums(names) -%}
    {%- for name in names -%}
        cast({{ name }} as {{
            'bigint' if name.endswith('_quarter_hours') else 'decimal(18, 9)' if name.endswith('_mwh') else 'decimal(18, 6)'
        }}) as {{ name }}{{ ',\n        ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}


{#- Final once everything is measured by the grid operator and settled at final prices. -#}
{% macro performance_status() -%}
    cast(
        case
            when final_quarter_hours = expected_quarter_hours and final_price_quarter_hours = measured_quarter_hours
                then 'final'
            else 'provisional'
        end as string
    )
{%- endmacro %}


{#- What the reports of assets and portfolio have in common, from columns of the same names. -#}
{% macro performance_figures() -%}
    expected_quarter_hours,
    measured_quarter_hours,
    final_quarter_hours,
    redispatched_quarter_hours,
    measured_mwh,
    forecast_infeed_mwh,
    cast({{ ratio('measured_quarter_hours', 'expected_quarter_hours', 9) }} as double) as completeness,
    cast({{ ratio('measured_mwh', 'possible_mwh', 9) }} as double) as capacity_factor,
    nmae,
    nrmse,
    nbias,
    skill,
    valued_mwh,
    market_value_eur,
    capture_price_eur_per_mwh,
    market_mean_eur_per_mwh,
    cast({{ ratio('capture_price_eur_per_mwh', 'market_mean_eur_per_mwh', 9) }} as double) as capture_rate,
    imbalance_quarter_hours,
    unpriced_imbalance_quarter_hours,
    imbalance_mwh,
    redispatch_mwh,
    forecast_error_mwh,
    imbalance_cost_eur,
    imbalance_opportunity_cost_eur,
    cast({{ ratio('imbalance_cost_eur', 'measured_mwh', 6) }} as decimal(18, 6)) as imbalance_cost_eur_per_mwh,
    lost_energy_mwh,
    claim_eur,
    infeed_payout_eur,
    fee_charged_eur,
    redispatch_payout_eur,
    owner_lines_eur,
    rounding_difference_eur
{%- endmacro %}
