"""Looking into a mart without SQL: chosen rows and columns, on the screen or as a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from serve.warehouse import SCHEMAS


class MartError(Exception):
    """What was asked for is not there; the text says what is."""


@dataclass(frozen=True)
class Rows:
    """Part of a mart.

    Attributes:
        columns: their names.
        values: the rows, in the order of their columns from left to right.
        total: how many rows the filters let through, of which `values` may be the first few.
    """

    columns: list[str]
    values: list[tuple[Any, ...]]
    total: int


@dataclass(frozen=True)
class Question:
    """Which part of which mart.

    Attributes:
        mart: its name.
        asset: only this asset_id.
        day: only this delivery date.
        columns: only these columns; empty: all.
        limit: so many rows; 0: all.
    """

    mart: str
    asset: str | None = None
    day: date | None = None
    columns: Sequence[str] = ()
    limit: int = 0


def mart_names(con: duckdb.DuckDBPyConnection) -> list[str]:
    """Every mart and report of a published copy or a warehouse."""
    rows = con.execute(
        "select table_name from information_schema.tables where table_schema in ? order by table_name", [SCHEMAS]
    )
    return [name for (name,) in rows.fetchall()]


def look(con: duckdb.DuckDBPyConnection, question: Question) -> Rows:
    """Rows of a mart.

    Args:
        con: the published copy (`serve.published.reading`).
        question: which rows and columns.

    Raises:
        MartError: if the mart or a column is not there.
    """
    chosen = _chosen(con, question)
    total = chosen.count("*").fetchall()[0][0]
    shown = chosen.limit(question.limit) if question.limit else chosen
    return Rows(shown.columns, shown.fetchall(), total)


def write(con: duckdb.DuckDBPyConnection, question: Question, path: Path) -> int:
    """Rows of a mart as a CSV or Parquet file, by the path's ending; returns how many.

    Args:
        con: the published copy (`serve.published.reading`).
        question: which rows and columns.
        path: the file, which is replaced if it is there.

    Raises:
        MartError: if the mart or a column is not there, or the ending is another one.
        duckdb.Error: if the file cannot be written.
    """
    chosen = _chosen(con, question)
    shown = chosen.limit(question.limit) if question.limit else chosen
    match path.suffix.lower():
        case ".csv":
            shown.write_csv(str(path), header=True)
        case ".parquet":
            shown.write_parquet(str(path))
        case ending:
            raise MartError(f"the file's name ends in {ending or 'nothing'}, expected .csv or .parquet")
    return int(shown.count("*").fetchall()[0][0])


def _chosen(con: duckdb.DuckDBPyConnection, question: Question) -> duckdb.DuckDBPyRelation:
    found = con.execute(
        "select table_schema, column_name from information_schema.columns "
        "where table_schema in ? and table_name = ? order by ordinal_position",
        [SCHEMAS, question.mart],
    ).fetchall()
    if not found:
        raise MartError(f"there is no mart {question.mart!r}; there are {', '.join(mart_names(con))}")
    known = [column for _, column in found]
    filters = {"asset_id": question.asset, "delivery_date": question.day}
    wanted = {column: value for column, value in filters.items() if value is not None}
    for column in [*wanted, *question.columns]:
        if column not in known:
            raise MartError(f"{question.mart} has no column {column!r}; it has {', '.join(known)}")
    names = ", ".join(_quoted(column) for column in question.columns or known)
    condition = " and ".join(f"{_quoted(column)} = ?" for column in wanted) or "true"
    order = ", ".join(f"{_quoted(column)} asc nulls last" for column in known)
    return con.sql(
        f"select {names} from {_quoted(found[0][0])}.{_quoted(question.mart)} where {condition} order by {order}",
        params=list(wanted.values()),
    )


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
