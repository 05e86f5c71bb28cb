"""The raw database: one table per feed, the manifest of files, and what is wrong with either."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import duckdb

from ingest.feeds import FEEDS, Feed

# The layout of raw. To change it: count up, and say in _MIGRATIONS how a file of the layout before becomes one of it.
SCHEMA_VERSION = 2

_BOOKKEEPING = """
create table if not exists about (schema_version integer);
create table if not exists loads (load_id integer primary key, started_at_utc timestamp, source varchar);
-- one line per file version that was read, landed or not
create table if not exists manifest (
    file_id integer primary key, load_id integer, feed varchar, path varchar, file_name varchar,
    size_bytes bigint, sha256 varchar, file_timestamp_utc timestamp, loaded_at_utc timestamp,
    rows bigint, bad_rows bigint, status varchar, reason varchar, unknown_columns varchar
);
-- what was last seen at a path: a file that has not changed there is never landed again
create table if not exists sightings (path varchar primary key, sha256 varchar, file_id integer);
-- every cell that could not be read, and every line that could not be cut into cells
create table if not exists bad_rows (
    file_id integer, row_number bigint, column_name varchar, problem varchar, content varchar, is_landed boolean
);
-- oddities of whole files
create table if not exists file_remarks (file_id integer, finding varchar, example varchar);
-- cells that a feed does not know, as one JSON object a row: nearly no row has any
create table if not exists extra_cells (file_id integer, row_number bigint, extra varchar);
create table if not exists contract_contacts (file_id integer, row_number bigint, email varchar, extra varchar);
"""


class RawError(Exception):
    """Raw cannot be opened or written; the text says why and what to do."""


class RawBusyError(RawError):
    """Another process holds raw; nothing is wrong with it."""


def open_raw(path: Path, zone_macros: str) -> duckdb.DuckDBPyConnection:
    """Open raw for writing, and make its tables if they are not there.

    Args:
        path: the database file.
        zone_macros: the parsing macros (`ingest.parsing.macros`).

    Raises:
        RawError: if another process holds it, it is no database of this project, or a newer version wrote it.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            _make(path)
        con = duckdb.connect(str(path))
    except (duckdb.Error, OSError) as error:
        raise _explained(path, error) from error
    try:
        con.execute("set TimeZone = 'UTC'")
        _migrate(con, path)
        con.execute(_BOOKKEEPING)
        if _layout(con) is None:
            con.execute("insert into about values (?)", [SCHEMA_VERSION])
        for feed in FEEDS:
            con.execute(table_of(feed))
        con.execute(zone_macros)
    except (RawError, duckdb.Error):
        con.close()
        raise
    return con


def leave_in_log(con: duckdb.DuckDBPyConnection) -> None:
    """Have closing raw leave what was written last in the log beside it (`raw.duckdb.wal`), which belongs to it.

    Writing it into the file itself takes seconds when raw is large; `serve.files.settle` does so when nobody waits.
    """
    con.execute("pragma disable_checkpoint_on_shutdown")


def upgrade_raw(path: Path, zone_macros: str) -> None:
    """Bring raw to this version's layout, if an older version of the project wrote it. Every row is kept.

    Raises:
        RawError: as `open_raw`.
    """
    with read_raw(path) as con:
        is_older = _layout(con) != SCHEMA_VERSION or {feed.name for feed in FEEDS} - _tables(con)
    if is_older:
        open_raw(path, zone_macros).close()


