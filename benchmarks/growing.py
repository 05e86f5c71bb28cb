"""Benchmark `one more day`: what a build after one more day's files takes, on histories of several lengths."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.measuring import dbt, rtm
from benchmarks.results import Goal, Result
from benchmarks.worlds import LANDED, Size, count, day_of_history

_GOAL = Goal(1.2, at_most=True, size="large")
_BUILD = ("build", "--exclude", "resource_type:unit_test")


def compare(size: Size, work: Path, say: Callable[[str], None]) -> Iterator[Result]:
    """Let a history grow to each length, build it, land the day after it, and build again."""
    home = work / "home"
    is_built_until = landed_until = 0
    shortest: float | None = None

    def land_next() -> float:
        nonlocal landed_until
        landed_until += 1
        say(f"day {landed_until} of the history: simulating and landing {size.history_assets} assets")
        day = day_of_history(work / "days", size.history_assets, landed_until)
        seconds = rtm(home, "ingest", day, accepted=LANDED).seconds
        shutil.rmtree(day)
        return seconds

    for length in size.histories:
        while landed_until < length:
            land_next()
        if is_built_until < landed_until:
            say(f"building a history of {length} days")
            dbt(home, *_BUILD)
        ingest_seconds = land_next()
        say(f"one more day after {length}")
        found = dbt(home, *_BUILD)
        is_built_until = landed_until
        dates, in_months = (
            count(home / "warehouse.duckdb", f"select count(*) from build_dates{where}")
            for where in (" where is_changed", "")
        )
        shortest = shortest or found.run
        yield Result(
            benchmark="one more day",
            case=f"after {length} days",
            input=f"{size.history_assets} assets, {dates} dates changed in months of {in_months} days",
            ours_seconds=found.run,
            theirs_seconds=None,
            value=found.run / shortest,
            value_name="times",
            ours_mib=found.peak_mib,
            goal=_GOAL if length == max(size.histories) else None,
            parts={"ingest": ingest_seconds, **found.parts},
        )
