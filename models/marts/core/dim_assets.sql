with technical_data as (

    select * from {{ ref('int_technical_data_latest') }}

),

contracts as (

    select * from {{ ref('int_contracts_dated') }}

),

ranked_contracts as (

    select
        *,
        row_number() over (partition by asset_id order by valid_from desc, contract_id desc) as recency
    from contracts

),

newest_contracts as (

    select * from ranked_contracts
    where recency = 1

),

named as (

    select
        cast(coalesce(technical_data.asset_id, newest_contracts.asset_id) as string) as asset_id,
        cast(newest_contracts.metering_point_id as string) as metering_point_id,
        cast(technical_data.asset_name as string) as asset_name,
        cast(coalesce(technical_data.technology, newest_contracts.technology) as string) as technology,
        cast(technical_data.capacity_kw as double) as capacity_kw,
        cast(newest_contracts.contract_id as string) as contract_id,
        cast(technical_data.status as string) as status,
        cast(technical_data.latitude as double) as latitude,
        cast(technical_data.longitude as double) as longitude
    from technical_data
    full outer join newest_contracts on technical_data.asset_id = newest_contracts.asset_id

)

select * from named
