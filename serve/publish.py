"""Write, audit, publish: readers get copies of the marts, each whole, checked, and swapped in at once.

A copy is written in a hidden folder beside the others, checked as it lies on the disk, moved to its name, and only
then does the link `current.duckdb` move, so a reader sees the copy before or the copy after and nothing between.
"""

from __future__ import annotations

import os
import re
import shutil
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from serve.files import in_words
from serve.permissions import declared
from serve.published import CURRENT, Manifest, PublishError, copies, current, number_of, read_manifest
from serve.warehouse import last_build, open_warehouse

_UNFINISHED = ".unfinished"

_MANIFEST = """
create schema publication;
-- one row: what this copy is
create table publication.manifest (
    copy_number integer, published_at_utc timestamp, previous_copy_number integer,
    build_id varchar, built_at_utc timestamp, tests_passed integer, commit_id varchar, dbt_version varchar,
    duckdb_version varchar, last_load_id integer, previous_load_id integer, files_landed bigint,
    known_until_utc timestamp
);
-- the columns that were promised of every mart
create table publication.contract (
    schema_name varchar, mart_name varchar, column_name varchar, data_type varchar
);
-- what lies in this copy, and the build that made it; is_changed is NULL for a mart that the copy before did not have
create table publication.marts (
    schema_name varchar, mart_name varchar, rows bigint, content_hash varchar, is_changed boolean, build_id varchar
);
-- `rows`, and `sum(<column>)` of every quantity, beside those of the copy before; NULL where nothing is to be added up
create table publication.changes (
    mart_name varchar, measure varchar, value decimal(38, 9), value_before decimal(38, 9)
);
-- who may see what (serve/permissions.py)
create table publication.mart_access as from warehouse.main.mart_access;
create table publication.column_access as from warehouse.main.column_access;
"""


@contextmanager
def in_advance(folder: Path) -> Iterator[None]:
    """While a block runs (a build, say), copy the copy that the next one begins with; `publish` then goes on from it.

    Args:
        folder: where the copies lie.
    """
    with ThreadPoolExecutor(max_workers=1) as other:
        copying = other.submit(_copy_current, folder)
        try:
            yield
        except BaseException:
            copying.result()
            shutil.rmtree(folder / _UNFINISHED, ignore_errors=True)  # nothing will be published
            raise


def publish(warehouse: Path, folder: Path, *, keep: int, now: datetime) -> Manifest:
    """Copy the marts of a warehouse to a new file, check it, and make it the one that readers get.

    Args:
        warehouse: the warehouse; nobody may be writing it.
        folder: where the copies lie.
        keep: how many copies stay, with the new one; 1 or more.
        now: this moment, naive UTC.

    Raises:
        PublishError: if the last build is not to be published, or the copy is not what it should be.
        WarehouseError: if the warehouse cannot be read.
        duckdb.Error, OSError: if the copy cannot be written.
    """
    with open_warehouse(warehouse) as con:
        why_not = last_build(con).why_not
    if why_not:
        raise PublishError(why_not)
    folder.mkdir(parents=True, exist_ok=True)
    before = current(folder)
    number = max((number_of(path) for path in copies(folder)), default=0) + 1
    scratch = folder / _UNFINISHED
    if before is None or not (scratch / before.name).exists():
        shutil.rmtree(scratch, ignore_errors=True)  # of a publication that was killed
    try:
        scratch.mkdir(exist_ok=True)
        unfinished = scratch / "copy.duckdb"
        manifest = _made(unfinished, warehouse, before, number, now)
        _flush(unfinished)
        unfinished.chmod(0o444)  # a reader that opens it for writing would shut out all others
        copy = folder / f"copy_{number:06}.duckdb"
        unfinished.rename(copy)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    _point_to(copy)
    for old in copies(folder)[:-keep]:
        old.unlink()
    return manifest


def is_published(warehouse: Path, folder: Path) -> bool:
    """Whether the copy that counts holds the numbers of the last build.

    Raises:
        WarehouseError: if the warehouse cannot be read.
    """
    copy = current(folder)
    if copy is None:
        return False
    with open_warehouse(warehouse) as con:
        build = last_build(con)
    try:
        with duckdb.connect(str(copy), read_only=True) as con:
            return read_manifest(con).build_id == build.build_id
    except duckdb.Error:
        return False


