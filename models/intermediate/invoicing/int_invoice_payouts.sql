with invoices as (

    select * from {{ ref('int_invoices') }}

),

contracts as (

    select * from {{ ref('dim_contracts') }}

),

infeed_payouts as (

    select
        invoices.invoice_id,
        'infeed_payout' as line_type,
        'owner' as supplier,
        case when contracts.price_model = 'market' then invoices.priced_mwh else invoices.volume_mwh end as quantity,
        'MWh' as quantity_unit,
        case contracts.price_model
            when 'fixed' then contracts.price_eur_per_mwh
            when 'market' then {{ ratio('invoices.payout_eur', 'invoices.priced_mwh', 6) }}
        end as unit_price_eur,
        {{ cents('invoices.payout_eur') }} as net_eur
    from invoices
    inner join contracts on invoices.contract_id = contracts.contract_id

),

redispatch_payouts as (

    select
        invoice_id,
        'redispatch_payout' as line_type,
        'owner' as supplier,
        redispatch_priced_mwh as quantity,
        'MWh' as quantity_unit,
        {{ ratio('redispatch_payout_eur', 'redispatch_priced_mwh', 6) }} as unit_price_eur,
        {{ cents('redispatch_payout_eur') }} as net_eur
    from invoices
    where redispatched_quarter_hours > 0

),

together as (

    select * from infeed_payouts
    union all
    select * from redispatch_payouts

)

select * from together
