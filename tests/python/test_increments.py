"""Increments: however files arrive and whatever is built, killed or refused in between, marts equal one full build."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import pytest

from home import PROJECT
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


class Home:
    """A project of its own, so that nobody's edits count as a change, and its RTM_HOME."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "home"
        self.project = folder / "project"
        kept = shutil.ignore_patterns(".*", "data", "target", "logs", "__pycache__", "docs")
        shutil.copytree(PROJECT, self.project, ignore=kept)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start rtm or dbt."""
        name, *rest = arguments
        command = [str(self.project / "rtm.py")] if name == "rtm" else ["-m", "dbt.cli.main"]
        places = (
            [] if name == "rtm" else ["--target-path", str(self.root / "dbt"), "--log-path", str(self.root / "logs")]
        )
        return subprocess.Popen(
            [sys.executable, *command, *rest, *places],
            cwd=self.project,
            env={**os.environ, "RTM_HOME": str(self.root)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self, *arguments: str) -> str:
        """Run rtm or dbt to its end."""
        process = self.start(*arguments)
        said, _ = process.communicate()
        assert process.returncode in (0, 3), said
        return said

    def build(self, *options: str) -> None:
        """A whole build; unit tests do not depend on data."""
        self.run("dbt", "build", "--exclude", "resource_type:unit_test", *options)

    def kill_a_build(self, after_s: float) -> None:
        """Start a whole build and kill it once models are being made."""
        process = self.start("dbt", "build", "--exclude", "resource_type:unit_test")
        assert process.stdout is not None
        for line in process.stdout:
            if "START sql" in line:
                break
        time.sleep(after_s)
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()

    def query(self, sql: str) -> list[tuple[object, ...]]:
        """Ask the warehouse."""
        with duckdb.connect(str(self.root / "warehouse.duckdb"), read_only=True) as con:
            return con.execute(sql).fetchall()


def differences(warehouse: Path, other: Path) -> Iterator[str]:
    """Each mart that differs in a row, with an example."""
    with duckdb.connect() as con:
        con.execute(f"attach '{warehouse}' as a (read_only)")
        con.execute(f"attach '{other}' as b (read_only)")
        marts = con.execute("select distinct schema_name, mart_name from b.main.promises order by all").fetchall()
        assert len(marts) > 30
        for schema, mart in marts:
            for one, two in (("a", "b"), ("b", "a")):
                rows = con.execute(f"from {one}.{schema}.{mart} except all from {two}.{schema}.{mart}").fetchall()
                if rows:
                    yield f"{mart}: {len(rows)} rows only in {one}, for one {rows[0]}"


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_any_order_of_arrival_ends_in_the_same_marts(tmp_path: Path, seed: int) -> None:
    """A simulated week lands in random order, most of it first, with whole, partial and killed builds in between."""
    chance = random.Random(seed)
    source, arriving = tmp_path / "source", tmp_path / "arriving"
    simulate(source, scenario(3, 7, date(2025, 6, 27), seed, packed=True))
    files = sorted(path for path in source.rglob("*") if path.is_file())
    chance.shuffle(files)
    home = Home(tmp_path)
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
        home.build()
    changed, built = home.query(
        "select (select count(*) from main.build_dates where is_changed), "
        "(select count(distinct delivery_date) from marts.dim_quarter_hours)"
    )[0]
    assert 0 < int(str(changed)) < int(str(built)), [path.name for path in batch]

    other = tmp_path / "other.duckdb"
    (home.root / "warehouse.duckdb").rename(other)
    home.build("--full-refresh")
    assert list(differences(other, home.root / "warehouse.duckdb")) == []
