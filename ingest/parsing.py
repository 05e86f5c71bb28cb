"""How text becomes numbers, moments and days: DuckDB macros that every feed's columns are declared with.

Each gives NULL for text that it cannot read; the loader reports such a cell as a bad one.
"""

from __future__ import annotations

from zoneinfo import ZoneInfo

# A moment outside of these years is a broken clock, not a delivery.
_FIRST, _LAST = "timestamp '2000-01-01'", "timestamp '2100-01-01'"

# A day and an offset in the one spelling that the plain macros take.
_DAY, _UTC = r"20\d{2}-\d{2}-\d{2}", r"(\+00:00|Z| UTC)"

_MACROS = rf"""
create or replace temp macro trimmed(t) as nullif(trim(t, ' ' || chr(9) || chr(13)), '');
create or replace temp macro plain_number(t) as (
    case
        when regexp_full_match(t, '[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?') then t
        when regexp_full_match(t, '[+-]?\d*,\d+') then replace(t, ',', '.')
        when regexp_full_match(t, '[+-]?\d{{1,3}}(\.\d{{3}})+,\d+') then replace(replace(t, '.', ''), ',', '.')
        when regexp_full_match(t, '[+-]?\d{{1,3}}(,\d{{3}})+\.\d+') then replace(t, ',', '')
    end
);
create or replace temp macro finite_double(t) as (
    case when isfinite(try_cast(t as double)) then try_cast(t as double) end
);
create or replace temp macro to_double(t) as finite_double(plain_number(t));
-- Bounds that no power plant (100 GW), price or volume (a million EUR/MWh, MWh, MW) reaches: beyond them a cell is
-- damaged, and sums stay within their decimals.
create or replace temp macro below(x, bound) as (case when abs(x) < bound then x end);
create or replace temp macro to_power(t) as below(to_double(t), 1e8);
create or replace temp macro to_price(t) as below(try_cast(plain_number(t) as decimal(18, 6)), 1000000);
create or replace temp macro to_volume(t) as (
    case when try_cast(plain_number(t) as decimal(18, 9)) >= 0
        then below(try_cast(plain_number(t) as decimal(18, 9)), 1000000) end
);

-- A macro puts its argument wherever it names it; a lambda evaluates it once.
create or replace temp macro plausible(m) as list_transform(
    [m], lambda x: case when x >= {_FIRST} and x < {_LAST} then x end
)[1];

-- Seconds or milliseconds since 1970, told apart by magnitude: 1e11 seconds is the year 5138, 1e11 ms is 1973.
create or replace temp macro is_milliseconds(t) as abs(finite_double(t)) >= 1e11;
create or replace temp macro epoch_to_utc(t) as plausible(
    case
        when abs(finite_double(t)) >= 1e15 then null
        when is_milliseconds(t) then make_timestamp(cast(round(finite_double(t) * 1e3) as bigint))
        else make_timestamp(cast(round(finite_double(t) * 1e6) as bigint))
    end
);

-- 08.06.2025 -> 2025-06-08; a trailing UTC -> +00
create or replace temp macro iso_text(t) as regexp_replace(
    regexp_replace(t, '^(\d{{2}})\.(\d{{2}})\.(\d{{4}})', '\3-\2-\1'), '\s*(UTC|GMT)$', '+00'
);
create or replace temp macro has_offset(t) as regexp_matches(t, ':\d{{2}}(\.\d+)?\s*(Z|z|[+-]\d{{2}}(:?\d{{2}})?)$');
create or replace temp macro as_utc(local_time, zone) as make_timestamp(epoch_us(timezone(zone, local_time)));
create or replace temp macro as_local(utc_time, zone) as timezone(zone, timezone('UTC', utc_time));

-- TIME-5: of two moments with one local time the first occurrence is summer time.
-- A local time that the clock skips is none.
create or replace temp macro local_to_utc(local_time, zone, occurrence) as (
    case
        when occurrence = 1 and as_local(as_utc(local_time, zone) - interval 1 hour, zone) = local_time
            then as_utc(local_time, zone) - interval 1 hour
        when as_local(as_utc(local_time, zone), zone) = local_time then as_utc(local_time, zone)
    end
);
create or replace temp macro is_ambiguous(local_time, zone) as (
    as_local(as_utc(local_time, zone) - interval 1 hour, zone) = local_time
    or as_local(as_utc(local_time, zone) + interval 1 hour, zone) = local_time
);

-- A moment as text; without an offset it is local time of `zone`, the `occurrence`-th of its kind in the file.
create or replace temp macro text_to_utc(t, zone, occurrence) as plausible(
    case
        when has_offset(iso_text(t)) then timezone('UTC', try_cast(iso_text(t) as timestamptz))
        when regexp_matches(iso_text(t), '\d{{2}}:\d{{2}}')
            then local_to_utc(try_cast(iso_text(t) as timestamp), zone, occurrence)
    end
);
create or replace temp macro market_zone() as '{{zone}}';

-- Imbalance prices: the zone stands in a column of its own.
create or replace temp macro named_zone(t) as (
    case
        when upper(t) in ('UTC', 'GMT', 'Z') then 'UTC'
        when upper(t) in ('CET', 'MEZ') then 'Etc/GMT-1'
        when upper(t) in ('CEST', 'MESZ') then 'Etc/GMT-2'
        when upper(t) = 'EUROPE/BERLIN' then 'Europe/Berlin'
        when upper(t) = upper(market_zone()) then market_zone()
    end
);
create or replace temp macro on_quarter_hour(m) as list_transform(
    [m], lambda x: case when extract(minute from x) % 15 = 0 and extract(microsecond from x) % 60000000 = 0 then x end
)[1];
create or replace temp macro to_day(t) as (
    case when regexp_matches(iso_text(t), '^\d{{4}}-\d{{2}}-\d{{2}}([ T]00:00(:00(\.0+)?)?)?(Z|\+00(:?00)?)?$')
        then try_cast(left(iso_text(t), 10) as date) end
);
create or replace temp macro to_flag(t) as (
    case
        when lower(t) in ('1', '1.0', 'true', 't', 'yes', 'ja') then true
        when lower(t) in ('0', '0.0', 'false', 'f', 'no', 'nein') then false
    end
);
create or replace temp macro to_side(t) as (
    case when upper(t) in ('BUY', 'B') then 'BUY' when upper(t) in ('SELL', 'S') then 'SELL' end
);

-- The fast way: what the macros above give for a cell as it nearly always comes, and NULL for every other cell, which
-- then goes the careful way. Digits are counted so that no bound above needs to be looked at.
create or replace temp macro one_of(t, words) as (case when list_contains(words, t) then t end);
create or replace temp macro plain_power(t) as (
    case when regexp_full_match(t, '-?\d{{1,7}}(\.\d+)?') then try_cast(t as double) end
);
create or replace temp macro plain_price(t) as (
    case when regexp_full_match(t, '-?\d{{1,6}}([.,]\d{{1,6}})?')
        then try_cast(replace(t, ',', '.') as decimal(18, 6)) end
);
create or replace temp macro plain_volume(t) as (
    case when regexp_full_match(t, '\d{{1,6}}([.,]\d{{1,9}})?')
        then try_cast(replace(t, ',', '.') as decimal(18, 9)) end
);
create or replace temp macro plain_text(t) as (  -- with nothing to trim
    case when t >= '!' and not (ends_with(t, ' ') or ends_with(t, chr(9)) or ends_with(t, chr(13))) then t end
);
create or replace temp macro plain_moment(t) as (
    case when regexp_full_match(t, '{_DAY}[ T]\d{{2}}:\d{{2}}:\d{{2}}(\.\d{{1,6}})?{_UTC}')
        then try_cast(t as timestamp) end
);
create or replace temp macro plain_quarter_hour(t) as (
    case when regexp_full_match(t, '{_DAY}[ T]\d{{2}}:(00|15|30|45):00(\.0{{1,6}})?{_UTC}')
        then try_cast(t as timestamp) end
);
-- A local time with no change of the clock within an hour.
create or replace temp macro steady(m, zone) as (
    case when as_utc(m + interval 1 hour, zone) - as_utc(m - interval 1 hour, zone) = interval 2 hour
        then as_utc(m, zone) end
);
create or replace temp macro plain_zone(m, zone) as (
    case zone
        when 'UTC' then m
        when 'CET' then m - interval 1 hour
        when 'CEST' then m - interval 2 hour
        when 'Europe/Berlin' then case  -- by law the clock changes in March and October
            when extract(month from m) between 4 and 9 then m - interval 2 hour
            when extract(month from m) in (11, 12, 1, 2) then m - interval 1 hour
            else steady(m, 'Europe/Berlin')
        end
    end
);
create or replace temp macro plain_settlement(day, time, zone) as (
    case
        when regexp_full_match(day, '\d{{2}}\.\d{{2}}\.20[1-8]\d') and regexp_full_match(time, '\d{{2}}:(00|15|30|45)')
            then list_transform(
                [try_cast(day[7:] || '-' || day[4:5] || '-' || day[:2] || ' ' || time as timestamp)],
                lambda m: plain_zone(m, zone)
            )[1]
    end
);
"""


def macros(zone: ZoneInfo) -> str:
    """The statements that create the parsing macros in a connection.

    Args:
        zone: the market's time zone, for moments that name none (TIME-3).
    """
    return _MACROS.replace("{zone}", zone.key)
