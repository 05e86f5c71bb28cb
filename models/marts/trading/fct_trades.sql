with trades as (

    select * from {{ ref('int_private_trades_latest') }}

),

exports as (

    select * from {{ ref('int_private_exports') }}

),

priced as (

    select
        cast(trades.trade_id as string) as trade_id,
        cast(trades.side as string) as side,
        cast(trades.delivery_start_utc as timestamp) as delivery_start_utc,
        cast(trades.delivery_end_utc as timestamp) as delivery_end_utc,
        cast({{ utc_to_local('trades.delivery_start_utc') }} as date) as delivery_date,
        cast(trades.executed_at_utc as timestamp) as executed_at_utc,
        cast({{ trade_product('trades.delivery_start_utc', 'trades.delivery_end_utc') }} as string) as product,
        cast(trades.price_eur_per_mwh as decimal(18, 6)) as price_eur_per_mwh,
        cast(trades.volume_mwh as decimal(18, 9)) as volume_mwh,
        cast(
            {{ signed_by_side('trades.side', amount_eur('trades.price_eur_per_mwh', 'trades.volume_mwh')) }}
            as decimal(18, 6)
        ) as revenue_eur,
        coalesce(
            exports.file_order < exports.last_file_order and trades.executed_at_utc < exports.last_exported_at_utc,
            false
        ) as is_recall_candidate
    from trades
    left join exports on trades.file_id = exports.file_id
    order by delivery_date, executed_at_utc

)

select * from priced
