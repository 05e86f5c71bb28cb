"""Which files a source holds, and what is in each: hash, encoding, header. Content is judged in `readers`."""

from __future__ import annotations

import csv
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4
from zoneinfo import ZoneInfo

from ingest.clocks import file_timestamp, without_timestamp
from ingest.feeds import Feed, Layout, normalise, recognise
from ingest.packs import Pack, Part
from ingest.texts import CHUNK, BadFileError, TextCheck

_HEADER_LINES = 1 << 16
_PATTERN_SIGNS = frozenset("*?[{")
_PACKED = ".jsonl.gz"


@dataclass(frozen=True)
class Candidate:
    """A file of a known feed, as it lies in the source."""

    path: Path
    feed: Feed

    @property
    def name(self) -> str:
        """The file's name, as text that a database can hold."""
        return as_text(self.path.name)

    @property
    def is_packed(self) -> bool:
        """Whether it holds many JSON answers, a line each, compressed."""
        return self.path.name.lower().endswith(_PACKED)

    @property
    def stem(self) -> str:
        """The file's name without its ending."""
        return self.path.name[: -len(_PACKED)] if self.is_packed else self.path.stem

    @property
    def place(self) -> str:
        """The file's path, as text that a database can hold."""
        return as_text(self.path)


@dataclass(frozen=True)
class CsvShape:
    """How a CSV file is cut into cells."""

    delimiter: str
    skipped_lines: int
    labels: tuple[str, ...]
    has_trailing_delimiter: bool

    @property
    def header(self) -> tuple[str, ...]:
        """The labels in the form that columns are matched by."""
        return tuple(normalise(label) for label in self.labels)


@dataclass
class Inspected:
    """A candidate after one look at its bytes.

    Attributes:
        candidate: the file.
        sha256: of its bytes.
        size_bytes: its size.
        changed_ns: when it was last changed, to notice a file that is still being written.
        readable: for CSV, the file to read: itself, or a copy that DuckDB can read.
        shape: for CSV.
        part: for JSON, what it became in the pack.
    """

    candidate: Candidate
    sha256: str
    size_bytes: int
    changed_ns: int
    readable: Path | None = None
    shape: CsvShape | None = None
    part: Part | None = None

    @property
    def subject(self) -> str:
        """What the file is about: its name without timestamp and ending."""
        return without_timestamp(as_text(self.candidate.stem))

    def is_unchanged(self) -> bool:
        """Whether the file still is as it was when it was looked at."""
        try:
            now = self.candidate.path.stat()
        except OSError:
            return False
        return (now.st_size, now.st_mtime_ns) == (self.size_bytes, self.changed_ns)


def find(source: Path, exclude: Path | None = None) -> tuple[list[Candidate], list[Path]]:
    """Every file below a source, told apart by folder and name.

    Args:
        source: a folder, or one file.
        exclude: a folder to leave out (what the product itself writes), unless the source lies in it.

    Returns:
        The files of known feeds, and the others; both in the order of their paths. Hidden files are passed over.
    """
    known: list[Candidate] = []
    unknown: list[Path] = []
    for path in sorted(_files(source)):
        if exclude is not None and path.is_relative_to(exclude) and not source.is_relative_to(exclude):
            continue
        below = Path(source.name, path.relative_to(source)) if path != source else Path(source.parent.name, source.name)
        feed = recognise(below.as_posix())
        if feed is None:
            unknown.append(path)
        else:
            known.append(Candidate(path, feed))
    return known, unknown


def listing(source: Path, exclude: Path | None = None) -> set[tuple[str, int, int]]:
    """Path, size and time of change (ns) of every file below a source: differs once there is something to look at."""
    known, _ = find(source, exclude)
    found = set()
    for candidate in known:
        with suppress(OSError):  # it is gone again
            state = candidate.path.stat()
            found.add((str(candidate.path), state.st_size, state.st_mtime_ns))
    return found


def _files(source: Path) -> Iterator[Path]:
    if source.is_file():
        yield source
        return
    for path in source.rglob("*"):
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(source).parts):
            yield path


def as_text(path: Path | str) -> str:
    """A path as text; bytes of a name that are not UTF-8 are shown as a replacement character."""
    return os.fsencode(path).decode("utf-8", errors="replace")


def digest(candidate: Candidate) -> tuple[str, int, int]:
    """The sha256, size in bytes and time of change (ns) of a file.

    Raises:
        OSError: if it cannot be read.
    """
    hashing = hashlib.sha256()
    with candidate.path.open("rb", buffering=0) as stream:
        stat = os.fstat(stream.fileno())
        while piece := stream.read(CHUNK):
            hashing.update(piece)
    return hashing.hexdigest(), stat.st_size, stat.st_mtime_ns


