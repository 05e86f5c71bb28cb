"""As of a moment: nothing that was known later shows, in any row of any mart (TIME-3, TIME-4)."""

from __future__ import annotations

import os
import random
import shutil
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

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


def of(day: date) -> str:
    """The positions of a delivery date as one build has them."""
    return f"marts.fct_positions where delivery_date = '{day}'"


def positions(database: Path, where: str) -> list[tuple[Any, ...]]:
    """Infeed and position of each quarter-hour."""
    with duckdb.connect(str(database), read_only=True) as con:
        return con.execute(
            "select delivery_start_utc, infeed_mwh, measured_mwh, forecast_mwh, net_sold_mwh, open_position_mwh "
            f"from {where} order by 1"
        ).fetchall()


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_shows_before_it_was_known(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    source = tmp_path / "source"
    simulate(source, scenario(3, DAYS, START, seed, packed=True))
    home = OwnHome(tmp_path)
    home.run("rtm", "ingest", str(source))
    moment = datetime(2025, 6, 29) + timedelta(minutes=15 * chance.randrange(8, 3 * 96))
    home.run("rtm", "build", "--as-of", f"{moment:%Y-%m-%dT%H:%M}Z")
    as_of = home.root / "as_of" / f"{moment:%Y-%m-%dT%H%M%S}Z.duckdb"

    # the series of moments, checked at this one and against the build of an earlier one
    with duckdb.connect(str(as_of), read_only=True) as con:
        ((day, first),) = con.execute(
            "select max(delivery_date), min(as_of_utc) from marts.fct_position_as_of"
        ).fetchall()
    earlier = chance.choice(
        [first + timedelta(minutes=15 * n) for n in range(96) if first + timedelta(minutes=15 * n) < moment]
    )
    home.run("rtm", "build", "--as-of", f"{earlier:%Y-%m-%dT%H:%M}Z", "--day", day.isoformat())
    then = as_of.with_name(f"{earlier:%Y-%m-%dT%H%M%S}Z_{day}.duckdb")
    assert positions(as_of, f"marts.fct_position_as_of where as_of_utc = '{moment}'") in ([], positions(as_of, of(day)))
    series = positions(as_of, f"marts.fct_position_as_of where as_of_utc = '{earlier}'")
    assert len(series) >= 92
    assert series == positions(then, of(day))

    truncate(home.root / "raw.duckdb", moment)
    home.make_everything()
    assert list(differences(as_of, home.root / "warehouse.duckdb")) == []
    assert "No mart differs" in home.run("rtm", "diff", str(as_of), str(home.root / "warehouse.duckdb"))
    shutil.rmtree(home.root)
