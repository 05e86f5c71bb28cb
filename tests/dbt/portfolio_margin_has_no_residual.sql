-- PF-2: the margin from the trades and the margin from the assets are one figure.
with portfolio as (

    select * from {{ ref('rpt_portfolio_performance') }}

),

differing as (

    select
        period,
        period_start_date,
        residual_eur
    from portfolio
    where residual_eur <> 0

)

select * from differing
