"""One writer at a time: a lock of the operating system on a file, which vanishes with whoever held it.

Of writers in RTM_HOME that is `RTM_HOME/.lock`. `fcntl` and no library: the file that is locked also says who holds it,
and dbt inherits the lock from `rtm`, so that a dbt whose `rtm` was killed still counts as writing.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO


class BusyError(Exception):
    """Another process is writing; the text says which."""


@contextmanager
def writing(path: Path, command: str, *, wait: bool, say: Callable[[str], None]) -> Iterator[int]:
    """Hold the lock of writers.

    Args:
        path: the lock file; it stays, empty while nobody holds it.
        command: what this process is, told to others that have to wait.
        wait: whether to wait for another writer, for as long as it takes.
        say: told what is waited for, and what an earlier writer left unfinished.

    Yields:
        The file descriptor that carries the lock, for processes that are started meanwhile.

    Raises:
        BusyError: if another process holds the lock and `wait` is false.
        OSError: if the lock file cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = _told(file) or "another process"
            if not wait:
                raise BusyError(f"{holder} is writing to {path.parent}: wait until it has ended") from None
            say(f"waiting for {holder} to end ...")
            fcntl.flock(file, fcntl.LOCK_EX)
        if left := _told(file):
            say(f"{left} ended before it was done; what it had finished is kept")
        started = datetime.now(UTC)
        _tell(file, {"command": command, "pid": os.getpid(), "since_utc": f"{started:%Y-%m-%d %H:%M:%S}"})
        try:
            yield file.fileno()
        finally:
            _tell(file, None)


@contextmanager
def alone(path: Path, *, wait: bool) -> Iterator[bool]:
    """Hold a lock of which nobody needs to know who holds it; threads of one process exclude each other too.

    Args:
        path: the lock file; it stays, empty.
        wait: whether to wait for whoever holds it.

    Yields:
        Whether it is held; false only without waiting.

    Raises:
        OSError: if the lock file cannot be written.
    """
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
        else:
            yield True


def _told(file: IO[str]) -> str | None:
    """Who wrote in the lock file last, if it did not clear it."""
    file.seek(0)
    try:
        holder = json.loads(file.read())
        return f"`{holder['command']}` (process {holder['pid']}, since {holder['since_utc']} UTC)"
    except (ValueError, KeyError, TypeError):
        return None


def _tell(file: IO[str], holder: dict[str, str | int] | None) -> None:
    file.truncate(0)  # the file is open for appending: writing starts at its new end
    if holder is not None:
        file.write(json.dumps(holder))
    file.flush()
