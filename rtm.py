"""The command line: `rtm ingest | build | run | publish | show | quality | simulate | backup | docs` and more."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import math
import os
import platform
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Annotated

import duckdb
import typer
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

import console
from building.runs import BuildError, Worker, build_as_of, write_docs
from building.runs import build as build_warehouse
from console import err, out
from home import Home, market_time_zone, warehouse_layout
from ingest import interface
from ingest.landing import Report, ingest
from ingest.parsing import macros
from ingest.raw import RawBusyError, RawError, is_locked, read_raw, upgrade_raw
from ingest.sources import listing
from serve import access, marts, permissions, quality
from serve import backup as backups
from serve.as_of import DiffError, differing, resolve
from serve.files import in_words, replace_text, settle
from serve.locks import BusyError, writing
from serve.publish import in_advance, is_published, publish, roll_back
from serve.published import (
    Attempt,
    PublishError,
    age,
    changes,
    last_attempt,
    note_attempt,
    read_manifest,
    reading,
    utc_now,
    why_nothing_newer,
)
from serve.warehouse import WarehouseError, check_usable, last_build, make_room, open_warehouse

ALL_WELL, FAILED, QUARANTINED = 0, 1, 3
_AGAIN_S = 300  # after a round of `rtm watch` that failed

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
WaitOption = Annotated[bool, typer.Option("--wait/--no-wait", help="Wait for another rtm that is writing, or fail.")]


class StoppedError(Exception):
    """A step did not get through; the text is for people."""


OURS = (
    StoppedError, BuildError, BusyError, RawError, WarehouseError, PublishError, backups.BackupError,
    access.AccessDenied, access.RegisterError,
)  # fmt: skip


@app.command("ingest")
def ingest_command(source: SourceArgument, retry: RetryOption = False, wait: WaitOption = True) -> None:
    """Land the new files of SOURCE in raw; files that are there already are left alone."""
    home = _home()
    with _writing(home, "rtm ingest", wait=wait):
        report = _land(home, source, retry=retry)
    console.show_landing(report)
    raise typer.Exit(QUARANTINED if report.quarantined else ALL_WELL)


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def build(
    context: typer.Context,
    moment: Annotated[
        str | None,
        typer.Option("--as-of", help="Make all marts as they would have been then, as 2025-06-08T10:00Z, in a file."),
    ] = None,
    day: Annotated[str | None, typer.Option(help="With --as-of: only this delivery date, much faster.")] = None,
    verbose: VerboseOption = False,
    wait: WaitOption = True,
) -> None:
    """Make the warehouse from raw and test it. Further arguments go to `dbt build`."""
    home = _home()
    if moment is not None:
        made = _build_as_of(home, moment, _day(day, "--day") if day else None, verbose=verbose, wait=wait)
        out.print(f"{escape(str(made))}", soft_wrap=True)
        out.print("Next: `rtm diff` says what differs between two moments, or then and now.")
        return
    if day is not None:
        raise typer.BadParameter("--day wants --as-of", param_hint="--day")
    with _writing(home, "rtm build", wait=wait) as lock, _noted(home, "rtm build", "built"):
        _build(home, context.args, lock, verbose=verbose)
        with open_warehouse(home.warehouse) as con:
            console.show_marts(con)
        _settle(home)


@app.command()
def run(
    source: Annotated[
        Path | None, typer.Argument(exists=True, help="A folder, or one file. [default: the sample]")
    ] = None,
    retry: RetryOption = False,
    verbose: VerboseOption = False,
    wait: WaitOption = True,
) -> None:
    """Land SOURCE, make, test and publish the marts, and print the figures there are."""
    home = _home()
    with _writing(home, "rtm run", wait=wait) as lock:
        with _noted(home, "rtm run", "published"):
            if source is None:
                try:
                    from simulator.sample import write_sample
                except ModuleNotFoundError as error:
                    raise _no_extra(error, "simulator") from error
                source = home.sample
                write_sample(source)
                out.print(f"No source named: using the bundled sample (three days, six assets) in {source}\n")
            report = _land(home, source, retry=retry, settle=False)
            console.show_landing(report)
            with in_advance(home.published):
                _build(home, [], lock, verbose=verbose)
            out.print()
            publish(home.warehouse, home.published, keep=home.published_copies, now=utc_now())
        _settle(home)
    with _telling(), reading(home.published) as con:
        console.show_figures(con)
        out.print()
        console.show_published(read_manifest(con), changes(con))
    if report.quarantined:
        out.print(f"\n[yellow]Done, but quarantined: {len(report.quarantined)} (see above).[/]")
    out.print("\nNext: `rtm doctor` lists the marts, `rtm show fct_positions` prints one;")
    out.print("      `make run SOURCE=dir` lands your own files; docs/domain.md says what it all means.")
    raise typer.Exit(QUARANTINED if report.quarantined else ALL_WELL)


@app.command()
def watch(
    source: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="A folder into which files come.")],
    every: Annotated[float, typer.Option(min=0.1, help="Seconds between two looks.")] = 2.0,
    verbose: VerboseOption = False,
) -> None:
    """Land, build, test and publish what comes into SOURCE as soon as it is there, until stopped (Ctrl-C, SIGTERM)."""
    home = _home()
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    out.print(f"Watching {escape(str(source))} every {every:g} s", soft_wrap=True)
    seen: object = None
    again_at = math.inf
    while not stop.is_set():
        with _telling(), Worker(home, verbose=verbose) as worker:  # ready before there is something to do
            while (there := listing(source.resolve(), home.root)) == seen and time.monotonic() < again_at:
                if stop.wait(every):
                    return
            seen, again_at = there, math.inf
            try:
                if not _take_in(home, source, worker):
                    seen = None
            except typer.Exit:  # it has been said; the next file may mend it, or somebody who makes room
                again_at = time.monotonic() + _AGAIN_S
        stop.wait(every)


@app.command("publish")
def publish_command(
    rollback: Annotated[bool, typer.Option("--rollback", help="Go back to the copy before the current one.")] = False,
    wait: WaitOption = True,
) -> None:
    """Give readers the marts of the last build, if its tests passed."""
    home = _home()
    if rollback:
        with _writing(home, "rtm publish --rollback", wait=wait):
            manifest = roll_back(home.published)
            note_attempt(home.published, _attempt("rtm publish --rollback", "rolled back"))
        out.print(
            f"Back to copy {manifest.copy_number}, published {manifest.published_at_utc:%Y-%m-%d %H:%M} UTC; "
            "`rtm publish` or the next `rtm run` publishes the last build again."
        )
        return
    with _writing(home, "rtm publish", wait=wait):
        publish(home.warehouse, home.published, keep=home.published_copies, now=utc_now())
        note_attempt(home.published, _attempt("rtm publish", "published"))
    with _telling(), reading(home.published) as con:
        console.show_published(read_manifest(con), changes(con))


@app.command()
def rebuild(verbose: VerboseOption = False, wait: WaitOption = True) -> None:
    """Make a new warehouse from raw alone, test and publish it; for one that is damaged or of an older version."""
    home = _home()
    with _writing(home, "rtm rebuild", wait=wait) as lock, _noted(home, "rtm rebuild", "published"):
        _check_raw(home)
        aside = make_room(home.warehouse)
        if aside is not None:
            out.print(f"What was no warehouse of this project is kept as {escape(str(aside))}", soft_wrap=True)
        _build(home, [], lock, verbose=verbose)
        publish(home.warehouse, home.published, keep=home.published_copies, now=utc_now())
        _settle(home)
    with _telling(), reading(home.published) as con:
        console.show_marts(con)
        console.show_published(read_manifest(con), changes(con))


@app.command()
def backup(
    folder: Annotated[Path, typer.Argument(file_okay=False, help="Where backups lie; each gets a folder of its own.")],
    wait: WaitOption = True,
) -> None:
    """Copy raw, registers and whatever else cannot be made again to a new folder below FOLDER."""
    home = _home()
    with _writing(home, "rtm backup", wait=wait):
        made = backups.back_up(home.root, folder, utc_now())
    out.print(f"Backed up to {escape(str(made))}", soft_wrap=True)


@app.command()
def restore(
    folder: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="A backup, or a folder of backups.")],
    over: Annotated[bool, typer.Option("--replace", help="Move aside what is there.")] = False,
    wait: WaitOption = True,
) -> None:
    """Put a backup (the newest of a folder of them) back into RTM_HOME, once it has proved whole."""
    home = _home()
    with _writing(home, "rtm restore", wait=wait):
        taken, aside = backups.restore(home.root, folder, utc_now(), replace=over)
        make_room(home.warehouse)  # it was made from another raw
    out.print(f"Restored {escape(str(taken))}", soft_wrap=True)
    if aside is not None:
        out.print(f"What was there is kept in {escape(str(aside))}", soft_wrap=True)
    out.print("Next: `rtm rebuild` makes, tests and publishes the marts.")


@app.command()
def docs(
    build_only: Annotated[bool, typer.Option("--build", help="Make the pages anew, and open nothing.")] = False,
    wait: WaitOption = True,
) -> None:
    """Open the documentation and the column lineage, made first if they are not there."""
    home = _home()
    page = home.docs / "index.html"
    if build_only or not page.exists():
        with _writing(home, "rtm docs", wait=wait) as lock:
            _make_docs(home, lock)
    out.print(f"{escape(str(page))} and {home.docs.name}/lineage.html beside it", soft_wrap=True)
    if not build_only:
        typer.launch(page.as_uri())


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
    home = _home()
    names = [name.strip() for name in columns.split(",")] if columns else []
    question = marts.Question(
        mart, asset, _day(day, "--day") if day else None, names, 20 if limit is None and path is None else limit or 0
    )
    with _published(home) as con:
        try:
            if path is None:
                console.show_rows(mart, marts.look(con, question))
            else:
                out.print(f"{marts.write(con, question, path):,} rows of {mart} in {escape(str(path))}")
        except marts.MartError as error:
            raise typer.BadParameter(escape(str(error))) from error


@app.command()
def diff(
    one: Annotated[str, typer.Argument(help="A moment that `rtm build --as-of` made, `now`, or a DuckDB file.")],
    other: Annotated[str, typer.Argument(help="What it is compared with. [default: now]")] = "now",
) -> None:
    """Show mart by mart what differs between two moments, or between then and now."""
    home = _home()
    try:
        files = [resolve(home.as_of, home.published, text, market_time_zone()) for text in (one, other)]
        found = list(differing(*files))
        for difference in found:
            console.show_difference(difference, one, other)
        if not found:
            out.print(f"No mart differs between {escape(one)} and {escape(other)}.")
    except DiffError as error:
        raise typer.BadParameter(escape(str(error))) from error


@app.command("report")
def report_command(
    path: Annotated[Path, typer.Option("--out", help="The HTML file to write.")],
    day: Annotated[str | None, typer.Option(help="A delivery date, as 2025-06-08.")] = None,
    month: Annotated[str | None, typer.Option(help="Or a month, as 2025-06.")] = None,
    asset: Annotated[str | None, typer.Option(help="Only this asset_id. [default: the portfolio]")] = None,
) -> None:
    """Write the performance report of a day or month as one HTML page."""
    if (day is None) == (month is None):
        raise typer.BadParameter("name a day or a month: --day 2025-06-08 or --month 2025-06")
    start = _day(day, "--day") if day else _day(f"{month}-01", "--month")
    try:
        from serve import report
    except ModuleNotFoundError as error:
        raise _no_extra(error, "report") from error
    with _published(_home()) as con:
        try:
            report.write(con, report.Subject("day" if day else "month", start, asset, market_time_zone().key), path)
        except report.ReportError as error:
            raise typer.BadParameter(escape(str(error))) from error
        except OSError as error:
            raise _failed(f"{path} cannot be written: {in_words(error)}") from error
    out.print(f"{escape(str(path))}: {asset or 'the portfolio'}, {day or month}")


@app.command("share")
def share_command(
    path: Annotated[Path, typer.Argument(metavar="OUT", help="A new .duckdb file, or a new folder of Parquet files.")],
    role: Annotated[str, typer.Option(help=f"For whom: {', '.join(access.Role)}.")],
    subject: Annotated[
        str | None, typer.Option(help="The customer, for sales and asset_owner: owner_id or address.")
    ] = None,
) -> None:
    """Write what a role may see, and nothing else; somebody must hold it in RTM_HOME/access.yml."""
    if role not in list(access.Role):
        raise typer.BadParameter(f"there is no such role: name one of {', '.join(access.Role)}", param_hint="--role")
    with _telling():
        rows = access.share(_home().root, role, subject, path)
    held = console.table(f"What the role {role} may see", "mart", "rows")
    for mart, count in rows.items():
        held.add_row(mart, f"{count:,}")
    out.print(held)
    out.print(f"Written to {escape(str(path))}; noted in {access.LOG}", soft_wrap=True)


@app.command("permissions")
def permissions_command(
    path: Annotated[
        Path | None, typer.Option("--write", exists=True, dir_okay=False, help="Put it between the marks of this page.")
    ] = None,
) -> None:
    """Print who may see what, as the published copy declares it, as Markdown (docs/permissions.md)."""
    with _telling(), reading(_home().published) as con:
        text = permissions.matrix(con)
    if path is None:
        typer.echo(text, nl=False)
        return
    try:
        replace_text(path, permissions.put_into(path.read_text(encoding="utf-8"), text))
    except ValueError as error:
        raise typer.BadParameter(escape(f"{path}: {error}"), param_hint="--write") from error


@app.command("quality")
def quality_command(
    day: Annotated[str | None, typer.Option(help="Delivery date. [default: the newest that is half measured]")] = None,
    fail_on: Annotated[
        quality.Severity, typer.Option(help="Exit with 1 where a finding is as bad as this or worse.")
    ] = quality.Severity.ERROR,
) -> None:
    """Print what arrived for a delivery date, what lacks, and each finding with what to do about it."""
    home = _home()
    with _published(home) as con:
        try:
            found = quality.look(con, _day(day, "--day") if day else None)
        except marts.MartError as error:
            raise typer.BadParameter(escape(str(error)), param_hint="--day") from error
        console.show_quality(found)
    grave = found.at_least(fail_on)
    if grave:
        raise _failed(f"{len(grave)} findings are as bad as {fail_on!s} or worse (--fail-on)")


@app.command()
def forecasts(
    client: Annotated[str, typer.Option(help="The function to ask, as FILE.py:FUNCTION.")],
    first: Annotated[str, typer.Option("--from", help="First version, with offset: 2025-06-07T00:00Z.")],
    last: Annotated[str, typer.Option("--to", help="Last version, included.")],
    wait: WaitOption = True,
) -> None:
    """Ask a forecast function for every contracted asset and quarter-hourly version, and land the answers."""
    home = _home()
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
    with _writing(home, "rtm forecasts", wait=wait):
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
        raise _no_extra(error, "simulator") from error
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
    """Show versions, paths, locks, what raw and the published copy hold, and how the last build went."""
    home = _home()
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
        is_well = _show_warehouse(home.warehouse) and is_well
    try:
        with reading(home.published) as con:
            console.show_marts(con)
            console.show_age(age(read_manifest(con), last_attempt(home.published), utc_now()))
    except (PublishError, duckdb.Error) as error:
        err.print(f"[yellow]published:[/] {escape(in_words(error))}", soft_wrap=True)
    raise typer.Exit(ALL_WELL if is_well else FAILED)


def _show_warehouse(path: Path) -> bool:
    """Say how the last build went; returns whether the warehouse can be read."""
    try:
        check_usable(path, warehouse_layout())
        with open_warehouse(path) as con:
            build = last_build(con)
    except WarehouseError as error:
        if error.__cause__ is None:
            err.print(f"[yellow]warehouse:[/] {escape(str(error))}", soft_wrap=True)
            return True
        reason = escape(in_words(str(error.__cause__)))
        if isinstance(error.__cause__, duckdb.Error) and is_locked(error.__cause__):
            err.print(f"[yellow]warehouse:[/] in use by another process\n({reason})")
            return True
        err.print(f"[red]warehouse:[/] {reason}\n(disposable: delete it, or run `rtm rebuild`)")
        return False
    how = escape(build.why_not) if build.why_not else f"the last build passed {build.tests_passed:,} tests"
    out.print(f"warehouse: {how}", soft_wrap=True)
    return True


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


def _land(home: Home, source: Path, *, retry: bool = False, settle: bool = True) -> Report:
    with _progress() as progress:
        tasks: dict[str, int] = {}

        def advance(feed: str, done: int, total: int) -> None:
            if feed not in tasks:
                tasks[feed] = progress.add_task(feed, total=total)
            progress.update(tasks[feed], completed=done)  # type: ignore[arg-type]

        try:
            return ingest(
                source, home.raw, market_time_zone(), exclude=home.root, retry=retry, settle=settle, progress=advance
            )
        except (RawError, duckdb.Error, OSError) as error:
            reason = str(error).splitlines()[0] if isinstance(error, RawError) else in_words(error)
            raise StoppedError(f"the load stopped, and what it had finished is kept: {reason}") from error


def _take_in(home: Home, source: Path, worker: Worker) -> bool:
    """Land, build and publish what is new; whether nothing of it was still being written."""
    moments = [time.monotonic()]
    with _writing(home, "rtm watch", wait=True) as lock:
        with _noted(home, "rtm watch", "published"):
            report = _land(home, source, settle=False)
            moments.append(time.monotonic())
            _check_raw(home)
            check_usable(home.warehouse, warehouse_layout())
            with in_advance(home.published) if report.outcomes else nullcontext():
                worker.build(lock)
            moments.append(time.monotonic())
            if not is_published(home.warehouse, home.published):
                publish(home.warehouse, home.published, keep=home.published_copies, now=utc_now())
            moments.append(time.monotonic())
            with reading(home.published) as con:
                console.show_round(report, read_manifest(con), [end - start for start, end in pairwise(moments)])
        _settle(home)
    return not report.unsettled


def _settle(home: Home) -> None:
    """Now that nobody waits, have the databases hold all that was written."""
    for database in (home.raw, home.warehouse):
        settle(database)


def _check_raw(home: Home) -> None:
    """See that there is a raw, in this version's layout."""
    if not home.raw.exists():
        raise StoppedError(f"{home.raw} does not exist: land something first with `rtm ingest SOURCE`")
    upgrade_raw(home.raw, macros(market_time_zone()))


