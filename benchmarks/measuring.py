"""Running a side of a comparison in a process of its own: how long it took, how much memory, what it said."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from home import PROJECT


class BenchmarkError(Exception):
    """A side failed, or the sides do not give equal results; the text is for people."""


@dataclass(frozen=True)
class Run:
    """One run of a process.

    Attributes:
        seconds: from its start to its end, on the wall.
        cpu_seconds: processor time, which tells more than the wall on a machine that does other things too.
        peak_mib: the most memory that it, or a process that it started, held at once (resident set).
        said: the JSON object in the last line that it printed; empty if there is none.
    """

    seconds: float
    cpu_seconds: float
    peak_mib: float
    said: dict[str, Any]


def run(
    arguments: Sequence[str | Path], *, more: Mapping[str, str] | None = None, accepted: tuple[int, ...] = (0,)
) -> Run:
    """Run a command of this environment's Python and measure it.

    The memory is what the kernel counts for the process and those that it waited for, so this process must stay small:
    the kernel counts a new process as large as its parent, until it has become a program of its own.

    Args:
        arguments: what follows `python`.
        more: environment variables.
        accepted: exit codes that are in order.

    Raises:
        BenchmarkError: if it ends with another exit code.
    """
    command = [sys.executable, *map(str, arguments)]
    environment = {**os.environ, "DO_NOT_TRACK": "1", **(more or {})}
    with tempfile.TemporaryFile("w+", encoding="utf-8") as printed:
        started = time.monotonic()
        process = subprocess.Popen(command, env=environment, cwd=PROJECT, stdout=printed, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        printed.seek(0)
        text = printed.read()
    if process.returncode not in accepted:
        raise BenchmarkError(f"{' '.join(command[1:6])} ended with {process.returncode}:\n{text[-3000:]}")
    # Linux counts KiB, macOS bytes
    unit = 1 << 20 if sys.platform == "darwin" else 1 << 10
    return Run(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / unit, _last_object(text))


def _last_object(text: str) -> dict[str, Any]:
    lines = text.strip().splitlines()
    if not lines or not lines[-1].startswith("{"):
        return {}
    found: dict[str, Any] = json.loads(lines[-1])
    return found


def rtm(home: Path, *arguments: str | Path, accepted: tuple[int, ...] = (0,)) -> Run:
    """Run the project's command line on a home."""
    return run([PROJECT / "rtm.py", *arguments], more={"RTM_HOME": str(home)}, accepted=accepted)


@dataclass(frozen=True)
class DbtRun:
    """A run of dbt, taken apart by its own notes (run_results.json); all in seconds.

    Attributes:
        whole: from the start of the process to its end.
        start_and_parse: the process's start, dbt's imports, parsing of the project, and its end: all that is not `run`.
        run: from opening the database to the last hook.
        change_detection: hooks before the first model.
        models: the part of `run` that models took; dbt works in several threads, so it is shared out by their times.
        tests: likewise.
        sql: at least one statement was running.
        slowest: the slowest nodes and what each took.
        nodes: how many nodes dbt ran.
        cpu_seconds: of the process.
        peak_mib: of the process.
    """

    whole: float
    start_and_parse: float
    run: float
    change_detection: float
    models: float
    tests: float
    sql: float
    slowest: dict[str, float]
    nodes: int
    cpu_seconds: float
    peak_mib: float

    @property
    def parts(self) -> dict[str, Any]:
        """Where the time goes."""
        return {
            "process start and parsing": self.start_and_parse,
            "change detection": self.change_detection,
            "models": self.models,
            "tests": self.tests,
            "nodes": self.nodes,
            "processor": self.cpu_seconds,
            "slowest": self.slowest,
        }


def dbt(home: Path, *arguments: str, target: Path | None = None) -> DbtRun:
    """Run dbt on a home, with its files below it.

    Args:
        home: RTM_HOME.
        arguments: the command and what belongs to it.
        target: the folder for dbt's files; one that holds an earlier parsing makes parsing faster.
    """
    folder = target or home / "dbt"
    command: list[str | Path] = [
        "-m",
        "dbt.cli.main",
        arguments[0],
        "--project-dir",
        PROJECT,
        "--profiles-dir",
        PROJECT,
    ]
    command += ["--target-path", folder / "target", "--log-path", folder / "logs", *arguments[1:]]
    found = run(command, more={"RTM_HOME": str(home)})
    return taken_apart(found, folder / "target" / "run_results.json")


def taken_apart(process: Run, results: Path) -> DbtRun:
    """A process that ran dbt, with dbt's notes on it."""
    notes = json.loads(results.read_text(encoding="utf-8"))
    run_seconds = float(notes["elapsed_time"])
    by_kind = {"operation": 0.0, "model": 0.0, "test": 0.0}
    before = 0.0
    executing: list[tuple[datetime, datetime]] = []
    slowest: dict[str, float] = {}
    for result in notes["results"]:
        kind, _, name = result["unique_id"].split(".", 2)
        seconds = float(result["execution_time"])
        if "on-run-start" in name:
            before += seconds
        else:
            by_kind["test" if kind.endswith("test") else "model" if kind in ("model", "seed") else "operation"] += (
                seconds
            )
        slowest[name] = seconds
        executing += [
            (datetime.fromisoformat(part["started_at"]), datetime.fromisoformat(part["completed_at"]))
            for part in result["timing"]
            if part["name"] == "execute"
        ]
    rest = run_seconds - before
    total = sum(by_kind.values()) or 1.0
    ten = sorted(slowest, key=lambda name: slowest[name], reverse=True)[:10]
    return DbtRun(
        whole=process.seconds,
        start_and_parse=process.seconds - run_seconds,
        run=run_seconds,
        change_detection=before,
        models=rest * (by_kind["model"] + by_kind["operation"]) / total,
        tests=rest * by_kind["test"] / total,
        sql=_covered(executing),
        slowest={name: slowest[name] for name in ten},
        nodes=len(notes["results"]),
        cpu_seconds=process.cpu_seconds,
        peak_mib=process.peak_mib,
    )


def _covered(spans: Sequence[tuple[datetime, datetime]]) -> float:
    """Seconds that lie in at least one of the spans."""
    seconds = 0.0
    until: datetime | None = None
    for start, end in sorted(spans):
        if until is None or start > until:
            until = start
        if end > until:
            seconds += (end - until).total_seconds()
            until = end
    return seconds
