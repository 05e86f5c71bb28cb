"""Small files that are whole or not there, logs of databases, and faults of files in words."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path

import duckdb

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS)
# What DuckDB and dbt pass on of the operating system's words.
_FULL_WORDS = tuple(os.strerror(number) for number in _FULL)
_FORBIDDEN_WORDS = tuple(os.strerror(number) for number in _FORBIDDEN)


def replace_text(path: Path, text: str) -> None:
    """Write a small file so that who reads it gets the old or the new text, never half of one.

    Raises:
        OSError: if it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        unfinished.write_text(text, encoding="utf-8")
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def log_of(database: Path) -> Path:
    """Where DuckDB writes what is not yet in a database file."""
    return database.with_name(f"{database.name}.wal")


def settle(database: Path) -> None:
    """Write what lies in the log beside a DuckDB file into the file itself, which takes a while when that is large.

    Whoever opens the file sees it either way; this keeps the log short. Where it cannot be done (somebody has the file
    open, the disk is full) nothing is lost: the next one who writes does it.
    """
    if log_of(database).exists():
        with suppress(duckdb.Error), duckdb.connect(str(database)) as con:
            con.execute("checkpoint")


def in_words(error: Exception | str) -> str:
    """What to tell a person about a fault of the disk, a folder or a database file."""
    text = str(error).strip()
    first = text.splitlines()[0] if text else type(error).__name__
    number = error.errno if isinstance(error, OSError) else None
    if number in _FULL or any(words in text for words in _FULL_WORDS):
        return f"no room is left on the disk: make room, then run it again; what was there is still there ({first})"
    if number in _FORBIDDEN or any(words in text for words in _FORBIDDEN_WORDS):
        return f"a file or folder is read-only: make it writable, or set RTM_HOME to another folder ({first})"
    return first


def database_error(path: Path, error: duckdb.Error) -> str:
    """Why a database file cannot be opened, with the file's name."""
    if "set lock on file" in str(error):
        return f"{path} is in use by another process: wait until that has ended, then run again ({in_words(error)})"
    return f"{path} cannot be opened: {in_words(error)}"
