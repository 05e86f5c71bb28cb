"""Reading files: each once, unless it is too large to be kept in memory."""

from __future__ import annotations

import hashlib
import io
import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO, cast

from isal import igzip, isal_zlib

from ingest.sources import Candidate
from ingest.texts import CHUNK, BadFileError, as_utf8

LARGE_CSV = 1 << 18  # bytes from which DuckDB reads a file faster itself
LARGE_PACK = 1 << 23  # compressed bytes from which a packed file is not kept in memory
_DIGESTED_AT_ONCE = 1 << 20  # bytes
_WAITING = 8  # times as many bytes that wait for their digest


def digest(candidate: Candidate) -> tuple[str, int]:
    """The sha256 and the size in bytes of a file.

    Raises:
        OSError: if it cannot be read.
    """
    with candidate.path.open("rb", buffering=0) as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest(), os.fstat(stream.fileno()).st_size


@dataclass(frozen=True)
class Content:
    """What was read of a file.

    Attributes:
        candidate: the file.
        sha256: of its bytes; None: it is still to be made of the content.
        size_bytes: its size.
        changed_ns: when it was last changed.
        content: its bytes, decompressed; None: there are too many, to be read piece by piece.
        problem: why it cannot be decompressed.
    """

    candidate: Candidate
    sha256: str | None
    size_bytes: int
    changed_ns: int
    content: bytes | None
    problem: str | None = None


class Digests:
    """The sha256 of contents, made by another thread while they are looked at.

    It is given many files at a time and waits for Python's lock after each, so nobody waits for it before the end.
    """

    def __init__(self, other: Executor) -> None:
        self._other = other
        self._known: dict[int, str] = {}
        self._next: dict[int, bytes] = {}
        self._size = 0
        self._waiting: deque[tuple[list[int], Future[list[str]]]] = deque()

    def add(self, file_id: int, found: Content) -> None:
        """Take what was read of a file."""
        if found.sha256 is not None:
            self._known[file_id] = found.sha256
        elif found.content is not None:
            self._next[file_id] = found.content
            self._size += len(found.content)
            if self._size >= _DIGESTED_AT_ONCE:
                self._hand_over()

    def all(self) -> dict[int, str]:
        """File id -> sha256 of all files so far."""
        self._hand_over()
        while self._waiting:
            self._wait()
        return self._known

    def _hand_over(self) -> None:
        self._waiting.append((list(self._next), self._other.submit(_digests, list(self._next.values()))))
        self._next, self._size = {}, 0
        if len(self._waiting) > _WAITING:
            self._wait()

    def _wait(self) -> None:
        file_ids, future = self._waiting.popleft()
        self._known.update(zip(file_ids, future.result(), strict=True))


def _digests(contents: Iterable[bytes]) -> list[str]:
    return [hashlib.sha256(content).hexdigest() for content in contents]


def read(candidate: Candidate, *, with_digest: bool = True) -> Content:
    """Read a file.

    Args:
        candidate: the file.
        with_digest: whether to make its sha256 here, too.

    Raises:
        OSError: if it cannot be read.
    """
    with candidate.path.open("rb", buffering=0) as stream:
        state = os.fstat(stream.fileno())
        size, changed = state.st_size, state.st_mtime_ns
        if (candidate.feed.is_csv and size > LARGE_CSV) or (candidate.is_packed and size > LARGE_PACK):
            return Content(candidate, hashlib.file_digest(stream, "sha256").hexdigest(), size, changed, None)
        content = stream.read()
        sha256 = hashlib.sha256(content).hexdigest() if with_digest else None
        if not candidate.is_packed or not content:
            return Content(candidate, sha256, size, changed, content)
        try:
            with _decompressing(io.BytesIO(content)) as text:
                return Content(candidate, sha256, size, changed, text.read())
        except BadFileError as error:
            return Content(candidate, sha256, size, changed, None, str(error))


def some_documents(candidate: Candidate, content: bytes | None, lines: Iterable[int]) -> dict[int, str]:
    """Some documents of a JSON file, by line, as text.

    Raises:
        BadFileError: if it cannot be decompressed, or is no text.
        OSError: if it cannot be read.
    """
    text = as_utf8(b"\n".join(documents(candidate, content))).decode()
    found = text.split("\n") if candidate.is_packed else [text]
    return {line: found[line - 1] for line in lines if line <= len(found)}


def documents(candidate: Candidate, content: bytes | None) -> Iterator[bytes]:
    """The lines of a packed JSON file, or the only document of another.

    Args:
        candidate: the file.
        content: what `read` gave.

    Raises:
        BadFileError: if it cannot be decompressed.
        OSError: if it cannot be read.
    """
    if content is None:
        with candidate.path.open("rb", buffering=0) as stream, _decompressing(stream) as text:
            yield from _lines(text)
    elif candidate.is_packed:
        yield from _lines(io.BytesIO(content))
    else:
        yield content


def _lines(stream: BinaryIO) -> Iterator[bytes]:
    rest = b""
    while piece := stream.read(CHUNK):
        text, at = rest + piece, 0
        while (end := text.find(b"\n", at)) >= 0:  # in half the time that split() takes
            yield text[at:end]
            at = end + 1
        rest = text[at:]
    if rest:
        yield rest


@contextmanager
def _decompressing(stream: io.BytesIO | io.FileIO) -> Iterator[BinaryIO]:
    """The content of a compressed file; whether all of it is sound shows only at its end."""
    try:
        with igzip.IGzipFile(fileobj=stream) as text:  # type: ignore[no-untyped-call]
            yield cast(BinaryIO, text)
    except (igzip.BadGzipFile, EOFError, isal_zlib.error) as error:  # type: ignore[misc]  # its stubs know no class
        raise BadFileError(f"the file cannot be decompressed: {error}") from error
