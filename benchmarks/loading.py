"""Benchmark `ingest`: the loader against bare DuckDB, feed by feed; and what a forecast point weighs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb

from benchmarks.equality import must_have_the_same_rows
from benchmarks.measuring import run
from benchmarks.results import Goal, Result
from benchmarks.worlds import Size, count, feed_files, in_other_months, unpacked_forecasts

_GOAL = Goal(0.7, at_most=False, size="large")
_PATTERNS = {
    "forecasts": "vpp/forecasts/*.jsonl.gz",
    "live_measured_infeed": "vpp/live_measured_infeed/*.json",
    # of one metering point each: a statement with fixed columns cannot read those of whole groups
    "final_production": "distribution_system_operator/final_production_MP-???-*.csv",
    "private_trades": "exchange/Private_Trades-*.csv",
    "public_trades": "exchange/Public_Trades-*.csv",
    "imbalance_prices_estimated": "imbalance/imbalance_price_estimation_*.csv",
    "imbalance_prices_final": "imbalance/imbalance_price_final_*.csv",
}
# A week of these is read in no time at all: only in many months' files is there a rate to be seen.
_MONTHS = {
    "final_production": 4,
    "private_trades": 10,
    "public_trades": 10,
    "imbalance_prices_estimated": 720,
    "imbalance_prices_final": 720,
}


def compare(size: Size, files: Path, work: Path, say: Callable[[str], None]) -> Iterator[Result]:
    """Land each feed by itself, both ways."""
    say(f"writing {size.single_files:,} forecast answers as single files")
    single = unpacked_forecasts(files, work / "forecasts_single", size.single_files)
    yield _compared("forecasts, single files", "forecasts", single, work, say)
    for feed, pattern in _PATTERNS.items():
        case = "forecasts, packed" if feed == "forecasts" else feed.replace("_", " ")
        if feed in _MONTHS:
            folder = in_other_months(files, work / feed, pattern, _MONTHS[feed])
        else:
            folder = feed_files(files, work / feed, pattern)
        yield _compared(case, feed, folder, work, say)


def _compared(case: str, feed: str, folder: Path, work: Path, say: Callable[[str], None]) -> Result:
    say(f"landing {case}")
    raw, bare = work / f"{folder.name}.raw.duckdb", work / f"{folder.name}.bare.duckdb"
    ours = run(["-m", "benchmarks.landing", folder, raw])
    theirs = run(["-m", "benchmarks.opponents.bare_ingest", feed, folder, bare])
    must_have_the_same_rows(raw, bare, feed)
    rows, seconds = int(ours.said["rows"]), float(ours.said["seconds"])
    number_of_files = count(raw, "select count(*) from manifest")
    for database in (raw, bare):
        database.unlink()
    return Result(
        benchmark="ingest",
        case=case,
        input=f"{rows:,} rows in {number_of_files:,} files",
        ours_seconds=seconds,
        theirs_seconds=float(theirs.said["seconds"]),
        value=float(theirs.said["seconds"]) / seconds,
        value_name="rate ratio",
        ours_mib=ours.peak_mib,
        theirs_mib=theirs.peak_mib,
        goal=_GOAL,
        parts={
            "rows per second": round(rows / seconds),
            "process start": ours.seconds - seconds,
            "processor ratio": theirs.cpu_seconds / ours.cpu_seconds,
        },
    )


def weigh(raw: Path, files: Path) -> Result:
    """Bytes per forecast point, in the raw database and in the packed files."""
    with duckdb.connect(str(raw), read_only=True) as con:
        points = con.execute("select count(*) from forecasts").fetchall()[0][0]
        blocks, block_size = con.execute(
            "select (select count(distinct block_id) from pragma_storage_info('forecasts') where persistent), "
            "(select block_size from pragma_database_size() limit 1)"
        ).fetchall()[0]
        in_columns = con.execute(
            "select column_name, count(distinct block_id), any_value(compression) "
            "from pragma_storage_info('forecasts') where persistent and block_id is not null "
            "group by column_name, column_id order by column_id"
        ).fetchall()
    packed = sum(path.stat().st_size for path in files.glob(_PATTERNS["forecasts"]))
    return Result(
        benchmark="storage",
        case="a forecast point",
        input=f"{points:,} points",
        ours_seconds=0.0,
        theirs_seconds=None,
        value=blocks * block_size / points,
        value_name="bytes in raw",
        parts={
            "bytes packed": packed / points,
            "bytes of raw.duckdb, all feeds": raw.stat().st_size / points,
            "blocks by column": {name: f"{number} ({kind})" for name, number, kind in in_columns},
        },
    )
