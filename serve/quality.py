"""The data quality of one delivery date: what arrived, asset by asset, and what was found."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

import duckdb

from serve.marts import MartError


class Severity(StrEnum):
    """How bad a finding is (seed `finding_types`), worst first."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True)
class Feed:
    """A line of `rpt_data_quality`; numbers in `unit`, `completeness` from 0 to 1."""

    feed: str
    expected: int | None
    arrived: int
    missing: int | None
    late: int | None
    completeness: float | None
    status: str
    newest_at_utc: Any
    findings: int


@dataclass(frozen=True)
class Asset:
    """A line of `fct_asset_arrivals`; numbers are quarter-hours."""

    asset_id: str
    expected: int
    forecast: int
    tradeable: int
    live: int
    final: int
    infeed: int
    deviating: int
    above_capacity: int
    flat: int


@dataclass(frozen=True)
class Finding:
    """A line of `fct_data_findings`."""

    severity: Severity
    finding: str
    place: str
    rows: int
    example: str | None
    meaning: str
    what_to_do: str


@dataclass(frozen=True)
class Quality:
    """What portfolio operations look at for one delivery date.

    Attributes:
        day: the local delivery date.
        feeds: by name.
        assets: those under contract on the day.
        findings: of the day and of files without a day, worst first.
    """

    day: date
    feeds: list[Feed]
    assets: list[Asset]
    findings: list[Finding]

    def at_least(self, severity: Severity) -> list[Finding]:
        """Findings as bad as this or worse."""
        ranks = list(Severity)
        return [found for found in self.findings if ranks.index(found.severity) <= ranks.index(severity)]


def look(con: duckdb.DuckDBPyConnection, day: date | None = None) -> Quality:
    """The quality of a delivery date; without one, of the newest date that is half measured.

    Args:
        con: the published copy (`serve.published.reading`).
        day: the local delivery date.

    Raises:
        MartError: if the date has no data, or the copy none at all.
    """
    first, last, newest = con.execute(
        """
        select min(delivery_date), max(delivery_date), coalesce(
            max(delivery_date) filter (where feed in ('live_measured_infeed', 'final_production')
                and completeness >= 0.5),
            max(delivery_date)
        )
        from reports.rpt_data_quality
        """
    ).fetchall()[0]
    if newest is None:
        raise MartError("there is no delivery date with data yet: land some with `rtm run SOURCE`")
    chosen = day or newest
    if not first <= chosen <= last:
        raise MartError(f"there are no data for {chosen}; there are some from {first} to {last}")
    feeds = con.execute(
        """
        select feed, expected, arrived, missing, late, completeness, status, newest_at_utc,
            error_findings + warning_findings + info_findings
        from reports.rpt_data_quality where delivery_date = ? and status is not null order by feed
        """,
        [chosen],
    ).fetchall()
    assets = con.execute(
        """
        select asset_id, expected_quarter_hours, forecast_quarter_hours, tradeable_quarter_hours,
            live_quarter_hours, final_quarter_hours, infeed_quarter_hours, deviating_quarter_hours,
            above_capacity_quarter_hours, flat_quarter_hours
        from marts.fct_asset_arrivals where delivery_date = ? order by asset_id
        """,
        [chosen],
    ).fetchall()
    findings = con.execute(
        """
        select severity, finding, coalesce(file_name, feed), rows, example, meaning, what_to_do
        from marts.fct_data_findings where delivery_date = ? or delivery_date is null
        order by list_position(['error', 'warning', 'info'], severity), delivery_date nulls last,
            finding, file_name, feed
        """,
        [chosen],
    ).fetchall()
    return Quality(
        chosen,
        [Feed(*line) for line in feeds],
        [Asset(*line) for line in assets],
        [Finding(Severity(severity), *rest) for severity, *rest in findings],
    )
