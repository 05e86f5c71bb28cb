{{ config(materialized='incremental') }}

with redispatch as (

    select * from {{ ref('fct_redispatch') }}

),

contracts as (

    select * from {{ ref('dim_contracts') }}

),

flags as (

    select * from {{ ref('int_redispatch_flags_latest') }}

),

announced as (

    select
        redispatch.*,
        flags.announced_at_utc,
        redispatch.asset_id || ' at ' || cast(redispatch.delivery_start_utc as string) || ' UTC' as where_and_when
    from redispatch
    inner join contracts on redispatch.contract_id = contracts.contract_id
    left join flags
        on
            contracts.metering_point_id = flags.metering_point_id
            and redispatch.delivery_start_utc = flags.delivery_start_utc

),

together as (

    select
        'redispatch_compensation' as feed,
        'redispatch_price_missing' as finding,
        delivery_date,
        where_and_when as example
    from announced
    where compensation_price_eur_per_mwh is null
    union all
    select
        'forecasts' as feed,
        'redispatch_forecast_missing' as finding,
        delivery_date,
        where_and_when as example
    from announced
    where forecast_mwh is null
    union all
    select
        'forecasts' as feed,
        'redispatch_forecast_after_flag' as finding,
        delivery_date,
        where_and_when || ': version ' || cast(version_utc as string) || ', flag known at '
        || cast(announced_at_utc as string) as example
    from announced
    where version_utc > announced_at_utc

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
