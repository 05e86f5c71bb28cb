"""Databases that stay open between questions, for a process that answers many.

Opening a large copy takes longer than most questions, and what was read of it is forgotten when nobody has it open any
more. So the databases that were opened last are held open by a connection that nobody gets.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from pathlib import Path

import duckdb

Config = dict[str, str | bool | int | float | list[str]]
_MOST = 4
MEMORY = "20%"
"""Of the machine's, for what DuckDB keeps of each database; without a limit each would take up to 80 %."""
_Identity = tuple[str, int, int]
_held: OrderedDict[_Identity, duckdb.DuckDBPyConnection] = OrderedDict()
_guard = threading.Lock()


def connected(path: Path, config: Config | None = None) -> duckdb.DuckDBPyConnection:
    """A read-only connection of one's own; the database stays open when it is closed.

    Args:
        path: the database.
        config: as for `duckdb.connect`; whoever opens the path in this process has to give the same. With `MEMORY` as
            its memory limit, if settings are locked.

    Raises:
        duckdb.Error: if it cannot be opened.
    """
    options = config or {}
    with _guard:
        _let_go()
        file = _identity(path)
        con = duckdb.connect(str(path), read_only=True, config=options)
        if file is not None and file == _identity(path):
            if file not in _held:
                _held[file] = duckdb.connect(str(path), read_only=True, config=options)
                if "memory_limit" not in options:
                    _held[file].execute(f"set memory_limit = '{MEMORY}'")
            _held.move_to_end(file)
        while len(_held) > _MOST:
            _held.popitem(last=False)[1].close()
    return con


def _let_go() -> None:
    """Close those whose file is gone, or has made room for another of its name: nobody is to see old rows."""
    for file in [file for file in _held if _identity(Path(file[0])) != file]:
        _held.pop(file).close()


def _identity(path: Path) -> _Identity | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return str(path), found.st_ino, found.st_mtime_ns
