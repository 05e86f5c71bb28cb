with invoices as (

    select * from {{ ref('int_invoices') }}

),

contracts as (

    select * from {{ ref('dim_contracts') }}

),

market_months as (

    select * from {{ ref('int_market_months') }}

),

agreed as (

    select
        invoices.invoice_id,
        case
            when contracts.fee_model = 'fixed_for_capacity' then contracts.capacity_mw
            else invoices.volume_mwh
        end as quantity,
        case when contracts.fee_model = 'fixed_for_capacity' then 'MW' else 'MWh' end as quantity_unit,
        case contracts.fee_model
            when 'fixed_as_produced' then contracts.fee_eur_per_mwh
            when 'fixed_for_capacity' then contracts.fee_eur_per_mw_month
            when 'percent_of_market' then market_months.market_vwap_eur_per_mwh
        end as full_unit_price_eur,
        case
            when contracts.fee_model = 'percent_of_market' then cast(contracts.fee_percent as decimal(9, 6)) * 0.01
            else 1
        end as unit_share
    from invoices
    inner join contracts on invoices.contract_id = contracts.contract_id
    left join market_months on invoices.invoicing_month = market_months.invoicing_month

),

charged as (

    select
        invoice_id,
        'fee' as line_type,
        'flexpower' as supplier,
        -quantity as quantity,
        quantity_unit,
        cast(cast(full_unit_price_eur as decimal(13, 6)) * cast(unit_share as decimal(9, 8)) as decimal(18, 6))
            as unit_price_eur,
        {{ cents(
            'cast(full_unit_price_eur as decimal(13, 6)) * cast(unit_share as decimal(9, 8))'
            ' * cast(-quantity as decimal(16, 9))'
        ) }} as net_eur
    from agreed

)

select * from charged
