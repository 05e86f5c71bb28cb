"""Bare DuckDB reading one feed: `python -m benchmarks.opponents.bare_ingest FEED FOLDER OUT`.

One statement per feed and layout, from files into a bare table with the columns of raw. It takes columns by position,
trusts every file, and keeps no record of what came from where.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import duckdb

_FORECASTS = """
create table forecasts as
with answers as (
    select
        key.asset_id as asset_id, unnest("values"[1]) as start, unnest("values"[3]) as version,
        unnest("values"[4]) as power_kw
    from read_json($paths, format = 'auto', columns = {key: 'STRUCT(asset_id VARCHAR)', "values": 'DOUBLE[][]'})
)
select
    asset_id,
    make_timestamp(cast(start as bigint) * case when start > 1e11 then 1000 else 1000000 end) as delivery_start_utc,
    make_timestamp(cast(version as bigint) * case when version > 1e11 then 1000 else 1000000 end) as version_utc,
    power_kw
from answers
"""
_LIVE = """
create table live_measured_infeed as
with answers as (
    select
        coalesce(key.asset_id, key.entity_id) as asset_id, unnest("values"[1]) as at_ms,
        unnest("values"[2]) as power_kw, unnest("values"[3]) as quality
    from read_json(
        $paths, format = 'unstructured',
        columns = {key: 'STRUCT(asset_id VARCHAR, entity_id VARCHAR)', "values": 'DOUBLE[][]'}
    )
)
select asset_id, make_timestamp(cast(at_ms as bigint) * 1000) as measured_at_utc, power_kw, quality from answers
"""
_FINAL = """
create table final_production as
select
    regexp_extract(filename, 'final_production_([^/]*)_[0-9]{8}', 1) as metering_point_id,
    timezone('UTC', cast(replace(start, ' UTC', '+00') as timestamptz)) as delivery_start_utc, power_kw
from read_csv(
    $paths, header = false, skip = 1, filename = true, auto_detect = false, delim = ',',
    columns = {start: 'VARCHAR', power_kw: 'DOUBLE'}
)
"""
_TRADES = """
create table {feed} as
select
    TradeId as trade_id, Side as side,
    timezone('UTC', cast(DeliveryStart as timestamptz)) as delivery_start_utc,
    timezone('UTC', cast(DeliveryEnd as timestamptz)) as delivery_end_utc,
    timezone('UTC', cast(ExecutionTime as timestamptz)) as executed_at_utc,
    cast(Price as decimal(18, 6)) as price_eur_per_mwh, cast(Volume as decimal(18, 9)) as volume,
    VolumeUnit as volume_unit, Currency as currency
from read_csv($paths, header = true, skip = 1, union_by_name = true, all_varchar = true)
"""
# latin-1 takes any byte: the headers' umlauts are not needed
_PRICES = """
create table {feed} as
select
    timezone('UTC', timezone(
        case zone when 'CET' then 'Etc/GMT-1' when 'CEST' then 'Etc/GMT-2' else zone end,
        strptime(day || ' ' || start, '%d.%m.%Y %H:%M')
    )) as delivery_start_utc,
    {prices}
from read_csv(
    $paths, header = false, skip = 1, auto_detect = false, delim = ';', encoding = 'latin-1', all_varchar = true,
    columns = {{
        day: 'VARCHAR', zone: 'VARCHAR', start: 'VARCHAR', until: 'VARCHAR', category: 'VARCHAR', kind: 'VARCHAR',
        unit: 'VARCHAR', p1: 'VARCHAR', p2: 'VARCHAR'
    }}
)
"""
_PRICE = "try_cast(replace({cell}, ',', '.') as decimal(18, 6)) as {name}"

STATEMENTS = {
    "forecasts": _FORECASTS,
    "live_measured_infeed": _LIVE,
    "final_production": _FINAL,
    "private_trades": _TRADES.format(feed="private_trades"),
    "public_trades": _TRADES.format(feed="public_trades"),
    "imbalance_prices_estimated": _PRICES.format(
        feed="imbalance_prices_estimated", prices=_PRICE.format(cell="p1", name="estimate_eur_per_mwh")
    ),
    "imbalance_prices_final": _PRICES.format(
        feed="imbalance_prices_final",
        prices=", ".join(
            _PRICE.format(cell=cell, name=name)
            for cell, name in (("p1", "short_price_eur_per_mwh"), ("p2", "long_price_eur_per_mwh"))
        ),
    ),
}


def main() -> None:
    """Read a folder's files, all of one feed."""
    feed, folder, out = sys.argv[1:]
    started = time.monotonic()
    with duckdb.connect(out) as con:
        con.execute("set TimeZone = 'UTC'")
        paths = sorted(str(path) for path in Path(folder).rglob("*") if path.is_file())
        con.execute(STATEMENTS[feed], {"paths": paths})
        rows = con.execute(f"select count(*) from {feed}").fetchall()[0][0]
    seconds = time.monotonic() - started  # as the loader: from opening the database to closing it
    print(json.dumps({"seconds": seconds, "rows": rows}))


if __name__ == "__main__":
    main()
