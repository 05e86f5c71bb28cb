{#- What can be corrected: feed, measure, where its versions stand, what they are of, and the value. -#}
{% macro measures_corrected() -%}
    {{- return([
        ('final_production', 'final_kw', 'stg_dso__final_production', 'metering_point_id', 'delivery_start_utc', 'final_kw'),
        ('redispatch_flags', 'is_redispatched', 'stg_dso__redispatch_flags', 'metering_point_id', 'delivery_start_utc',
         'case when is_redispatched then 1 else 0 end'),
        ('redispatch_compensation', 'compensation_price_eur_per_mwh', 'stg_dso__redispatch_compensation', "''",
         'delivery_start_utc', 'compensation_price_eur_per_mwh'),
        ('imbalance_prices_final', 'short_price_eur_per_mwh', 'stg_imbalance__final_prices', "''", 'delivery_start_utc',
         'short_price_eur_per_mwh'),
        ('imbalance_prices_final', 'long_price_eur_per_mwh', 'stg_imbalance__final_prices', "''", 'delivery_start_utc',
         'long_price_eur_per_mwh'),
        ('imbalance_prices_estimated', 'estimate_eur_per_mwh', 'stg_imbalance__estimated_prices', "''",
         'delivery_start_utc', 'estimate_eur_per_mwh'),
        ('live_measured_infeed', 'live_kw', 'int_live_samples_repeated', "asset_id || ' ' || cast(measured_at_utc as string)",
         'delivery_start_utc', 'live_kw'),
        ('private_trades', 'price_eur_per_mwh', 'stg_exchange__private_trades', "trade_id || ' ' || side",
         'delivery_start_utc', 'price_eur_per_mwh'),
        ('private_trades', 'volume_mwh', 'stg_exchange__private_trades', "trade_id || ' ' || side", 'delivery_start_utc',
         trade_mwh('volume', 'volume_unit', 'delivery_start_utc', 'delivery_end_utc')),
    ]) -}}
{%- endmacro %}
