"""Columnar JSON of a batch as columns of numbers: the fast way in, see `ingest.reading`.

Parsed by simdjson, which hands an answer's arrays over as one block of doubles; `ingest.numbers` makes raw columns of
them. An answer in which anything is odd is not taken: it goes the careful way, as text.
"""

from __future__ import annotations

import codecs
from collections import defaultdict
from dataclasses import dataclass
from typing import Any, NamedTuple

import duckdb
import numpy as np
import simdjson
from numpy.typing import NDArray

from ingest.feeds import FEEDS, Column, Feed
from ingest.numbers import MILLISECONDS, Doubles, Plain

# What simdjson, or reading what it gives, says of an answer that is not as nearly all are.
_ODD = (ValueError, TypeError, AttributeError, KeyError, RuntimeError)
_HEADINGS = 100_000  # that are kept from batch to batch
_FIRST_CAPACITY = 1 << 21  # points; memory costs nothing until it is filled
_BLOCK = 1 << 14  # points
_VALUES = b'"values"'


@dataclass(frozen=True)
class _Heading:
    """What stands in an answer beside its numbers.

    Attributes:
        asset_id: the asset.
        label: the unit that its time claims to be in.
        lists: how many lists stand beside that of values.
        cells: the feed's cells, in the order in which they stand there.
    """

    asset_id: str
    label: str | None
    lists: int
    cells: tuple[str, ...]


@dataclass(frozen=True)
class _Grid:
    """All arrays of an answer but the last: answers for other assets repeat them to the letter.

    Attributes:
        text: from the name of the values to where the last array begins.
        end: what follows the last array.
        numbers: what they hold (column x point).
    """

    text: bytes
    end: bytes
    numbers: Doubles

    def fits(self, text: bytes, at: int, heading: _Heading) -> bool:
        """Whether an answer, whose values begin at a place, has these arrays before its last one."""
        return (
            len(heading.cells) == len(self.numbers) + 1 and text.startswith(self.text, at) and text.endswith(self.end)
        )


class _Taken(NamedTuple):
    """An answer that was taken in."""

    file_id: int
    line: int
    rows: int
    asset_id: str
    label: str | None


