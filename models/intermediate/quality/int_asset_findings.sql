{{ config(meta={'scope': 'all'}) }}

with contracts as (

    select * from {{ ref('dim_contracts') }}

),

technical_data as (

    select * from {{ ref('int_technical_data_latest') }}

),

described as (

    select
        contracts.contract_id,
        contracts.asset_id,
        contracts.capacity_mw,
        technical_data.capacity_kw,
        technical_data.asset_id is not null as is_described
    from contracts
    left join technical_data on contracts.asset_id = technical_data.asset_id

),

undescribed as (

    select
        'asset_without_technical_data' as finding,
        count(distinct asset_id) as rows,
        min(asset_id) as example
    from described
    where not is_described

),

mismatched as (

    select
        'capacity_mismatch' as finding,
        count(*) as rows,
        min(
            contract_id || ': ' || cast(capacity_mw as string) || ' MW in the contract, '
            || cast(capacity_kw as string) || ' kW in the technical data'
        ) as example
    from described
    where abs(cast(capacity_mw as double) * 1000 - capacity_kw) > 0.01 * capacity_kw

),

together as (

    select * from undescribed
    union all
    select * from mismatched

),

found as (

    select
        'technical_data' as feed,
        cast(null as date) as delivery_date,
        cast(null as string) as file_name,
        finding,
        rows,
        example
    from together
    where rows > 0

)

select * from found
