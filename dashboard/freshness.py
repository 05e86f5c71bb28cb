"""How old the data are, by feed, and whether that is too old for a day that runs."""

from __future__ import annotations

import html
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

import pandas as pd

from dashboard.formatting import clock, is_missing, span
from dashboard.view import View
from serve.published import Manifest

OLD_AFTER = timedelta(minutes=75)
"""What counts as old for a role that does not see the feeds one by one: no feed brought anything for so long."""
_NAMES = {
    "live_measured_infeed": "live",
    "private_trades": "our trades",
    "public_trades": "market trades",
    "imbalance_prices_estimated": "estimated prices",
    "imbalance_prices_final": "final prices",
    "redispatch_compensation": "redispatch prices",
}


@dataclass(frozen=True)
class Feed:
    """How new one feed is.

    Attributes:
        name: as people call it.
        newest: when its newest part was made, naive UTC; None: nothing arrived.
        age: of that.
        is_running: it has to bring something all the time, not just by a deadline.
        is_late: nothing came for longer than it may take, or past its deadline.
    """

    name: str
    newest: datetime | None
    age: timedelta | None
    is_running: bool
    is_late: bool

    @property
    def words(self) -> str:
        """Its age in words."""
        return f"{self.name}: nothing" if self.age is None else f"{self.name} {span(self.age.total_seconds())} old"


def feeds(ages: pd.DataFrame | None, now: datetime) -> list[Feed]:
    """What is known of each feed at a moment.

    Args:
        ages: `queries.feed_ages`; None: the role does not see the feeds.
        now: the moment, naive UTC.
    """
    return [] if ages is None else [_feed(row, now) for _, row in ages.iterrows()]


def _feed(row: pd.Series, now: datetime) -> Feed:
    newest = None if is_missing(row["newest_at_utc"]) else pd.Timestamp(row["newest_at_utc"]).to_pydatetime()
    age = None if newest is None else max(now - newest, timedelta(0))
    is_running = not is_missing(row["stale_minutes"])
    if is_running:
        is_late = age is None or age > timedelta(minutes=int(row["stale_minutes"]))
    else:
        is_late = not is_missing(row["lacks_since_utc"]) and pd.Timestamp(row["lacks_since_utc"]) <= now
    name = _NAMES.get(row["feed"], str(row["feed"]).replace("_", " "))
    return Feed(name, newest, age, is_running, is_late)


def words(manifest: Manifest, view: View, ages: pd.DataFrame | None, now: datetime) -> str:
    """How old the data are, as HTML for the head of a page.

    Only a screen that shows the present day has a mark: what lies in the past does not get old.

    Args:
        manifest: of the copy.
        view: what is looked at.
        ages: `queries.feed_ages`; None: the role does not see the feeds.
        now: this moment, naive UTC.
    """
    known, found = manifest.known_until_utc, feeds(ages, now)
    late = [feed for feed in found if feed.is_late]
    until = f"data until <b>{clock(known, view.zone)}</b>"
    published = f"published {span((now - manifest.published_at_utc).total_seconds())} ago"
    if view.shows(now):
        is_old = bool(late) if found else known is None or now - known > OLD_AFTER
        running = [feed for feed in found if feed.is_running]
        named = late or sorted(running, key=lambda feed: feed.age or timedelta.max, reverse=True)[:1]
        behind = ", ".join(feed.words for feed in named)
        if not found:
            behind = "nothing arrived" if known is None else f"{span((now - known).total_seconds())} old"
        mark = "▲ " if is_old else ""
        said = " · ".join(part for part in (until, f"<b>{mark}{html.escape(behind)}</b>", published) if part)
    else:
        is_old, late, said = False, [], f"{until} · {published}"
    listed = "".join(_row(feed, feed in late, view.zone) for feed in found)
    hint = f'<table role="tooltip">{listed}</table>' if listed else ""
    focus = ' tabindex="0"' if listed else ""
    return (
        f'<span class="age{" old" if is_old else ""}" data-copy="{manifest.copy_number}"{focus}>'
        f"<span>{said}</span>{hint}</span>"
    )


def _row(feed: Feed, is_marked: bool, zone: tzinfo) -> str:
    age = "" if feed.age is None else f"{span(feed.age.total_seconds())} old"
    cells = (f"{'▲ ' if is_marked else ''}{feed.name}", clock(feed.newest, zone), age)
    return "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in cells) + "</tr>"
