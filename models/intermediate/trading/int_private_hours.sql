with trades as (

    select * from {{ ref('fct_trades') }}
    where product = 'hour'

),

summed as (

    select
        delivery_start_utc,
        count(distinct trade_id) as trades,
        sum(revenue_eur) as revenue_eur,
        coalesce(sum(volume_mwh) filter (where side = 'SELL'), 0) as sold_mwh,
        coalesce(sum(volume_mwh) filter (where side = 'BUY'), 0) as bought_mwh,
        {{ vwap('sum(' ~ amount_eur('price_eur_per_mwh', 'volume_mwh') ~ ')', 'sum(volume_mwh)') }}
            as private_vwap_eur_per_mwh,
        {{ side_vwap('SELL') }} as sell_vwap_eur_per_mwh,
        {{ side_vwap('BUY') }} as buy_vwap_eur_per_mwh
    from trades
    group by delivery_start_utc

)

select * from summed
