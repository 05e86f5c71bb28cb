with asset_forecasts as (

    select * from {{ ref('fct_asset_forecasts') }}

),

portfolio_forecasts as (

    select * from {{ ref('fct_portfolio_forecasts') }}

),

asset_days as (

    select * from {{ ref('int_asset_days') }}

),

chosen as (

    select * from {{ ref('int_forecasts_chosen') }}

),

quarter_hours as (

    select * from {{ ref('dim_quarter_hours') }}

),

expected as (

    select
        asset_days.asset_id,
        portfolio_forecasts.delivery_date,
        portfolio_forecasts.delivery_start_utc
    from portfolio_forecasts
    inner join asset_days on portfolio_forecasts.delivery_date = asset_days.delivery_date

),

gaps as (

    select
        expected.delivery_date,
        expected.asset_id || ' at ' || cast(expected.delivery_start_utc as string) || ' UTC' as example,
        case
            when asset_forecasts.asset_id is null then 'forecast_missing'
            when asset_forecasts.tradeable_version_utc is null then 'tradeable_forecast_missing'
        end as finding
    from expected
    left join asset_forecasts
        on
            expected.asset_id = asset_forecasts.asset_id
            and expected.delivery_start_utc = asset_forecasts.delivery_start_utc

),

strangers as (

    select
        quarter_hours.delivery_date,
        chosen.asset_id || ' at ' || cast(chosen.delivery_start_utc as string) || ' UTC' as example,
        'forecast_without_contract' as finding
    from chosen
    inner join quarter_hours on chosen.delivery_start_utc = quarter_hours.delivery_start_utc
    left join asset_days
        on
            chosen.asset_id = asset_days.asset_id
            and quarter_hours.delivery_date = asset_days.delivery_date
    where asset_days.asset_id is null

),

together as (

    select * from gaps
    where finding is not null
    union all
    select * from strangers

),

counted as (

    select
        delivery_date,
        finding,
        count(*) as rows,
        min(example) as example
    from together
    group by delivery_date, finding

)

select * from counted
