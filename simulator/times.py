"""Quarter-hours of local delivery days (TIME-1, TIME-2). All moments carry the zone UTC."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

MARKET_ZONE = ZoneInfo("Europe/Berlin")
QUARTER_HOUR = timedelta(minutes=15)
HOUR = timedelta(hours=1)


def local_midnight(day: date) -> datetime:
    """The UTC moment at which a local day begins (TIME-2)."""
    return datetime.combine(day, time(), MARKET_ZONE).astimezone(UTC)


def steps(start: datetime, end: datetime, step: timedelta) -> list[datetime]:
    """The moments from `start` (in) to `end` (out), one `step` apart."""
    return [start + index * step for index in range((end - start) // step)]


def quarter_hours(start: datetime, end: datetime) -> list[datetime]:
    """The starts of the quarter-hours between two UTC moments (TIME-1)."""
    return steps(start, end, QUARTER_HOUR)


def local_day(day: date) -> tuple[datetime, datetime]:
    """Beginning and end of a local day in UTC: 92, 96 or 100 quarter-hours (TIME-2)."""
    return local_midnight(day), local_midnight(day + timedelta(days=1))


def utc_day(day: date) -> tuple[datetime, datetime]:
    """Beginning and end of a UTC day."""
    start = datetime.combine(day, time(), UTC)
    return start, start + timedelta(days=1)


def utc(text: str) -> datetime:
    """The UTC moment that a text such as `2025-10-26T00:05:16` means."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
