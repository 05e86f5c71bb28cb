"""The timestamp in a file's name (TIME-3, TIME-5)."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

_STAMP = re.compile(
    r"(?:^|[_-])"
    r"(?P<date>\d{4}-?\d{2}-?\d{2})"
    r"(?:[T_ -](?P<time>\d{2}[:.-]?\d{2}(?:[:.-]?\d{2})?)(?:[.,]?(?P<fraction>\d{3}(?:\d{3})?))?)?"
    r"(?P<zulu>[Zz])?$"
)

_NO_DIGITS = re.compile(r"\D")


def file_timestamp(stem: str, zone: ZoneInfo) -> datetime | None:
    """Read the timestamp at the end of a file's name.

    With `Z` it is UTC, without one local time of `zone`; a bare date is that local day's 00:00 (TIME-3). A local time
    that occurs twice is summer time (TIME-5).

    Args:
        stem: the file's name without its ending.
        zone: the market's time zone.

    Returns:
        A naive datetime in UTC, or None where the name ends in no timestamp.
    """
    found = _STAMP.search(stem)
    if found is None:
        return None
    digits = _NO_DIGITS.sub("", found["date"] + (found["time"] or "0000")).ljust(14, "0")
    fraction = int((found["fraction"] or "0").ljust(6, "0"))
    year, month, day, hour, minute, second = int(digits[:4]), *(int(digits[at : at + 2]) for at in range(4, 14, 2))
    try:
        moment = datetime(year, month, day, hour, minute, second, fraction)
    except ValueError:
        return None
    is_utc = found["zulu"] and found["time"]
    return moment.replace(tzinfo=UTC if is_utc else zone, fold=0).astimezone(UTC).replace(tzinfo=None)


def without_timestamp(stem: str) -> str:
    """The file's name without the timestamp at its end, as in `redispatch_flag_MP-1`."""
    return _STAMP.sub("", stem)
