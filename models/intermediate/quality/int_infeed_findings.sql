with gaps as (

    select * from {{ ref('int_infeed_gaps') }}

),

strangers as (

    select * from {{ ref('int_measurements_without_contract') }}

),

together as (

    select
        'final_production' as feed,
        'final_production_missing' as finding,
        asset_id,
        delivery_date,
        final_missing_quarter_hours as rows,
        expected_quarter_hours
    from gaps
    union all
    select
        'live_measured_infeed' as feed,
        'live_infeed_missing' as finding,
        asset_id,
        delivery_date,
        live_missing_quarter_hours as rows,
        expected_quarter_hours
    from gaps
    union all
    select
        'forecasts' as feed,
        'infeed_missing' as finding,
        asset_id,
        delivery_date,
        infeed_missing_quarter_hours as rows,
        expected_quarter_hours
    from gaps
    union all
    select
        feed,
        'measurement_without_contract' as finding,
        measured_at as asset_id,
        delivery_date,
        quarter_hours as rows,
        quarter_hours as expected_quarter_hours
    from strangers

),

summed as (

    select
        feed,
        delivery_date,
        cast(null as string) as file_name,
        finding,
        sum(rows) as rows,
        {{ value_at_greatest(
            "asset_id || ': ' || cast(rows as string) || ' of ' || cast(expected_quarter_hours as string)"
            " || ' quarter-hours'", ['rows', 'asset_id']
        ) }} as example
    from together
    where rows > 0
    group by feed, delivery_date, finding

)

select * from summed
