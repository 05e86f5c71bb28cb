{#- What can be corrected: feed, where its versions stand, what they are of, and its values by measure. -#}
{% macro feeds_corrected() -%}
    {{- return([
        ('final_production', 'stg_dso__final_production', 'metering_point_id', {'final_kw': 'final_kw'}),
        ('redispatch_flags', 'stg_dso__redispatch_flags', 'metering_point_id',
         {'is_redispatched': 'case when is_redispatched then 1 else 0 end'}),
        ('redispatch_compensation', 'stg_dso__redispatch_compensation', "''",
         {'compensation_price_eur_per_mwh': 'compensation_price_eur_per_mwh'}),
        ('imbalance_prices_final', 'stg_imbalance__final_prices', "''",
         {'short_price_eur_per_mwh': 'short_price_eur_per_mwh', 'long_price_eur_per_mwh': 'long_price_eur_per_mwh'}),
        ('imbalance_prices_estimated', 'stg_imbalance__estimated_prices', "''",
         {'estimate_eur_per_mwh': 'estimate_eur_per_mwh'}),
        ('live_measured_infeed', 'int_live_samples_repeated', "asset_id || ' ' || cast(measured_at_utc as string)",
         {'live_kw': 'live_kw'}),
        ('private_trades', 'stg_exchange__private_trades', "trade_id || ' ' || side",
         {'price_eur_per_mwh': 'price_eur_per_mwh',
          'volume_mwh': trade_mwh('volume', 'volume_unit', 'delivery_start_utc', 'delivery_end_utc')}),
    ]) -}}
{%- endmacro %}
