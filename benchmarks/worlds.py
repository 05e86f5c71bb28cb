"""What the benchmarks run on: sizes, simulated files, and homes with a raw database."""

from __future__ import annotations

import gzip
import json
import shutil
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice
from pathlib import Path

import duckdb

from benchmarks.measuring import rtm, run
from home import PROJECT

LANDED = (0, 3)  # 3: something was set aside, which a simulated world may well hold
_FIRST_DAY = date(2025, 6, 2)
# Whatever its length, a history then ends in the middle of a month, for some marts are made by month.
_FIRST_OF_HISTORY = date(2025, 6, 12)


@dataclass(frozen=True)
class Size:
    """How much a benchmark chews.

    Attributes:
        name: small, medium or large.
        assets: of the world that most benchmarks share.
        days: of that world.
        program_assets: assets that the pandas program is given, over the same days.
        single_files: how many answers are landed as single files.
        history_assets: assets of the histories.
        histories: days of each.
        trading_assets: assets of the world into which a new file of trades falls.
        trading_days: days of it.
    """

    name: str
    assets: int
    days: int
    program_assets: int
    single_files: int
    history_assets: int
    histories: tuple[int, ...]
    trading_assets: int
    trading_days: int


SIZES = {
    size.name: size
    for size in (
        Size("small", 10, 2, 10, 500, 5, (1, 2), 10, 2),
        Size("medium", 100, 7, 100, 10_000, 50, (3, 30), 100, 7),
        Size("large", 500, 7, 100, 20_000, 100, (3, 30, 60), 500, 30),
    )
}


def simulated(folder: Path, assets: int, days: int, *, first: date = _FIRST_DAY, without: tuple[str, ...] = ()) -> Path:
    """A world's files, forecasts packed; made unless the folder is there."""
    if not folder.exists():
        command: list[str | Path] = [PROJECT / "rtm.py", "simulate", folder, "--packed", "--seed", "1"]
        command += ["--assets", str(assets), "--days", str(days), "--start", first.isoformat()]
        run([*command, *(part for name in without for part in ("--without", name))])
    return folder


def landed(home: Path, files: Path) -> Path:
    """A home whose raw holds the files; made unless it is there."""
    if not (home / "raw.duckdb").exists():
        rtm(home, "ingest", files, accepted=LANDED)
    return home


def without_warehouse(home: Path) -> Path:
    """A home in which nothing has been built yet."""
    for name in ("warehouse.duckdb", "warehouse.duckdb.wal"):
        (home / name).unlink(missing_ok=True)
    shutil.rmtree(home / "dbt", ignore_errors=True)
    return home


def feed_files(files: Path, folder: Path, pattern: str) -> Path:
    """A folder with links to those files of a world whose path matches a pattern."""
    for path in sorted(files.glob(pattern)):
        link = folder / path.relative_to(files)
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(path.resolve())
    return folder


def in_other_months(files: Path, folder: Path, pattern: str, months: int) -> Path:
    """A folder with the files of a feed as they would have come in each of many months, so that there are enough."""
    for number in range(months):
        years, month = divmod(_FIRST_DAY.month - 1 + number, 12)
        other = date(_FIRST_DAY.year + years, month + 1, 1)
        for path in sorted(files.glob(pattern)):
            name, content = str(path.relative_to(files)), path.read_bytes()
            for spelling in ("%Y-%m-", "%Y%m", ".%m.%Y"):
                old, new = f"{_FIRST_DAY:{spelling}}", f"{other:{spelling}}"
                name, content = name.replace(old, new), content.replace(old.encode(), new.encode())
            copy = folder / f"{other:%Y-%m}" / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(content)
    return folder


def unpacked_forecasts(files: Path, folder: Path, at_most: int) -> Path:
    """The first answers of a world's packed forecasts, as the interface gives them: a file each."""

    def answers() -> list[tuple[str, str]]:
        found: list[tuple[str, str]] = []
        for pack in sorted((files / "vpp" / "forecasts").glob("*.jsonl.gz")):
            moment = pack.name.removeprefix("forecasts_").removesuffix(".jsonl.gz")
            with gzip.open(pack, "rt", encoding="utf-8") as lines:
                found += [(moment, line) for line in islice(lines, at_most - len(found))]
            if len(found) >= at_most:
                break
        return found

    for moment, answer in answers():
        asset = json.loads(answer)["key"]["asset_id"]
        path = folder / "vpp" / "forecasts" / asset / f"forecast_{asset}_{moment}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(answer, encoding="utf-8")
    return folder


def day_of_history(folder: Path, assets: int, number: int) -> Path:
    """The files of a history's n-th day, without oddities: what one day brings is then about that day."""
    day = _FIRST_OF_HISTORY + timedelta(days=number - 1)
    return simulated(folder / day.isoformat(), assets, 1, first=day, without=("all",))


def count(database: Path, sql: str) -> int:
    """A number that a database gives, asked for in a process that stays small."""
    with duckdb.connect(str(database), read_only=True) as con:
        return int(con.execute(sql).fetchall()[0][0])
