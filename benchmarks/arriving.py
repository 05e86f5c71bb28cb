"""Benchmark `new trades`: from a new file of private trades on disk to the published trading marts."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.measuring import rtm, taken_apart
from benchmarks.results import Goal, Result
from benchmarks.worlds import LANDED, Size, feed_files

_GOAL = Goal(10, at_most=True, size="large", unit=" s")
_LEFT_OUT = ("--exclude", "resource_type:unit_test")  # they test the models, not the numbers


def measure(size: Size, files: Path, work: Path, say: Callable[[str], None]) -> Iterator[Result]:
    """Land, build and publish a world that lacks its last file of trades; then let that file come."""
    home, late = work / "home", sorted(files.glob("exchange/Private_Trades-*.csv"))[-1]
    history = feed_files(files, work / "files", "**/*.*")
    held_back = history / late.relative_to(files)
    target = held_back.resolve()
    held_back.unlink()
    say("landing the history")
    rtm(home, "ingest", history, accepted=LANDED)
    say("building the history")
    rtm(home, "build", *_LEFT_OUT)
    rtm(home, "publish")
    say("the new file")
    new = work / "new" / late.relative_to(files)
    new.parent.mkdir(parents=True)
    new.symlink_to(target)
    started = time.monotonic()
    ingest = rtm(home, "ingest", work / "new", accepted=LANDED)
    build = rtm(home, "build", *_LEFT_OUT)
    publish = rtm(home, "publish")
    seconds = time.monotonic() - started
    found = taken_apart(build, home / "dbt" / "target" / "run_results.json")
    yield Result(
        benchmark="new trades",
        case="file to published marts",
        input=f"{len(target.read_text(encoding='utf-8').splitlines()) - 2:,} trades, {size.trading_assets} assets x "
        f"{size.trading_days} days of history",
        ours_seconds=seconds,
        theirs_seconds=None,
        value=seconds,
        value_name="s",
        ours_mib=max(ingest.peak_mib, build.peak_mib, publish.peak_mib),
        goal=_GOAL,
        parts={"ingest": ingest.seconds, **found.parts, "publish": publish.seconds},
    )
