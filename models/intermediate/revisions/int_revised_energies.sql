with revisions as (

    select * from {{ ref('int_revisions') }}
    where feed = 'final_production'

),

asset_quarter_hours as (

    select * from {{ ref('int_asset_quarter_hours') }}

),

energies as (

    select
        revisions.feed,
        revisions.item_id,
        revisions.delivery_start_utc,
        revisions.version_number,
        asset_quarter_hours.asset_id,
        asset_quarter_hours.contract_id,
        {{ kw_to_mwh('cast(greatest(revisions.old_value, 0) as double)') }} as old_mwh,
        {{ kw_to_mwh('cast(greatest(revisions.new_value, 0) as double)') }} as new_mwh
    from revisions
    inner join asset_quarter_hours
        on
            revisions.item_id = asset_quarter_hours.metering_point_id
            and revisions.delivery_start_utc = asset_quarter_hours.delivery_start_utc

)

select * from energies
