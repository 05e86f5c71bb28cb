with trades as (

    select * from {{ ref('fct_trades') }}

),

timed as (

    select
        *,
        {{ lead_time_bucket('executed_at_utc', 'delivery_start_utc') }} as lead_time_bucket
    from trades

),

summed as (

    select
        delivery_date,
        product,
        lead_time_bucket,
        count(distinct trade_id) as trades,
        coalesce(sum(volume_mwh) filter (where side = 'SELL'), 0) as sold_mwh,
        coalesce(sum(volume_mwh) filter (where side = 'BUY'), 0) as bought_mwh,
        sum(revenue_eur) as revenue_eur,
        {{ side_vwap('SELL') }} as sell_vwap_eur_per_mwh,
        {{ side_vwap('BUY') }} as buy_vwap_eur_per_mwh
    from timed
    group by delivery_date, product, lead_time_bucket

),

averaged as (

    select
        cast(delivery_date as date) as delivery_date,
        cast(product as string) as product,
        cast(lead_time_bucket as string) as lead_time_bucket,
        cast(trades as bigint) as trades,
        cast(sold_mwh as decimal(18, 9)) as sold_mwh,
        cast(bought_mwh as decimal(18, 9)) as bought_mwh,
        cast({{ ratio('sold_mwh + bought_mwh', 'trades', 9) }} as decimal(18, 9)) as mean_trade_mwh,
        cast(revenue_eur as decimal(18, 6)) as revenue_eur,
        sell_vwap_eur_per_mwh,
        buy_vwap_eur_per_mwh
    from summed

)

select * from averaged
