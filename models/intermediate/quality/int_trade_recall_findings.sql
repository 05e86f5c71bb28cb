with trades as (

    select * from {{ ref('fct_trades') }}
    where is_recall_candidate

),

counted as (

    select
        'private_trades' as feed,
        delivery_date,
        cast(null as string) as file_name,
        'trade_recall_candidate' as finding,
        count(*) as rows,
        min('TradeId ' || trade_id || ', ' || side || ', ' || cast(revenue_eur as string) || ' EUR') as example
    from trades
    group by delivery_date

)

select * from counted
