with attributions as (

    select * from {{ ref('int_position_attributions') }}

),

asset_infeed as (

    select * from {{ ref('fct_asset_infeed') }}
    where infeed_source in ('final', 'live')

),

trading as (

    select * from {{ ref('fct_trading_quarter_hours') }}

),

prices as (

    select * from {{ ref('fct_imbalance_prices') }}

),

infeed as (

    select
        delivery_start_utc,
        sum(infeed_mwh) as measured_mwh
    from asset_infeed
    group by delivery_start_utc

),

side_by_side as (

    select
        attributions.delivery_start_utc,
        attributions.delivery_date,
        attributions.is_attributed,
        infeed.measured_mwh,
        trading.alpha_eur,
        trading.market_vwap_eur_per_mwh,
        prices.short_price_eur_per_mwh,
        prices.long_price_eur_per_mwh,
        coalesce(infeed.measured_mwh, 0) - coalesce(trading.net_sold_mwh, 0) as position_mwh
    from attributions
    left join infeed on attributions.delivery_start_utc = infeed.delivery_start_utc
    left join trading on attributions.delivery_start_utc = trading.delivery_start_utc
    left join prices on attributions.delivery_start_utc = prices.delivery_start_utc

),

valued as (

    select
        *,
        {{ amount_eur('market_vwap_eur_per_mwh', 'measured_mwh') }} as infeed_value_eur,
        {{ amount_eur(
            'market_vwap_eur_per_mwh - '
            ~ by_imbalance_side('position_mwh', 'short_price_eur_per_mwh', 'long_price_eur_per_mwh'),
            'position_mwh'
        ) }} as opportunity_cost_eur
    from side_by_side

)

select * from valued
