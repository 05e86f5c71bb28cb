"""The fast way for columnar JSON: what the macros of `ingest.parsing` give for numbers as they nearly always come.

Each function takes the cells of a feed, name -> doubles (NaN: an answer lacks that column), and gives a raw column of
that length, with NaT or NaN wherever the careful way could give something else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]
Moments = NDArray[np.datetime64]  # microseconds
Cells = Mapping[str, Doubles]
Plain = Callable[[Cells], Doubles | Moments]

MILLISECONDS = 1e11  # from here on a number of seconds is one of milliseconds, see is_milliseconds
# Seconds or milliseconds of the years 2000 to 2099, in microseconds; and a quarter-hour.
_FIRST, _LAST = 946_684_800e6, 4_102_444_799e6
_QUARTER_HOUR = 900_000_000


def moments(cell: str) -> Plain:
    """Seconds or milliseconds since 1970."""
    return lambda cells: _micros(cells[cell]).view("M8[us]")


def quarter_hours(start: str, end: str) -> Plain:
    """The same, on a quarter-hour; where there is an end, it lies a quarter-hour later."""

    def plain(cells: Cells) -> Moments:
        first, last = _micros(cells[start]), _micros(cells[end])
        is_plain = first == first // _QUARTER_HOUR * _QUARTER_HOUR
        is_plain &= (last - first == _QUARTER_HOUR) | np.isnan(cells[end])
        return np.where(is_plain, first, _NO_MOMENT).view("M8[us]")

    return plain


def powers(cell: str) -> Plain:
    """Power in kW."""
    return lambda cells: np.where(np.abs(cells[cell]) < 1e8, cells[cell], np.nan)


def numbers(cell: str) -> Plain:
    """Any number."""
    return lambda cells: cells[cell]


_NO_MOMENT = np.iinfo(np.int64).min  # what numpy takes for NaT


def _micros(numbers: Doubles) -> NDArray[np.int64]:
    micros = numbers * np.where(numbers >= MILLISECONDS, 1e3, 1e6)
    is_plain = (micros >= _FIRST) & (micros <= _LAST)
    micros += 0.5
    # Half a microsecond counts as a whole one, as in SQL.
    whole = np.floor(micros, out=micros)
    whole[~is_plain] = 0
    return np.where(is_plain, whole.astype(np.int64), _NO_MOMENT)
