"""One look at each file: its encoding, its header; and what it holds is put on a bench, ready for `ingest.readers`."""

from __future__ import annotations

import io
import shutil
from collections import defaultdict
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from uuid import uuid4
from zoneinfo import ZoneInfo

from ingest.answers import Answers
from ingest.clocks import file_timestamp, without_timestamp
from ingest.contents import Content, documents, read, some_documents
from ingest.csv_shape import CsvShape, csv_shape, require_columns, shape_key
from ingest.feeds import Feed
from ingest.packs import Pack, packable
from ingest.sources import Candidate, as_text
from ingest.texts import CHUNK, BadFileError, TextCheck, as_utf8, without_mark

_PATTERN_SIGNS = frozenset("*?[{")


@dataclass
class Inspected:
    """A candidate after one look at its bytes.

    Attributes:
        file_id: the id that its rows will carry.
        candidate: the file.
        sha256: of its bytes; empty until all files of the batch have been looked at.
        size_bytes: its size.
        changed_ns: when it was last changed, to notice a file that is still being written.
        timestamp: the moment in its name, naive UTC.
        problem: why it cannot be used; None: nothing is known to be wrong with it.
        shape: for CSV.
        pack: for CSV, what holds its lines; None: `readable` does.
        readable: for CSV, the file to read: itself, or a copy that DuckDB can read.
        odd: for JSON, line -> document, of those that the batch's `Answers` did not take.
    """

    file_id: int
    candidate: Candidate
    size_bytes: int
    changed_ns: int
    timestamp: datetime | None
    sha256: str = ""
    problem: str | None = None
    shape: CsvShape | None = None
    pack: Pack | None = None
    readable: Path | None = None
    odd: dict[int, str] = field(default_factory=dict)

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


class Bench:
    """What a batch's files become so that DuckDB can read them.

    Attributes:
        folder: for scratch files.
        answers: columnar JSON.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder = folder
        self.answers = Answers()
        self._packs: dict[Hashable, Pack] = {}

    def clear(self, feed: Feed) -> None:
        """Forget the batch before; the next one's files are of a feed."""
        self.answers.clear(feed)
        self.close()
        for copy in self.folder.glob("*.csv"):
            copy.unlink()

    def close(self) -> None:
        """Let go of the scratch files."""
        for pack in self._packs.values():
            pack.remove()
        self._packs.clear()

    def pack_for(self, key: Hashable, delimiter: str) -> Pack:
        """What holds the lines of small CSV files with an equal key."""
        if key not in self._packs:
            self._packs[key] = Pack(self.folder / f"{len(self._packs)}.pack", delimiter)
        return self._packs[key]


def inspect(file_id: int, found: Content, zone: ZoneInfo, bench: Bench) -> Inspected:
    """Look at a file: its encoding, its timestamp and, for CSV, its header; and put what it holds on a bench.

    Args:
        file_id: the id that its rows will carry.
        found: what was read of it.
        zone: the market's time zone.
        bench: takes in its answers, or its lines, if they can be read together with others.

    Raises:
        OSError: if it cannot be read.
        RawError: if the bench's scratch files cannot be written.
    """
    timestamp = file_timestamp(found.candidate.stem, zone)
    file = Inspected(file_id, found.candidate, found.size_bytes, found.changed_ns, timestamp)
    mark = bench.answers.mark()
    try:
        _look(file, found, bench)
    except BadFileError as error:
        bench.answers.forget_since(mark)
        file.problem = str(error)
    return file


def group_key(file: Inspected) -> Hashable:
    """Files of one feed with an equal key can be read together."""
    return shape_key(file.candidate.feed, file.shape), file.pack is None


def unpack(file: Inspected, bench: Bench) -> None:
    """Have a packed CSV file read by itself, because its pack cannot be read.

    Raises:
        OSError: if it cannot be read any more.
        BadFileError: if it has become another.
    """
    if file.pack is not None:
        file.readable, file.pack = _readable(file.candidate.path, bench.folder), None


