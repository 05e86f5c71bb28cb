"""The command line: `rtm ingest | build | run | show | forecasts | simulate | doctor`."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import subprocess
import sys
from contextlib import nullcontext
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated

import duckdb
import typer
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

import console
from console import err, out
from home import PROJECT, Home, market_time_zone
from ingest import interface
from ingest.landing import Report, ingest
from ingest.raw import RawBusyError, RawError, is_locked, read_raw
from serve import marts

ALL_WELL, FAILED, QUARANTINED = 0, 1, 3

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="The data side of a Route-to-Market company: raw files in, forecasts and figures out.",
    epilog="Exit codes: 0 all well, 1 failed, 2 wrong usage, 3 done, but something was quarantined. "
    "Everything is written below RTM_HOME (default: data/ in the project).",
)

SourceArgument = Annotated[Path, typer.Argument(exists=True, help="A folder, or one file.")]
RetryOption = Annotated[bool, typer.Option("--retry", help="Read files again that were set aside before.")]
VerboseOption = Annotated[bool, typer.Option("--verbose", "-v", help="Show what dbt prints.")]


@app.command("ingest")
def ingest_command(source: SourceArgument, retry: RetryOption = False) -> None:
    """Land the new files of SOURCE in raw; files that are there already are left alone."""
    report = _land(Home(), source, retry=retry)
    console.show_landing(report)
    raise typer.Exit(QUARANTINED if report.quarantined else ALL_WELL)


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def build(context: typer.Context, verbose: VerboseOption = False) -> None:
    """Make the warehouse from raw and test it. Further arguments go to `dbt build`."""
    home = Home()
    _build(home, context.args, verbose=verbose)
    console.show_marts(home.warehouse)


@app.command()
def run(
    source: Annotated[
        Path | None, typer.Argument(exists=True, help="A folder, or one file. [default: the sample]")
    ] = None,
    retry: RetryOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Land SOURCE, make and test the warehouse, and print the figures there are."""
    home = Home()
    if source is None:
        try:
            from simulator.sample import write_sample
        except ModuleNotFoundError as error:
            raise _no_simulator(error) from error
        source = home.sample
        write_sample(source)
        out.print(f"No source named: using the bundled sample (three days, six assets) in {source}\n")
    report = _land(home, source, retry=retry)
    console.show_landing(report)
    _build(home, [], verbose=verbose)
    out.print()
    console.show_figures(home.warehouse)
    if report.quarantined:
        out.print(f"\n[yellow]Done, but quarantined: {len(report.quarantined)} (see above).[/]")
    out.print("\nNext: `rtm doctor` lists the marts, `rtm show fct_positions` prints one;")
    out.print("      `make run SOURCE=dir` lands your own files; docs/domain.md says what it all means.")
    raise typer.Exit(QUARANTINED if report.quarantined else ALL_WELL)


@app.command()
def show(
    mart: Annotated[str, typer.Argument(help="Its name, as in `rtm doctor`.")],
    asset: Annotated[str | None, typer.Option(help="Only this asset_id.")] = None,
    day: Annotated[str | None, typer.Option(help="Only this delivery date, as 2025-06-08.")] = None,
    columns: Annotated[str | None, typer.Option(help="Only these columns, with commas between.")] = None,
    limit: Annotated[int | None, typer.Option(min=0, help="So many rows; 0: all. [default: 20]")] = None,
    path: Annotated[Path | None, typer.Option("--out", help="Write a file instead: .csv or .parquet.")] = None,
) -> None:
    """Print a mart's rows as a table, or write them as CSV or Parquet."""
    home = Home()
    if not home.warehouse.exists():
        raise _failed(f"{home.warehouse} does not exist: make it first with `rtm run` or `rtm build`")
    names = [name.strip() for name in columns.split(",")] if columns else []
    question = marts.Question(
        mart, asset, _day(day, "--day") if day else None, names, 20 if limit is None and path is None else limit or 0
    )
    try:
        if path is None:
            console.show_rows(mart, marts.look(home.warehouse, question))
        else:
            out.print(f"{marts.write(home.warehouse, question, path):,} rows of {mart} in {escape(str(path))}")
    except marts.MartError as error:
        raise typer.BadParameter(escape(str(error))) from error
    except duckdb.Error as error:
        raise _failed(str(error).strip().splitlines()[0]) from error


