with final_prices as (

    select * from {{ ref('int_imbalance_prices_final') }}

),

estimates as (

    select * from {{ ref('int_imbalance_prices_estimated') }}

),

quarter_hours as (

    select * from {{ ref('dim_quarter_hours') }}

),

side_by_side as (

    select
        quarter_hours.delivery_start_utc,
        quarter_hours.delivery_date,
        coalesce(final_prices.short_price_eur_per_mwh, estimates.estimate_eur_per_mwh) as short_price_eur_per_mwh,
        coalesce(final_prices.long_price_eur_per_mwh, estimates.estimate_eur_per_mwh) as long_price_eur_per_mwh,
        {{ price_status('final_prices.short_price_eur_per_mwh', 'estimates.estimate_eur_per_mwh') }}
            as short_price_status,
        {{ price_status('final_prices.long_price_eur_per_mwh', 'estimates.estimate_eur_per_mwh') }}
            as long_price_status,
        estimates.estimate_eur_per_mwh
    from quarter_hours
    left join final_prices on quarter_hours.delivery_start_utc = final_prices.delivery_start_utc
    left join estimates on quarter_hours.delivery_start_utc = estimates.delivery_start_utc
    where final_prices.delivery_start_utc is not null or estimates.delivery_start_utc is not null

),

priced as (

    select
        cast(delivery_start_utc as timestamp) as delivery_start_utc,
        cast(delivery_date as date) as delivery_date,
        cast(short_price_eur_per_mwh as decimal(18, 6)) as short_price_eur_per_mwh,
        cast(long_price_eur_per_mwh as decimal(18, 6)) as long_price_eur_per_mwh,
        cast(
            case
                when 'estimate' in (short_price_status, long_price_status) then 'estimate'
                else coalesce(short_price_status, long_price_status)
            end as string
        ) as price_status,
        cast(short_price_status as string) as short_price_status,
        cast(long_price_status as string) as long_price_status,
        cast(estimate_eur_per_mwh as decimal(18, 6)) as estimate_eur_per_mwh
    from side_by_side

)

select * from priced