def _migrate(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Bring a file to this version's layout, one layout after the other."""
    _check_ours(con, path)
    layout = _layout(con)
    while layout is not None and layout < SCHEMA_VERSION:
        con.execute("begin")
        try:
            _MIGRATIONS[layout](con)
            con.execute("update about set schema_version = ?", [layout + 1])
            con.execute("commit")
        except BaseException:
            with suppress(duckdb.Error):  # a commit that failed has rolled back already
                con.execute("rollback")
            raise
        layout += 1


def _keep_extra_apart(con: duckdb.DuckDBPyConnection) -> None:
    """Layout 1 had a column `extra` in each feed's table."""
    con.execute("create table extra_cells (file_id integer, row_number bigint, extra varchar)")
    tables = con.execute(
        "select table_name from duckdb_columns() where column_name = 'extra' "
        "and table_name not in ('contract_contacts', 'extra_cells') and database_name = current_database()"
    ).fetchall()
    for (table,) in tables:
        con.execute(
            f"insert into extra_cells select file_id, row_number, extra from {table} where extra is not null "
            "order by file_id, row_number"
        )
        con.execute(f"alter table {table} drop column extra")


# layout -> what makes the next layout of it; each runs whole or not at all, and keeps every row
_MIGRATIONS: dict[int, Callable[[duckdb.DuckDBPyConnection], object]] = {1: _keep_extra_apart}


def _check_ours(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    tables = _tables(con)
    if tables and "about" not in tables:
        raise RawError(
            f"{path} is no raw database of this project: it holds {sorted(tables)[0]!r}; move it away, or set RTM_HOME "
            "to another folder"
        )
    layout = _layout(con)
    if layout is not None and layout > SCHEMA_VERSION:
        raise RawError(f"{path} was written by a newer version of this project (layout {layout}): upgrade first")


def _layout(con: duckdb.DuckDBPyConnection) -> int | None:
    """The layout that a file says it has; None: it is new."""
    if "about" not in _tables(con):
        return None
    found = con.execute("select max(schema_version) from about").fetchall()[0][0]
    return None if found is None else int(found)


def _tables(con: duckdb.DuckDBPyConnection) -> set[str]:
    return {name for (name,) in con.execute("select table_name from duckdb_tables() where not temporary").fetchall()}


def table_of(feed: Feed) -> str:
    """The statement that creates a feed's raw table."""
    columns = ", ".join(f"{column.name} {column.type}" for column in feed.columns)
    return f"create table if not exists {feed.name} (file_id integer, row_number bigint, {columns})"


def read_raw(path: Path) -> duckdb.DuckDBPyConnection:
    """Open raw for reading.

    Raises:
        RawError: if it is missing, another process writes it, or it is no database of this project.
    """
    if not path.exists():
        raise RawError(f"{path} does not exist: land something first with `rtm ingest SOURCE`")
    try:
        con = duckdb.connect(str(path), read_only=True)
    except duckdb.Error as error:
        raise _explained(path, error) from error
    try:
        _check_ours(con, path)
    except (RawError, duckdb.Error):
        con.close()
        raise
    return con


def _make(path: Path) -> None:
    """Make an empty database, whole or not at all: a process killed while DuckDB makes one leaves half a file."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    unfinished.unlink(missing_ok=True)
    duckdb.connect(str(unfinished)).close()
    try:
        os.link(unfinished, path)  # unlike a rename it never puts an empty database over one with data
    except OSError:
        if not path.exists():  # a file system without links
            os.replace(unfinished, path)  # noqa: PTH105 - says that it is atomic
    unfinished.unlink(missing_ok=True)


def is_locked(error: Exception) -> bool:
    """Whether a database could not be opened because another process holds it."""
    return "set lock on file" in str(error)


def _explained(path: Path, error: Exception) -> RawError:
    text = str(error).splitlines()[0]
    if is_locked(error):
        return RawBusyError(f"{path} is in use by another process: wait until that has ended, then run again\n({text})")
    return RawError(f"{path} cannot be opened: {text}")


def insert_many(
    con: duckdb.DuckDBPyConnection, table: str, rows: Sequence[Sequence[Any]], *, replace: bool = False
) -> None:
    """Insert rows in one statement, a list of values for each column: a statement a row is far slower.

    Args:
        con: a connection for writing.
        table: the table, with one column for each value of a row.
        rows: the rows.
        replace: whether a row with the same primary key gives way.
    """
    if not rows:
        return
    verb = "insert or replace into" if replace else "insert into"
    columns = list(zip(*rows, strict=True))
    places = ", ".join(f"unnest(${number})" for number in range(1, len(columns) + 1))
    con.execute(f"{verb} {table} select {places}", [list(column) for column in columns])
