"""Increments: however files arrive and whatever is built, killed or refused in between, marts equal one full build."""

from __future__ import annotations

import os
import random
import shutil
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from conftest import forecast
from own_home import OwnHome, differences

from simulator.simulation import scenario, simulate

SEEDS = [int(seed) for seed in os.environ.get("RTM_INCREMENT_SEEDS", "1").split(",")]
ROUNDS = int(os.environ.get("RTM_INCREMENT_ROUNDS", "1"))
# What people run while they work; none of it may count as done.
PARTS = (
    ["run", "--select", "fct_trades", "fct_asset_infeed"],
    ["run", "--select", "int_private_trades_latest+"],
    ["run", "--select", "+fct_asset_forecasts"],
    ["test", "--select", "fct_trades"],
    ["build", "--select", "models/marts/imbalance", "--exclude", "resource_type:unit_test"],
)
# A build of all models, without the tests that need no data, and one of those that can have changed.
ALL, CHANGED = ["dbt", "build", "--exclude", "resource_type:unit_test"], ["rtm", "build"]
WHOLE = (ALL, CHANGED, CHANGED)


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_any_order_of_arrival_ends_in_the_same_marts(tmp_path: Path, seed: int) -> None:
    """A simulated week lands in random order, most of it first, with whole, partial and killed builds in between.

    So does what is published, each copy of which begins with the one before.
    """
    chance = random.Random(seed)
    source, arriving = tmp_path / "source", tmp_path / "arriving"
    simulate(source, scenario(3, 7, date(2025, 6, 27), seed, packed=True))
    files = sorted(path for path in source.rglob("*") if path.is_file())
    chance.shuffle(files)
    home = OwnHome(tmp_path)
    late = [chance.randint(2, 6) for _ in range(ROUNDS)]
    for size in (len(files) - sum(late), *late):
        batch, files = files[:size], files[size:]
        for path in batch:
            place = arriving / path.relative_to(source)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, place)
        home.run("rtm", "ingest", str(arriving))
        if (home.root / "warehouse.duckdb").exists():
            home.run("dbt", *chance.choice(PARTS))
            home.kill_a_build(chance.uniform(0, 6))
        home.run(*chance.choice(WHOLE))
        home.run("rtm", "publish")
    changed, built = home.query(
        "select (select count(*) from main.build_dates where is_changed), "
        "(select count(distinct delivery_date) from marts.dim_quarter_hours)"
    )[0]
    assert 0 < int(str(changed)) < int(str(built)), [path.name for path in batch]
    noted = "main.first_of_build('day'), main.last_of_build('day'), main.first_of_build('month'), main.first_new_file()"
    expected = (
        "min(delivery_start_utc) filter (is_changed), max(delivery_start_utc) filter (is_changed), "
        "min(delivery_start_utc), (select first_new_file_id from main.build_scope)"
    )
    assert home.query(f"select {noted}") == home.query(f"select {expected} from main.build_quarter_hours")

    other = tmp_path / "other.duckdb"
    (home.root / "warehouse.duckdb").rename(other)
    home.make_everything()
    for increments in (other, home.root / "published" / "current.duckdb"):
        assert list(differences(increments, home.root / "warehouse.duckdb")) == []


_LIST = (
    "contract_id,asset_id,metering_point_id,capacity,technology,contract_begin,contract_end,price_model,price,"
    "fee_model,fee,fee_percent,email"
)
_TRADES = "TradeId;Side;DeliveryStart;DeliveryEnd;ExecutionTime;Price;Currency;Volume;VolumeUnit"


class World:
    """A home into which files come that a test writes by hand."""

    def __init__(self, folder: Path) -> None:
        self.home = OwnHome(folder)
        self._source = folder / "source"

    def write(self, name: str, content: str) -> None:
        """A file of the next load."""
        path = self._source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")

    def contracts(self, listed_on: str, *spans: str, price: int = 50) -> None:
        """A list of contracts, each for an asset of its own: `MAR 2025-03-01 2025-04-01`."""
        rows = [_LIST]
        for span in spans:
            asset, begin, end = [*span.split(), ""][:3]
            rows.append(
                f"C{asset},{asset},M{asset},4.0,wind,{begin},{end},fixed,{price},fixed_for_capacity,100.0,,o@example.org"
            )
        self.write(f"crm/asset_contracts_{listed_on}_040000.csv", "\n".join(rows) + "\n")

    def forecast(self, asset: str, day: str) -> None:
        """A day's forecast, made at its midnight in UTC."""
        version = datetime.fromisoformat(f"{day}T00:00Z")
        content = forecast(asset, int(version.timestamp()), [1000.0 + quarter for quarter in range(80)])
        self.write(f"vpp/forecasts/{asset}/forecast_{asset}_{version:%Y%m%dT%H%MZ}.json", content)

    def production(self, asset: str, day: str) -> None:
        """What a metering point measured in the first quarter-hours of a day in UTC."""
        start = datetime.fromisoformat(f"{day}T00:00Z")
        rows = [
            f"{start + timedelta(minutes=15 * step):%Y-%m-%d %H:%M:%S}.000000 UTC,{900 + step}" for step in range(8)
        ]
        name = f"final_production_M{asset}_{start + timedelta(days=1):%Y%m%d}.csv"
        content = "\n".join([f"delivery_start__utc_,M{asset}__kw_", *rows]) + "\n"
        self.write(f"distribution_system_operator/{name}", content)

    def trade(self, trade: str, first: str, last: str, *, exported: str, side: str = "Private") -> None:
        """A file with one trade from one moment to another, in UTC, of the export of a day."""
        day = f"{exported[:4]}-{exported[4:6]}-{exported[6:8]}"
        row = f"{trade};SELL;{first}Z;{last}Z;2025-01-02 14:00:00Z;40;EUR;2;MW"
        name = f"exchange/{side}_Trades-{exported[:8]}-{exported}.csv"
        self.write(name, f"# {side} Trades - {day};;;;;;;;\n{_TRADES}\n{row}\n")

    def build(self, *how: str) -> None:
        """Land what was written and build, the first time everything."""
        self.home.run("rtm", "ingest", str(self._source))
        is_first = not (self.home.root / "warehouse.duckdb").exists()
        self.home.run(*(how or (ALL if is_first else CHANGED)))

    def differences(self, folder: Path) -> list[str]:
        """Marts that are other than if everything were made from raw."""
        incremental = folder / "incremental.duckdb"
        (self.home.root / "warehouse.duckdb").rename(incremental)
        self.home.make_everything()
        return list(differences(incremental, self.home.root / "warehouse.duckdb"))


