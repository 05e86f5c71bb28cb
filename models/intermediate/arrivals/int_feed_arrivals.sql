{%- set feeds = [
    ('final_production', 'stg_dso__final_production', 'metering_point_id', 'true'),
    ('redispatch_flags', 'stg_dso__redispatch_flags', 'metering_point_id', 'is_redispatched'),
    ('redispatch_compensation', 'stg_dso__redispatch_compensation', "''", 'true'),
    ('private_trades', 'stg_exchange__private_trades', "trade_id || ' ' || side", 'true'),
    ('public_trades', 'stg_exchange__public_trades', "trade_id || ' ' || side", 'true'),
    ('imbalance_prices_final', 'stg_imbalance__final_prices', "''", 'true'),
    ('imbalance_prices_estimated', 'stg_imbalance__estimated_prices', "''", 'true'),
] -%}
with files as (

    select * from {{ ref('stg_ingest__files') }}

),

days as (

    select * from {{ ref('int_delivered_days') }}

),

quarter_hours as (

    select * from {{ ref('dim_quarter_hours') }}

),

deadlines as (

    select * from {{ ref('feed_deadlines') }}

),

arrivals as (
    {% for feed, model, item_id, condition in feeds %}
        select
            '{{ feed }}' as feed,
            {{ item_id }} as item_id,
            items.delivery_start_utc,
            min({{ as_known('files.file_timestamp_utc') }}) as arrived_at_utc,
            max({{ as_known('files.file_timestamp_utc') }}) as newest_at_utc
        from {{ ref(model) }} as items
        inner join files on items.file_id = files.file_id
        where {{ condition }}
        group by {{ item_id ~ ', ' if item_id != "''" else '' }}items.delivery_start_utc
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

judged as (

    select
        arrivals.feed,
        arrivals.item_id,
        arrivals.delivery_start_utc,
        days.delivery_date,
        arrivals.arrived_at_utc,
        arrivals.newest_at_utc,
        arrivals.arrived_at_utc > days.day_end_utc + interval '1' hour * deadlines.due_hours as is_late
    from arrivals
    inner join quarter_hours on arrivals.delivery_start_utc = quarter_hours.delivery_start_utc
    inner join days on quarter_hours.delivery_date = days.delivery_date
    inner join deadlines on arrivals.feed = deadlines.feed

)

select * from judged