def inspect(candidate: Candidate, seen: tuple[str, int, int], zone: ZoneInfo, scratch: Path, pack: Pack) -> Inspected:
    """Look at a file once: its encoding, its timestamp and, for CSV, its header.

    Args:
        candidate: the file.
        seen: what `digest` gave.
        zone: the market's time zone.
        scratch: a folder for copies of CSV files that DuckDB can read.
        pack: takes in JSON.

    Raises:
        BadFileError: if the file is empty, no text, lacks a column or has no timestamp where it needs one.
    """
    file = Inspected(candidate, *seen)
    if candidate.feed.needs_timestamp and file_timestamp(candidate.stem, zone) is None:
        raise BadFileError("the file's name ends in no timestamp, so it cannot be told when its content was known")
    if file.size_bytes == 0:
        raise BadFileError("the file is empty")
    if candidate.feed.is_csv:
        file.readable = _readable(candidate.path, scratch)
        file.shape = _csv_shape(file.readable)
        _require_columns(candidate.feed, file.shape.header)
    else:
        file.part = pack.add(candidate.path, is_packed=candidate.is_packed)
    return file


def _readable(path: Path, scratch: Path) -> Path:
    """The file itself, or a copy in UTF-8 with line ends of one kind, under a path that DuckDB takes literally."""
    check, line_ends = TextCheck(), _LineEnds()
    with path.open("rb") as stream:
        while piece := stream.read(CHUNK):
            line_ends.count(piece)
            check.take(piece)
    is_utf8 = check.is_utf8()
    if is_utf8 and not line_ends.are_mixed and _is_taken_literally(path):
        return path
    # A name of its own for each copy: two files with equal bytes must not be told apart by path in vain.
    copy = scratch / f"{uuid4().hex}.csv"
    try:
        with (
            path.open(encoding="utf-8" if is_utf8 else "cp1252") as old,
            copy.open("w", encoding="utf-8", newline="") as new,
        ):
            shutil.copyfileobj(old, new)
    except UnicodeDecodeError as error:
        raise BadFileError("the file is text in neither UTF-8 nor Windows-1252") from error
    return copy


class _LineEnds:
    """Counts CRLF, LF and CR: the CSV reader gives a file up that mixes them, as a comment put before a header does."""

    def __init__(self) -> None:
        self._pairs = self._feeds = self._returns = 0
        self._ends_in_return = False

    def count(self, chunk: bytes) -> None:
        """Take in the next bytes of the file."""
        self._pairs += chunk.count(b"\r\n") + (self._ends_in_return and chunk.startswith(b"\n"))
        self._feeds += chunk.count(b"\n")
        self._returns += chunk.count(b"\r")
        self._ends_in_return = chunk.endswith(b"\r")

    @property
    def are_mixed(self) -> bool:
        return sum((self._pairs > 0, self._feeds > self._pairs, self._returns > self._pairs)) > 1


def _is_taken_literally(path: Path) -> bool:
    """Whether DuckDB reads this very path: it takes `*` for a pattern, and no name that is not UTF-8."""
    name = str(path)
    return as_text(path) == name and _PATTERN_SIGNS.isdisjoint(name)


def _csv_shape(path: Path) -> CsvShape:
    """Find the header line behind the `#` comments, and the delimiter that it uses."""
    skipped = 0
    with path.open(encoding="utf-8-sig", newline="") as stream:
        while (line := stream.readline(_HEADER_LINES)) and (line.startswith("#") or not line.strip()):
            skipped += 1
        first_row = stream.readline(_HEADER_LINES)
    if not line.strip():
        raise BadFileError("the file has no header line")
    delimiter = max(";,\t", key=line.count)
    labels = tuple(cell.strip() for cell in _cells(line, delimiter))
    row = _cells(first_row, delimiter)
    names = [normalise(cell) for cell in labels if cell]
    twice = sorted({cell for cell in names if names.count(cell) > 1})
    if twice:
        raise BadFileError(f"the header names a column twice: {', '.join(twice)}")
    return CsvShape(delimiter, skipped + 1, labels, len(row) == len(labels) + 1 and not row[-1].strip())


def _cells(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line.rstrip("\r\n")], delimiter=delimiter), [])
    except csv.Error:
        return []


def _require_columns(feed: Feed, header: tuple[str, ...]) -> None:
    missing = [name for name in feed.required if normalise(name) not in header]
    if feed.layout is Layout.WIDE_CSV and not any(is_metering_point(name) for name in header):
        missing.append("<metering point>__kw_")
    if missing:
        raise BadFileError(f"the file lacks the column {', '.join(missing)}; it has {', '.join(header) or 'none'}")


def is_metering_point(header: str) -> bool:
    """Whether a normalised header cell of a wide file is a metering point's, as in `mp-1__kw_`."""
    return header.endswith("__kw_") and len(header) > len("__kw_")
