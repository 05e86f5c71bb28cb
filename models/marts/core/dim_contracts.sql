with contracts as (

    select * from {{ ref('int_contracts_dated') }}

),

priced as (

    select
        *,
        {{ joined_issues([
            ("price_model is null", "'the price model is missing'"),
            ("price_model not in ('fixed', 'market')", "'the price model ' || price_model || ' is not known'"),
            ("price_model = 'fixed' and price_eur_per_mwh is null", "'the price model is fixed, but the price is missing'"),
            ("fee_model is null", "'the fee model is missing'"),
            ("fee_model not in ('fixed_as_produced', 'fixed_for_capacity', 'percent_of_market')",
             "'the fee model ' || fee_model || ' is not known'"),
            ("fee_model in ('fixed_as_produced', 'fixed_for_capacity') and fee_eur is null",
             "'the fee model is ' || fee_model || ', but the fee is missing'"),
            ("fee_model = 'fixed_for_capacity' and capacity_mw is null",
             "'the fee model is fixed_for_capacity, but the capacity is missing'"),
            ("fee_model = 'percent_of_market' and fee_percent is null",
             "'the fee model is percent_of_market, but the percentage is missing'"),
        ]) }} as billing_issues
    from contracts

),

named as (

    select
        cast(contract_id as string) as contract_id,
        cast(asset_id as string) as asset_id,
        cast(metering_point_id as string) as metering_point_id,
        cast(valid_from as date) as valid_from,
        cast(valid_to as date) as valid_to,
        cast(owner_id as string) as owner_id,
        cast(price_model as string) as price_model,
        cast(price_eur_per_mwh as decimal(18, 6)) as price_eur_per_mwh,
        cast(fee_model as string) as fee_model,
        cast(case when fee_model = 'fixed_as_produced' then fee_eur end as decimal(18, 6)) as fee_eur_per_mwh,
        cast(case when fee_model = 'fixed_for_capacity' then fee_eur end as decimal(18, 6)) as fee_eur_per_mw_month,
        cast(fee_percent as decimal(18, 6)) as fee_percent,
        cast(capacity_mw as decimal(18, 9)) as capacity_mw,
        cast(dropped_on as date) as dropped_on,
        cast(billing_issues as string) as billing_issues,
        billing_issues is null as is_billable
    from priced

)

select * from named
