with asset_quarter_hours as (

    select * from {{ ref('int_asset_quarter_hours') }}

),

counted as (

    select
        contract_id,
        {{ invoicing_month('delivery_date') }} as invoicing_month,
        max(delivery_date) as last_delivery_date,
        count(*) as expected_quarter_hours
    from asset_quarter_hours
    group by contract_id, {{ invoicing_month('delivery_date') }}

)

select * from counted
