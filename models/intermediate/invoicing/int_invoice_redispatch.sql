with redispatch as (

    select * from {{ ref('fct_redispatch') }}

),

summed as (

    select
        contract_id,
        {{ invoicing_month('delivery_date') }} as invoicing_month,
        count(*) as redispatched_quarter_hours,
        count(*) filter (where forecast_mwh is null) as unforecast_quarter_hours,
        count(*) filter (where compensation_price_eur_per_mwh is null) as uncompensated_quarter_hours,
        sum({{ var('redispatch_paid_on') }}_mwh) filter (where payout_eur is not null) as priced_mwh,
        sum({{ amount_eur('compensation_price_eur_per_mwh', var('redispatch_paid_on') ~ '_mwh') }}) as payout_eur
    from redispatch
    group by contract_id, {{ invoicing_month('delivery_date') }}

)

select * from summed
