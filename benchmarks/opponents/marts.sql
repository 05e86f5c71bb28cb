-- The opponent of a full build: the same marts from the same raw database, written by hand as one script.
-- Reads the attached database `raw` and leaves its marts in the schema `marts`. The rules are those of docs/domain.md;
-- the rounding is too, so that the results can be compared to the last digit.

create schema marts;

create temp macro mwh(kw) as
    cast(cast(cast(kw as varchar) as decimal(23, 15)) * cast(0.00025 as decimal(6, 5)) as decimal(18, 9));
create temp macro eur(price, mwh) as cast(price as decimal(19, 6)) * cast(mwh as decimal(18, 9));
create temp macro local_day(moment) as cast(timezone('Europe/Berlin', timezone('UTC', moment)) as date);
-- Exact division, rounded half away from zero: 15 and 9 decimals give 6, 21 and 9 give 12.
create temp macro digits(value) as cast(replace(cast(value as varchar), '.', '') as hugeint);
create temp macro rounded_division(n, d) as sign(n) * sign(d) * ((2 * abs(n) + abs(d)) // nullif(2 * abs(d), 0));
create temp macro vwap(turnover, mwh) as cast(
    cast(rounded_division(digits(cast(turnover as decimal(38, 15))), digits(cast(mwh as decimal(38, 9)))) as decimal(32, 0))
    * cast(0.000001 as decimal(6, 6)) as decimal(18, 6)
);
create temp macro product(first, last) as case date_diff('minute', first, last)
    when 15 then 'quarter_hour' when 30 then 'half_hour' when 60 then 'hour' else 'block' end;
create temp macro volume_mwh(volume, unit, first, last) as cast(
    case unit
        when 'MWH' then volume
        when 'MW' then volume * cast(date_diff('minute', first, last) // 15 as decimal(9, 0)) * cast(0.25 as decimal(3, 2))
    end as decimal(18, 9)
);
create temp macro units(mwh) as cast(cast(mwh as decimal(28, 9)) * 1000000000 as bigint);
-- The p-th of n equal parts of a volume, so that the parts add up to it.
create temp macro part_of(mwh, p, n) as cast(
    cast(
        (units(mwh) * p) // n - (units(mwh) * (p - 1)) // n
        as decimal(18, 0)
    ) * cast(0.000000001 as decimal(9, 9)) as decimal(18, 9)
);

-- Files in the order in which later ones replace earlier ones.
create temp table files as
select
    file_id, feed, file_name, file_timestamp_utc,
    row_number() over (order by file_timestamp_utc nulls first, file_name, file_id) as file_order
from raw.manifest;

-- Forecasts: the greatest version up to delivery, and up to gate closure; among equal versions the later file wins.
-- One whole number to order by is much faster than a row of three columns.
create temp table forecasts as
with in_time as (
    select
        asset_id, delivery_start_utc, version_utc, power_kw,
        version_utc <= delivery_start_utc - interval 15 minute as is_tradeable,
        cast(epoch_us(version_utc) // 60000000 as hugeint) * 1000000000000000000
        + cast(file_order as bigint) * 1000000000 + row_number as place
    from raw.forecasts
    inner join files using (file_id)
    where power_kw is not null and version_utc <= delivery_start_utc
)
select
    asset_id, delivery_start_utc,
    max(version_utc) as latest_version_utc,
    arg_max(power_kw, place) as latest_forecast_kw,
    max(version_utc) filter (where is_tradeable) as tradeable_version_utc,
    arg_max(power_kw, place) filter (where is_tradeable) as tradeable_forecast_kw
from in_time
group by all;

-- The calendar: whole local months around all that was delivered.
create temp table private_rows as
select private_trades.*, file_order, file_name, file_timestamp_utc
from raw.private_trades
inner join files using (file_id)
where
    delivery_end_utc > delivery_start_utc and executed_at_utc is not null
    and price_eur_per_mwh is not null and volume is not null and volume_unit is not null and currency is not null;

create temp table public_rows as
select public_trades.*, file_order
from raw.public_trades
inner join files using (file_id)
where
    delivery_end_utc > delivery_start_utc and executed_at_utc is not null
    and price_eur_per_mwh is not null and volume is not null and volume_unit is not null and currency is not null;

create table marts.dim_quarter_hours as
with ends as (
    select min(delivery_start_utc) as first, max(delivery_start_utc) as last from raw.forecasts where power_kw is not null
    union all
    select min(measured_at_utc), max(measured_at_utc) from raw.live_measured_infeed where power_kw is not null
    union all
    select min(delivery_start_utc), max(delivery_start_utc) from raw.final_production where power_kw is not null
    union all
    select min(delivery_start_utc), max(delivery_start_utc) from raw.redispatch_flags where is_redispatched is not null
    union all
    select min(delivery_start_utc), max(delivery_start_utc) from raw.redispatch_compensation
    where price_eur_per_mwh is not null
    union all
    select min(delivery_start_utc), max(delivery_end_utc) - interval 15 minute from private_rows
    union all
    select min(delivery_start_utc), max(delivery_end_utc) - interval 15 minute from public_rows
    union all
    select min(delivery_start_utc), max(delivery_start_utc) from raw.imbalance_prices_final
    where coalesce(short_price_eur_per_mwh, long_price_eur_per_mwh) is not null
    union all
    select min(delivery_start_utc), max(delivery_start_utc) from raw.imbalance_prices_estimated
    where estimate_eur_per_mwh is not null
),
span as (
    select
        date_trunc('month', local_day(min(first))) as first_day,
        date_trunc('month', local_day(max(last))) + interval 1 month as end_day
    from ends
),
quarter_hours as (
    select unnest(generate_series(
        timezone('UTC', timezone('Europe/Berlin', cast(first_day as timestamp))),
        timezone('UTC', timezone('Europe/Berlin', cast(end_day as timestamp))) - interval 15 minute,
        interval 15 minute
    )) as delivery_start_utc
    from span
)
select
    delivery_start_utc,
    delivery_start_utc + interval 15 minute as delivery_end_utc,
    timezone('Europe/Berlin', timezone('UTC', delivery_start_utc)) as delivery_start_local,
    local_day(delivery_start_utc) as delivery_date,
    time_bucket(interval 1 hour, delivery_start_utc) as delivery_hour_start_utc,
    cast(row_number() over (partition by local_day(delivery_start_utc) order by delivery_start_utc) as integer)
        as quarter_hour_of_day
from quarter_hours;

-- The portfolio: the newest list's terms, ended by the first list without the contract.
create temp table listed as
select contracts.*, file_order, local_day(file_timestamp_utc) as listed_on,
    asset_id is not null and contract_begin is not null and has_readable_end as has_terms
from raw.contracts
inner join files using (file_id);

create temp table contracts as
select
    latest.contract_id, asset_id, metering_point_id, capacity_mw, price_model, price_eur_per_mwh, fee_model, fee_eur,
    fee_percent, contract_begin as valid_from, least(contract_end, dropped_on) as valid_to
from (
    select * from listed where has_terms
    qualify row_number() over (partition by contract_id order by file_order desc, row_number desc) = 1
) as latest
left join (
    select last.contract_id, arg_min(lists.listed_on, lists.file_order) as dropped_on
    from (select contract_id, max(file_order) as file_order from listed group by all) as last
    inner join (select distinct file_order, listed_on from listed) as lists on lists.file_order > last.file_order
    group by all
) as dropped using (contract_id);

create temp table asset_days as
select asset_id, metering_point_id, contract_id, delivery_date, capacity_mw
from contracts
inner join (select distinct delivery_date from marts.dim_quarter_hours) as days
    on valid_from <= delivery_date and (valid_to > delivery_date or valid_to is null)
qualify row_number() over (partition by asset_id, delivery_date order by valid_from desc, contract_id desc) = 1;

create temp table portfolio_days as
select delivery_date, count(*) as assets_expected from asset_days group by all;

create table marts.fct_asset_forecasts as
select
    asset_id, delivery_start_utc, delivery_date, contract_id,
    latest_version_utc, latest_forecast_kw, mwh(latest_forecast_kw) as latest_forecast_mwh,
    tradeable_version_utc, tradeable_forecast_kw, mwh(tradeable_forecast_kw) as tradeable_forecast_mwh
from forecasts
inner join marts.dim_quarter_hours using (delivery_start_utc)
inner join asset_days using (asset_id, delivery_date);

create table marts.fct_portfolio_forecasts as
select
    delivery_start_utc, delivery_date,
    cast(sum(latest_forecast_mwh) as decimal(18, 9)) as latest_forecast_mwh,
    cast(sum(tradeable_forecast_mwh) as decimal(18, 9)) as tradeable_forecast_mwh,
    any_value(assets_expected) as assets_expected,
    count(latest_forecast_mwh) as assets_present,
    count(tradeable_forecast_mwh) as tradeable_assets_present,
    count(latest_forecast_mwh) = any_value(assets_expected) as is_complete,
    count(tradeable_forecast_mwh) = any_value(assets_expected) as is_tradeable_complete
from marts.fct_asset_forecasts
inner join portfolio_days using (delivery_date)
group by all;

-- Live: each sample holds until the next, at most 5 minutes, maybe into the next quarter-hour.
create temp table live as
with held as (
    select
        asset_id, power_kw, measured_at_utc,
        time_bucket(interval 15 minute, measured_at_utc) as start,
        least(
            measured_at_utc + interval 5 minute,
            lead(measured_at_utc) over (partition by asset_id order by measured_at_utc, file_order, row_number)
        ) as held_until
    from raw.live_measured_infeed
    inner join files using (file_id)
    where power_kw is not null and coalesce(quality, 1) > 0
),
pieces as (
    select
        asset_id, start as delivery_start_utc, power_kw,
        date_diff('microsecond', measured_at_utc, least(held_until, start + interval 15 minute)) as microseconds
    from held
    where held_until > measured_at_utc
    union all
    select
        asset_id, start + interval 15 minute, power_kw,
        date_diff('microsecond', start + interval 15 minute, held_until)
    from held
    where held_until > start + interval 15 minute
),
summed as (
    select
        asset_id, delivery_start_utc, sum(microseconds) as microseconds,
        sum(cast(power_kw as decimal(28, 15)) * cast(microseconds as decimal(10, 0))) as kw_microseconds
    from pieces
    group by all
)
select
    asset_id, delivery_start_utc, microseconds / 900000000 as live_coverage,
    case when microseconds * 2 >= 900000000 then cast(
        cast(rounded_division(
            digits(cast(kw_microseconds as decimal(38, 21))), digits(cast(microseconds as decimal(38, 9)))
        ) as decimal(26, 0)) * cast(0.000000000001 as decimal(12, 12)) as double
    ) end as live_kw
from summed;

create table marts.fct_asset_infeed as
with final as (
    select metering_point_id, delivery_start_utc, arg_max(power_kw, (file_order, row_number)) as final_kw
    from raw.final_production
    inner join files using (file_id)
    where power_kw is not null
    group by all
),
flags as (
    select metering_point_id, delivery_start_utc, arg_max(is_redispatched, (file_order, row_number)) as is_flagged
    from raw.redispatch_flags
    inner join files using (file_id)
    where is_redispatched is not null
    group by all
),
sourced as (
    select
        asset_id, delivery_start_utc, delivery_date, contract_id, final_kw, live_kw,
        coalesce(live_coverage, 0) as live_coverage,
        latest_forecast_kw, latest_version_utc, coalesce(is_flagged, false) as is_redispatched,
        case
            when final_kw is not null then 'final'
            when live_kw is not null then 'live'
            when is_flagged then 'redispatch'
            when latest_forecast_kw is not null then 'forecast'
        end as infeed_source,
        cast(greatest(case
            when final_kw is not null then final_kw
            when live_kw is not null then live_kw
            when is_flagged then 0
            else latest_forecast_kw
        end, 0) as double) as infeed_kw
    from asset_days
    inner join marts.dim_quarter_hours using (delivery_date)
    left join final using (metering_point_id, delivery_start_utc)
    left join live using (asset_id, delivery_start_utc)
    left join flags using (metering_point_id, delivery_start_utc)
    left join forecasts using (asset_id, delivery_start_utc)
)
select
    asset_id, delivery_start_utc, delivery_date, contract_id, infeed_kw, mwh(infeed_kw) as infeed_mwh, infeed_source,
    case infeed_source
        when 'final' then 'measured by the grid operator'
        when 'live' then 'no final value; live samples cover ' || cast(floor(live_coverage * 100) as integer) || ' %'
        when 'redispatch' then 'no measurement; switched off by the grid operator'
        else 'no measurement; forecast of ' || latest_version_utc || ' UTC'
    end as infeed_reason,
    final_kw, live_kw, live_coverage, latest_forecast_kw, is_redispatched
from sourced
where infeed_source is not null;

create table marts.fct_portfolio_infeed as
select
    delivery_start_utc, delivery_date,
    cast(sum(infeed_mwh) as decimal(18, 9)) as infeed_mwh,
    cast(coalesce(sum(infeed_mwh) filter (where infeed_source = 'final'), 0) as decimal(18, 9)) as final_mwh,
    cast(coalesce(sum(infeed_mwh) filter (where infeed_source = 'live'), 0) as decimal(18, 9)) as live_mwh,
    cast(coalesce(sum(infeed_mwh) filter (where infeed_source = 'forecast'), 0) as decimal(18, 9)) as forecast_mwh,
    any_value(assets_expected) as assets_expected,
    count(*) as assets_present,
    count(*) filter (where infeed_source in ('final', 'live')) as measured_assets_present,
    count(*) filter (where infeed_source = 'final') as final_assets_present,
    count(*) = any_value(assets_expected) as is_complete,
    count(*) filter (where infeed_source in ('final', 'live')) = any_value(assets_expected) as is_measured_complete
from marts.fct_asset_infeed
inner join portfolio_days using (delivery_date)
group by all;

-- Trades: the newest row of each; a trade was recalled, maybe, if a later export of its whole day lacks it.
create table marts.fct_trades as
with occurrences as (
    select
        file_id, file_order, file_timestamp_utc, substr(file_name, 1, 23) as day,
        row_number() over (partition by day, trade_id, side order by file_order, row_number) > 1 as is_repeated
    from private_rows
),
counted as (
    select file_id, file_order, file_timestamp_utc, day, count_if(is_repeated) as repeated, count_if(not is_repeated) as new
    from occurrences group by all
),
exports as (
    select
        file_order, file_timestamp_utc, day,
        repeated > 0 and 2 * repeated >= sum(new) over (
            partition by day order by file_order rows between unbounded preceding and 1 preceding
        ) as is_whole
    from counted
),
whole as (
    select day, max(file_order) as last_order, max(file_timestamp_utc) as last_at
    from exports where is_whole group by all
)
select
    trade_id, side, delivery_start_utc, delivery_end_utc, local_day(delivery_start_utc) as delivery_date,
    executed_at_utc, product(delivery_start_utc, delivery_end_utc) as product, price_eur_per_mwh,
    volume_mwh(volume, volume_unit, delivery_start_utc, delivery_end_utc) as volume_mwh,
    cast(
        case side when 'SELL' then 1 else -1 end
        * eur(price_eur_per_mwh, volume_mwh(volume, volume_unit, delivery_start_utc, delivery_end_utc))
        as decimal(18, 6)
    ) as revenue_eur,
    coalesce(file_order < last_order and executed_at_utc < last_at, false) as is_recall_candidate
from private_rows
left join whole on substr(file_name, 1, 23) = day
qualify row_number() over (partition by trade_id, side order by file_order desc, row_number desc) = 1;

create table marts.fct_market_trades as
select
    trade_id, delivery_start_utc, delivery_end_utc, local_day(delivery_start_utc) as delivery_date,
    product(delivery_start_utc, delivery_end_utc) as product, executed_at_utc, price_eur_per_mwh,
    volume_mwh(volume, volume_unit, delivery_start_utc, delivery_end_utc) as volume_mwh
from public_rows
qualify row_number() over (partition by trade_id order by file_order desc, row_number desc) = 1;

-- Each trade as quarter-hours.
create temp table private_parts as
select
    trade_id, side, product, quarter_hours.delivery_start_utc, quarter_hours.delivery_date, price_eur_per_mwh,
    part_of(volume_mwh, p, n) as volume_mwh
from (
    select
        * exclude (delivery_date), date_diff('minute', delivery_start_utc, delivery_end_utc) // 15 as n,
        unnest(range(1, date_diff('minute', delivery_start_utc, delivery_end_utc) // 15 + 1)) as p
    from marts.fct_trades
) as trades
inner join marts.dim_quarter_hours as quarter_hours
    on trades.delivery_start_utc + (p - 1) * interval 15 minute = quarter_hours.delivery_start_utc;

create temp table market_parts as
select
    product, quarter_hours.delivery_start_utc, quarter_hours.delivery_date, price_eur_per_mwh,
    part_of(volume_mwh, p, n) as volume_mwh,
    executed_at_utc < quarter_hours.delivery_start_utc
        and executed_at_utc >= quarter_hours.delivery_start_utc - interval 1 hour as is_last_1h,
    executed_at_utc < quarter_hours.delivery_start_utc
        and executed_at_utc >= quarter_hours.delivery_start_utc - interval 3 hour as is_last_3h
from (
    select
        * exclude (delivery_date), date_diff('minute', delivery_start_utc, delivery_end_utc) // 15 as n,
        unnest(range(1, date_diff('minute', delivery_start_utc, delivery_end_utc) // 15 + 1)) as p
    from marts.fct_market_trades
) as trades
inner join marts.dim_quarter_hours as quarter_hours
    on trades.delivery_start_utc + (p - 1) * interval 15 minute = quarter_hours.delivery_start_utc;

create temp table ours as
select
    delivery_start_utc, delivery_date, product, count(distinct trade_id) as trades,
    sum(case side when 'SELL' then 1 else -1 end * eur(price_eur_per_mwh, volume_mwh)) as revenue,
    sum(eur(price_eur_per_mwh, volume_mwh)) filter (where side = 'SELL') as sell_turnover,
    sum(eur(price_eur_per_mwh, volume_mwh)) filter (where side = 'BUY') as buy_turnover,
    coalesce(sum(volume_mwh) filter (where side = 'SELL'), 0) as sold,
    coalesce(sum(volume_mwh) filter (where side = 'BUY'), 0) as bought
from private_parts
group by all;

create temp table market as
select
    delivery_start_utc, delivery_date, count(*) as market_trades, sum(volume_mwh) as market_mwh,
    vwap(sum(eur(price_eur_per_mwh, volume_mwh)), sum(volume_mwh)) as market_vwap,
    vwap(
        sum(eur(price_eur_per_mwh, volume_mwh)) filter (where is_last_1h),
        sum(volume_mwh) filter (where is_last_1h)
    ) as id1,
    vwap(
        sum(eur(price_eur_per_mwh, volume_mwh)) filter (where is_last_3h),
        sum(volume_mwh) filter (where is_last_3h)
    ) as id3
from market_parts
group by all;

create temp table alpha as
select
    delivery_start_utc, ours.delivery_date, product,
    revenue - eur(market_vwap, sold - bought) as alpha
from ours
left join market using (delivery_start_utc);

create table marts.fct_trading_quarter_hours as
with summed as (
    select
        delivery_start_utc, delivery_date, sum(trades) as trades, sum(revenue) as revenue, sum(sold) as sold,
        sum(bought) as bought, sum(sell_turnover) as sell_turnover, sum(buy_turnover) as buy_turnover,
        sum(alpha) as alpha
    from ours
    inner join alpha using (delivery_start_utc, delivery_date, product)
    group by all
)
select
    delivery_start_utc,
    coalesce(summed.delivery_date, market.delivery_date) as delivery_date,
    cast(coalesce(revenue, 0) as decimal(18, 6)) as revenue_eur,
    cast(coalesce(trades, 0) as bigint) as trades,
    cast(coalesce(sold, 0) as decimal(18, 9)) as sold_mwh,
    cast(coalesce(bought, 0) as decimal(18, 9)) as bought_mwh,
    cast(coalesce(sold - bought, 0) as decimal(18, 9)) as net_sold_mwh,
    vwap(coalesce(sell_turnover, 0) + coalesce(buy_turnover, 0), sold + bought) as private_vwap_eur_per_mwh,
    vwap(sell_turnover, sold) as sell_vwap_eur_per_mwh,
    vwap(buy_turnover, bought) as buy_vwap_eur_per_mwh,
    market_vwap as market_vwap_eur_per_mwh,
    cast(coalesce(market_mwh, 0) as decimal(18, 9)) as market_mwh,
    coalesce(market_trades, 0) as market_trades,
    cast(case when trades is null then 0 else alpha end as decimal(18, 6)) as alpha_eur,
    id1 as id1_like_eur_per_mwh,
    id3 as id3_like_eur_per_mwh
from summed
full outer join market using (delivery_start_utc);

create table marts.fct_trading_days as
with private_days as (
    select
        delivery_date, coalesce(product, 'all') as product, count(distinct trade_id) as trades,
        sum(case side when 'SELL' then 1 else -1 end * eur(price_eur_per_mwh, volume_mwh)) as revenue,
        sum(eur(price_eur_per_mwh, volume_mwh)) as turnover,
        sum(eur(price_eur_per_mwh, volume_mwh)) filter (where side = 'SELL') as sell_turnover,
        sum(eur(price_eur_per_mwh, volume_mwh)) filter (where side = 'BUY') as buy_turnover,
        coalesce(sum(volume_mwh) filter (where side = 'SELL'), 0) as sold,
        coalesce(sum(volume_mwh) filter (where side = 'BUY'), 0) as bought
    from private_parts
    group by grouping sets ((delivery_date, product), (delivery_date))
),
market_days as (
    select
        delivery_date, coalesce(product, 'all') as product, sum(volume_mwh) as market_mwh,
        vwap(sum(eur(price_eur_per_mwh, volume_mwh)), sum(volume_mwh)) as market_vwap
    from market_parts
    group by grouping sets ((delivery_date, product), (delivery_date))
),
alpha_days as (
    select
        delivery_date, coalesce(product, 'all') as product,
        case when count(alpha) = count(*) then sum(alpha) end as alpha,
        sum(alpha) as priced_alpha,
        count(distinct delivery_start_utc) filter (where alpha is null) as unpriced
    from alpha
    group by grouping sets ((delivery_date, product), (delivery_date))
)
select
    delivery_date, product,
    cast(coalesce(revenue, 0) as decimal(18, 6)) as revenue_eur,
    coalesce(trades, 0) as trades,
    cast(coalesce(sold, 0) as decimal(18, 9)) as sold_mwh,
    cast(coalesce(bought, 0) as decimal(18, 9)) as bought_mwh,
    cast(coalesce(sold - bought, 0) as decimal(18, 9)) as net_sold_mwh,
    vwap(turnover, sold + bought) as private_vwap_eur_per_mwh,
    vwap(sell_turnover, sold) as sell_vwap_eur_per_mwh,
    vwap(buy_turnover, bought) as buy_vwap_eur_per_mwh,
    market_vwap as market_vwap_eur_per_mwh,
    cast(coalesce(market_mwh, 0) as decimal(18, 9)) as market_mwh,
    cast(case when trades is null then 0 else alpha end as decimal(18, 6)) as alpha_eur,
    cast(coalesce(priced_alpha, 0) as decimal(18, 6)) as priced_alpha_eur,
    coalesce(unpriced, 0) as unpriced_quarter_hours
from private_days
full outer join market_days using (delivery_date, product)
left join alpha_days using (delivery_date, product);

create table marts.fct_positions as
select
    delivery_start_utc, quarter_hours.delivery_date,
    cast(case when days.assets_expected is null then 0 else infeed_mwh end as decimal(18, 9)) as infeed_mwh,
    cast(coalesce(final_mwh + live_mwh, 0) as decimal(18, 9)) as measured_mwh,
    cast(coalesce(forecast_mwh, 0) as decimal(18, 9)) as forecast_mwh,
    cast(coalesce(net_sold_mwh, 0) as decimal(18, 9)) as net_sold_mwh,
    cast(
        case when days.assets_expected is null then 0 else infeed_mwh end - coalesce(net_sold_mwh, 0)
        as decimal(18, 9)
    ) as open_position_mwh,
    coalesce(days.assets_expected, 0) as assets_expected,
    coalesce(assets_present, 0) as assets_present,
    coalesce(final_assets_present, 0) as final_assets_present,
    coalesce(assets_present, 0) = coalesce(days.assets_expected, 0) as is_complete
from marts.dim_quarter_hours as quarter_hours
left join marts.fct_portfolio_infeed as infeed using (delivery_start_utc)
left join (from marts.fct_trading_quarter_hours where trades > 0) as trading using (delivery_start_utc)
left join portfolio_days as days on quarter_hours.delivery_date = days.delivery_date
where infeed.delivery_start_utc is not null or trading.delivery_start_utc is not null;

create table marts.fct_imbalance_prices as
with final as (
    select
        delivery_start_utc,
        arg_max(short_price_eur_per_mwh, (file_order, row_number)) as short,
        arg_max(long_price_eur_per_mwh, (file_order, row_number)) as long
    from raw.imbalance_prices_final
    inner join files using (file_id)
    where coalesce(short_price_eur_per_mwh, long_price_eur_per_mwh) is not null
    group by all
),
estimates as (
    select delivery_start_utc, arg_max(estimate_eur_per_mwh, (file_order, row_number)) as estimate
    from raw.imbalance_prices_estimated
    inner join files using (file_id)
    where estimate_eur_per_mwh is not null
    group by all
),
prices as (
    select
        delivery_start_utc, delivery_date, short, long, estimate,
        case when short is not null then 'final' when estimate is not null then 'estimate' end as short_status,
        case when long is not null then 'final' when estimate is not null then 'estimate' end as long_status
    from (from final full outer join estimates using (delivery_start_utc))
    inner join marts.dim_quarter_hours using (delivery_start_utc)
)
select
    delivery_start_utc, delivery_date,
    cast(coalesce(short, estimate) as decimal(18, 6)) as short_price_eur_per_mwh,
    cast(coalesce(long, estimate) as decimal(18, 6)) as long_price_eur_per_mwh,
    case
        when 'estimate' in (short_status, long_status) then 'estimate' else coalesce(short_status, long_status)
    end as price_status,
    short_status as short_price_status,
    long_status as long_price_status,
    cast(estimate as decimal(18, 6)) as estimate_eur_per_mwh
from prices;

create table marts.fct_redispatch as
with prices as (
    select delivery_start_utc, arg_max(price_eur_per_mwh, (file_order, row_number)) as price
    from raw.redispatch_compensation
    inner join files using (file_id)
    where price_eur_per_mwh is not null
    group by all
),
lost as (
    select
        infeed.asset_id, infeed.delivery_start_utc, infeed.delivery_date, infeed.contract_id, latest_version_utc,
        latest_forecast_mwh, price,
        case when latest_forecast_mwh is not null then greatest(latest_forecast_mwh - infeed_mwh, 0) end as lost_mwh
    from marts.fct_asset_infeed as infeed
    left join marts.fct_asset_forecasts as forecasts using (asset_id, delivery_start_utc)
    left join prices using (delivery_start_utc)
    where is_redispatched
)
select
    asset_id, delivery_start_utc, delivery_date, contract_id,
    latest_version_utc as version_utc,
    latest_forecast_mwh as forecast_mwh,
    cast(lost_mwh as decimal(18, 9)) as lost_energy_mwh,
    cast(price as decimal(18, 6)) as compensation_price_eur_per_mwh,
    cast(eur(price, latest_forecast_mwh) as decimal(18, 6)) as forecast_payout_eur,
    cast(eur(price, lost_mwh) as decimal(18, 6)) as lost_energy_payout_eur,
    cast(eur(price, latest_forecast_mwh) as decimal(18, 6)) as payout_eur,
    cast(eur(price, latest_forecast_mwh) as decimal(18, 6)) as claim_eur
from lost;

create table marts.fct_asset_imbalance as
with measured as (
    select
        infeed.asset_id, infeed.delivery_start_utc, infeed.delivery_date, infeed.contract_id, infeed_source,
        cast(infeed_mwh - tradeable_forecast_mwh as decimal(18, 9)) as mwh,
        case when infeed.is_redispatched then -lost_energy_mwh else 0 end as lost,
        market_vwap_eur_per_mwh as market_vwap
    from marts.fct_asset_infeed as infeed
    inner join marts.fct_asset_forecasts as forecasts using (asset_id, delivery_start_utc)
    left join marts.fct_redispatch as redispatch using (asset_id, delivery_start_utc)
    left join marts.fct_trading_quarter_hours as trading using (delivery_start_utc)
    where infeed_source in ('final', 'live') and tradeable_forecast_mwh is not null
),
priced as (
    select
        measured.*,
        case when mwh >= 0 then long_price_eur_per_mwh else short_price_eur_per_mwh end as price,
        case when mwh >= 0 then long_price_status else short_price_status end as status
    from measured
    left join marts.fct_imbalance_prices using (delivery_start_utc)
)
select
    asset_id, delivery_start_utc, delivery_date, contract_id, infeed_source,
    mwh as imbalance_mwh,
    price as price_eur_per_mwh,
    status as price_status,
    cast(-eur(price, mwh) as decimal(18, 6)) as imbalance_cost_eur,
    cast(eur(market_vwap - price, mwh) as decimal(18, 6)) as imbalance_opportunity_cost_eur,
    cast(lost as decimal(18, 9)) as redispatch_mwh,
    cast(mwh - lost as decimal(18, 9)) as forecast_error_mwh
from priced;

create table marts.fct_portfolio_imbalance as
with summed as (
    select
        delivery_start_utc, cast(sum(imbalance_mwh) as decimal(18, 9)) as mwh, count(*) as present,
        case when count(imbalance_cost_eur) = count(*) then sum(imbalance_cost_eur) end as cost_of_assets
    from marts.fct_asset_imbalance
    group by all
),
together as (
    select
        infeed.delivery_start_utc, infeed.delivery_date, mwh, cost_of_assets, coalesce(present, 0) as present,
        infeed.assets_expected, measured_assets_present, infeed.final_assets_present, is_measured_complete, price_status,
        case when is_measured_complete then open_position_mwh end as open_mwh,
        short_price_eur_per_mwh as short, long_price_eur_per_mwh as long
    from marts.fct_portfolio_infeed as infeed
    inner join marts.fct_positions as positions using (delivery_start_utc)
    left join summed using (delivery_start_utc)
    left join marts.fct_imbalance_prices as prices using (delivery_start_utc)
    where measured_assets_present > 0
),
costed as (
    select
        *,
        cast(-eur(case when mwh >= 0 then long else short end, mwh) as decimal(18, 6)) as cost,
        cast(-eur(case when open_mwh >= 0 then long else short end, open_mwh) as decimal(18, 6)) as open_cost
    from together
)
select
    delivery_start_utc, delivery_date,
    mwh as forecast_imbalance_mwh,
    cost as forecast_imbalance_cost_eur,
    cast(cost - cost_of_assets as decimal(18, 6)) as netting_effect_eur,
    open_mwh as position_imbalance_mwh,
    open_cost as position_imbalance_cost_eur,
    price_status, assets_expected,
    measured_assets_present as assets_present,
    final_assets_present,
    is_measured_complete as is_complete,
    present as forecast_assets_present,
    present = assets_expected as is_forecast_complete
from costed;
