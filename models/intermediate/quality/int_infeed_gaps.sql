with asset_quarter_hours as (

    select * from {{ ref('int_asset_quarter_hours') }}

),

asset_infeed as (

    select * from {{ ref('fct_asset_infeed') }}

),

positions as (

    select * from {{ ref('fct_positions') }}

),

days as (

    select
        positions.delivery_date,
        count(asset_infeed.final_kw) > 0 as is_final_expected,
        count(asset_infeed.live_kw) > 0 as is_live_expected
    from positions
    left join asset_infeed on positions.delivery_start_utc = asset_infeed.delivery_start_utc
    group by positions.delivery_date

),

compared as (

    select
        asset_quarter_hours.asset_id,
        asset_quarter_hours.delivery_date,
        days.is_final_expected and asset_infeed.final_kw is null as is_final_missing,
        days.is_live_expected and asset_infeed.live_kw is null as is_live_missing,
        positions.delivery_start_utc is not null and asset_infeed.asset_id is null as is_infeed_missing
    from asset_quarter_hours
    inner join days on asset_quarter_hours.delivery_date = days.delivery_date
    left join asset_infeed
        on
            asset_quarter_hours.asset_id = asset_infeed.asset_id
            and asset_quarter_hours.delivery_start_utc = asset_infeed.delivery_start_utc
    left join positions on asset_quarter_hours.delivery_start_utc = positions.delivery_start_utc

),

counted as (

    select
        asset_id,
        delivery_date,
        count(*) as expected_quarter_hours,
        count(case when is_final_missing then 1 end) as final_missing_quarter_hours,
        count(case when is_live_missing then 1 end) as live_missing_quarter_hours,
        count(case when is_infeed_missing then 1 end) as infeed_missing_quarter_hours
    from compared
    group by asset_id, delivery_date

)

select * from counted
