-- Conservation across grains (TR-3): revenue, VWAP and position rest on quarter-hours; a trade must be whole in them.
with trades as (

    select
        'private' as kind,
        trade_id,
        side,
        volume_mwh
    from {{ ref('fct_trades', whole=true) }}
    where {{ in_this_build("delivery_end_utc - interval '15' minute", of='delivery_start_utc') }}
    union all
    select
        'market' as kind,
        trade_id,
        'ANY' as side,
        volume_mwh
    from {{ ref('fct_market_trades') }}
    where {{ in_this_build("delivery_end_utc - interval '15' minute", of='delivery_start_utc') }}

),

parts as (

    select
        'private' as kind,
        trade_id,
        side,
        volume_mwh
    from {{ ref('int_private_trades_split', whole=true) }}
    where trade_id in (select trades.trade_id from trades)
    union all
    select
        'market' as kind,
        trade_id,
        'ANY' as side,
        volume_mwh
    from {{ ref('int_market_trades_split') }}

),

summed as (

    select
        kind,
        trade_id,
        side,
        sum(volume_mwh) as volume_mwh
    from parts
    group by kind, trade_id, side

)

select
    trades.kind,
    trades.trade_id,
    trades.side
from trades
left join summed
    on trades.kind = summed.kind and trades.trade_id = summed.trade_id and trades.side = summed.side
where trades.volume_mwh is distinct from summed.volume_mwh
