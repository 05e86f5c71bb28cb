"""Starting dbt for a home, in a process of its own, and saying in words what failed."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from datetime import date, datetime
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import duckdb

from building.project import arguments, run_results
from home import PROJECT, Home, project_commit
from serve.as_of import file_name, keep_marts

_SHOWN = 10
_EXAMPLES = 3
_PARSED = "target/partial_parse.msgpack"
# These rest on other delivery dates too.
_NOT_OF_ONE_DAY = ("config.meta.scope:month+", "fct_forecast_versions", "path:models/intermediate/knowledge+")


class BuildError(Exception):
    """dbt did not get through.

    Attributes:
        details: what else is to be said, a line each.
    """

    def __init__(self, message: str, details: list[str] | None = None) -> None:
        super().__init__(message)
        self.details = details or []


class Worker:
    """A process that makes what changed (building/worker.py): it reads the project at once, and builds when told to.

    Args:
        home: whose warehouse it makes.
        verbose: whether dbt prints as it goes.

    Raises:
        OSError: if the home's folder cannot be made.
    """

    def __init__(self, home: Home, *, verbose: bool) -> None:
        self._home = home
        home.root.mkdir(parents=True, exist_ok=True)
        self._printed = _printed(verbose=verbose)
        quiet = [] if verbose else ["--quiet"]  # errors are printed all the same, and the log has every node
        self._socket, its = socket.socketpair()
        with its:
            self._process = subprocess.Popen(
                [sys.executable, str(PROJECT / "building" / "worker.py"), str(its.fileno()), *quiet],
                cwd=home.root, env=_environment(home, verbose=verbose), stdin=subprocess.DEVNULL, stdout=self._printed,
                stderr=self._printed and subprocess.STDOUT, pass_fds=[its.fileno()],
            )  # fmt: skip

    def build(self, lock: int) -> None:
        """Have it make the warehouse from raw and test it; it can do so once.

        Args:
            lock: the descriptor of the writers' lock, which dbt carries too: if rtm is killed, nobody else writes while
                dbt still does.

        Raises:
            BuildError: if a model or test failed.
        """
        results = run_results(self._home.dbt)
        results.unlink(missing_ok=True)  # a build that fails before its first node leaves the last one's
        with suppress(OSError):  # it has ended already; what it printed says why
            socket.send_fds(self._socket, [b"!"], [lock])
        code = self._process.wait()
        if code != 0:
            raise _failed(self._home.root, results, _text(self._printed))

    def __enter__(self) -> Self:
        """Nothing but itself: it has begun."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Send it home."""
        self._socket.close()
        self._process.wait()
        if self._printed is not None:
            self._printed.close()


def build(home: Home, options: list[str], lock: int, *, verbose: bool) -> None:
    """Make the warehouse from raw and test it.

    Args:
        home: whose.
        options: for `dbt build`; without any, what changed is made and everything that it can have changed tested.
        lock: as of `Worker.build`.
        verbose: whether dbt prints as it goes.

    Raises:
        BuildError: if a model or test failed.
    """
    if options:
        _run(home.root, ["build", *options], home.dbt, home, lock, verbose=verbose)
        return
    with Worker(home, verbose=verbose) as worker:
        worker.build(lock)


def build_as_of(home: Home, moment: datetime, day: date | None, lock: int, *, verbose: bool) -> Path:
    """Make all marts as they would have been at a moment; the whole build has tested what makes them.

    Args:
        home: whose.
        moment: naive UTC.
        day: only this delivery date, and nothing that rests on others; None: all.
        lock: as of `Worker.build`.
        verbose: whether dbt prints as it goes.

    Returns:
        The database, with marts and reports alone.

    Raises:
        BuildError: if a model failed.
    """
    left_out = ["resource_type:test", "resource_type:unit_test", *(_NOT_OF_ONE_DAY if day else ())]
    with tempfile.TemporaryDirectory(prefix=".unfinished-", dir=home.as_of) as name:
        folder = Path(name)
        (folder / home.raw.name).symlink_to(home.raw)
        surroundings = {"RTM_AS_OF": f"{moment:%Y-%m-%d %H:%M:%S.%f}", "RTM_DAY": day.isoformat() if day else ""}
        _run(folder, ["build", "--exclude", *left_out], folder / "dbt", home, lock, surroundings, verbose=verbose)
        return keep_marts(folder / home.warehouse.name, home.as_of / file_name(moment, day))