@pytest.mark.slow
def test_months_and_contracts_that_come_after_the_data(tmp_path: Path) -> None:
    """The first build has no delivery date; contracts come months after what was delivered; a month begins."""
    world = World(tmp_path)
    world.contracts("20250601", "OLD 2025-01-01")
    world.build()
    world.forecast("OLD", "2025-06-10")
    world.forecast("NEW", "2025-03-12")
    world.build()
    assert world.home.query("select count(*) from marts.fct_asset_forecasts") != [(0,)]
    world.contracts("20250611", "OLD 2025-01-01", "NEW 2025-03-01")
    world.build()
    world.forecast("OLD", "2025-07-03")
    world.build()
    assert world.differences(tmp_path) == []


@pytest.mark.slow
def test_rare_changes_reach_every_day_that_they_change(tmp_path: Path) -> None:
    """One kind of change in each month, so that none hides what another leaves out."""
    world = World(tmp_path)
    kept = ["APR 2025-04-01 2025-05-01", "JUL 2025-07-01"]
    february, march, may = "FEB 2025-02-01 2025-03-01", "MAR 2025-03-01 2025-04-01", "MAY 2025-05-01 2025-06-01"
    world.contracts("20250115", february, march, may, *kept)
    for asset, day in [
        ("FEB", "2025-02-12"), ("MAR", "2025-03-05"), ("MAR", "2025-03-12"), ("APR", "2025-04-10"),
        ("MAY", "2025-05-12"), ("MAY", "2025-05-25"), ("JUL", "2025-07-20"),
    ]:  # fmt: skip
        world.forecast(asset, day)
        world.production(asset, day)
    world.build()

    # February: a list that was wrong for as long as a build that nobody may publish.
    world.contracts("20250116", february, march, may, *kept, price=99)
    world.build("dbt", "run")

    # March: between two beginnings, one that cannot be read. April: blocks over three dates, and then news of the one
    # in the middle. July: the last day with a position moves back.
    world.contracts("20250117", february, "MAR soon 2025-04-01", may, *kept)
    for side in ("Private", "Public"):
        block = ("2025-04-10 10:00:00", "2025-04-12 10:00:00")
        world.trade("7", *block, exported="20250410T120000000Z", side=side)
    world.trade("8", "2025-07-30 10:00:00", "2025-07-30 11:00:00", exported="20250730T120000000Z")
    world.build()

    # A list of an earlier day comes late.
    world.contracts("20250118", february, "MAR 2025-03-10 2025-04-01", may, *kept)
    world.contracts("20250110", february, march, may, *kept)
    world.forecast("APR", "2025-04-11")
    world.trade("8", "2025-07-10 10:00:00", "2025-07-10 11:00:00", exported="20250730T130000000Z")
    world.build()

    # May: the contract is in no list any more. July: the last day with infeed comes after the last with a position.
    world.contracts("20250522", february, "MAR 2025-03-10 2025-04-01", *kept)
    world.trade("9", "2025-07-31 10:00:00", "2025-07-31 11:00:00", exported="20250731T120000000Z")
    world.build()
    world.forecast("JUL", "2025-08-03")
    world.build()
    assert world.differences(tmp_path) == []


@pytest.mark.slow
def test_another_raw_is_not_taken_for_the_one_that_was_built(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.contracts("20250601", "ONE 2025-06-01")
    world.forecast("ONE", "2025-06-10")
    world.build()
    (world.home.root / "raw.duckdb").unlink()
    shutil.rmtree(tmp_path / "source")
    world.contracts("20250601", "TWO 2025-06-01")
    world.forecast("TWO", "2025-06-11")
    world.build()
    assert world.home.query("select distinct asset_id from marts.fct_asset_forecasts") == [("TWO",)]
