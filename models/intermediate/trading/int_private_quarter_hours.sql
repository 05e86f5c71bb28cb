with parts as (

    select * from {{ ref('int_private_trades_split') }}

),

summed as (

    select
        delivery_start_utc,
        delivery_date,
        product,
        count(distinct trade_id) as trades,
        sum({{ signed_by_side('side', amount_eur('price_eur_per_mwh', 'volume_mwh')) }}) as revenue_eur,
        sum({{ amount_eur('price_eur_per_mwh', 'volume_mwh') }}) as turnover_eur,
        sum(case when side = 'SELL' then {{ amount_eur('price_eur_per_mwh', 'volume_mwh') }} end) as sell_turnover_eur,
        sum(case when side = 'BUY' then {{ amount_eur('price_eur_per_mwh', 'volume_mwh') }} end) as buy_turnover_eur,
        coalesce(sum(volume_mwh) filter (where side = 'SELL'), 0) as sold_mwh,
        coalesce(sum(volume_mwh) filter (where side = 'BUY'), 0) as bought_mwh
    from parts
    group by delivery_start_utc, delivery_date, product

)

select * from summed