def write_docs(home: Home, lock: int, *, with_sizes: bool) -> Path:
    """Have dbt write the documentation.

    Args:
        home: whose.
        lock: as of `Worker.build`.
        with_sizes: whether raw and warehouse are there, so that the tables' sizes can be told.

    Returns:
        The folder of dbt's artifacts.

    Raises:
        BuildError: if dbt could not.
    """
    command = ["docs", "generate", "--static", "--quiet"]
    # without databases the project describes itself
    command += [] if with_sizes else ["--target", "lint", "--empty-catalog"]
    _run(home.root, command, home.dbt, home, lock, verbose=False)
    return home.dbt / "target"


def _run(
    place: Path,
    command: list[str],
    folder: Path,
    home: Home,
    lock: int,
    surroundings: Mapping[str, str] | None = None,
    *,
    verbose: bool,
) -> None:
    results = run_results(folder)
    results.unlink(missing_ok=True)
    with _printed(verbose=verbose) or tempfile.TemporaryFile("w+") as printed:
        code = subprocess.run(
            [sys.executable, "-m", "dbt.cli.main", *arguments(command, folder)], cwd=place, check=False,
            env=_environment(home, verbose=verbose) | dict(surroundings or {}), stdin=subprocess.DEVNULL,
            stdout=None if verbose else printed, stderr=None if verbose else subprocess.STDOUT, pass_fds=[lock],
        ).returncode  # fmt: skip
        if code != 0:
            raise _failed(place, results, _text(printed))


def _environment(home: Home, *, verbose: bool) -> dict[str, str]:
    parsed = home.dbt / _PARSED
    known = {"DBT_PARTIAL_PARSE_FILE_PATH": str(parsed)} if parsed.exists() else {}
    ours = {"RTM_HOME": str(home.root), "DO_NOT_TRACK": "1", "DBT_ENV_CUSTOM_ENV_COMMIT": project_commit() or ""}
    return known | os.environ | ours | ({} if verbose else {"DBT_USE_COLORS": "False"})


def _printed(*, verbose: bool) -> IO[str] | None:
    """Where a process prints to, so that it can be read when something fails; None: straight to the screen."""
    return None if verbose else tempfile.TemporaryFile("w+", encoding="utf-8")


def _text(printed: IO[str] | None) -> str:
    if printed is None:
        return ""
    printed.seek(0)
    return printed.read()


def _failed(place: Path, results: Path, said: str) -> BuildError:
    """What failed, in dbt's words, and for tests with some of the rows that they found."""
    try:
        nodes: list[dict[str, Any]] = json.loads(results.read_text(encoding="utf-8"))["results"]
    except (OSError, ValueError, KeyError):
        nodes = []
    bad = [node for node in nodes if node["status"] in ("error", "fail", "runtime error")]
    lines = [_words(place, node) for node in bad[:_SHOWN]]
    words = [line.strip() for line in said.splitlines() if line.strip()]
    named = [line for line in words if " Error: " in line] or words  # below it may stand the place in a query
    first = "".join(f": {line}" for line in (lines or named[-1:])[:1])
    return BuildError(
        f"the build failed{first}; `rtm build --verbose` shows all that dbt prints",
        lines[1:] if lines else said.splitlines()[-15:-1],
    )


def _words(place: Path, node: dict[str, Any]) -> str:
    message = " ".join((node["message"] or "").split())[:400]
    return f"{node['status']}: {node['unique_id']}: {message}{_examples(place, node)}"


def _examples(place: Path, node: dict[str, Any]) -> str:
    """Rows that a failed data test found; nothing where they cannot be had."""
    if node["status"] != "fail" or not node["unique_id"].startswith("test.") or not node.get("compiled_code"):
        return ""
    try:
        with duckdb.connect(str(place / "warehouse.duckdb"), read_only=True) as con:
            con.execute(f"attach '{place / 'raw.duckdb'}' as raw (read_only)")
            rows = con.execute(f"from ({node['compiled_code']}) limit {_EXAMPLES}").fetchall()
    except duckdb.Error:
        return ""
    return "; for example " + "; ".join(", ".join(map(str, row)) for row in rows) if rows else ""
