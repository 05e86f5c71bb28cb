with arrivals as (

    select * from {{ ref('int_asset_arrivals') }}

),

checks as (

    select * from {{ ref('int_live_checks') }}

),

flat_lines as (

    select * from {{ ref('int_live_flat_lines') }}

),

conspicuous as (

    select
        asset_id,
        delivery_date,
        count(case when is_deviating then 1 end) as deviating_quarter_hours,
        count(case when is_above_capacity then 1 end) as above_capacity_quarter_hours,
        max(case when is_deviating then abs(live_kw - final_kw) end) as greatest_deviation_kw
    from checks
    group by asset_id, delivery_date

),

flat as (

    select
        asset_id,
        delivery_date,
        sum(flat_quarter_hours) as flat_quarter_hours
    from flat_lines
    group by asset_id, delivery_date

),

together as (

    select
        cast(arrivals.asset_id as string) as asset_id,
        cast(arrivals.delivery_date as date) as delivery_date,
        cast(arrivals.contract_id as string) as contract_id,
        cast(arrivals.expected_quarter_hours as bigint) as expected_quarter_hours,
        cast(arrivals.forecast_quarter_hours as bigint) as forecast_quarter_hours,
        cast(arrivals.tradeable_quarter_hours as bigint) as tradeable_quarter_hours,
        cast(arrivals.live_quarter_hours as bigint) as live_quarter_hours,
        cast(arrivals.final_quarter_hours as bigint) as final_quarter_hours,
        cast(arrivals.infeed_quarter_hours as bigint) as infeed_quarter_hours,
        cast(coalesce(conspicuous.deviating_quarter_hours, 0) as bigint) as deviating_quarter_hours,
        cast(conspicuous.greatest_deviation_kw as double) as greatest_deviation_kw,
        cast(coalesce(conspicuous.above_capacity_quarter_hours, 0) as bigint) as above_capacity_quarter_hours,
        cast(coalesce(flat.flat_quarter_hours, 0) as bigint) as flat_quarter_hours
    from arrivals
    left join conspicuous
        on arrivals.asset_id = conspicuous.asset_id and arrivals.delivery_date = conspicuous.delivery_date
    left join flat on arrivals.asset_id = flat.asset_id and arrivals.delivery_date = flat.delivery_date

)

select * from together