def roll_back(folder: Path) -> Manifest:
    """Make the copy before the current one the one that readers get; called again, it goes back one more.

    Raises:
        PublishError: if there is no copy before it, or that is damaged.
    """
    now_current = current(folder)
    if now_current is None:
        raise PublishError(f"{folder} holds no copy yet: `rtm publish` makes one")
    earlier = [path for path in copies(folder) if number_of(path) < number_of(now_current)]
    if not earlier:
        raise PublishError(f"there is no copy before {now_current.name} in {folder}")
    try:
        manifest = verify(earlier[-1])
    except duckdb.Error as error:
        raise PublishError(f"{earlier[-1]} is damaged: {in_words(error)}") from error
    _point_to(earlier[-1])
    return manifest


def verify(copy: Path) -> Manifest:
    """Check a copy as it lies on the disk: every promised column with its type, and rows and hashes as noted.

    Raises:
        PublishError: if something is not as it was promised or noted.
        duckdb.Error: if the file is damaged.
    """
    with duckdb.connect(str(copy), read_only=True) as con:
        promised: dict[tuple[str, str], dict[str, str]] = {}
        for schema, mart, column, kind in con.execute("from publication.contract").fetchall():
            promised.setdefault((schema, mart), {})[column] = kind
        if not promised:
            raise PublishError("the build promised no marts: run `rtm build`")
        noted = con.execute("select schema_name, mart_name, rows, content_hash from publication.marts").fetchall()
        if {(schema, mart) for schema, mart, _, _ in noted} != set(promised):
            raise PublishError("the marts in the copy are not those that were promised")
        columns = _columns(con)
        types = {kind: _type_of(con, kind) for kind in {kind for mart in promised.values() for kind in mart.values()}}
        for schema, mart, rows, content_hash in noted:
            found = columns.get((schema, mart), {})
            expected = {column: types[kind] for column, kind in promised[schema, mart].items()}
            if found != expected:
                differing = sorted(f"{name} {kind}" for name, kind in set(found.items()) ^ set(expected.items()))
                raise PublishError(f"{mart}: columns differ from the contract: {', '.join(differing)}")
            if _fingerprint(con, schema, mart) != (rows, content_hash):
                raise PublishError(f"{mart}: the copy does not hold the rows of the warehouse")
        if {(mart.schema, mart.name): set(mart.columns) for mart in declared(con)} != {
            mart: set(columns) for mart, columns in promised.items()
        }:
            raise PublishError("not every mart and column is declared with who may see it: run `rtm build`")
        return read_manifest(con)


def _made(copy: Path, warehouse: Path, before: Path | None, number: int, now: datetime) -> Manifest:
    """Make the copy and check it; without the one before where that turns out to be damaged."""
    if before is not None:
        try:
            _write(copy, warehouse, before, number, now, base=before)
            return verify(copy)
        except (duckdb.Error, PublishError):
            shutil.rmtree(copy.parent)
            copy.parent.mkdir()
    _write(copy, warehouse, before, number, now, base=None)
    return verify(copy)


def _write(copy: Path, warehouse: Path, before: Path | None, number: int, now: datetime, *, base: Path | None) -> None:
    """Make the copy: of another, if one is given, with every mart replaced whose rows differ.

    A mart that no build set out to make since is the one that the copy before took from the warehouse and hashed there.
    """
    noted = _begin_with(copy, base) if base is not None else {}
    with duckdb.connect(str(copy)) as con:
        con.execute("set TimeZone = 'UTC'")
        con.execute(f"attach {_text(warehouse)} as warehouse (read_only)")
        con.execute("begin")  # one commit at the end instead of one a statement
        con.execute("drop schema if exists publication cascade")
        try:
            con.execute(_MANIFEST)
        except duckdb.CatalogException as error:
            raise PublishError("the last build does not say who may see what: run `rtm build`") from error
        makers = _makers(con)
        con.execute(
            "insert into publication.contract select schema_name, mart_name, column_name, data_type "
            "from warehouse.main.promises order by all"
        )
        marts = con.execute("select distinct schema_name, mart_name from publication.contract order by all").fetchall()
        for schema, mart in noted:
            if (schema, mart) not in marts:
                con.execute(f"drop table {_quoted(schema)}.{_quoted(mart)}")
        columns = _columns(con, "warehouse")
        for schema, mart in marts:
            kept, maker = noted.get((schema, mart)), makers.get((schema, mart))
            if kept is not None and kept.maker == maker is not None:
                fingerprint = kept.fingerprint
            else:
                # of the warehouse, not of the copy: the copy is compared with it when it lies on the disk
                fingerprint = _fingerprint(con, schema, mart, catalog="warehouse.")
            if kept is None or (kept.fingerprint, kept.columns) != (fingerprint, columns.get((schema, mart))):
                _replace(con, schema, mart)
                measures = _measures(con, schema, mart, columns.get((schema, mart), {}))
            else:
                measures = kept.measures
            con.execute(
                "insert into publication.marts values (?, ?, ?, ?, null, ?)", [schema, mart, *fingerprint, maker]
            )
            con.execute(
                "insert into publication.changes select ?, unnest(?), unnest(cast(? as decimal(38, 9)[])), null",
                [mart, list(measures), list(measures.values())],
            )
        _copy_comments(con)
        con.execute(
            """
            insert into publication.manifest
            select
                ?, ?, null, build_id, ended_at_utc, tests_passed, commit_id, dbt_version, ?, last_load_id, null,
                files_landed, known_until_utc
            from warehouse.main.builds order by started_at_utc desc limit 1
            """,
            [number, now, duckdb.__version__],
        )
        con.execute("commit")
        if before is not None:
            _compare(con, before)


