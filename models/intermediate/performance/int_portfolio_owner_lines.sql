{{ config(materialized='incremental') }}

with accruals as (

    select * from {{ ref('int_contract_accruals') }}

),

lines as (

    select * from {{ ref('fct_invoice_lines') }}

),

redispatch as (

    select * from {{ ref('fct_redispatch') }}

),

last_day as (

    select max(delivery_date) as last_delivery_date from {{ ref('fct_asset_infeed', whole=true) }}

),

booked as (

    select
        'day' as period,
        delivery_date as period_start_date,
        owner_lines_eur,
        cast(0 as decimal(18, 6)) as claim_eur
    from accruals
    union all
    select
        'month' as period,
        cast(invoicing_month || '-01' as date) as period_start_date,
        cast(net_eur as decimal(18, 6)) as owner_lines_eur,
        cast(0 as decimal(18, 6)) as claim_eur
    from lines
    union all
    select
        'day' as period,
        delivery_date as period_start_date,
        cast(0 as decimal(18, 6)) as owner_lines_eur,
        claim_eur
    from redispatch
    union all
    select
        'month' as period,
        {{ first_of_month('delivery_date') }} as period_start_date,
        cast(0 as decimal(18, 6)) as owner_lines_eur,
        claim_eur
    from redispatch

),

summed as (

    select
        booked.period,
        booked.period_start_date,
        sum(booked.owner_lines_eur) as booked_owner_lines_eur,
        sum(booked.claim_eur) as booked_claim_eur
    from booked
    cross join last_day
    where booked.period = 'month' or booked.period_start_date <= last_day.last_delivery_date
    group by booked.period, booked.period_start_date

)

select * from summed
