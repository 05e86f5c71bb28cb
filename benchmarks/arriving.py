"""Benchmark `new trades`: from a new file of private trades on disk to the published trading marts."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.measuring import BenchmarkError, rtm, taken_apart
from benchmarks.results import Goal, Result
from benchmarks.worlds import LANDED, Size, feed_files
from home import PROJECT
from serve.published import current

_GOAL = Goal(10, at_most=True, size="large", unit=" s")
_READY_S = 20  # until the worker of `rtm watch` has read the project
_PATIENCE_S = 3600


def measure(size: Size, files: Path, work: Path, say: Callable[[str], None]) -> Iterator[Result]:
    """Land, build and publish a world without its last two files of trades; then let them come, one after the other."""
    home, new = work / "home", work / "new"
    *_, first, second = sorted(files.glob("exchange/Private_Trades-*.csv"))
    history = feed_files(files, work / "files", "**/*.*")
    for late in (first, second):
        (history / late.relative_to(files)).unlink()
    say("landing the history")
    rtm(home, "ingest", history, accepted=LANDED)
    say("building the history")
    rtm(home, "build")
    rtm(home, "publish")
    new.mkdir()
    say("a new file, while rtm watch runs")
    with _watching(home, new, work / "watch.log") as wait_for_copy:
        started = time.monotonic()
        _put(first, new)
        wait_for_copy(2)
        seconds = time.monotonic() - started
    spent = dict(re.findall(r"(\w+) ([\d.]+) s", (work / "watch.log").read_text(encoding="utf-8").splitlines()[-1]))
    yield _result(size, first, "rtm watch", seconds, {name: float(value) for name, value in spent.items()})
    say("another new file, by rtm run")
    _put(second, new)
    run = rtm(home, "run", new)
    yield _result(
        size, second, "rtm run", run.seconds, taken_apart(run, home / "dbt" / "target" / "run_results.json").parts
    )


def _result(size: Size, late: Path, how: str, seconds: float, parts: dict[str, object]) -> Result:
    trades = len(late.read_text(encoding="utf-8").splitlines()) - 2
    return Result(
        benchmark="new trades",
        case=f"file to published marts, {how}",
        input=f"{trades:,} trades, {size.trading_assets} assets x {size.trading_days} days of history",
        ours_seconds=seconds,
        theirs_seconds=None,
        value=seconds,
        value_name="s",
        goal=_GOAL if how == "rtm watch" else None,
        parts=parts,
    )


def _put(file: Path, folder: Path) -> None:
    """Have a file appear at once and whole."""
    place = folder / file.parent.name / file.name
    place.parent.mkdir(exist_ok=True)
    place.symlink_to(file.resolve())


@contextmanager
def _watching(home: Path, folder: Path, log: Path) -> Iterator[Callable[[int], None]]:
    """`rtm watch` on a folder, ready; gives a function that waits until a copy of a number is published."""
    with log.open("w", encoding="utf-8") as printed:
        process = subprocess.Popen(
            [sys.executable, PROJECT / "rtm.py", "watch", folder, "--every", "0.5"],
            env={**os.environ, "RTM_HOME": str(home), "COLUMNS": "200"}, stdout=printed, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def wait_for_copy(number: int) -> None:
        until = time.monotonic() + _PATIENCE_S
        while (copy := current(home / "published")) is None or copy.name != f"copy_{number:06}.duckdb":
            if process.poll() is not None or time.monotonic() > until:
                raise BenchmarkError(f"rtm watch published nothing:\n{log.read_text(encoding='utf-8')[-3000:]}")
            time.sleep(0.02)

    try:
        os.sync()  # what was written before is not to be waited for
        time.sleep(_READY_S)
        yield wait_for_copy
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()
