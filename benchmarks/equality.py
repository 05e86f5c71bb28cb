"""Whether two databases hold the same: `python -m benchmarks.equality SCHEMA OURS THEIRS KEYS TABLE...`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import duckdb

from benchmarks.measuring import run

# A binary computation cannot round decimals half up: it may be off by some units of the last place. Names say units.
_TOLERANCES = {"_eur_per_mwh": 2e-6, "_mwh": 1e-8, "_eur": 1e-4, "_kw": 1e-6, "_coverage": 1e-9}


def must_be_equal(ours: Path, theirs: Path, tables: Sequence[str], *, keys: Sequence[str] = ()) -> None:
    """Compare marts in a process of its own, so that this one stays small.

    Args:
        ours: a database.
        theirs: another.
        tables: every row and column of theirs is compared.
        keys: columns that name a row. With them, only columns that both have are compared, and numbers may differ by
            what `_TOLERANCES` says.

    Raises:
        BenchmarkError: if they differ; the text says where.
    """
    run(["-m", "benchmarks.equality", "marts", ours, theirs, ",".join(keys), *tables])


def must_have_the_same_rows(ours: Path, theirs: Path, table: str) -> None:
    """Compare a table of the schema `main` in the columns that the second database has, whatever the rows' order.

    Raises:
        BenchmarkError: if the rows differ.
    """
    run(["-m", "benchmarks.equality", "main", ours, theirs, "", table])


def _hashed(con: duckdb.DuckDBPyConnection, table: str) -> list[str]:
    """What differs in a table of any size: the number of rows, or the sum of their hashes."""
    names = ", ".join(name for name, *_ in con.execute(f"describe theirs.main.{table}").fetchall())
    ours, theirs = (
        con.execute(f"select count(*), sum(cast(hash({names}) as hugeint)) from {side}.main.{table}").fetchall()[0]
        for side in ("ours", "theirs")
    )
    return [] if ours == theirs else [f"{table}: {ours[0]} rows in ours, {theirs[0]} in theirs, or their values differ"]


def differences(con: duckdb.DuckDBPyConnection, schema: str, table: str, keys: Sequence[str]) -> list[str]:
    """What differs in a table between the attached databases `ours` and `theirs`."""
    columns, others = (
        {name: kind for name, kind, *_ in con.execute(f"describe {side}.{schema}.{table}").fetchall()}
        for side in ("ours", "theirs")
    )
    if keys:
        columns = {name: kind for name, kind in columns.items() if name in others}
        kept = [key for key in keys if key in columns]
        return _differences_by_key(con, schema, table, kept, [name for name in columns if name not in kept])
    if columns != others:
        return [f"{table}: the columns differ: {sorted(set(columns.items()) ^ set(others.items()))}"]
    names = ", ".join(columns)
    counts = [
        con.execute(
            f"select count(*) from (select {names} from {one}.{schema}.{table} "
            f"except all select {names} from {other}.{schema}.{table})"
        ).fetchall()[0][0]
        for one, other in (("ours", "theirs"), ("theirs", "ours"))
    ]
    return [f"{table}: {counts[0]} rows only in ours, {counts[1]} only in theirs"] if any(counts) else []


def _differences_by_key(
    con: duckdb.DuckDBPyConnection, schema: str, table: str, keys: list[str], values: list[str]
) -> list[str]:
    ours, theirs = f"ours.{schema}.{table}", f"theirs.{schema}.{table}"
    found: list[str] = []
    names = ", ".join(keys)
    lonely = con.execute(
        f"select count(*) from (select {names} from {ours}) as a full outer join (select {names} from {theirs}) as b "
        f"on ({', '.join('a.' + key for key in keys)}) = ({', '.join('b.' + key for key in keys)}) "
        f"where a.{keys[0]} is null or b.{keys[0]} is null"
    ).fetchall()[0][0]
    if lonely:
        found.append(f"{table}: {lonely} rows have no partner")
    for name in values:
        tolerance = next((bound for end, bound in _TOLERANCES.items() if name.endswith(end)), None)
        differs = f"a.{name} is distinct from b.{name}"
        if tolerance is not None:
            differs = (
                f"(a.{name} is null) <> (b.{name} is null) or "
                f"abs(cast(a.{name} as double) - b.{name}) > {tolerance} * greatest(1, abs(b.{name}) * 1e-3)"
            )
        different = con.execute(
            f"select count(*) from {ours} as a inner join {theirs} as b using ({', '.join(keys)}) where {differs}"
        ).fetchall()[0][0]
        if different:
            found.append(f"{table}.{name}: {different} values differ")
    return found


def main() -> None:
    """Compare, and end with 1 where something differs."""
    schema, ours, theirs, keys, *tables = sys.argv[1:]
    with duckdb.connect() as con:
        for name, path in (("ours", ours), ("theirs", theirs)):
            con.execute(f"attach '{path}' as {name} (read_only)")
        found: list[str] = []
        for table in tables:
            if schema == "main":
                found += _hashed(con, table)
            else:
                found += differences(con, schema, table, keys.split(",") if keys else [])
    for text in found:
        print(text)
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
