"""Numbers, times and gaps in words: one way of writing each, whoever shows it."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

import pandas as pd

NOT_KNOWN = "–"
"""What stands for a figure that is not known; never 0."""
UNITS = {
    "_quarter_hours": "QH",
    "_eur_per_mwh": "EUR/MWh",
    "_eur_per_mw_month": "EUR/MW/month",
    "_eur": "EUR",
    "_mwh": "MWh",
    "_mw": "MW",
    "_kw": "kW",
    "_pct": "%",
    "_percent": "%",
    "_minutes": "min",
    "_hours": "h",
}
"""How the end of a column's name says its unit."""
SHARES = {"completeness", "capacity_factor", "capture_rate", "nmae", "nrmse", "nbias", "asset_mean_nmae",
          "smoothing_nmae", "vat_rate", "live_coverage"}  # fmt: skip
"""Columns from 0 to 1 that are read as percent."""
_FINE_SHARES = {"nmae", "nrmse", "nbias", "asset_mean_nmae", "smoothing_nmae"}
_WORDS = {"vwap": "VWAP", "nmae": "nMAE", "nrmse": "nRMSE", "nbias": "nBias", "vat": "VAT", "id": "ID", "utc": "UTC",
          "id1": "ID1", "id3": "ID3", "kpi": "KPI"}  # fmt: skip


@dataclass(frozen=True)
class Tile:
    """A figure with what it means.

    Attributes:
        name: what it is.
        value: as text, without its unit.
        unit: of it; empty for a number of things or a share that says `%` itself.
        note: a second line, smaller.
        definition: shown on hover and focus.
        status: `provisional` looks so; `bad` has a warning's sign.
    """

    name: str
    value: str
    unit: str = ""
    note: str = ""
    definition: str = ""
    status: str = ""


def is_missing(value: Any) -> bool:
    """Whether a figure is not known."""
    return value is None or value is pd.NaT or (not isinstance(value, str | bytes) and bool(pd.isna(value)))


def number(value: Any, digits: int = 0, *, signed: bool = False) -> str:
    """A number with thousands apart; a true minus, so that columns line up."""
    if is_missing(value):
        return NOT_KNOWN
    text = f"{float(value):{'+' if signed else ''},.{digits}f}"
    zero = f"{0:.{digits}f}"
    return zero if text.lstrip("+-") == zero else text.replace("-", "−")


def share(value: Any, digits: int = 1) -> str:
    """A share from 0 to 1 as percent."""
    return NOT_KNOWN if is_missing(value) else f"{number(float(value) * 100, digits)} %"


def unit_of(column: str) -> str:
    """The unit that a column's name ends in; empty: it has none."""
    if column in SHARES:
        return "%"
    return next((unit for end, unit in UNITS.items() if column.endswith(end)), "")


def label_of(column: str, *, with_unit: bool = True) -> str:
    """A column's name as people write it, its unit behind it."""
    unit = unit_of(column)
    if column == "quarter_hours":
        return "Quarter-hours"
    stem = column
    for end in (*UNITS, "_utc"):
        if stem.endswith(end):
            stem = stem.removesuffix(end)
            break
    words = " ".join(_WORDS.get(word, word) for word in stem.split("_"))
    words = words[:1].upper() + words[1:] if not words[:2].isupper() and words[1:2].islower() else words
    return f"{words}, {unit}" if unit and with_unit else words


def clock(moment: Any, zone: tzinfo, *, seconds: bool = False) -> str:
    """A naive UTC moment on the clock of `zone`, which is named: the hour that comes twice can be told apart."""
    if is_missing(moment):
        return NOT_KNOWN
    there = _aware(moment).astimezone(zone)
    return f"{there:%Y-%m-%d %H:%M}{f':{there:%S}' if seconds else ''} {there:%Z}"


def clocks(moments: pd.Series, zone: tzinfo, *, seconds: bool = False) -> pd.Series:
    """`clock` of a column at once, which a chart of thousands of trades needs."""
    there = moments.dt.tz_localize("UTC").dt.tz_convert(zone)
    return there.dt.strftime(f"%Y-%m-%d %H:%M{':%S' if seconds else ''} %Z").fillna(NOT_KNOWN)


def span(seconds: float) -> str:
    """A span of time in the largest unit that it fills twice."""
    for unit, length in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{max(seconds, 0):.0f} seconds"


