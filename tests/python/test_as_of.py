"""As of a moment: nothing that was known later shows, in any row of any mart (TIME-3, TIME-4)."""

from __future__ import annotations

import os
import random
import shutil
from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from own_home import OwnHome, differences

from simulator.simulation import scenario, simulate

SEEDS = [int(seed) for seed in os.environ.get("RTM_AS_OF_SEEDS", "1").split(",")]
START, DAYS = date(2025, 6, 28), 5

# TIME-3 once more: table, key, the moment at which a row's first version was known, and which rows count.
_OF_FILE = "file_timestamp_utc"
_PERIOD = "greatest(file_timestamp_utc, delivery_start_utc + interval 15 minute)"
_TRADE = "volume is not null and price_eur_per_mwh is not null and executed_at_utc is not null"
_EITHER_SIDE = "short_price_eur_per_mwh is not null or long_price_eur_per_mwh is not null"
KNOWN = (
    ("forecasts", "asset_id, delivery_start_utc, version_utc", "version_utc", "power_kw is not null"),
    ("live_measured_infeed", "asset_id, measured_at_utc", "measured_at_utc", "power_kw is not null"),
    ("final_production", "metering_point_id, delivery_start_utc", _PERIOD, "power_kw is not null"),
    ("redispatch_flags", "metering_point_id, delivery_start_utc", _PERIOD, "is_redispatched is not null"),
    ("redispatch_compensation", "delivery_start_utc", _PERIOD, "price_eur_per_mwh is not null"),
    ("imbalance_prices_final", "delivery_start_utc", _PERIOD, _EITHER_SIDE),
    ("imbalance_prices_estimated", "delivery_start_utc", _PERIOD, "estimate_eur_per_mwh is not null"),
    ("private_trades", "trade_id, side", "executed_at_utc", _TRADE),
    ("public_trades", "trade_id, side", "executed_at_utc", _TRADE),
    ("contracts", "file_id, row_number", _OF_FILE, "true"),
    ("contract_contacts", "file_id, row_number", _OF_FILE, "true"),
    ("technical_data", "file_id, row_number", _OF_FILE, "true"),
    ("bad_rows", "file_id, row_number, column_name", _OF_FILE, "true"),
    ("file_remarks", "file_id, finding", _OF_FILE, "true"),
)


def truncate(raw: Path, moment: datetime) -> None:
    """Leave in raw what was known at a moment: later rows go, and files that then hold nothing."""
    order = "file_timestamp_utc nulls first, file_name, file_id"
    with duckdb.connect(str(raw)) as con:
        kept = []
        for table, key, first_known, counts in KNOWN:
            con.execute(
                f"create temp table gone as select r.rowid as place from (select *, rowid from {table}) as r "
                f"join manifest using (file_id) where {counts} qualify case when row_number() over "
                f"(partition by {key} order by {order}{', row_number' if table != 'file_remarks' else ''}) = 1 "
                f"then {first_known} else greatest({first_known}, coalesce({_OF_FILE}, {first_known})) end "
                "<= ? is not true",
                [moment],
            )
            con.execute(f"delete from {table} where rowid in (select place from gone)")
            con.execute("drop table gone")
            kept.append(f"select file_id from {table}")
        con.execute(
            f"delete from manifest where ({_OF_FILE} <= ?) is not true and file_id not in ({' union '.join(kept)})",
            [moment],
        )
        # of a file that was still being written, only the part up to this moment was there
        con.execute(f"update manifest set {_OF_FILE} = least({_OF_FILE}, ?)", [moment])


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_shows_before_it_was_known(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    source = tmp_path / "source"
    simulate(source, scenario(3, DAYS, START, seed, packed=True))
    home = OwnHome(tmp_path)
    home.run("rtm", "ingest", str(source))
    moment = datetime(2025, 6, 29) + timedelta(minutes=chance.randrange(0, 3 * 24 * 60))
    day = date(2025, 6, 28) + timedelta(days=chance.randrange(0, 4))

    home.run("rtm", "build", "--as-of", f"{moment:%Y-%m-%dT%H:%M}Z")
    as_of = home.root / "as_of" / f"{moment:%Y-%m-%dT%H%M%S}Z.duckdb"
    home.run("rtm", "build", "--as-of", f"{moment:%Y-%m-%dT%H:%M}Z", "--day", day.isoformat())
    one_day = as_of.with_name(f"{as_of.stem}_{day}.duckdb")
    assert list(differences(as_of, one_day, day.isoformat())) == []

    truncate(home.root / "raw.duckdb", moment)
    home.build("resource_type:test")
    assert list(differences(as_of, home.root / "warehouse.duckdb")) == []
    assert "No mart differs" in home.run("rtm", "diff", str(as_of), str(home.root / "warehouse.duckdb"))
    shutil.rmtree(home.root)