class Answers:
    """The answers of a batch.

    The buffers are kept from batch to batch: fresh memory takes longer to get than to fill.
    """

    def __init__(self) -> None:
        self._parser = simdjson.Parser()
        self._feed = FEEDS[0]
        self._headings: dict[bytes, _Heading] = {}  # by the text before the numbers
        self._grid: _Grid | None = None  # of the answer before
        self._taken: list[_Taken] = []
        self._points = 0
        self._numbers = np.empty((0, 0))  # cell x point; once judged, the first rows are raw columns
        self._cells: tuple[str, ...] = ()  # what its rows are
        self._first = np.empty(0, dtype=np.int64)
        self._has_ms = self._has_s = self._is_sound = np.empty(0, dtype=bool)
        self._blanks: dict[str, list[NDArray[np.int64]]] = {}  # cell -> points where a value is due

    def clear(self, feed: Feed) -> None:
        """Forget all answers; those that come are of a feed."""
        if feed.name != self._feed.name or len(self._headings) > _HEADINGS:
            self._headings.clear()
        self._feed, self._cells = feed, ()
        self._taken, self._points = [], 0

    def take(self, file_id: int, line: int, text: bytes) -> bool:
        """Take an answer in.

        Args:
            file_id: the file.
            line: its line there, from 1.
            text: the JSON document.

        Returns:
            False: there is something odd in it, and it was not taken.
        """
        try:
            heading, numbers = self._parsed(text)
        except _ODD:
            return False
        width, rows = numbers.shape
        if rows == 0:
            return False
        at, end = self._points, self._points + rows
        self._make_room(end, heading)
        if heading.cells == self._cells[:width]:
            self._numbers[:width, at:end] = numbers
            self._numbers[width:, at:end] = np.nan
        else:
            self._numbers[:, at:end] = np.nan
            for cell, column in zip(heading.cells, numbers, strict=True):
                self._numbers[self._cells.index(cell), at:end] = column
        self._points = end
        self._taken.append(_Taken(file_id, line, rows, heading.asset_id, heading.label))
        return True

    def mark(self) -> int:
        """How many answers there are, for `forget_since`."""
        return len(self._taken)

    def forget_since(self, mark: int) -> None:
        """Forget the answers that came after a mark."""
        self._points -= sum(answer.rows for answer in self._taken[mark:])
        del self._taken[mark:]

    def judge(self) -> list[tuple[int, int]]:
        """Make raw columns of the numbers, once all answers are there.

        Returns:
            File id and line of the answers with a number that is not plain, or with none but blanks where a value is
            due: they are not taken after all.
        """
        rows = np.array([answer.rows for answer in self._taken], dtype=np.int64)
        self._first = np.cumsum(rows) - rows
        self._is_sound = np.ones(len(rows), dtype=bool)
        self._has_ms = self._has_s = np.empty(0, dtype=bool)
        self._blanks = defaultdict(list)
        if not self._taken:
            return []
        time = self._numbers[self._cells.index(self._feed.required[0]), : self._points]
        self._has_ms = np.maximum.reduceat(time, self._first) >= MILLISECONDS
        self._has_s = np.minimum.reduceat(time, self._first) < MILLISECONDS
        for at in range(0, self._points, _BLOCK):
            self._judge_block(slice(at, min(at + _BLOCK, self._points)))
        for points in self._blanks.values():
            blanks = np.bincount(self._answers_of(np.concatenate(points)), minlength=len(rows))
            self._is_sound &= blanks < rows
        odd = (self._taken[answer] for answer in np.flatnonzero(~self._is_sound))
        return [(answer.file_id, answer.line) for answer in odd]

    def _judge_block(self, block: slice) -> None:
        """Points that fit into the processor's cache; the raw columns take the place of the cells."""
        cells = dict(zip(self._cells, self._numbers[:, block], strict=True))
        columns = [(column, plain(cells)) for column, plain in _columns(self._feed)]
        is_plain = np.ones(block.stop - block.start, dtype=bool)
        for column, values in columns:
            is_there = ~np.isnan(values)
            if column.cell is not None and column.name not in self._feed.keys:
                is_blank = np.isnan(cells[column.cell])
                is_there |= is_blank
                if not column.blank_ok and is_blank.any():
                    self._blanks[column.cell].append(block.start + np.flatnonzero(is_blank))
            is_plain &= is_there
        if not is_plain.all():
            self._is_sound[self._answers_of(block.start + np.flatnonzero(~is_plain))] = False
        for row, (_, values) in enumerate(columns):
            self._numbers[row, block] = values.view(np.float64)

    def _answers_of(self, points: NDArray[np.int64]) -> NDArray[np.int64]:
        return np.searchsorted(self._first, points, side="right") - 1

    def show(self, con: duckdb.DuckDBPyConnection) -> None:
        """Let a connection read them, once they are judged and until they are cleared.

        `points` has the feed's raw columns (but the asset), `answer`, and `place`, the number of the point; `blanks`
        has `answer`, `place` and `column_name` of values that are missing; `answers` has `answer`, `first_place`,
        `file_id`, `line`, `rows`, `asset_id`, `label`, the unit that the time claims to be in, `has_ms` and `has_s`,
        those that it is in.
        """
        file_ids, lines, rows, asset_ids, labels = zip(*self._taken, strict=True) if self._taken else ((),) * 5
        numbers = np.arange(len(rows), dtype=np.int32)
        columns = {
            column.name: values.view("M8[us]" if column.type == "TIMESTAMP" else np.float64)
            for (column, _), values in zip(_columns(self._feed), self._numbers[:, : self._points], strict=False)
        }
        place = np.arange(self._points, dtype=np.int32)
        con.register("points", {**columns, "answer": np.repeat(numbers, rows), "place": place})
        blanks = [(point, cell) for cell, parts in self._blanks.items() for part in parts for point in part]
        points = np.array([point for point, _ in blanks], dtype=np.int64)
        con.register(
            "blanks",
            {
                "answer": self._answers_of(points).astype(np.int32),
                "place": points,
                "column_name": np.array([cell for _, cell in blanks], dtype=object),
            },
        )
        answers: dict[str, NDArray[Any]] = {
            "answer": numbers,
            "first_place": self._first,
            "file_id": np.array(file_ids, dtype=np.int32),
            "line": np.array(lines, dtype=np.int64),
            "rows": np.array(rows, dtype=np.int64),
            "asset_id": np.array(asset_ids, dtype=object),
            "label": np.array(labels, dtype=object),
            "has_ms": self._has_ms,
            "has_s": self._has_s,
        }
        con.register("answers", {name: values[self._is_sound] for name, values in answers.items()})

    def _parsed(self, text: bytes) -> tuple[_Heading, Doubles]:
        """Heading and numbers (column x point) of an answer; raises one of `_ODD`."""
        at = text.find(_VALUES)
        before = text[:at]
        is_at_end = at >= 0 and text.find(b'"', at + len(_VALUES)) < 0
        heading = self._headings.get(before) if is_at_end else None
        grid = self._grid
        if heading is not None and grid is not None and grid.fits(text, at, heading):
            return heading, self._on_grid(grid, text, at)
        # The parser takes no other document while anything refers to this one: what is returned must not.
        document: Any = self._parser.parse(text)
        values = document["values"]
        is_new = heading is None
        if heading is None:
            if text.startswith(codecs.BOM_UTF8):
                raise ValueError("a byte order mark within the file")
            heading = self._read_heading(document)
        width = len(heading.cells)
        (rows,) = {len(column) for column in values}
        numbers = _numbers(values).reshape(width, rows)
        if len(values) != width:
            raise ValueError("there are not as many arrays as names")
        # simdjson gives the same for [1, [2]] as for [1, 2].
        lists = width + 1 + (heading.lists if is_new else 0)
        if _count(text, b"[", 0 if is_new else at) != lists:
            raise ValueError("lists within lists")
        if is_at_end:
            self._headings[before] = heading
            last = text.rfind(b"[")
            self._grid = _Grid(text[at:last], text[text.find(b"]", last) + 1 :], numbers[:-1])
        return heading, numbers

    def _on_grid(self, grid: _Grid, text: bytes, at: int) -> Doubles:
        """The numbers of an answer that fits a grid: only its last array is read."""
        last = text[at + len(grid.text) : len(text) - len(grid.end)]
        values: Any = self._parser.parse(b"[" + last + b"]")
        (column,) = values
        width, rows = grid.numbers.shape
        if len(column) != rows or _count(last, b"[", 0) != 1:
            raise ValueError("an array of another length, or lists within it")
        numbers = np.empty((width + 1, rows))
        numbers[:-1] = grid.numbers
        numbers[-1] = _numbers(values)
        return numbers

    def _read_heading(self, document: Any) -> _Heading:
        key, names = document["key"], document["column_ids"].as_list()
        if len(set(document)) != len(document) or len(set(key)) != len(key):
            raise ValueError("a key that stands there twice, of which simdjson gives the first")
        asset_id = key.get("asset_id")
        if asset_id is None:
            asset_id = key["entity_id"]
        if not asset_id.strip():
            raise ValueError("the asset is blank")
        feed, units = self._feed, document.get("units")
        units = [] if units is None else units.as_list()
        places = {name.strip(" ").lower(): place for place, name in enumerate(names)}
        if len(places) < len(names) or not set(feed.required) <= set(places) <= set(self._feed.known_cells):
            raise ValueError("other columns than usual")
        time, power = (
            units[places[cell]] if places[cell] < len(units) else None for cell in (feed.required[0], feed.required[-1])
        )
        if time not in (None, "ms", "s") or (power is not None and power.lower() != "kw"):
            raise ValueError("other units than usual")
        lists = 1 + (document.get("units") is not None)
        return _Heading(asset_id, time, lists, tuple(places))

    def _make_room(self, points: int, heading: _Heading) -> None:
        if not self._cells:  # as the first answer has them: most others then fit as they are
            self._cells = (*heading.cells, *(cell for cell in self._feed.known_cells if cell not in heading.cells))
        cells, capacity = self._numbers.shape
        if points > capacity or cells != len(self._cells):
            larger = np.empty((len(self._cells), max(2 * capacity, points, _FIRST_CAPACITY)))
            if self._points:
                larger[:, : self._points] = self._numbers[:, : self._points]
            self._numbers = larger


def _columns(feed: Feed) -> list[tuple[Column, Plain]]:
    """The raw columns that are made of numbers; there are no more of them than cells."""
    return [(column, column.plain) for column in feed.columns if callable(column.plain)]


def _numbers(values: Any) -> Doubles:
    """All numbers of arrays, one array after the other, NaN where one is null."""
    try:
        return np.frombuffer(values.as_buffer(of_type="d"))
    except TypeError:
        return np.concatenate([_with_blanks(column) for column in values])


def _with_blanks(column: Any) -> Doubles:
    try:
        return np.frombuffer(column.as_buffer(of_type="d"))
    except TypeError:
        found = column.as_list()
        if not set(map(type, found)) <= {int, float, type(None)}:
            raise
        return np.array(found, dtype=np.float64)


def _count(text: bytes, byte: bytes, at: int) -> int:
    """How often a byte that is rare stands in a text from a place on; several times faster than `count`."""
    found = 0
    while (at := text.find(byte, at) + 1) > 0:
        found += 1
    return found
