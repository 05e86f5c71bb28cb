"""The marts as they would have been at a moment (TIME-4), kept as files, and what differs between two of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb

from serve.published import current
from serve.warehouse import SCHEMAS

LARGEST = 10
_WHOLE = "'the whole mart'"
_UNITS = ("_eur", "_mwh", "_kw", "_eur_per_mwh")


class DiffError(Exception):
    """What was to be compared is not there; the text says what to do."""


@dataclass(frozen=True)
class Change:
    """One value that differs.

    Attributes:
        key: the row's key, as `column value` pairs.
        column: the quantity.
        one, other: its values; None: missing, or there is no such row.
    """

    key: str
    column: str
    one: Any
    other: Any


@dataclass(frozen=True)
class Difference:
    """What differs in a mart.

    Attributes:
        mart: its name.
        rows: how many rows each side has.
        only: how many rows each side has that the other has not, equal in every column.
        sums: quantity -> its sum on each side, where they differ.
        largest: the largest changes, at most ten.
        missing: 0 or 1: the side that lacks the mart; None: both have it.
    """

    mart: str
    rows: tuple[int, int] = (0, 0)
    only: tuple[int, int] = (0, 0)
    sums: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    largest: list[Change] = field(default_factory=list)
    missing: int | None = None


def file_name(moment: datetime, day: date | None) -> str:
    """The file of a moment (naive UTC) and, if it holds one only, of a delivery date."""
    return f"{moment:%Y-%m-%dT%H%M%S}Z{f'_{day}' if day else ''}.duckdb"


def keep_marts(unfinished: Path, path: Path) -> Path:
    """Leave marts and reports alone in a database that dbt made, and move it to its place.

    Views of other layers name the database as it was called while it was made, so they go.
    """
    with duckdb.connect(str(unfinished)) as con:
        for (schema,) in con.execute(
            "select schema_name from duckdb_schemas() where database_name = current_database() and not internal "
            "and schema_name not in ?",
            [[*SCHEMAS, "main"]],
        ).fetchall():
            con.execute(f'drop schema "{schema}" cascade')
    unfinished.replace(path)
    return path


def resolve(folder: Path, published: Path, text: str, zone: ZoneInfo) -> Path:
    """The database that a text names: `now`, a path, or a moment that was built.

    Raises:
        DiffError: if there is none.
    """
    if text == "now":
        copy = current(published)
        if copy is None:
            raise DiffError("nothing is published yet: `rtm run` or `rtm publish` first")
        return copy
    if Path(text).suffix == ".duckdb":
        if not Path(text).is_file():
            raise DiffError(f"{text} does not exist")
        return Path(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise DiffError(f"{text!r} is neither `now`, a .duckdb file nor a moment like 2025-06-08T10:00Z") from error
    utc = (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC).replace(tzinfo=None)
    found = sorted(folder.glob(f"{file_name(utc, None).removesuffix('.duckdb')}*.duckdb"))
    if not found:
        raise DiffError(f"{utc:%Y-%m-%d %H:%M:%S} UTC is not built: `rtm build --as-of {text}`")
    return found[0]


def differing(one: Path, other: Path) -> Iterator[Difference]:
    """Each mart in which two databases differ, by name.

    Args:
        one: the earlier state, say.
        other: the later one.

    Raises:
        DiffError: if a file is no database.
    """
    with duckdb.connect() as con:
        for name, path in (("one", one), ("other", other)):
            try:
                con.execute(f"attach '{str(path).replace(chr(39), chr(39) * 2)}' as {name} (read_only)")
            except duckdb.Error as error:
                raise DiffError(f"{path} cannot be read: {str(error).splitlines()[0]}") from error
        sides = [_marts(con, name) for name in ("one", "other")]
        for schema, mart in sorted(sides[0] | sides[1], key=lambda pair: pair[1]):
            if (schema, mart) not in sides[0] or (schema, mart) not in sides[1]:
                yield Difference(mart, missing=int((schema, mart) in sides[0]))
                continue
            difference = _compare(con, schema, mart)
            if difference.only != (0, 0):
                yield difference


def _marts(con: duckdb.DuckDBPyConnection, database: str) -> set[tuple[str, str]]:
    rows = con.execute(
        "select schema_name, table_name from duckdb_tables() where database_name = ? and schema_name in ?",
        [database, SCHEMAS],
    ).fetchall()
    return set(rows)


def _compare(con: duckdb.DuckDBPyConnection, schema: str, mart: str) -> Difference:
    names = [f'{side}."{schema}"."{mart}"' for side in ("one", "other")]
    columns = dict(
        con.execute(
            "select column_name, data_type from duckdb_columns() "
            "where database_name = 'other' and schema_name = ? and table_name = ? order by column_index",
            [schema, mart],
        ).fetchall()
    )
    shared = ", ".join(f'"{column}"' for column in columns)
    only = tuple(
        _one(con, f"select count(*) from (select {shared} from {a} except all select {shared} from {b})")
        for a, b in (names, names[::-1])
    )
    rows = tuple(_one(con, f"select count(*) from {name}") for name in names)
    if only == (0, 0):
        return Difference(mart, rows, only)
    quantities = [column for column in columns if column.endswith(_UNITS)]
    sums = {}
    for column in quantities:
        if not column.endswith(("_eur", "_mwh")) or column.endswith("_per_mwh"):
            continue  # prices and powers do not add up
        pair = tuple(_one(con, f'select sum(cast("{column}" as decimal(38, 6))) from {name}') for name in names)
        if pair[0] != pair[1]:
            sums[column] = pair
    return Difference(mart, rows, only, sums, _largest(con, names, columns, quantities))


def _largest(
    con: duckdb.DuckDBPyConnection, names: list[str], columns: dict[str, str], quantities: list[str]
) -> list[Change]:
    """The largest changes of the first quantity that changed in money, energy or power, in this order."""
    key = [
        column
        for column in columns
        if column.endswith(("_id", "_date", "delivery_start_utc", "month", "product", "side", "line_type", "bucket"))
        or column in ("period", "feed", "finding", "file_name", "scope", "version_utc", "executed_at_utc")
    ]
    matched = " and ".join(f'a."{column}" is not distinct from b."{column}"' for column in key) or "true"
    label = " || ', ' || ".join(
        f"'{column} ' || coalesce(cast(coalesce(a.\"{column}\", b.\"{column}\") as varchar), '-')" for column in key
    )
    for unit in _UNITS:
        found: list[tuple[Any, ...]] = []
        for column in (name for name in quantities if name.endswith(unit)):
            found += con.execute(
                f'select {label or _WHOLE}, \'{column}\', a."{column}", b."{column}", '
                f'abs(coalesce(cast(b."{column}" as double), 0) - coalesce(cast(a."{column}" as double), 0)) as change '
                f"from {names[0]} as a full join {names[1]} as b on {matched} "
                f'where a."{column}" is distinct from b."{column}" order by change desc, 1 limit {LARGEST}'
            ).fetchall()
        if found:
            found.sort(key=lambda row: (-row[4], row[0]))
            return [Change(*row[:4]) for row in found[:LARGEST]]
    return []


def _one(con: duckdb.DuckDBPyConnection, sql: str) -> Any:
    return con.execute(sql).fetchall()[0][0]
