"""JSON files gathered in one scratch file, a document a line.

DuckDB reads one large file of lines in a fraction of the time that many small files take, and in all threads.
"""

from __future__ import annotations

import gzip
import os
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from ingest.raw import RawError
from ingest.texts import CHUNK, BadFileError, TextCheck, from_windows


@dataclass(frozen=True)
class Part:
    """What one file became in a pack.

    Attributes:
        offset: where it begins, in bytes.
        size: how many bytes it takes.
        first_line: how many lines of the pack come before it.
        lines: how many it has; a file that is one document has one.
        may_hold_booleans: whether `true` or `false` stands in it, which DuckDB takes for numbers where it expects some.
    """

    offset: int
    size: int
    first_line: int
    lines: int
    may_hold_booleans: bool


class Pack:
    """The scratch file.

    Attributes:
        path: where it is.
        lines: how many it has.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lines = 0
        self._file = path.open("w+b")

    def close(self) -> None:
        """Close it; whoever gave its path removes it."""
        with suppress(OSError):  # what was not written any more is of no use either
            self._file.close()

    def clear(self) -> None:
        """Forget all files."""
        self._cut(0)
        self.lines = 0

    def add(self, path: Path, *, is_packed: bool) -> Part:
        """Append a file, in UTF-8 and without byte order mark.

        Args:
            path: the file.
            is_packed: whether it is compressed and holds a document a line; else it is one document.

        Raises:
            BadFileError: if it cannot be decompressed, is no text, or holds nothing but blanks.
            OSError: if it cannot be read.
            RawError: if the pack cannot be written.
        """
        offset = self._file.seek(0, os.SEEK_END)
        check = TextCheck()
        try:
            part = self._append(path, offset, check.take, is_packed=is_packed)
            if not check.is_utf8():
                self._cut(offset)
                part = self._append(path, offset, from_windows, is_packed=is_packed)
        except BaseException:
            self._cut(offset)
            raise
        self.lines += part.lines
        return part

    def flush(self) -> None:
        """Make everything readable by others.

        Raises:
            RawError: as `add`.
        """
        with _told(self.path):
            self._file.flush()

    def texts(self, part: Part) -> list[str]:
        """The lines of a file. Where a file of one document had line ends, there are tabs."""
        self._file.seek(part.offset)
        return self._file.read(part.size).decode().removesuffix("\n").split("\n")

    def _append(self, path: Path, offset: int, decode: Callable[[bytes], bytes], *, is_packed: bool) -> Part:
        """Write what `decode` makes of a file's bytes."""
        size = lines = 0
        end = b""
        may_hold_booleans = False
        for piece in _pieces(path, is_packed=is_packed):
            text = decode(piece)
            if not is_packed:
                text = text.replace(b"\n", b"\t")  # both are blanks between values, and neither may stand within one
            lines += sum(1 for _ in _places(text, b"\n"))
            may_hold_booleans = may_hold_booleans or _has_booleans(text) or _has_booleans(end + text[:4])
            self._write(text)
            size += len(text)
            end = text[-4:]
        if not end.endswith(b"\n"):
            lines += 1
            self._write(b"\n")
            size += 1
        return Part(offset, size, self.lines, lines, may_hold_booleans)

    def _write(self, text: bytes) -> None:
        with _told(self.path):
            self._file.write(text)

    def _cut(self, size: int) -> None:
        self._file.seek(size)
        self._file.truncate()


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Tells a scratch file that cannot be written from a source file that cannot be read."""
    try:
        yield
    except OSError as error:
        raise RawError(f"{path.parent} cannot be written: {error}") from error


def _has_booleans(text: bytes) -> bool:
    # By a letter that numbers lack: that is several times faster than to look for the words.
    return any(text[at - 2 : at + 2] == b"true" for at in _places(text, b"u")) or any(
        text[at - 2 : at + 3] == b"false" for at in _places(text, b"l")
    )


def _places(text: bytes, byte: bytes) -> Iterator[int]:
    """Where a byte stands in a text that rarely holds it."""
    at = text.find(byte)
    while at >= 0:
        yield at
        at = text.find(byte, at + 1)


def _pieces(path: Path, *, is_packed: bool) -> Iterator[bytes]:
    """The bytes of a file, decompressed; whether all of a compressed file is sound shows only at its end."""
    try:
        with gzip.open(path) if is_packed else path.open("rb", buffering=0) as stream:
            while piece := stream.read(CHUNK):
                yield piece
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise BadFileError(f"the file cannot be decompressed: {error}") from error
