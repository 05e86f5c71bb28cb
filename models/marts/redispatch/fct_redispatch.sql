with flagged as (

    select * from {{ ref('fct_asset_infeed') }}
    where is_redispatched

),

forecasts as (

    select * from {{ ref('fct_asset_forecasts') }}

),

prices as (

    select * from {{ ref('int_redispatch_prices_latest') }}

),

side_by_side as (

    select
        flagged.asset_id,
        flagged.delivery_start_utc,
        flagged.delivery_date,
        flagged.contract_id,
        forecasts.latest_version_utc as version_utc,
        forecasts.latest_forecast_mwh as forecast_mwh,
        prices.compensation_price_eur_per_mwh,
        case
            when forecasts.latest_forecast_mwh is not null
                then greatest(forecasts.latest_forecast_mwh - flagged.infeed_mwh, 0)
        end as lost_energy_mwh
    from flagged
    left join forecasts
        on
            flagged.asset_id = forecasts.asset_id
            and flagged.delivery_start_utc = forecasts.delivery_start_utc
    left join prices on flagged.delivery_start_utc = prices.delivery_start_utc

),

compensated as (

    select
        cast(asset_id as string) as asset_id,
        cast(delivery_start_utc as timestamp) as delivery_start_utc,
        cast(delivery_date as date) as delivery_date,
        cast(contract_id as string) as contract_id,
        cast(version_utc as timestamp) as version_utc,
        cast(forecast_mwh as decimal(18, 9)) as forecast_mwh,
        cast(lost_energy_mwh as decimal(18, 9)) as lost_energy_mwh,
        cast(compensation_price_eur_per_mwh as decimal(18, 6)) as compensation_price_eur_per_mwh,
        cast({{ amount_eur('compensation_price_eur_per_mwh', 'forecast_mwh') }} as decimal(18, 6))
            as forecast_payout_eur,
        cast({{ amount_eur('compensation_price_eur_per_mwh', 'lost_energy_mwh') }} as decimal(18, 6))
            as lost_energy_payout_eur,
        cast({{ amount_eur('compensation_price_eur_per_mwh', var('redispatch_paid_on') ~ '_mwh') }} as decimal(18, 6))
            as payout_eur,
        cast({{ amount_eur('compensation_price_eur_per_mwh', var('redispatch_paid_on') ~ '_mwh') }} as decimal(18, 6))
            as claim_eur
    from side_by_side
    order by delivery_date, asset_id

)

select * from compensated
