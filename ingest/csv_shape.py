"""How a CSV file is cut into cells, by its first lines."""

from __future__ import annotations

import csv
from collections.abc import Hashable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TextIO

from ingest.feeds import Feed, Layout, normalise
from ingest.texts import BadFileError

_HEADER_LINES = 1 << 16


@dataclass(frozen=True)
class CsvShape:
    """How a CSV file is cut into cells."""

    delimiter: str
    skipped_lines: int
    labels: tuple[str, ...]
    has_trailing_delimiter: bool

    @cached_property
    def header(self) -> tuple[str, ...]:
        """The labels in the form that columns are matched by."""
        return tuple(normalise(label) for label in self.labels)


def csv_shape(stream: TextIO) -> CsvShape:
    """Find the header line behind the `#` comments, and the delimiter that it uses; leaves the stream behind it.

    Args:
        stream: the file from its beginning, with its own ends of lines.

    Raises:
        BadFileError: if there is no header, or it names a column twice.
    """
    skipped = 0
    while (line := stream.readline(_HEADER_LINES)) and (line.startswith("#") or not line.strip()):
        skipped += 1
    if not line.strip():
        raise BadFileError("the file has no header line")
    behind_header = stream.tell()
    first_row = stream.readline(_HEADER_LINES)
    stream.seek(behind_header)
    delimiter, labels = _header(line)
    row = _cells(first_row, delimiter)
    return _shape(delimiter, skipped + 1, labels, len(row) == len(labels) + 1 and not row[-1].strip())


@lru_cache(maxsize=1024)
def _header(line: str) -> tuple[str, tuple[str, ...]]:
    """Delimiter and labels of a header line; files of one kind have the same one."""
    delimiter = max(";,\t", key=line.count)
    labels = tuple(cell.strip() for cell in _cells(line, delimiter))
    names = [normalise(cell) for cell in labels if cell]
    twice = sorted({cell for cell in names if names.count(cell) > 1})
    if twice:
        raise BadFileError(f"the header names a column twice: {', '.join(twice)}")
    return delimiter, labels


_shape = lru_cache(maxsize=1024)(CsvShape)


def shape_key(feed: Feed, shape: CsvShape | None) -> Hashable:
    """Files of one feed with an equal key can be read together."""
    if shape is None:
        return None
    columns: Hashable = len(shape.labels) if feed.layout is Layout.WIDE_CSV else shape.header
    return (shape.delimiter, shape.skipped_lines, shape.has_trailing_delimiter, columns)


def _cells(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line.rstrip("\r\n")], delimiter=delimiter), [])
    except csv.Error:
        return []


def require_columns(feed: Feed, shape: CsvShape) -> None:
    """Check that a file has its feed's columns.

    Raises:
        BadFileError: if it lacks some.
    """
    missing = _missing(feed.layout, feed.required, shape.header)
    if missing:
        header = ", ".join(shape.header) or "none"
        raise BadFileError(f"the file lacks the column {', '.join(missing)}; it has {header}")


@lru_cache(maxsize=1024)
def _missing(layout: Layout, required: tuple[str, ...], header: tuple[str, ...]) -> tuple[str, ...]:
    missing = [name for name in required if normalise(name) not in header]
    if layout is Layout.WIDE_CSV and not any(is_metering_point(name) for name in header):
        missing.append("<metering point>__kw_")
    return tuple(missing)


def is_metering_point(header: str) -> bool:
    """Whether a normalised header cell of a wide file is a metering point's, as in `mp-1__kw_`."""
    return header.endswith("__kw_") and len(header) > len("__kw_")
