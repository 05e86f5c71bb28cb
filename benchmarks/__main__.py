"""`python -m benchmarks --size small`: runs the benchmarks and keeps what they found (docs/performance.md)."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from benchmarks import arriving, building, growing, loading, results, worlds
from benchmarks.measuring import BenchmarkError

err = Console(stderr=True)
out = Console()


class Benchmark(StrEnum):
    """What can be measured."""

    INGEST = "ingest"
    FULL_BUILD = "full-build"
    PANDAS = "pandas"
    ONE_MORE_DAY = "one-more-day"
    NEW_TRADES = "new-trades"
    STORAGE = "storage"


# They build and test everything several times, which takes a minute each however little data there is.
_WITH_WHOLE_BUILDS = (Benchmark.ONE_MORE_DAY, Benchmark.NEW_TRADES)


def _say(text: str) -> None:
    err.print(f"[dim]{text} ...[/]")


def run(
    size: worlds.Size, which: list[Benchmark], work: Path, files: Path | None = None, say: Callable[[str], None] = _say
) -> Iterator[results.Result]:
    """Run benchmarks in a folder.

    Args:
        size: how much they chew.
        which: the benchmarks.
        work: a folder for everything that is written; what an earlier run simulated and landed there is used again.
        files: a simulated world of the size's assets and days; None: it is made.
        say: told what happens.

    Raises:
        BenchmarkError: if a side fails, or both do not give the same.
    """

    def world(assets: int, days: int) -> Path:
        if files is not None and (assets, days) == (size.assets, size.days):
            return files
        folder = work / f"files_{assets}x{days}"
        if not folder.exists():
            say(f"simulating {assets} assets x {days} days")
        return worlds.simulated(folder, assets, days)

    def home(assets: int, days: int) -> Path:
        folder, source = work / f"home_{assets}x{days}", world(assets, days)
        if not folder.exists():
            say(f"landing {assets} assets x {days} days")
        return worlds.landed(folder, source)

    def scratch(name: str) -> Path:
        return Path(tempfile.mkdtemp(prefix=f"{name}_", dir=work))

    if Benchmark.INGEST in which:
        yield from loading.compare(size, world(size.assets, size.days), scratch("ingest"), say)
    if Benchmark.STORAGE in which:
        yield loading.weigh(home(size.assets, size.days) / "raw.duckdb", world(size.assets, size.days))
    if Benchmark.FULL_BUILD in which:
        yield from building.against_script(size, home(size.assets, size.days), scratch("full_build"), say)
    if Benchmark.PANDAS in which:
        yield from building.against_program(size, home(size.program_assets, size.days), scratch("pandas"), say)
    if Benchmark.ONE_MORE_DAY in which:
        yield from growing.compare(size, scratch("one_more_day"), say)
    if Benchmark.NEW_TRADES in which:
        source = world(size.trading_assets, size.trading_days)
        yield from arriving.measure(size, source, scratch("new_trades"), say)


def main(
    size: Annotated[str, typer.Option(help="small, medium or large.")] = "small",
    only: Annotated[
        list[Benchmark] | None,
        typer.Option(help="One; may come again. [default: all; small: those without whole builds]"),
    ] = None,
    files: Annotated[
        Path | None, typer.Option(exists=True, file_okay=False, help="A simulated world to use, forecasts packed.")
    ] = None,
    work: Annotated[
        Path | None, typer.Option(help="A folder to work in, which is kept. [default: one that is removed]")
    ] = None,
    folder: Annotated[Path, typer.Option("--results", help="Where the results go.")] = results.RESULTS,
) -> None:
    """Measure, print the table and keep it; ends with 1 if a side fails or the sides differ."""
    if size not in worlds.SIZES:
        raise typer.BadParameter(f"name one of {', '.join(worlds.SIZES)}", param_hint="--size")
    chosen = only or [name for name in Benchmark if size != "small" or name not in _WITH_WHOLE_BUILDS]
    on = results.machine()
    found: list[results.Result] = []
    with tempfile.TemporaryDirectory(prefix="rtm-bench-") as temporary:
        place = work or Path(temporary)
        place.mkdir(parents=True, exist_ok=True)
        try:
            for result in run(worlds.SIZES[size], chosen, place.resolve(), files.resolve() if files else None):
                found.append(result)
                results.write(found, size, on, folder, only or ())  # what is done is kept, whatever comes next
        except BenchmarkError as error:
            err.print(f"[red]failed:[/] {escape(str(error))}", soft_wrap=True)
            raise typer.Exit(1) from error
    table = Table(title=f"Benchmarks, {size}")
    for name in results.HEADER:
        table.add_column(name)
    for result in found:
        table.add_row(*results.row(result, size))
    out.print(table)
    out.print(f"Kept in {results.write(found, size, on, folder, only or ())}", soft_wrap=True)


if __name__ == "__main__":
    typer.run(main)
