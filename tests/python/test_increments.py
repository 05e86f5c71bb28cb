"""Increments: however files arrive and whatever is built, killed or refused in between, marts equal one full build."""

from __future__ import annotations

import os
import random
import shutil
from datetime import date
from pathlib import Path

import pytest
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
# A build of all models, and one of those that can have changed.
WHOLE = (["dbt", "build", "--exclude", "resource_type:unit_test"], ["rtm", "build"], ["rtm", "build"])


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_any_order_of_arrival_ends_in_the_same_marts(tmp_path: Path, seed: int) -> None:
    """A simulated week lands in random order, most of it first, with whole, partial and killed builds in between."""
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
    changed, built = home.query(
        "select (select count(*) from main.build_dates where is_changed), "
        "(select count(distinct delivery_date) from marts.dim_quarter_hours)"
    )[0]
    assert 0 < int(str(changed)) < int(str(built)), [path.name for path in batch]

    other = tmp_path / "other.duckdb"
    (home.root / "warehouse.duckdb").rename(other)
    home.build("--full-refresh")
    assert list(differences(other, home.root / "warehouse.duckdb")) == []
