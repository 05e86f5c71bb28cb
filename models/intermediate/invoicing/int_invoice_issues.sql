with invoices as (

    select * from {{ ref('int_invoices') }}

),

contracts as (

    select * from {{ ref('dim_contracts') }}

),

lines as (

    select * from {{ ref('fct_invoice_lines') }}

),

untaxed as (

    select
        invoice_id,
        min(line_type) as line_type
    from lines
    where vat_rate is null
    group by invoice_id

),

unpriced_fees as (

    select invoice_id
    from lines
    where line_type = 'fee' and net_eur is null

),

judged as (

    select
        invoices.invoice_id,
        {{ joined_issues([
            ("contracts.billing_issues is not null", "contracts.billing_issues"),
            ("untaxed.invoice_id is not null", "'no VAT rate is known for ' || untaxed.line_type"),
        ]) }} as blocking_issues,
        {{ joined_issues([
            ("invoices.measured_quarter_hours < invoices.expected_quarter_hours",
             "cast(invoices.expected_quarter_hours - invoices.measured_quarter_hours as string) || ' of '"
             " || cast(invoices.expected_quarter_hours as string) || ' quarter-hours are not measured'"),
            ("invoices.final_quarter_hours < invoices.measured_quarter_hours",
             "cast(invoices.measured_quarter_hours - invoices.final_quarter_hours as string)"
             " || ' quarter-hours rest on live data'"),
            ("invoices.priced_quarter_hours < invoices.measured_quarter_hours",
             "cast(invoices.measured_quarter_hours - invoices.priced_quarter_hours as string)"
             " || ' measured quarter-hours have no price'"),
            ("unpriced_fees.invoice_id is not null and contracts.billing_issues is null",
             "'the month has no market price for the fee'"),
            ("invoices.uncompensated_quarter_hours > 0",
             "cast(invoices.uncompensated_quarter_hours as string)"
             " || ' redispatched quarter-hours have no compensation price'"),
            ("invoices.unforecast_quarter_hours > 0",
             "cast(invoices.unforecast_quarter_hours as string) || ' redispatched quarter-hours have no forecast'"),
        ]) }} as provisional_issues
    from invoices
    inner join contracts on invoices.contract_id = contracts.contract_id
    left join untaxed on invoices.invoice_id = untaxed.invoice_id
    left join unpriced_fees on invoices.invoice_id = unpriced_fees.invoice_id

)

select * from judged
