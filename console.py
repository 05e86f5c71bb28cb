"""What `rtm` prints: short tables, plain words."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import duckdb
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ingest.interface import Failure
from ingest.landing import Outcome, Report
from ingest.sources import as_text

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)

_SHOWN = 8


def table(title: str, *columns: str) -> Table:
    """A plain table: the first column text, the others numbers to the right."""
    made = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for position, column in enumerate(columns):
        made.add_column(column, justify="left" if position == 0 else "right", header_style="dim", no_wrap=position == 0)
    return made


def show_landing(report: Report) -> None:
    """Files and rows by feed, then what did not land and why."""
    feeds: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in [*report.outcomes, *report.still_bad]:
        feeds[outcome.feed].append(outcome)
    landed = table("Landed", "feed", "files", "rows", "bad rows", "there already", "quarantined")
    for feed in sorted({*feeds, *report.unchanged}):
        good = [o for o in feeds[feed] if o.reason is None]
        landed.add_row(
            feed,
            f"{len(good):,}",
            f"{sum(o.rows for o in good):,}",
            f"{sum(o.bad_rows for o in good):,}",
            f"{report.unchanged.get(feed, 0):,}",
            f"{len(feeds[feed]) - len(good):,}",
        )
    if landed.row_count:
        out.print(landed)
    else:
        out.print("No file of a known feed in this source: nothing to land.")
    for outcome in report.quarantined[:_SHOWN]:
        out.print(f"[red]quarantined[/] {_plain(outcome.path.name)}: {_plain(outcome.reason)}", soft_wrap=True)
    _more(len(report.quarantined), "quarantined files: see table `manifest` in raw")
    for path in report.unsettled[:_SHOWN]:
        out.print(
            f"[yellow]left for the next load[/] {_plain(path.name)}: it changed, or could not be opened, while it was "
            "read"
        )
    if report.unknown:
        names = ", ".join(_plain(path.name) for path in report.unknown[:_SHOWN])
        out.print(f"[dim]{len(report.unknown)} unknown files ignored: {names}[/]")
        _more(len(report.unknown), "unknown files")


def _plain(text: object) -> str:
    """Text that others wrote, with nothing in it that would be taken for markup or that no terminal can show."""
    return escape(as_text("" if text is None else str(text)))


def _more(total: int, what: str) -> None:
    if total > _SHOWN:
        out.print(f"[dim]... and {total - _SHOWN:,} more {what}[/]")


def show_failures(failures: list[Failure]) -> None:
    """Questions to the forecast interface that were not answered."""
    for failure in failures[:_SHOWN]:
        question = f"{_plain(failure.asset_id)} {failure.version:%Y-%m-%dT%H:%MZ}"
        out.print(f"[red]no answer[/] {question}: {_plain(failure.reason)}")
    _more(len(failures), "questions without an answer")


def show_marts(warehouse: Path) -> None:
    """Every mart with its number of rows."""
    with duckdb.connect(str(warehouse), read_only=True) as con:
        names = con.execute(
            "select table_name from information_schema.tables where table_schema = 'marts' order by table_name"
        ).fetchall()
        marts = table("Marts", "mart", "rows")
        for (name,) in names:
            rows = con.execute(f'select count(*) from marts."{name}"').fetchall()[0][0]
            marts.add_row(name, f"{rows:,}")
    out.print(marts)


def show_figures(warehouse: Path) -> None:
    """The figures there are so far: forecasts by day, findings by severity."""
    with duckdb.connect(str(warehouse), read_only=True) as con:
        days = con.execute(
            """
            select delivery_date, max(assets_expected), sum(latest_forecast_mwh), sum(tradeable_forecast_mwh),
                count(*) filter (where is_complete), count(*)
            from marts.fct_portfolio_forecasts group by delivery_date order by delivery_date desc limit 5
            """
        ).fetchall()
        findings = con.execute(
            "select severity, count(*) from marts.fct_data_findings group by severity order by severity"
        ).fetchall()
        worst = con.execute(
            "select coalesce(file_name, feed), finding, example from marts.fct_data_findings "
            "where severity = 'error' order by all limit 5"
        ).fetchall()
    figures = table("Portfolio forecast", "delivery date", "assets", "latest MWh", "tradeable MWh", "complete QH")
    for day, assets, latest, tradeable, complete, total in reversed(days):
        tradeable_text = "-" if tradeable is None else f"{tradeable:,.3f}"
        figures.add_row(str(day), str(assets), f"{latest:,.3f}", tradeable_text, f"{complete} of {total}")
    out.print(figures)
    out.print("Findings: " + (", ".join(f"{count} {severity}" for severity, count in findings) or "none"))
    for where, finding, example in worst:
        out.print(f"  [red]{finding}[/] ({_plain(where)}) {_plain(example)}", soft_wrap=True)
