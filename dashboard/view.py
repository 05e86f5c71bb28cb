"""What somebody looks at: the days, the assets, the moment and the clock, as plain data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo

from home import market_time_zone

QUARTER_HOURS_UP_TO_DAYS = 3
"""Longer ranges are shown by day: a year of quarter-hours is no picture, and daily marts answer at once."""


@dataclass(frozen=True)
class View:
    """What a page shows.

    Attributes:
        first: the first local delivery date.
        last: the last one, itself included.
        assets: asset_ids that are chosen; None: all that the role may see.
        moment: naive UTC; forecasts are shown as they were known then. None: as they are known now.
        in_utc: times are shown in UTC; else in the market's local time. Delivery dates are always local (TIME-2).
        now: naive UTC; charts mark it. None: they do not.
        known_until: naive UTC; nothing in the data was known later. None: that is not known.
        follows: nobody chose the days; they are the present one as long as there are data of it.
    """

    first: date
    last: date
    assets: tuple[str, ...] | None = None
    moment: datetime | None = None
    in_utc: bool = False
    now: datetime | None = None
    known_until: datetime | None = None
    follows: bool = False

    @property
    def days(self) -> int:
        """How many delivery dates it covers."""
        return (self.last - self.first).days + 1

    @property
    def by_quarter_hour(self) -> bool:
        """Whether quarter-hours are shown; else days."""
        return self.days <= QUARTER_HOURS_UP_TO_DAYS

    @property
    def zone(self) -> tzinfo:
        """The clock that times are shown in."""
        return UTC if self.in_utc else market_time_zone()

    @property
    def title(self) -> str:
        """The days in words."""
        if self.first == self.last:
            return f"{self.first:%a %-d %b %Y}"
        return f"{self.first:%-d %b %Y} to {self.last:%-d %b %Y}"

    @property
    def bounds_utc(self) -> tuple[datetime, datetime]:
        """Begin and end of the days in naive UTC."""
        ends = (self.first, self.last + timedelta(days=1))
        first, last = (datetime(d.year, d.month, d.day, tzinfo=market_time_zone()).astimezone(UTC) for d in ends)
        return first.replace(tzinfo=None), last.replace(tzinfo=None)

    def shows(self, now: datetime) -> bool:
        """Whether a moment, naive UTC, lies in the days."""
        first, last = self.bounds_utc
        return first <= now < last


def local_date(moment: datetime) -> date:
    """The delivery date that runs at a moment, naive UTC (TIME-2)."""
    return moment.replace(tzinfo=UTC).astimezone(market_time_zone()).date()
