with volumes as (

    select * from {{ ref('int_invoice_volumes') }}

),

redispatch as (

    select * from {{ ref('int_invoice_redispatch') }}

),

expected as (

    select * from {{ ref('int_invoice_expected') }}

),

due as (

    select
        contract_id,
        invoicing_month
    from volumes
    union distinct
    select
        contract_id,
        invoicing_month
    from redispatch

),

measured as (

    select
        due.contract_id,
        due.invoicing_month,
        expected.last_delivery_date,
        expected.expected_quarter_hours,
        volumes.volume_mwh,
        volumes.priced_mwh,
        volumes.payout_eur,
        redispatch.priced_mwh as redispatch_priced_mwh,
        redispatch.payout_eur as redispatch_payout_eur,
        due.contract_id || '_' || due.invoicing_month as invoice_id,
        coalesce(volumes.measured_quarter_hours, 0) as measured_quarter_hours,
        coalesce(volumes.final_quarter_hours, 0) as final_quarter_hours,
        coalesce(volumes.priced_quarter_hours, 0) as priced_quarter_hours,
        coalesce(redispatch.redispatched_quarter_hours, 0) as redispatched_quarter_hours,
        coalesce(redispatch.unforecast_quarter_hours, 0) as unforecast_quarter_hours,
        coalesce(redispatch.uncompensated_quarter_hours, 0) as uncompensated_quarter_hours
    from due
    inner join expected on due.contract_id = expected.contract_id and due.invoicing_month = expected.invoicing_month
    left join volumes on due.contract_id = volumes.contract_id and due.invoicing_month = volumes.invoicing_month
    left join redispatch
        on due.contract_id = redispatch.contract_id and due.invoicing_month = redispatch.invoicing_month

)

select * from measured
