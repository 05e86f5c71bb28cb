"""Which files a source holds. What is in each: `ingest.inspection`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ingest.feeds import Feed, recognise

_PACKED = ".jsonl.gz"


@dataclass(frozen=True)
class Candidate:
    """A file of a known feed, as it lies in the source."""

    path: Path
    feed: Feed

    @cached_property
    def name(self) -> str:
        """The file's name, as text that a database can hold."""
        return as_text(self.path.name)

    @cached_property
    def is_packed(self) -> bool:
        """Whether it holds many JSON answers, a line each, compressed."""
        return self.path.name.lower().endswith(_PACKED)

    @cached_property
    def stem(self) -> str:
        """The file's name without its ending."""
        return self.path.name[: -len(_PACKED)] if self.is_packed else self.path.stem

    @cached_property
    def place(self) -> str:
        """The file's path, as text that a database can hold."""
        return as_text(self.path)


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
    left_out = None if exclude is None or source.is_relative_to(exclude) else str(exclude)
    files = [str(source)] if source.is_file() else _files(str(source), left_out)
    above = len(str(source.parent if source.is_file() else source).rstrip(os.sep)) + 1
    root = (source.parent if source.is_file() else source).name
    for path in sorted(map(Path, files), key=lambda path: path.parts):
        feed = recognise(f"{root}/{str(path)[above:]}".replace(os.sep, "/"))
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


def _files(folder: str, left_out: str | None) -> Iterator[str]:
    with suppress(PermissionError, FileNotFoundError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith(".") or entry.path == left_out:
                continue
            if entry.is_dir(follow_symlinks=False):
                yield from _files(entry.path, left_out)
            elif entry.is_file():
                yield entry.path


def as_text(path: Path | str) -> str:
    """A path as text; bytes of a name that are not UTF-8 are shown as a replacement character."""
    return os.fsencode(path).decode("utf-8", errors="replace")