@dataclass(frozen=True)
class _Noted:
    """What a copy says of a mart in it: rows and hash, who made it, columns and types, and rows and sums by name."""

    fingerprint: tuple[int, str]
    maker: str | None
    columns: dict[str, str]
    measures: dict[str, Decimal | None]


def _begin_with(copy: Path, before: Path) -> dict[tuple[str, str], _Noted]:
    """Begin a copy with the one before it, so that what did not change need not be written anew.

    Returns:
        What it holds, by schema and mart. Nothing, and no file, where the copy before cannot be read or is a third
        empty.
    """
    try:
        with duckdb.connect(str(before), read_only=True) as con:
            blocks, free = con.execute("select total_blocks, free_blocks from pragma_database_size()").fetchall()[0]
            if 3 * free > blocks:
                return {}
            rows = con.execute(
                "select schema_name, mart_name, rows, content_hash, build_id from publication.marts"
            ).fetchall()
            columns, measures = _columns(con), defaultdict[str, dict[str, Decimal | None]](dict)
            for mart, measure, value in con.execute(
                "select mart_name, measure, value from publication.changes"
            ).fetchall():
                measures[mart][measure] = value
            noted = {
                (schema, mart): _Noted((count, hashed), maker, columns[schema, mart], {
                    name: measures[mart].get(name) for name in ["rows", *_sums(columns[schema, mart])]
                })
                for schema, mart, count, hashed, maker in rows
            }  # fmt: skip
    except duckdb.Error:
        return {}  # a copy that cannot be read must not keep a good one from replacing it
    begun = copy.with_name(before.name)
    if begun.exists():
        begun.replace(copy)
    else:
        shutil.copyfile(before, copy)
    return noted


def _copy_current(folder: Path) -> None:
    """A copy of the current copy, under its name, in the folder of what is unfinished."""
    before, scratch = current(folder), folder / _UNFINISHED
    shutil.rmtree(scratch, ignore_errors=True)
    if before is None:
        return
    try:
        scratch.mkdir()
        shutil.copyfile(before, scratch / "half")
        (scratch / "half").rename(scratch / before.name)
    except OSError:  # the disk is full, say: publishing meets that itself, and can tell
        shutil.rmtree(scratch, ignore_errors=True)


def _makers(con: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], str]:
    """(schema, mart) -> the last build that set out to make it; without marts that an older version made."""
    found = con.execute(
        "select 1 from duckdb_tables() where database_name = 'warehouse' and table_name = 'mart_makers'"
    )
    if not found.fetchall():
        return {}
    rows = con.execute("select schema_name, mart_name, build_id from warehouse.main.mart_makers").fetchall()
    return {(schema, mart): build_id for schema, mart, build_id in rows}


def _replace(con: duckdb.DuckDBPyConnection, schema: str, mart: str) -> None:
    name = f"{_quoted(schema)}.{_quoted(mart)}"
    con.execute(f"create schema if not exists {_quoted(schema)}")
    con.execute(f"create or replace table {name} as from warehouse.{name}")