@app.command()
def forecasts(
    client: Annotated[str, typer.Option(help="The function to ask, as FILE.py:FUNCTION.")],
    first: Annotated[str, typer.Option("--from", help="First version, with offset: 2025-06-07T00:00Z.")],
    last: Annotated[str, typer.Option("--to", help="Last version, included.")],
) -> None:
    """Ask a forecast function for every contracted asset and quarter-hourly version, and land the answers."""
    home = Home()
    start, end = _version(first, "--from"), _version(last, "--to")
    if end < start:
        raise typer.BadParameter("--to lies before --from")
    try:
        function = interface.load_client(client)
    except interface.ClientError as error:
        raise typer.BadParameter(str(error), param_hint="--client") from error
    try:
        with read_raw(home.raw) as con:
            assets = interface.contracted_assets(con, start, end)
    except (RawError, duckdb.Error) as error:
        raise _failed(str(error).strip().splitlines()[0]) from error
    if not assets:
        raise _failed("raw holds no contract for these days: land the contract lists first with `rtm ingest SOURCE`")
    questions = [(asset, version) for asset in assets for version in interface.versions(start, end)]
    failures: list[interface.Failure] = []
    with _progress() as progress:
        task = progress.add_task("asking for forecasts", total=len(questions))
        for asset, version in questions:
            failure = interface.ask(function, asset, version, home.received)
            if failure is not None:
                failures.append(failure)
            progress.advance(task)
    out.print(f"{len(questions) - len(failures):,} of {len(questions):,} answers for {len(assets)} assets")
    console.show_failures(failures)
    if len(failures) == len(questions):
        raise typer.Exit(FAILED)
    report = _land(home, home.received)
    console.show_landing(report)
    raise typer.Exit(QUARANTINED if failures or report.quarantined else ALL_WELL)


@app.command()
def simulate(
    folder: Annotated[Path, typer.Argument(help="The folder to write into.")],
    assets: Annotated[int, typer.Option(min=1, help="How many assets.")] = 10,
    days: Annotated[int, typer.Option(min=1, help="How many local delivery days.")] = 1,
    start: Annotated[str, typer.Option(help="The first of them.")] = "2025-06-08",
    seed: Annotated[int, typer.Option(min=0, help="Equal seeds give equal bytes.")] = 1,
    packed: Annotated[bool, typer.Option("--packed", help="Many forecast answers to a file, compressed.")] = False,
    without: Annotated[list[str] | None, typer.Option(help="Leave an oddity out; may come again. `all`: none.")] = None,
    add: Annotated[bool, typer.Option("--add", help="Write into a folder that holds files already.")] = False,
) -> None:
    """Write every feed of a made-up portfolio, in its true layout and with its oddities (docs/simulator.md)."""
    try:
        from simulator.incidents import Oddities
        from simulator.simulation import scenario
        from simulator.simulation import simulate as write
    except ModuleNotFoundError as error:
        raise _no_simulator(error) from error
    if folder.is_file() or (folder.is_dir() and any(folder.iterdir()) and not add):
        raise typer.BadParameter(f"{folder} is not empty: name a new folder, or say --add", param_hint="FOLDER")
    first = _day(start, "--start")
    try:
        oddities = Oddities.none() if without == ["all"] else Oddities.without(*(without or []))
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--without") from error
    what = scenario(assets, days, first, seed, oddities, packed=packed)
    try:
        with _progress() as progress:
            tasks: dict[str, TaskID] = {}

            def advance(feed: str, done: int, total: int) -> None:
                if feed not in tasks:
                    tasks[feed] = progress.add_task(feed, total=total)
                progress.update(tasks[feed], completed=done)

            write(folder, what, advance)
    except OSError as error:
        raise _failed(f"the simulation stopped: {error}") from error
    paths = [path for path in folder.rglob("*") if path.is_file()]
    size_mb = sum(path.stat().st_size for path in paths) / 1e6
    out.print(f"{len(paths):,} files, {size_mb:,.1f} MB in {escape(str(folder))}", soft_wrap=True)
    out.print(f"Next: `rtm run {escape(str(folder))}`", soft_wrap=True)


@app.command()
def doctor() -> None:
    """Show versions, paths, locks, and what raw and the warehouse hold."""
    home = Home()
    facts = console.table("Versions and paths", "what", "")
    facts.add_row("python", platform.python_version())
    for package in ("route-to-market", "dbt-core", "dbt-duckdb", "duckdb"):
        facts.add_row(package, _installed(package))
    facts.add_row("market time zone", market_time_zone().key)
    facts.add_row("RTM_HOME", str(home.root))
    for path in (home.raw, home.warehouse):
        size = f"{path.stat().st_size / 1e6:,.1f} MB" if path.exists() else "not there"
        facts.add_row(path.name, size)
    out.print(facts)
    is_well = True
    if home.raw.exists():
        is_well = _show_raw(home.raw)
    if home.warehouse.exists():
        try:
            console.show_marts(home.warehouse)
        except duckdb.Error as error:
            reason = escape(str(error).splitlines()[0])
            if is_locked(error):
                err.print(f"[yellow]warehouse:[/] in use by another process\n({reason})")
            else:
                is_well = False
                err.print(f"[red]warehouse:[/] {reason}\n(disposable: delete it and run `rtm build`)")
    raise typer.Exit(ALL_WELL if is_well else FAILED)