def gaps(starts: Iterable[Any], zone: tzinfo, step: timedelta = timedelta(minutes=15), most: int = 4) -> str:
    """Missing steps as ranges in words, `02:00 to 02:45 (3), 05:15 to 05:30 (1)`; empty where none is missing.

    Days are named with the last one included: `25 Oct, 27 Oct to 29 Oct (3)`.

    Args:
        starts: of the missing steps, naive UTC, in order.
        zone: the clock.
        step: length of each.
        most: so many ranges are named, the rest counted.
    """
    runs: list[list[datetime]] = []
    for start in starts:
        moment = pd.Timestamp(start).to_pydatetime()
        if runs and moment == runs[-1][-1] + step:
            runs[-1].append(moment)
        else:
            runs.append([moment])
    if step >= timedelta(days=1):
        return _days_in_words(runs, most)
    form = "%H:%M"
    if len({_aware(run[0]).astimezone(zone).date() for run in runs}) > 1:
        form = "%-d %b %H:%M"
    words = []
    for run in runs[:most]:
        first, last = (_aware(moment).astimezone(zone) for moment in (run[0], run[-1] + step))
        shape = f"{form} %Z" if first.utcoffset() != last.utcoffset() else form
        words.append(f"{first.strftime(shape)} to {last.strftime(shape)} ({len(run)})")
    if len(runs) > most:
        words.append(f"and {len(runs) - most} more spans ({sum(len(run) for run in runs[most:])})")
    return ", ".join(words)


def _days_in_words(runs: Sequence[Sequence[datetime]], most: int) -> str:
    words = [
        f"{run[0]:%-d %b}" if len(run) == 1 else f"{run[0]:%-d %b} to {run[-1]:%-d %b} ({len(run)})"
        for run in runs[:most]
    ]
    if len(runs) > most:
        words.append(f"and {sum(len(run) for run in runs[most:])} more")
    return ", ".join(words)


def digits_of(column: str) -> int:
    """How many digits behind the point a table shows of a column."""
    if column in _FINE_SHARES:
        return 2
    if column in ("quantity", "unit_price_eur"):
        return 6  # of an invoice: one times the other is the net amount, to the cent
    return {"%": 1, "QH": 0, "kW": 1, "MW": 3, "MWh": 3}.get(unit_of(column), 2)


def for_people(frame: pd.DataFrame, zone: tzinfo) -> pd.DataFrame:
    """The same rows as a table shows them: moments as text on the clock of `zone`, shares in percent."""
    shown = frame.copy()
    for column in shown.columns:
        if column.endswith("_utc"):
            shown[column] = [clock(value, zone) for value in shown[column]]
            if zone is not UTC:
                shown = shown.rename(columns={column: column.removesuffix("_utc")})
        elif pd.api.types.is_datetime64_any_dtype(shown[column]):
            shown[column] = shown[column].dt.date
        elif column in SHARES:
            shown[column] = 100.0 * shown[column]
        elif column == "product":
            shown[column] = shown[column].str.replace("_", "-")
    return shown


def tiles(figures: Sequence[Tile]) -> str:
    """Figures as a dense grid of HTML; each can be reached by keyboard, which shows what it means."""
    return '<div class="rtm-tiles">' + "".join(_tile(figure) for figure in figures) + "</div>"


def status_word(status: str) -> str:
    """A status with a sign, so that colour is not all that tells it."""
    return _SIGNS.get(status, "") + status


_SIGNS: Mapping[str, str] = {
    "final": "● ", "provisional": "○ ", "blocked": "■ ", "error": "■ ", "warning": "▲ ", "info": "○ ",
    "complete": "● ", "incomplete": "▲ ", "pending": "□ ", "nothing arrived": "○ ", "arrived": "● ",
    "measured": "● ", "partly measured": "◆ ", "forecast only": "▲ ", "no data": "✚ ", "no contract": "▽ ",
    "redispatched": "■ ",
}  # fmt: skip


def _tile(figure: Tile) -> str:
    name, value, unit, note, definition = (
        html.escape(text) for text in (figure.name, figure.value, figure.unit, figure.note, figure.definition)
    )
    unit = f" <small>{unit}</small>" if unit and value != NOT_KNOWN else ""
    mark = {"provisional": '<em title="may still change">provisional</em>', "bad": "<em>▲</em>"}.get(figure.status, "")
    hint = f'<span role="tooltip">{definition}</span>' if definition else ""
    focus = ' tabindex="0"' if definition else ""
    return (
        f'<div class="rtm-tile {figure.status}"{focus}><span class="name">{name}{mark}</span>'
        f"<b>{value}{unit}</b><i>{note}</i>{hint}</div>"
    )


def _aware(moment: Any) -> datetime:
    there: datetime = pd.Timestamp(moment).to_pydatetime()
    return there.replace(tzinfo=UTC) if there.tzinfo is None else there