_COMPARISON = """
begin;
update publication.manifest set previous_copy_number = b.copy_number, previous_load_id = b.last_load_id
from before.publication.manifest as b;
update publication.marts set is_changed = marts.content_hash <> b.content_hash
from before.publication.marts as b where b.mart_name = marts.mart_name;
update publication.changes set value_before = b.value from before.publication.changes as b
where b.mart_name = changes.mart_name and b.measure = changes.measure;
-- a mart or column that is gone
insert into publication.changes
select b.mart_name, b.measure, null, b.value from before.publication.changes as b
anti join publication.changes as c on b.mart_name = c.mart_name and b.measure = c.measure
where b.value is not null;
commit
"""


def _compare(con: duckdb.DuckDBPyConnection, before: Path) -> None:
    """Put the figures of the copy before beside this one's."""
    try:
        con.execute(f"attach {_text(before)} as before (read_only)")
    except duckdb.Error:
        return  # a copy that cannot be read must not keep a good one from replacing it
    try:
        con.execute(_COMPARISON)
    except duckdb.Error:
        con.execute("rollback")


def _measures(
    con: duckdb.DuckDBPyConnection, schema: str, mart: str, columns: dict[str, str]
) -> dict[str, Decimal | None]:
    """Rows and the sum of every quantity; doubles to nine digits, so that the order of rows does not count."""
    sums = _sums(columns)
    values = ", ".join(["count(*)", *sums.values()])
    found = con.execute(f"select {values} from {_quoted(schema)}.{_quoted(mart)}").fetchall()[0]
    return dict(zip(["rows", *sums], found, strict=True))


def _sums(columns: dict[str, str]) -> dict[str, str]:
    """Name and SQL of the sums of all quantities among columns."""
    return {
        f"sum({column})": f"sum(try_cast({_quoted(column)} as decimal(28, 9)))"
        for column, kind in columns.items()
        if re.match(r"DECIMAL|DOUBLE|FLOAT|.*INT", kind) and not column.endswith("_id")
    }


def _copy_comments(con: duckdb.DuckDBPyConnection) -> None:
    """Take the descriptions along, which `create table as` leaves behind."""
    described = """
        select schema_name, table_name, null as column_name, comment, database_name from duckdb_tables()
        union all
        select schema_name, table_name, column_name, comment, database_name from duckdb_columns()
    """
    differing = con.execute(
        f"""
        with described as ({described})
        select schema_name, table_name, column_name, comment from described
        where database_name = 'warehouse' and (schema_name, table_name) in
            (select (schema_name, mart_name) from publication.marts)
        except
        select schema_name, table_name, column_name, comment from described where database_name = current_database()
        """
    ).fetchall()
    statements = [
        f"comment on {'table' if column is None else 'column'} {_quoted(schema)}.{_quoted(mart)}"
        f"{'' if column is None else f'.{_quoted(column)}'} is {'null' if comment is None else _text(comment)}"
        for schema, mart, column, comment in differing
    ]
    if statements:
        con.execute("; ".join(statements))


def _fingerprint(con: duckdb.DuckDBPyConnection, schema: str, mart: str, catalog: str = "") -> tuple[int, str]:
    """Rows, and a hash of all of them in whatever order."""
    rows, total = con.execute(
        f"select count(*), coalesce(sum(hash(t)), 0) from {catalog}{_quoted(schema)}.{_quoted(mart)} as t"
    ).fetchall()[0]
    return int(rows), f"{total:x}"


def _columns(con: duckdb.DuckDBPyConnection, catalog: str | None = None) -> dict[tuple[str, str], dict[str, str]]:
    """(schema, table) -> columns and their types, in their order; of the copy, or of an attached database."""
    rows = con.execute(
        "select schema_name, table_name, column_name, data_type from duckdb_columns() "
        "where database_name = coalesce(?, current_database()) and not internal order by column_index",
        [catalog],
    ).fetchall()
    found: dict[tuple[str, str], dict[str, str]] = {}
    for schema, table, column, kind in rows:
        found.setdefault((schema, table), {})[column] = kind
    return found


def _type_of(con: duckdb.DuckDBPyConnection, kind: str) -> str:
    """A type as DuckDB names it: `string` is VARCHAR."""
    return str(con.execute(f"select typeof(cast(null as {kind}))").fetchall()[0][0])


def _point_to(copy: Path) -> None:
    link = copy.with_name(f".{CURRENT}")
    link.unlink(missing_ok=True)
    link.symlink_to(copy.name)
    link.replace(copy.with_name(CURRENT))
    _flush(copy.parent)


def _flush(path: Path) -> None:
    """Have the disk hold a file or a folder's entries before anything relies on it."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(value: Any) -> str:
    return "'" + str(value).replace("'", "''") + "'"
