"""What `rtm` prints: short tables, plain words."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import astuple
from datetime import datetime
from decimal import Decimal

import duckdb
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ingest.interface import Failure
from ingest.landing import Outcome, Report
from ingest.sources import as_text
from serve.as_of import Difference
from serve.marts import Rows
from serve.published import Change, Manifest
from serve.quality import Quality, Severity
from serve.warehouse import SCHEMAS

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


def show_round(report: Report, manifest: Manifest, seconds: list[float]) -> None:
    """What came in and went out in one round of `rtm watch`, in a line; files that were set aside follow.

    Args:
        report: of the load.
        manifest: of the copy that is published now.
        seconds: that landing, building and publishing took.
    """
    landed = [outcome for outcome in report.outcomes if outcome.reason is None]
    spent = ", ".join(f"{what} {took:.1f} s" for what, took in zip(("land", "build", "publish"), seconds, strict=True))
    out.print(
        f"{manifest.published_at_utc:%Y-%m-%d %H:%M:%S} UTC: {len(landed):,} files landed, "
        f"copy {manifest.copy_number} is published ({spent})",
        soft_wrap=True,
    )
    for outcome in report.outcomes:
        if outcome.reason is not None:
            out.print(f"[yellow]quarantined[/] {_plain(outcome.path.name)}: {_plain(outcome.reason)}", soft_wrap=True)


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


def show_marts(con: duckdb.DuckDBPyConnection) -> None:
    """Every mart and report of a published copy or a warehouse with its number of rows."""
    names = con.execute(
        "select table_schema, table_name from information_schema.tables where table_schema in ? order by all", [SCHEMAS]
    ).fetchall()
    marts = table("Marts and reports", "name", "rows")
    for schema, name in names:
        rows = con.execute(f'select count(*) from {schema}."{name}"').fetchall()[0][0]
        marts.add_row(name, f"{rows:,}")
    out.print(marts)


def show_published(manifest: Manifest, changes: list[Change]) -> None:
    """What went out, and which marts differ from the copy before."""
    known = f"{manifest.known_until_utc:%Y-%m-%d %H:%M} UTC" if manifest.known_until_utc else "no moment: raw is empty"
    out.print(f"Published copy {manifest.copy_number}: all tests passed, data known until {known}")
    if manifest.previous_copy_number is None:
        return
    if not changes:
        out.print(f"[dim]no rows or sums differ from copy {manifest.previous_copy_number}[/]")
        return
    by_mart: dict[str, list[Change]] = defaultdict(list)
    for change in changes:
        by_mart[change.mart].append(change)
    changed = table(f"Changed since copy {manifest.previous_copy_number}", "mart", "what", "before", "now")
    for mart, some in list(by_mart.items())[:_SHOWN]:
        for change in some[:2]:
            changed.add_row(mart, change.measure, _cell(change.before), _cell(change.value))
    out.print(changed)
    _more(len(by_mart), "changed marts: see table `publication.changes` in the copy")


def show_age(lines: list[str]) -> None:
    """How old the published numbers are, beside what was asked for and not in it."""
    for position, line in enumerate(lines):
        err.print(escape(line), style="dim" if position == 0 else "yellow", soft_wrap=True)


def show_rows(name: str, rows: Rows) -> None:
    """Part of a mart; a line that is longer than the screen is not cut."""
    shown = Table(title=name, title_justify="left", title_style="bold", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for position, column in enumerate(rows.columns):
        is_number = any(isinstance(values[position], int | float | Decimal) for values in rows.values)
        shown.add_column(column, justify="right" if is_number else "left", header_style="dim", no_wrap=True)
    for values in rows.values:
        shown.add_row(*(_cell(value) for value in values))
    wide = Console(file=out.file, width=10_000, highlight=False)
    wide.width = max(wide.measure(shown).maximum, 1)
    wide.print(shown)
    if len(rows.values) < rows.total:
        out.print(
            f"[dim]{len(rows.values):,} of {rows.total:,} rows: --limit 0 shows all, --out FILE.csv writes them[/]"
        )


def show_difference(difference: Difference, one: str, other: str) -> None:
    """What differs in a mart between two states."""
    if difference.missing is not None:
        lacking = (one, other)[difference.missing]
        out.print(f"[bold]{difference.mart}[/]: not in {escape(lacking)}\n", soft_wrap=True)
        return
    shown = table(difference.mart, "", one, other, "difference")
    shown.add_row("rows", *(f"{rows:,}" for rows in difference.rows), f"{difference.rows[1] - difference.rows[0]:,}")
    shown.add_row("rows that the other has not", *(f"{rows:,}" for rows in difference.only), "")
    for column, (before, after) in difference.sums.items():
        gap = None if before is None or after is None else after - before
        shown.add_row(f"sum of {column}", _cell(before), _cell(after), _cell(gap))
    out.print(shown)
    for change in difference.largest:
        values = f"{_cell(change.one)} -> {_cell(change.other)}"
        out.print(f"  {escape(change.key)}: {change.column} {values}", soft_wrap=True, style="dim")
    out.print()


def _cell(value: object) -> str:
    """A value for the eye: no trailing zeros, `-` where there is none."""
    match value:
        case None:
            return "-"
        case bool():
            return "yes" if value else "no"
        case Decimal() | float():
            text = f"{value:,.9f}" if isinstance(value, Decimal) else f"{value:,.6f}"
            return text.rstrip("0").rstrip(".")
        case datetime():
            return f"{value:%Y-%m-%d %H:%M}" if value.microsecond == value.second == 0 else str(value)
        case _:
            return _plain(value)


def show_figures(con: duckdb.DuckDBPyConnection) -> None:
    """The figures of the last days: forecasts, infeed, trading, imbalance; then invoices and findings."""
    _show_days(
        con,
        "Portfolio forecast",
        ("delivery date", "assets", "latest MWh", "tradeable MWh", "complete QH"),
        """
        select delivery_date, max(assets_expected), sum(latest_forecast_mwh), sum(tradeable_forecast_mwh),
            count(*) filter (where is_complete) || ' of ' || count(*)
        from marts.fct_portfolio_forecasts group by delivery_date
        """,
    )
    _show_days(
        con,
        "Portfolio infeed",
        ("delivery date", "infeed MWh", "final", "live", "forecast", "complete QH"),
        """
        select delivery_date, sum(infeed_mwh), sum(final_mwh), sum(live_mwh), sum(forecast_mwh),
            count(*) filter (where is_complete) || ' of ' || count(*)
        from marts.fct_portfolio_infeed group by delivery_date
        """,
    )
    _show_days(
        con,
        "Trading",
        ("delivery date", "revenue EUR", "trades", "net MWh", "VWAP", "market VWAP", "alpha EUR"),
        """
        select delivery_date, revenue_eur, trades, net_sold_mwh, private_vwap_eur_per_mwh,
            market_vwap_eur_per_mwh, alpha_eur
        from marts.fct_trading_days where product = 'all'
        """,
    )
    _show_days(
        con,
        "Imbalance",
        (
            "delivery date",
            "against forecast MWh",
            "cost EUR",
            "netting EUR",
            "of position MWh",
            "cost EUR",
            "priced QH",
        ),
        """
        select delivery_date, sum(forecast_imbalance_mwh), sum(forecast_imbalance_cost_eur),
            sum(netting_effect_eur), sum(position_imbalance_mwh), sum(position_imbalance_cost_eur),
            count(price_status) || ' of ' || count(*)
        from marts.fct_portfolio_imbalance group by delivery_date
        """,
    )
    _show_invoices(con)
    findings = con.execute(
        "select severity, count(*) from marts.fct_data_findings group by severity order by severity"
    ).fetchall()
    worst = con.execute(
        "select coalesce(file_name, feed), finding, example from marts.fct_data_findings "
        "where severity = 'error' order by all limit 5"
    ).fetchall()
    out.print("Findings: " + (", ".join(f"{count} {severity}" for severity, count in findings) or "none"))
    for where, finding, example in worst:
        out.print(f"  [red]{finding}[/] ({_plain(where)}) {_plain(example)}", soft_wrap=True)


def show_quality(quality: Quality) -> None:
    """What arrived on a delivery date, asset by asset, and each finding with an example and what to do."""
    feeds = table(
        f"Feeds of {quality.day}",
        "feed",
        "expected",
        "arrived",
        "missing",
        "late",
        "status",
        "newest (UTC)",
        "findings",
    )
    for feed in quality.feeds:
        numbers = (feed.expected, feed.arrived, feed.missing, feed.late)
        feeds.add_row(
            feed.feed,
            *(_count(number) for number in numbers),
            feed.status + _percent_short_of_all(feed.completeness),
            _cell(feed.newest_at_utc),
            _count(feed.findings),
        )
    out.print(feeds)
    out.print()
    assets = table(
        "Assets, in quarter-hours",
        *("asset", "expected", "forecast", "tradeable", "live", "final", "infeed", "deviating", "above cap.", "flat"),
    )
    for asset in quality.assets:
        name, *quarter_hours = astuple(asset)
        assets.add_row(_plain(name), *(_count(number) for number in quarter_hours))
    out.print(assets)
    out.print()
    colours = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "dim"}
    out.print("[bold]Findings[/] of this date, and of files" if quality.findings else "No findings.")
    for found in quality.findings:
        head = f"[{colours[found.severity]}]{found.severity}[/] [bold]{found.finding}[/]"
        out.print(f"{head} {found.rows:,} x in {_plain(found.place)}: {_plain(found.example)}", soft_wrap=True)
        out.print(f"    {_plain(found.meaning)}\n    [dim]->[/] {_plain(found.what_to_do)}", soft_wrap=True)


def _percent_short_of_all(completeness: float | None) -> str:
    """` 99 %` where something is missing, however little; nothing where all is there or nobody knows."""
    return "" if completeness is None or completeness == 1 else f" {math.floor(completeness * 100)} %"


def _count(number: int | None) -> str:
    return "-" if number is None else f"{number:,}"


def _show_invoices(con: duckdb.DuckDBPyConnection) -> None:
    """The invoices of the newest month."""
    invoices = con.execute(
        """
        select invoice_id, status, volume_mwh, owner_gross_eur, flexpower_gross_eur, gross_eur
        from marts.fct_invoices
        where invoicing_month = (select max(invoicing_month) from marts.fct_invoices)
        order by status, invoice_id
        """
    ).fetchall()
    if not invoices:
        return
    shown = table("Invoices", "invoice", "status", "MWh", "to owner EUR", "fee EUR", "total EUR")
    for name, status, volume, *amounts in invoices[:_SHOWN]:
        shown.add_row(_plain(name), status, _rounded(volume, 3), *(_rounded(amount, 2) for amount in amounts))
    out.print(shown)
    _more(len(invoices), "invoices: `rtm show fct_invoices` prints them with their reasons")
    out.print()


def _rounded(value: Decimal | None, digits: int) -> str:
    return "-" if value is None else f"{value:z,.{digits}f}"


def _show_days(con: duckdb.DuckDBPyConnection, title: str, columns: tuple[str, ...], sql: str) -> None:
    """The last five delivery dates of a query; energy and money to three digits."""
    days = con.execute(f"select * from ({sql}) as days order by delivery_date desc limit 5").fetchall()
    if not days:
        return
    shown = table(title, *columns)
    for day in reversed(days):
        shown.add_row(*(_rounded(value, 3) if isinstance(value, Decimal) else _cell(value) for value in day))
    out.print(shown)
    out.print()
