"""A project and RTM_HOME of a test's own, and the marts of two warehouses compared."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import duckdb

from building.project import arguments
from home import PROJECT


@cache
def parsed() -> Path:
    """The project as dbt parsed it, kept from one session of tests to the next; dbt reads anew what changed since.

    New homes read it instead of parsing everything (the variable DBT_PARTIAL_PARSE_FILE_PATH).
    """
    folder = PROJECT / ".pytest_cache" / "parsed"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests run in several processes
        command = [sys.executable, "-m", "dbt.cli.main", *arguments(["parse", "--no-write-json"], folder)]
        subprocess.run(command, check=True, capture_output=True)
    return folder / "target" / "partial_parse.msgpack"


class OwnHome:
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
            env={**os.environ, "DBT_PARTIAL_PARSE_FILE_PATH": str(parsed()), "RTM_HOME": str(self.root)},
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

    def make_everything(self) -> None:
        """Make all models from raw, without tests."""
        self.run("dbt", "build", "--full-refresh", "--exclude", "resource_type:test", "resource_type:unit_test")

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


def differences(warehouse: Path, other: Path, day: str | None = None) -> Iterator[str]:
    """Each mart that differs in a row, with an example; of a day, those that both have and that hold days."""
    with duckdb.connect() as con:
        con.execute(f"attach '{warehouse}' as a (read_only)")
        con.execute(f"attach '{other}' as b (read_only)")
        marts = con.execute(
            "select schema_name, table_name from duckdb_tables() where schema_name in ('marts', 'reports') and (? is "
            "null or table_name in (select table_name from duckdb_columns() where column_name = 'delivery_date')) "
            "group by all having ? is null or count(*) = 2 order by all",
            [day, day],
        ).fetchall()
        assert len(marts) > 15
        where = f" where delivery_date = '{day}'" if day else ""
        for schema, mart in marts:
            for one, two in (("a", "b"), ("b", "a")):
                sides = [f"(from {side}.{schema}.{mart}{where})" for side in (one, two)]
                rows = con.execute(" except all ".join(sides)).fetchall()
                if rows:
                    yield f"{mart}: {len(rows)} rows only in {one}, for one {rows[0]}"