def _build(home: Home, options: list[str], lock: int, *, verbose: bool) -> None:
    _check_raw(home)
    check_usable(home.warehouse, warehouse_layout())
    with nullcontext() if verbose else err.status("dbt is building and testing the models ..."):
        build_warehouse(home, options, lock, verbose=verbose)


def _build_as_of(home: Home, text: str, day: date | None, *, verbose: bool, wait: bool) -> Path:
    """Make the marts as they would have been at a moment, and say how its text was read."""
    moment = _as_of_moment(text)
    with _writing(home, "rtm build --as-of", wait=wait) as lock:
        _check_raw(home)
        home.as_of.mkdir(parents=True, exist_ok=True)
        with nullcontext() if verbose else err.status(f"dbt is making the marts as of {moment:%Y-%m-%d %H:%M} UTC ..."):
            return build_as_of(home, moment, day, lock, verbose=verbose)


def _as_of_moment(text: str) -> datetime:
    """A moment as naive UTC; without an offset it is local time, and that is said."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is no moment like 2025-06-08T10:00Z", param_hint="--as-of") from error
    if moment.tzinfo is None:
        zone = market_time_zone()
        moment = moment.replace(tzinfo=zone)
        if moment.utcoffset() != moment.replace(fold=1).utcoffset():
            raise typer.BadParameter(
                f"{text!r} exists twice or not at all in {zone.key}: add an offset", param_hint="--as-of"
            )
        err.print(f"{escape(text)} has no offset: read as local time ({zone.key}), {moment.astimezone(UTC):%H:%M} UTC")
    return moment.astimezone(UTC).replace(tzinfo=None)


def _make_docs(home: Home, lock: int) -> None:
    from serve.lineage import LineageError, write_pages

    if importlib.util.find_spec("sqlglot") is None:
        raise StoppedError("column lineage needs sqlglot: pip install 'route-to-market[docs]'")
    is_built = home.raw.exists() and home.warehouse.exists()
    if is_built:
        _check_raw(home)
        check_usable(home.warehouse, warehouse_layout())
    with err.status("dbt is writing the documentation ..."):
        target = write_docs(home, lock, with_sizes=is_built)
    with err.status("following the columns ..."):
        try:
            write_pages(target, home.docs)
        except LineageError as error:
            raise StoppedError(str(error)) from error
    (target / "static_index.html").replace(home.docs / "index.html")


def _day(text: str, option: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is no date like 2025-06-08", param_hint=option) from error


def _no_extra(error: ModuleNotFoundError, extra: str) -> typer.Exit:
    instead = ", or name a SOURCE" if extra == "simulator" else ""
    return _failed(f"the {extra} needs {error.name}: install route-to-market[{extra}]{instead}")


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


def _home() -> Home:
    try:
        return Home()
    except ValueError as error:
        raise typer.BadParameter(
            f"RTM_PUBLISHED_COPIES is {os.environ.get('RTM_PUBLISHED_COPIES')!r}, expected a whole number from 1 on"
        ) from error


def _attempt(command: str, outcome: str) -> Attempt:
    return Attempt(command, f"{utc_now():%Y-%m-%d %H:%M}", outcome)


@contextmanager
def _noted(home: Home, command: str, outcome: str) -> Iterator[None]:
    """Note for readers what is tried, and what came of it."""
    attempt = _attempt(command, "started")
    note_attempt(home.published, attempt)
    try:
        yield
    except (*OURS, duckdb.Error, OSError) as error:
        note_attempt(home.published, replace(attempt, outcome="failed", reason=in_words(error)))
        raise
    note_attempt(home.published, replace(attempt, outcome=outcome))


@contextmanager
def _writing(home: Home, command: str, *, wait: bool) -> Iterator[int]:
    """Be the only one that writes, and say in words what goes wrong."""
    say = lambda text: err.print(f"[yellow]{escape(text)}[/]", soft_wrap=True)  # noqa: E731
    with _telling(), writing(home.lock, command, wait=wait, say=say) as lock:
        yield lock


@contextmanager
def _published(home: Home) -> Iterator[duckdb.DuckDBPyConnection]:
    """The published copy for one look, and then a word on how old it is."""
    attempt = last_attempt(home.published)
    try:
        with reading(home.published) as con:
            yield con
            console.show_age(age(read_manifest(con), attempt, utc_now()))
    except PublishError as error:
        console.show_age([line for line in (why_nothing_newer(attempt),) if line])
        raise _failed(str(error)) from error
    except duckdb.Error as error:
        raise _failed(in_words(error)) from error


@contextmanager
def _telling() -> Iterator[None]:
    try:
        yield
    except OURS as error:
        for line in error.details if isinstance(error, BuildError) else []:
            err.print(line, soft_wrap=True, markup=False)
        raise _failed(str(error)) from error
    except (duckdb.Error, OSError) as error:
        raise _failed(in_words(error)) from error


def _failed(message: str) -> typer.Exit:
    err.print(f"[red]failed:[/] {escape(message)}", soft_wrap=True)
    return typer.Exit(FAILED)


def main() -> None:
    """Entry point of the console script."""
    app()


if __name__ == "__main__":
    main()
