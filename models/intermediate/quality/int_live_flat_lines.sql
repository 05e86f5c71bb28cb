with live_quarter_hours as (

    select
        *,
        cast({{ utc_to_local('delivery_start_utc') }} as date) as delivery_date
    from {{ ref('int_live_quarter_hours') }}

),

flat as (

    select
        asset_id,
        delivery_date,
        delivery_start_utc,
        greatest_live_kw,
        row_number() over (
            partition by asset_id, delivery_date, greatest_live_kw order by delivery_start_utc asc
        ) as place
    from live_quarter_hours
    where is_live_sufficient and least_live_kw = greatest_live_kw and greatest_live_kw > 0

),

runs as (

    select
        asset_id,
        delivery_date,
        greatest_live_kw as flat_kw,
        min(delivery_start_utc) as flat_from_utc,
        count(*) as flat_quarter_hours
    from flat
    group by asset_id, delivery_date, greatest_live_kw, delivery_start_utc - interval '15' minute * place

),

long_runs as (

    select * from runs
    where flat_quarter_hours >= {{ var('flat_line_quarter_hours') }}

)

select * from long_runs
