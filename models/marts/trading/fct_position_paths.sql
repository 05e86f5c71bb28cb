with trades as (

    select * from {{ ref('fct_trades') }}

),

by_moment as (

    select
        delivery_date,
        executed_at_utc,
        sum({{ signed_by_side('side', 'volume_mwh') }}) as net_sold_mwh,
        sum(revenue_eur) as revenue_eur
    from trades
    group by delivery_date, executed_at_utc

),

added_up as (

    select
        delivery_date,
        executed_at_utc,
        sum(net_sold_mwh) over (
            partition by delivery_date order by executed_at_utc asc rows between unbounded preceding and current row
        ) as cumulative_net_sold_mwh,
        sum(revenue_eur) over (
            partition by delivery_date order by executed_at_utc asc rows between unbounded preceding and current row
        ) as cumulative_revenue_eur
    from by_moment

),

typed as (

    select
        cast(delivery_date as date) as delivery_date,
        cast(executed_at_utc as timestamp) as executed_at_utc,
        cast(cumulative_net_sold_mwh as decimal(18, 9)) as cumulative_net_sold_mwh,
        cast(cumulative_revenue_eur as decimal(18, 6)) as cumulative_revenue_eur
    from added_up

)

select * from typed
