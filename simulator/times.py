"""Quarter-hours of local delivery days (TIME-1, TIME-2). All moments carry the zone UTC."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

MARKET_ZONE = ZoneInfo("Europe/Berlin")
QUARTER_HOUR = timedelta(minutes=15)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def local_midnight(day: date) -> datetime:
    """The UTC moment at which a local day begins (TIME-2)."""
    return datetime.combine(day, time(), MARKET_ZONE).astimezone(UTC)


def local_time(day: date, hour: int, minute: int = 0) -> datetime:
    """The UTC moment of a local time."""
    return datetime.combine(day, time(hour, minute), MARKET_ZONE).astimezone(UTC)


def quarter_hours(start: datetime, end: datetime) -> list[datetime]:
    """The starts of the quarter-hours between two UTC moments (TIME-1)."""
    return [start + index * QUARTER_HOUR for index in range((end - start) // QUARTER_HOUR)]


def local_day(day: date) -> tuple[datetime, datetime]:
    """Beginning and end of a local day in UTC: 92, 96 or 100 quarter-hours (TIME-2)."""
    return local_midnight(day), local_midnight(day + DAY)


def utc_day(day: date) -> tuple[datetime, datetime]:
    """Beginning and end of a UTC day."""
    start = datetime.combine(day, time(), UTC)
    return start, start + DAY


def utc(text: str) -> datetime:
    """The UTC moment that a text such as `2025-10-26T00:05:16` means."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def index_of(moment: datetime) -> int:
    """The quarter-hour that a moment lies in, counted from 1970."""
    return (moment - _EPOCH) // QUARTER_HOUR


def moment_of(index: int) -> datetime:
    """The start of a quarter-hour that is counted from 1970."""
    return _EPOCH + index * QUARTER_HOUR
