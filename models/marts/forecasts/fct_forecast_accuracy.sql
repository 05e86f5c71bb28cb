with errors as (

    select * from {{ ref('int_forecast_errors') }}

),

prices as (

    select * from {{ ref('fct_imbalance_prices') }}

),

priced as (

    select
        errors.*,
        {{ imbalance_cost_eur(
            'errors.error_mwh',
            by_imbalance_side('errors.error_mwh', 'prices.short_price_eur_per_mwh', 'prices.long_price_eur_per_mwh')
        ) }} as error_cost_eur
    from errors
    left join prices on errors.delivery_start_utc = prices.delivery_start_utc

),

measured as (

    select
        cast(asset_id as string) as asset_id,
        cast(delivery_date as date) as delivery_date,
        cast(lead_time_bucket as string) as lead_time_bucket,
        cast(count(*) as bigint) as samples,
        cast(sum(abs(error_mwh)) as decimal(18, 9)) as absolute_error_mwh,
        cast(sum(capacity_mwh) as decimal(18, 9)) as sample_capacity_mwh,
        {{ forecast_quality() }},
        cast(sum(error_cost_eur) as decimal(18, 6)) as error_cost_eur,
        cast(count(*) - count(error_cost_eur) as bigint) as unpriced_samples
    from priced
    group by asset_id, delivery_date, lead_time_bucket

)

select * from measured
