"""Benchmarks `full build` and `pandas`: dbt against a hand-written script, and against a pandas program."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.equality import must_be_equal
from benchmarks.measuring import DbtRun, dbt, run
from benchmarks.results import Goal, Result
from benchmarks.worlds import Size, count, without_warehouse

_FACTS = (
    "fct_asset_forecasts", "fct_portfolio_forecasts", "fct_asset_infeed", "fct_portfolio_infeed", "fct_positions",
    "fct_trading_quarter_hours", "fct_trading_days", "fct_imbalance_prices", "fct_redispatch", "fct_asset_imbalance",
    "fct_portfolio_imbalance",
)  # fmt: skip
# with the marts that those are made of
MARTS = (*_FACTS, "dim_quarter_hours", "fct_trades", "fct_market_trades")
PRODUCTS = (
    "fct_asset_forecasts", "fct_asset_infeed", "fct_positions", "fct_trading_quarter_hours", "fct_asset_imbalance",
)  # fmt: skip
KEYS = ("asset_id", "delivery_start_utc")

_BUILD_GOAL = Goal(1.5, at_most=True, size="large")
_MEMORY_GOAL = Goal(6, at_most=True, size="large", unit=" GiB")
_PROGRAM_GOAL = Goal(10, at_most=False, size="medium")
_PROGRAM_MEMORY_GOAL = Goal(0.25, at_most=True, size="medium")


def against_script(size: Size, home: Path, work: Path, say: Callable[[str], None]) -> Iterator[Result]:
    """A full build without tests against one script, on the same raw."""
    out = work / "by_script.duckdb"
    say("the hand-written script")
    theirs = run(["-m", "benchmarks.opponents.run_script", home / "raw.duckdb", out])
    say("dbt")
    ours = _built(home, _FACTS)
    say("comparing")
    must_be_equal(home / "warehouse.duckdb", out, MARTS)
    points = _points(home)
    seconds = float(theirs.said["seconds"])
    yield Result(
        benchmark="full build",
        case="run",
        input=points,
        ours_seconds=ours.run,
        theirs_seconds=seconds,
        value=ours.run / seconds,
        value_name="times",
        ours_mib=ours.peak_mib,
        theirs_mib=theirs.peak_mib,
        goal=_BUILD_GOAL,
        parts={
            **ours.parts,
            "statements running": ours.sql,
            "the script's processor": theirs.cpu_seconds,
        },
    )
    yield Result(
        benchmark="full build",
        case="whole process",
        input=points,
        ours_seconds=ours.whole,
        theirs_seconds=theirs.seconds,
        value=ours.whole / theirs.seconds,
        value_name="times",
        ours_mib=ours.peak_mib,
        theirs_mib=theirs.peak_mib,
    )
    yield Result(
        benchmark="full build",
        case="memory",
        input=points,
        ours_seconds=ours.run,
        theirs_seconds=seconds,
        value=ours.peak_mib / 1024,
        value_name="GiB",
        ours_mib=ours.peak_mib,
        theirs_mib=theirs.peak_mib,
        goal=_MEMORY_GOAL,
    )
    out.unlink()


def against_program(size: Size, home: Path, work: Path, say: Callable[[str], None]) -> Iterator[Result]:
    """The same products by pandas, from the same raw tables."""
    out = work / "by_pandas.duckdb"
    say("the pandas program")
    theirs = run(["-m", "benchmarks.opponents.pandas_program", home / "raw.duckdb", out])
    say("dbt")
    ours = _built(home, PRODUCTS)
    say("comparing")
    must_be_equal(home / "warehouse.duckdb", out, PRODUCTS, keys=KEYS)
    points = _points(home)
    seconds = float(theirs.said["seconds"])
    yield Result(
        benchmark="pandas",
        case="run",
        input=points,
        ours_seconds=ours.run,
        theirs_seconds=seconds,
        value=seconds / ours.run,
        value_name="times faster",
        ours_mib=ours.peak_mib,
        theirs_mib=theirs.peak_mib,
        goal=_PROGRAM_GOAL,
        parts={**ours.parts, "the program's processor": theirs.cpu_seconds},
    )
    yield Result(
        benchmark="pandas",
        case="memory",
        input=points,
        ours_seconds=ours.run,
        theirs_seconds=seconds,
        value=ours.peak_mib / theirs.peak_mib,
        value_name="share",
        ours_mib=ours.peak_mib,
        theirs_mib=theirs.peak_mib,
        goal=_PROGRAM_MEMORY_GOAL,
    )
    out.unlink()


def _built(home: Path, marts: tuple[str, ...]) -> DbtRun:
    """Exactly these marts, and what they are made of, in a new warehouse; the project is parsed anew."""
    return dbt(without_warehouse(home), "run", "--select", *(f"+{mart}" for mart in marts))


def _points(home: Path) -> str:
    points = count(home / "raw.duckdb", "select count(*) from forecasts")
    return f"{points:,} forecast points"
