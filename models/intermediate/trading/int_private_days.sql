with parts as (

    select * from {{ ref('int_private_trades_split') }}

),

by_product_and_all as (

    select
        delivery_date,
        product,
        trade_id,
        side,
        price_eur_per_mwh,
        volume_mwh
    from parts
    union all
    select
        delivery_date,
        'all' as product,
        trade_id,
        side,
        price_eur_per_mwh,
        volume_mwh
    from parts

),

summed as (

    select
        delivery_date,
        product,
        count(distinct trade_id) as trades,
        sum({{ signed_by_side('side', amount_eur('price_eur_per_mwh', 'volume_mwh')) }}) as revenue_eur,
        coalesce(sum(volume_mwh) filter (where side = 'SELL'), 0) as sold_mwh,
        coalesce(sum(volume_mwh) filter (where side = 'BUY'), 0) as bought_mwh,
        {{ vwap('sum(' ~ amount_eur('price_eur_per_mwh', 'volume_mwh') ~ ')', 'sum(volume_mwh)') }}
            as private_vwap_eur_per_mwh,
        {{ side_vwap('SELL') }} as sell_vwap_eur_per_mwh,
        {{ side_vwap('BUY') }} as buy_vwap_eur_per_mwh
    from by_product_and_all
    group by delivery_date, product

)

select * from summed
