with imbalance as (

    select * from {{ ref('fct_portfolio_imbalance') }}

),

prices as (

    select * from {{ ref('fct_imbalance_prices') }}

),

priced as (

    select
        imbalance.delivery_date,
        cast(imbalance.delivery_start_utc as string) || ' UTC' as example,
        prices.short_price_eur_per_mwh is null or prices.long_price_eur_per_mwh is null as is_unpriced,
        prices.price_status = 'estimate' as is_estimated
    from imbalance
    left join prices on imbalance.delivery_start_utc = prices.delivery_start_utc

),

together as (

    select
        'imbalance_prices_estimated' as feed,
        'imbalance_price_missing' as finding,
        delivery_date,
        example
    from priced
    where is_unpriced
    union all
    select
        'imbalance_prices_final' as feed,
        'imbalance_price_estimated' as finding,
        delivery_date,
        example
    from priced
    where is_estimated

),

counted as (

    select
        feed,
        delivery_date,
        cast(null as string) as file_name,
        finding,
        count(*) as rows,
        min(example) as example
    from together
    group by feed, delivery_date, finding

)

select * from counted
