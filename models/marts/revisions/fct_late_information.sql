with prices as (

    select * from {{ ref('fct_imbalance_prices') }}

),

asset_infeed as (

    select * from {{ ref('fct_asset_infeed') }}

),

priced_twice as (

    select
        delivery_date,
        count(*) as repriced_quarter_hours,
        sum(short_price_eur_per_mwh - estimate_eur_per_mwh) as price_change_eur_per_mwh,
        sum(abs(short_price_eur_per_mwh - estimate_eur_per_mwh)) as absolute_price_change_eur_per_mwh
    from prices
    where short_price_status = 'final' and estimate_eur_per_mwh is not null
    group by delivery_date

),

measured_twice as (

    select
        delivery_date,
        count(*) as remeasured_quarter_hours,
        sum({{ kw_to_mwh('greatest(final_kw, 0)') }} - {{ kw_to_mwh('greatest(live_kw, 0)') }}) as final_minus_live_mwh
    from asset_infeed
    where final_kw is not null and live_kw is not null
    group by delivery_date

),

days as (

    select
        cast(coalesce(priced_twice.delivery_date, measured_twice.delivery_date) as date) as delivery_date,
        cast(coalesce(priced_twice.repriced_quarter_hours, 0) as bigint) as repriced_quarter_hours,
        cast(
            {{ ratio('priced_twice.price_change_eur_per_mwh', 'priced_twice.repriced_quarter_hours', 6) }}
            as decimal(18, 6)
        ) as final_minus_estimate_eur_per_mwh,
        cast(
            {{ ratio('priced_twice.absolute_price_change_eur_per_mwh', 'priced_twice.repriced_quarter_hours', 6) }}
            as decimal(18, 6)
        ) as absolute_final_minus_estimate_eur_per_mwh,
        cast(coalesce(measured_twice.remeasured_quarter_hours, 0) as bigint) as remeasured_quarter_hours,
        cast(measured_twice.final_minus_live_mwh as decimal(18, 9)) as final_minus_live_mwh
    from priced_twice
    full outer join measured_twice on priced_twice.delivery_date = measured_twice.delivery_date

)

select * from days
