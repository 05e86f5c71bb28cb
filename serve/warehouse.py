"""What the warehouse says of itself: how its last build went, and whether this version of the project can use it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from serve.files import database_error, log_of

SCHEMAS = ("marts", "reports")


class WarehouseError(Exception):
    """The warehouse cannot be used; the text says why and what to do. Raw holds all that it was made from."""


@dataclass(frozen=True)
class Build:
    """How the last build went, as dbt noted it in the warehouse (macros/builds.sql).

    Attributes:
        build_id: dbt's invocation.
        started_at_utc: when it began.
        ended_at_utc: when it ended; None: it was killed, or it still runs.
        command: dbt's command.
        is_whole: whether nothing was left out.
        is_good: whether it was whole, every model was made and every test passed.
        tests_passed: how many tests passed.
        as_of: the moment whose knowledge it shows; None: all that is known.
    """

    build_id: str
    started_at_utc: datetime
    ended_at_utc: datetime | None
    command: str
    is_whole: bool
    is_good: bool
    tests_passed: int | None
    as_of: str | None

    @property
    def why_not(self) -> str | None:
        """Why its numbers are not to be published; None: they are."""
        when = f"the last build ({self.started_at_utc:%Y-%m-%d %H:%M} UTC)"
        if self.ended_at_utc is None:
            return f"{when} did not end: it was killed, or it still runs; run `rtm build`"
        if not self.is_whole:
            return f"{when} was `dbt {self.command}` of a part only: run `rtm build` without arguments"
        if not self.is_good:
            return f"{when} failed, or a test failed: mend that, then run `rtm build`"
        if self.as_of is not None:
            return f"{when} shows what was known at {self.as_of}, not all that is known: run `rtm build`"
        return None


def open_warehouse(path: Path) -> duckdb.DuckDBPyConnection:
    """Open the warehouse for reading.

    Raises:
        WarehouseError: if it is not there, in use, damaged or no database.
    """
    if not path.exists():
        raise WarehouseError(f"{path} does not exist: make it first with `rtm run` or `rtm build`")
    try:
        return duckdb.connect(str(path), read_only=True)
    except duckdb.Error as error:
        hint = "" if "set lock on file" in str(error) else "; `rtm rebuild` sets it aside and makes a new one from raw"
        raise WarehouseError(database_error(path, error) + hint) from error


def check_usable(path: Path, layout: int) -> None:
    """Check that dbt can build upon a warehouse; one that is not there yet is fine.

    Args:
        path: the warehouse.
        layout: the layout that this version of the project makes (`warehouse_layout` in dbt_project.yml).

    Raises:
        WarehouseError: if it is in use, damaged, of something else, or of another version of the project.
    """
    if not path.exists():
        return
    with open_warehouse(path) as con:
        found = _layout(con)
    if found is not None and found != layout:
        age = "an older" if found < layout else "a newer"
        raise WarehouseError(
            f"{path} was made by {age} version of this project (layout {found}, expected {layout}): `rtm rebuild` "
            "makes a new one from raw.duckdb, which is kept as it is"
        )


def last_build(con: duckdb.DuckDBPyConnection) -> Build:
    """How the last build of a warehouse went.

    Raises:
        WarehouseError: if none was noted.
    """
    if not _has_builds(con) or not (
        found := con.execute(
            "select build_id, started_at_utc, ended_at_utc, command, is_whole, is_good, tests_passed, as_of "
            "from main.builds order by started_at_utc desc limit 1"
        ).fetchone()
    ):
        raise WarehouseError("no build has noted in the warehouse how it went: run `rtm build`")
    return Build(*found)


def make_room(path: Path) -> Path | None:
    """Take the warehouse out of the way of a new one.

    One that this project made is deleted, as raw holds all of it. Anything else is kept under another name.

    Returns:
        Where the file was put that this project did not make, or that cannot be read; None: there was none.

    Raises:
        WarehouseError: if it is in use.
        OSError: if it cannot be moved or deleted.
    """
    if not path.exists():
        log_of(path).unlink(missing_ok=True)
        return None
    try:
        with duckdb.connect(str(path), read_only=True) as con:
            is_ours = _layout(con) is not None or not _tables(con)
    except duckdb.Error as error:
        if "set lock on file" in str(error):
            raise WarehouseError(database_error(path, error)) from error
        is_ours = False
    except WarehouseError:
        is_ours = False
    if is_ours:
        path.unlink()
        log_of(path).unlink(missing_ok=True)
        return None
    aside = path.with_name(f"{path.stem}.set-aside-{datetime.now(UTC):%Y%m%dT%H%M%S%f}Z{path.suffix}")
    path.rename(aside)
    if log_of(path).exists():
        log_of(path).rename(log_of(aside))
    return aside


def _layout(con: duckdb.DuckDBPyConnection) -> int | None:
    """The layout that a warehouse was made with; 0: before layouts were noted; None: it holds nothing yet.

    Raises:
        WarehouseError: if it holds tables, but none of this project.
    """
    if _has_builds(con):
        found = con.execute("select arg_max(warehouse_layout, started_at_utc) from main.builds").fetchall()[0][0]
        if found is not None:
            return int(found)
    tables = _tables(con)
    if not tables - {("main", name) for name in ("builds", "promises", "mart_access", "column_access")}:
        return None
    if any(schema in SCHEMAS for schema, _ in tables):
        return 0
    raise WarehouseError(
        "the warehouse's file holds tables of something else, and none of this project: move it away, or let "
        "`rtm rebuild` set it aside"
    )


def _has_builds(con: duckdb.DuckDBPyConnection) -> bool:
    return ("main", "builds") in _tables(con)


def _tables(con: duckdb.DuckDBPyConnection) -> set[tuple[str, str]]:
    rows = con.execute("select table_schema, table_name from information_schema.tables").fetchall()
    return {(schema, table) for schema, table in rows}