def _show_raw(path: Path) -> bool:
    try:
        with read_raw(path) as con:
            rows = con.execute(
                """
                select feed, count(*) filter (where status = 'landed'), sum(rows),
                    count(*) filter (where status = 'quarantined'), max(file_timestamp_utc)
                from manifest group by feed order by feed
                """
            ).fetchall()
    except RawBusyError as error:
        err.print(f"[yellow]raw:[/] {escape(str(error))}")
        return True
    except RawError as error:
        err.print(f"[red]raw:[/] {escape(str(error))}")
        return False
    except duckdb.Error as error:
        err.print(f"[red]raw:[/] {path} is no raw database of this project ({str(error).splitlines()[0]})")
        return False
    held = console.table("Raw", "feed", "files", "rows", "quarantined", "newest (UTC)")
    for feed, files, count, bad, newest in rows:
        held.add_row(feed, f"{files:,}", f"{count:,}", f"{bad:,}", f"{newest:%Y-%m-%d %H:%M}" if newest else "-")
    out.print(held)
    return True


def _land(home: Home, source: Path, *, retry: bool = False) -> Report:
    with _progress() as progress:
        tasks: dict[str, int] = {}

        def advance(feed: str, done: int, total: int) -> None:
            if feed not in tasks:
                tasks[feed] = progress.add_task(feed, total=total)
            progress.update(tasks[feed], completed=done)  # type: ignore[arg-type]

        try:
            return ingest(source, home.raw, market_time_zone(), exclude=home.root, retry=retry, progress=advance)
        except (RawError, duckdb.Error, OSError) as error:
            reason = str(error).strip().splitlines()[0]
            raise _failed(f"the load stopped, and what it had finished is kept: {reason}") from error


def _build(home: Home, arguments: list[str], *, verbose: bool) -> None:
    if not home.raw.exists():
        raise _failed(f"{home.raw} does not exist: land something first with `rtm ingest SOURCE`")
    command = [
        sys.executable,
        "-m",
        "dbt.cli.main",
        "build",
        "--project-dir",
        str(PROJECT),
        "--profiles-dir",
        str(PROJECT),
    ]
    command += ["--target-path", str(home.dbt / "target"), "--log-path", str(home.dbt / "logs"), *arguments]
    environment = {**os.environ, "RTM_HOME": str(home.root), "DO_NOT_TRACK": "1"}
    results = home.dbt / "target" / "run_results.json"
    results.unlink(missing_ok=True)  # a build that fails before its first node leaves the last one's
    with nullcontext() if verbose else err.status("dbt is building and testing the models ..."):
        result = subprocess.run(command, env=environment, check=False, capture_output=not verbose, text=True)
    if result.returncode != 0:
        said = f"{result.stdout or ''}{result.stderr or ''}"
        for line in _dbt_failures(results) or said.splitlines()[-15:]:
            err.print(line, soft_wrap=True, markup=False)
        raise _failed("the build failed; `rtm build --verbose` shows all that dbt prints")


def _dbt_failures(results: Path) -> list[str]:
    try:
        nodes = json.loads(results.read_text(encoding="utf-8"))["results"]
    except (OSError, ValueError, KeyError):
        return []
    bad = [node for node in nodes if node["status"] in ("error", "fail", "runtime error")]
    return [
        f"{node['status']}: {node['unique_id']}: {' '.join((node['message'] or '').split())[:400]}" for node in bad[:10]
    ]


def _day(text: str, option: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is no date like 2025-06-08", param_hint=option) from error


def _no_simulator(error: ModuleNotFoundError) -> typer.Exit:
    return _failed(f"the simulator needs {error.name}: install route-to-market[simulator], or name a SOURCE")


def _version(text: str, option: str) -> datetime:
    """A version as naive UTC."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is no moment like 2025-06-07T00:00Z", param_hint=option) from error
    if moment.tzinfo is None:
        raise typer.BadParameter(f"{text!r} has no offset: add Z for UTC", param_hint=option)
    moment = moment.astimezone(UTC).replace(tzinfo=None)
    if timedelta(minutes=moment.minute % 15, seconds=moment.second, microseconds=moment.microsecond):
        raise typer.BadParameter(f"{text!r} is no start of a quarter-hour", param_hint=option)
    return moment


def _installed(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def _progress() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=err, transient=True)


def _failed(message: str) -> typer.Exit:
    err.print(f"[red]failed:[/] {escape(message)}", soft_wrap=True)
    return typer.Exit(FAILED)


def main() -> None:
    """Entry point of the console script."""
    app()


if __name__ == "__main__":
    main()
