"""Reading files: each once, unless it is too large to be kept in memory."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO, cast

from isal import igzip, isal_zlib

from ingest.sources import Candidate
from ingest.texts import CHUNK, BadFileError, as_utf8

LARGE_CSV = 1 << 18  # bytes from which DuckDB reads a file faster itself
LARGE_PACK = 1 << 23  # compressed bytes from which a packed file is not kept in memory


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
        sha256: of its bytes.
        size_bytes: its size.
        changed_ns: when it was last changed.
        content: its bytes, decompressed; None: there are too many, to be read piece by piece.
        problem: why it cannot be decompressed.
    """

    candidate: Candidate
    sha256: str
    size_bytes: int
    changed_ns: int
    content: bytes | None
    problem: str | None = None


def read(candidate: Candidate) -> Content:
    """Read a file.

    Raises:
        OSError: if it cannot be read.
    """
    with candidate.path.open("rb", buffering=0) as stream:
        state = os.fstat(stream.fileno())
        size, changed = state.st_size, state.st_mtime_ns
        if (candidate.feed.is_csv and size > LARGE_CSV) or (candidate.is_packed and size > LARGE_PACK):
            return Content(candidate, hashlib.file_digest(stream, "sha256").hexdigest(), size, changed, None)
        content = stream.read()
        sha256 = hashlib.sha256(content).hexdigest()
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