def judge_answers(files: Iterable[Inspected], bench: Bench) -> set[int]:
    """Once all files have been looked at: have answers with odd numbers go the careful way.

    Returns:
        The ids of files that cannot be used, because they have changed: to take an odd answer as text, its file is read
        again.
    """
    lines: dict[int, list[int]] = defaultdict(list)
    for file_id, line in bench.answers.judge():
        lines[file_id].append(line)
    changed: set[int] = set()
    for file in files:
        if file.file_id in lines:
            try:
                content = read(file.candidate, with_digest=False).content
                file.odd.update(some_documents(file.candidate, content, lines[file.file_id]))
            except (OSError, BadFileError):
                changed.add(file.file_id)
    return changed


def _look(file: Inspected, found: Content, bench: Bench) -> None:
    feed = found.candidate.feed
    if feed.needs_timestamp and file.timestamp is None:
        raise BadFileError("the file's name ends in no timestamp, so it cannot be told when its content was known")
    if file.size_bytes == 0:
        raise BadFileError("the file is empty")
    if found.problem is not None:
        raise BadFileError(found.problem)
    if not feed.is_csv:
        _look_at_json(file, found.content, bench)
    elif found.content is None:
        _look_at_large_csv(file, bench)
    else:
        _look_at_small_csv(file, found.content, bench)


def _look_at_json(file: Inspected, content: bytes | None, bench: Bench) -> None:
    takes_answers = file.candidate.feed.has_fast_way
    is_packed = file.candidate.is_packed
    odd: list[int] = []
    is_blank = is_packed
    for number, line in enumerate(documents(file.candidate, content), start=1):
        document = without_mark(line) if number == 1 else line
        if takes_answers and bench.answers.take(file.file_id, number, document):
            is_blank = False
        elif not is_packed or line.strip():
            odd.append(number)
    if odd:
        file.odd = some_documents(file.candidate, content, odd)
    elif is_blank:
        raise BadFileError("the file is empty: it holds nothing but blanks")


def _look_at_small_csv(file: Inspected, content: bytes, bench: Bench) -> None:
    text = as_utf8(content)
    stream = io.StringIO(text.decode(), newline="")
    file.shape = csv_shape(stream)
    require_columns(file.candidate.feed, file.shape)
    lines = packable(stream.read().encode())
    if lines is None:
        file.readable = _readable(file.candidate.path, bench.folder)
    else:
        file.pack = bench.pack_for(shape_key(file.candidate.feed, file.shape), file.shape.delimiter)
        file.pack.add(file.file_id, lines)


def _look_at_large_csv(file: Inspected, bench: Bench) -> None:
    file.readable = _readable(file.candidate.path, bench.folder)
    with file.readable.open(encoding="utf-8-sig", newline="") as text:
        file.shape = csv_shape(text)
    require_columns(file.candidate.feed, file.shape)


def _readable(path: Path, scratch: Path) -> Path:
    """The file itself, or a copy in UTF-8 with line ends of one kind, under a path that DuckDB takes literally."""
    check, line_ends = TextCheck(), _LineEnds()
    with path.open("rb", buffering=0) as stream:
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
        if self._ends_in_return or b"\r" in chunk:
            self._pairs += chunk.count(b"\r\n") + (self._ends_in_return and chunk.startswith(b"\n"))
            self._returns += chunk.count(b"\r")
        self._feeds += chunk.count(b"\n")
        self._ends_in_return = chunk.endswith(b"\r")

    @property
    def are_mixed(self) -> bool:
        return sum((self._pairs > 0, self._feeds > self._pairs, self._returns > self._pairs)) > 1


def _is_taken_literally(path: Path) -> bool:
    """Whether DuckDB reads this very path: it takes `*` for a pattern, and no name that is not UTF-8."""
    name = str(path)
    return as_text(path) == name and _PATTERN_SIGNS.isdisjoint(name)
