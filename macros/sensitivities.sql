{#-
How sensitive each column of the marts and reports is, by its name: a name means the same quantity everywhere. Where it
does not, the column's own entry in the YAML says so (`config: {meta: {sensitivity: ...}}`), and the name is not here.

public        known outside as well: time, market, the balancing system
internal      who may read the row may read it
commercial    only for the roles that its topic is cleared for (serve/access.py):
  contract      terms of a contract, and amounts that follow from them
  trading       what we traded at which price, and what it earned
  position      how much we sold, and what is still open
  settlement    what imbalance costs us
  margin        what is left, and figures that owner lines follow from
personal      names a person, their place or their connection, or may do so in free text
-#}
{% macro column_sensitivities() -%}
    {%- set declared -%}
public:
  - delivery_start_utc, delivery_end_utc, delivery_start_local, delivery_date, delivery_hour_start_utc
  - quarter_hour_of_day, period, period_start_date, invoicing_month, lead_time_bucket, lead_time_minutes
  - short_price_eur_per_mwh, long_price_eur_per_mwh, short_price_status, long_price_status, price_status
  - estimate_eur_per_mwh, compensation_price_eur_per_mwh
  - market_vwap_eur_per_mwh, market_mean_eur_per_mwh, id1_like_eur_per_mwh, id3_like_eur_per_mwh, market_mwh
  - market_trades, vat_rate, vat_category, exemption_reason
  - as_of_utc, repriced_quarter_hours, final_minus_estimate_eur_per_mwh, absolute_final_minus_estimate_eur_per_mwh
internal:
  - asset_id, contract_id, invoice_id, trade_id, technology, capacity_kw, capacity_mw, status, scope, feed, product, side
  - valid_from, valid_to, dropped_on, is_billable, is_blocked, executed_at_utc, is_recall_candidate, trades
  - expected_quarter_hours, measured_quarter_hours, final_quarter_hours, forecast_quarter_hours
  - tradeable_quarter_hours, live_quarter_hours, infeed_quarter_hours, deviating_quarter_hours
  - above_capacity_quarter_hours, flat_quarter_hours, redispatched_quarter_hours, valued_quarter_hours
  - imbalance_quarter_hours, settled_quarter_hours, final_price_quarter_hours, unpaid_infeed_quarter_hours
  - unpaid_redispatch_quarter_hours, unpriced_quarter_hours, unpriced_imbalance_quarter_hours, absolute_error_mwh
  - sample_capacity_mwh, final_assets_present, unattributed_quarter_hours, priced_quarter_hours
  - greatest_deviation_kw, latest_version_utc, latest_forecast_kw, latest_forecast_mwh, tradeable_version_utc
  - tradeable_forecast_kw, tradeable_forecast_mwh, version_utc, forecast_kw, forecast_mwh, forecast_infeed_mwh
  - infeed_kw, infeed_mwh, infeed_source, infeed_reason, final_kw, final_mwh, live_kw, live_mwh, live_coverage
  - is_redispatched, measured_mwh, valued_mwh, possible_mwh, lost_energy_mwh, redispatch_mwh
  - imbalance_mwh, forecast_error_mwh, forecast_imbalance_mwh
  - assets_expected, assets_present, is_complete, tradeable_assets_present, is_tradeable_complete
  - measured_assets_present, is_measured_complete, forecast_assets_present, is_forecast_complete
  - samples, asset_samples, skill_samples, unpriced_samples, nmae, nrmse, nbias, skill, asset_mean_nmae
  - smoothing_nmae, completeness, capacity_factor, capture_rate, capture_price_eur_per_mwh, market_value_eur
  - forecast_payout_eur, lost_energy_payout_eur, payout_eur, claim_eur
  - unit, expected, arrived, missing, late, due_at_utc, newest_at_utc, stale_minutes, finding, severity, rows
  - meaning, what_to_do, error_findings, warning_findings, info_findings
  - measure, version_number, old_value, new_value, old_known_at_utc, new_known_at_utc, infeed_effect_mwh
  - remeasured_quarter_hours, final_minus_live_mwh
commercial.contract:
  - price_model, fee_model, fee_eur_per_mwh, fee_eur_per_mw_month, fee_percent, billing_issues, issues
  - line_type, supplier, quantity, quantity_unit, unit_price_eur, net_eur, vat_eur, gross_eur, owner_gross_eur
  - flexpower_gross_eur, infeed_payout_eur, fee_charged_eur, redispatch_payout_eur, owner_lines_eur
  - infeed_payout_effect_eur
  - rounding_difference_eur
commercial.trading:
  - revenue_eur, cumulative_revenue_eur, private_vwap_eur_per_mwh, sell_vwap_eur_per_mwh, buy_vwap_eur_per_mwh
  - alpha_eur, priced_alpha_eur, unattributed_revenue_eur
commercial.position:
  - sold_mwh, bought_mwh, net_sold_mwh, mean_trade_mwh, cumulative_net_sold_mwh, open_position_mwh
  - position_imbalance_mwh, unattributed_mwh
commercial.settlement:
  - imbalance_cost_eur, imbalance_cost_eur_per_mwh, imbalance_opportunity_cost_eur, error_cost_eur
  - forecast_imbalance_cost_eur, netting_effect_eur, position_imbalance_cost_eur, position_opportunity_cost_eur
  - unattributed_imbalance_cost_eur, imbalance_cost_effect_eur
commercial.margin:
  - margin_eur, margin_subtotal_eur, margin_reason, margin_from_trades_eur, margin_from_assets_eur, residual_eur
personal:
  - owner_id, metering_point_id, asset_name, latitude, longitude, file_name, example, item_id
    {%- endset -%}
    {%- set found = {} -%}
    {%- for sensitivity, lines in fromyaml(declared).items() -%}
        {%- for name in (lines | join(', ')).split(', ') -%}
            {%- do found.update({name: sensitivity}) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{- return(found) -}}
{%- endmacro %}
