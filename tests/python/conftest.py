"""What several test files need: the real day, and a raw database to look into."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest
from own_home import parsed
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from home import PROJECT, market_time_zone
from ingest.landing import Report, ingest
from simulator.sample import write_sample

HOMES = ("sample", "challenge")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first, so that no process waits for them alone at the end."""
    first = ("test_increments.py", "test_mutants.py", "test_readme.py", "test_as_of.py", "test_publish.py")
    items.sort(key=lambda item: first.index(item.path.name) if item.path.name in first else len(first))


class _ByHome(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
    """Tests that share a built home run in one process, so that it is built once; the others run file by file."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.split("::", maxsplit=1)[0]
        if file.endswith(("test_golden_world.py", "test_known_mistakes.py")):
            return "golden"
        named = set(re.split(r"[\[\]-]", nodeid.partition("[")[2]))
        return next((home for home in HOMES if home in named), file)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    """Who runs what (a hook of pytest-xdist)."""
    return _ByHome(config, log)


@pytest.fixture(scope="session")
def challenge() -> Path:
    """The folder of the real day; skips where it is not there."""
    folder = Path(os.environ.get("RTM_CHALLENGE", PROJECT.parent / "shared" / "challenge"))
    if not folder.is_dir():
        pytest.skip("the real day is not here: set RTM_CHALLENGE to its folder")
    return folder


@pytest.fixture(scope="session", params=HOMES)
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """(source, RTM_HOME) of a whole run on the sample, and on the real day where it is there."""
    if request.param == "challenge":
        source: Path = request.getfixturevalue("challenge")
    else:
        source = tmp_path_factory.mktemp("source")
        write_sample(source)
    home = tmp_path_factory.mktemp("home")
    environment = {**os.environ, "RTM_HOME": str(home), "DBT_PARTIAL_PARSE_FILE_PATH": str(parsed())}
    # Unit tests of models do not depend on data: test_readme.py runs them once, as part of `dbt build`.
    for arguments, expected in (
        (["ingest", str(source)], 3 if request.param == "sample" else 0),
        (["build", "--exclude", "resource_type:unit_test"], 0),
        (["publish"], 0),
    ):
        result = subprocess.run(
            [sys.executable, str(PROJECT / "rtm.py"), *arguments],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert result.returncode == expected, result.stdout + result.stderr
    return source, home


@pytest.fixture(scope="session")
def golden(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The warehouse of the golden world."""
    home = tmp_path_factory.mktemp("golden")
    for arguments in (
        ["ingest", str(PROJECT / "tests" / "golden" / "source")],
        ["build", "--exclude", "resource_type:unit_test"],
    ):
        result = subprocess.run(
            [sys.executable, str(PROJECT / "rtm.py"), *arguments],
            env={**os.environ, "RTM_HOME": str(home), "DBT_PARTIAL_PARSE_FILE_PATH": str(parsed())},
            capture_output=True,
            text=True,
            check=False,
        )
        assert result.returncode == 0, result.stdout + result.stderr
    return home / "warehouse.duckdb"


class Landing:
    """A source folder and a raw database."""

    def __init__(self, folder: Path) -> None:
        self.source = folder / "source"
        self.source.mkdir()
        self.raw = folder / "raw.duckdb"

    def write(self, name: str, content: str | bytes, *, root: Path | None = None) -> Path:
        """Write a file below the source."""
        path = (root or self.source) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def load(self, source: Path | None = None, *, retry: bool = False) -> Report:
        """Land the source."""
        return ingest(source or self.source, self.raw, market_time_zone(), retry=retry)

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Ask raw."""
        with duckdb.connect(str(self.raw), read_only=True) as con:
            return con.execute(sql).fetchall()

    def reasons(self) -> dict[str, str]:
        """File name -> why it was set aside."""
        return dict(self.query("select file_name, reason from manifest where status = 'quarantined'"))


@pytest.fixture
def landing(tmp_path: Path) -> Landing:
    """An empty source and no raw yet."""
    return Landing(tmp_path)


def series(asset: str, columns: Mapping[str, Sequence[Any]], units: list[str], *, key: str = "asset_id") -> str:
    """Columnar JSON as the virtual power plant writes it."""
    return json.dumps(
        {
            "key": {key: asset, "type_id": "made-up"},
            "column_ids": list(columns),
            "units": units,
            "values": list(columns.values()),
        }
    )


def forecast(asset: str, version: int, powers: list[float | None], *, scale: int = 1) -> str:
    """One forecast answer: quarter-hours from the version on (seconds since 1970), powers in kW."""
    starts = [version + 900 * step for step in range(len(powers))]
    return series(
        asset,
        {
            "start": [start * scale for start in starts],
            "end": [(start + 900) * scale for start in starts],
            "version": [version * scale] * len(powers),
            "power": powers,
        },
        ["ms", "ms", "ms", "kW"],
    )
