with candidates as (

    select * from {{ ref('int_infeed_candidates') }}

),

sourced as (

    select
        *,
        case
            when final_kw is not null then 'final'
            when live_kw is not null then 'live'
            when is_redispatched then 'redispatch'
            else 'forecast'
        end as infeed_source
    from candidates

),

chosen as (

    select
        *,
        case infeed_source
            when 'final' then greatest(final_kw, 0)
            when 'live' then greatest(live_kw, 0)
            when 'redispatch' then 0
            else greatest(latest_forecast_kw, 0)
        end as infeed_kw,
        case infeed_source
            when 'final' then 'measured by the grid operator'
            when 'live'
                then
                    'no final value; live samples cover '
                    || cast(cast(floor(live_coverage * 100) as integer) as string) || ' %'
            when 'redispatch' then 'no measurement; switched off by the grid operator'
            else 'no measurement; forecast of ' || cast(latest_version_utc as string) || ' UTC'
        end as infeed_reason
    from sourced

),

measured_in_mwh as (

    select
        cast(asset_id as string) as asset_id,
        cast(delivery_start_utc as timestamp) as delivery_start_utc,
        cast(delivery_date as date) as delivery_date,
        cast(contract_id as string) as contract_id,
        cast(infeed_kw as double) as infeed_kw,
        {{ kw_to_mwh('infeed_kw') }} as infeed_mwh,
        cast(infeed_source as string) as infeed_source,
        cast(infeed_reason as string) as infeed_reason,
        cast(final_kw as double) as final_kw,
        cast(live_kw as double) as live_kw,
        cast(live_coverage as double) as live_coverage,
        cast(latest_forecast_kw as double) as latest_forecast_kw,
        cast(is_redispatched as boolean) as is_redispatched
    from chosen
    order by delivery_date, asset_id

)

select * from measured_in_mwh
