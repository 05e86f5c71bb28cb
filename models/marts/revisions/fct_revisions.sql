with revisions as (

    select * from {{ ref('int_revisions') }}

),

of_final_production as (

    select * from {{ ref('int_revisions_of_final_production') }}

),

quarter_hours as (

    select * from {{ ref('dim_quarter_hours') }}

),

settled as (

    select * from {{ ref('int_prices_settling') }}

),

revised as (

    select
        cast(revisions.feed as string) as feed,
        cast(revisions.measure as string) as measure,
        cast(revisions.item_id as string) as item_id,
        cast(revisions.delivery_start_utc as timestamp) as delivery_start_utc,
        cast(revisions.version_number as integer) as version_number,
        cast(quarter_hours.delivery_date as date) as delivery_date,
        cast(of_final_production.asset_id as string) as asset_id,
        cast(revisions.old_value as decimal(18, 6)) as old_value,
        cast(revisions.new_value as decimal(18, 6)) as new_value,
        cast(revisions.old_known_at_utc as timestamp) as old_known_at_utc,
        cast(revisions.new_known_at_utc as timestamp) as new_known_at_utc,
        cast(of_final_production.new_mwh - of_final_production.old_mwh as decimal(18, 9)) as infeed_effect_mwh,
        cast(
            coalesce(
                of_final_production.new_imbalance_cost_eur - of_final_production.old_imbalance_cost_eur,
                {{ imbalance_cost_eur('settled.position_imbalance_mwh', 'revisions.new_value - revisions.old_value') }}
            ) as decimal(18, 6)
        ) as imbalance_cost_effect_eur,
        cast(
            {{ amount_eur(
                'of_final_production.payout_price_eur_per_mwh',
                'of_final_production.new_mwh - of_final_production.old_mwh'
            ) }} as decimal(18, 6)
        ) as infeed_payout_effect_eur
    from revisions
    inner join quarter_hours on revisions.delivery_start_utc = quarter_hours.delivery_start_utc
    left join of_final_production
        on
            revisions.feed = of_final_production.feed
            and revisions.item_id = of_final_production.item_id
            and revisions.delivery_start_utc = of_final_production.delivery_start_utc
            and revisions.version_number = of_final_production.version_number
    left join settled
        on revisions.delivery_start_utc = settled.delivery_start_utc and revisions.measure = settled.measure

)

select * from revised
