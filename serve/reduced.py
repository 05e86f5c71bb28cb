"""Reduced databases: what one role may see of a published copy, and physically nothing else.

A reduced database is written from nothing, so that no page of it ever held another row, and holds only columns that
the role gets. Personal data stands in it shown, as a keyed hash, or not at all (serve/permissions.py).
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from collections.abc import Iterable
from pathlib import Path

import duckdb

from serve.permissions import CLEARANCES, Mart, Role, Seen, Span, declared, seen

KEY_VARIABLE = "RTM_ACCESS_KEY"
KEY_FILE = "access.key"
_SHORTEST_KEY = 16

# Which contracts are the customers', and the days that they and all others cover.
_CONTRACTS = """
create temp table contracts as
select contract_id, asset_id, valid_from, coalesce(valid_to, date '9999-12-31') as valid_to,
    coalesce(owner_id in (select unnest(?)), false) as is_own
from copy.marts.dim_contracts
"""
_MONTH = "case period when 'month' then interval 1 month else interval 1 day end"
_SPANS = {
    "delivery_date": ("t.delivery_date", "t.delivery_date + 1"),
    "period": ("t.period_start_date", f"t.period_start_date + {_MONTH}"),
}


class KeyFaultError(Exception):
    """The key of the hashes cannot be used; the text says why."""


def owner_id(customer: str) -> str:
    """A customer's owner_id, from itself or from the address it was made of (stg_crm__contract_owners)."""
    text = customer.strip().lower()
    return "owner_" + hashlib.sha256(text.encode()).hexdigest()[:16] if "@" in text else text


def read_key(home: Path) -> bytes:
    """The key of the hashes: the variable `RTM_ACCESS_KEY`, else the file `access.key`, made if it is not there.

    Raises:
        KeyFaultError: if it is too short, or cannot be read or made.
    """
    key = os.environ.get(KEY_VARIABLE, "").strip()
    path = home / KEY_FILE
    if not key:
        try:
            try:
                descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            except FileExistsError:
                pass
            else:
                with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                    file.write(secrets.token_hex(32))
            key = path.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise KeyFaultError(f"{path} cannot be read: {type(error).__name__}") from error
    if len(key) < _SHORTEST_KEY:
        raise KeyFaultError(f"the key in {KEY_VARIABLE} or {path} has less than {_SHORTEST_KEY} characters")
    return key.encode()


def write_reduced(
    copy: Path, path: Path, role: Role, *, customers: Iterable[str], personal_data: bool, key: bytes
) -> None:
    """Write what a role may see of a published copy to a new database.

    Args:
        copy: the published copy.
        path: the new file.
        role: who will read it.
        customers: owner_ids whose rows it gets; counts for roles that see their own rows only.
        personal_data: whether an auditor is granted personal data.
        key: of the hashes.

    Raises:
        PublishError: if the copy declares no permissions.
        duckdb.Error: if a file cannot be read or written.
    """
    with duckdb.connect(":memory:", config={"python_enable_replacements": "false"}) as con:
        con.execute("set TimeZone = 'UTC'")
        con.execute(f"attach {_text(copy)} as copy (read_only)")
        con.execute("use copy")
        marts = [mart for mart in declared(con) if role in mart.readers]
        con.execute("use memory")
        con.execute(_CONTRACTS, [sorted(customers)])
        known = con.execute("select cast(known_until_utc as date) from copy.publication.manifest").fetchall()[0][0]
        con.execute("create temp table known as select cast(? as date) as known_date", [known])
        con.execute(f"attach {_text(path)} as reduced")
        con.execute("create schema reduced.publication")
        con.execute("create table reduced.publication.manifest as from copy.publication.manifest")
        con.execute("create table reduced.publication.contract as from copy.publication.contract limit 0")
        con.execute("create table reduced.publication.withheld (schema_name text, mart_name text, column_name text)")
        con.execute("use copy")  # conditions name other marts as marts.fct_x
        for mart in marts:
            _write_mart(con, mart, role, personal_data=personal_data, key=key)
        # names alone, which are in the public documentation: so that "not for you" can be told from "no such thing"
        con.execute(
            "insert into reduced.publication.withheld select schema_name, mart_name, column_name "
            "from copy.publication.contract anti join reduced.publication.contract "
            "using (schema_name, mart_name, column_name) order by all"
        )
        con.execute("use memory")


def _write_mart(con: duckdb.DuckDBPyConnection, mart: Mart, role: Role, *, personal_data: bool, key: bytes) -> None:
    source = f"copy.{_quoted(mart.schema)}.{_quoted(mart.name)}"
    columns = {name: how for name in mart.columns if (how := seen(mart, name, role, personal_data=personal_data))}
    if not columns:
        return
    rows = CLEARANCES[role].rows
    expressions = []
    for name, how in columns.items():
        value = f"t.{_quoted(name)}"
        if how is Seen.HASHED:
            value = f"(select h.hashed from {_hashes(con, source, name, key)} as h where h.value = {value})"
        elif how is Seen.MASKED:
            value = f"cast(null as {mart.types[name]})"
        if rows is Span.OWN and name in mart.blank_unless_own:
            value = f"case when t.contract_id in (select contract_id from contracts where is_own) then {value} end"
        expressions.append(f"{value} as {_quoted(name)}")
    target = f"reduced.{_quoted(mart.schema)}.{_quoted(mart.name)}"
    con.execute(f"create schema if not exists reduced.{_quoted(mart.schema)}")
    con.execute(
        f"create table {target} as select {', '.join(expressions)} from {source} as t, temp.known "
        f"where {' and '.join(_conditions(mart, role, rows))}"
    )
    _describe(con, mart, target, list(columns))


def _conditions(mart: Mart, role: Role, rows: Span) -> list[str]:
    """Which rows: SQL conditions that must all hold."""
    conditions = [
        f"({condition}) is not true"
        for topic, condition in mart.rows_of.items()
        if topic not in CLEARANCES[role].topics
    ]
    if rows is Span.FINAL:
        conditions.append(f"({mart.final_when})")
    if rows is Span.OWN and mart.rows_by:
        conditions.append(_is_own(mart.rows_by))
    return conditions or ["true"]


def _is_own(rows_by: tuple[str, ...]) -> str:
    """The condition that a row is a customer's, by the contract valid at delivery.

    A period counts if a contract of the customer's covers part of it and nobody else's does: a month in which the asset
    changed hands is nobody's, as the figures of one owner would follow from the other's.
    """
    if rows_by == ("contract_id",):
        return "t.contract_id in (select contract_id from contracts where is_own)"
    of_asset = "select 1 from contracts as c where c.asset_id = t.asset_id"
    if rows_by == ("asset_id",):
        return f"exists ({of_asset} and c.is_own)"
    start, end = _SPANS[rows_by[1]]
    during = f"{of_asset} and c.valid_from < {end} and c.valid_to > {start}"
    return f"exists ({during} and c.is_own) and not exists ({during} and not c.is_own)"


def _hashes(con: duckdb.DuckDBPyConnection, source: str, column: str, key: bytes) -> str:
    """A table of the values of a column and their keyed hashes, which stays in memory; the key never meets SQL."""
    table = f"temp.{_quoted('hashes of ' + column)}"
    con.execute(f"create or replace temp table {table} (value varchar, hashed varchar)")
    values = con.execute(
        f"select distinct {_quoted(column)} from {source} where {_quoted(column)} is not null"
    ).fetchall()
    hashed = [
        (value, "hashed_" + hmac.new(key, f"{column}\0{value}".encode(), hashlib.sha256).hexdigest()[:16])
        for (value,) in values
    ]
    if hashed:
        con.executemany(f"insert into {table} values (?, ?)", hashed)
    return table


def _describe(con: duckdb.DuckDBPyConnection, mart: Mart, target: str, columns: list[str]) -> None:
    """Take the descriptions and the contract along."""
    where = "where database_name = 'copy' and schema_name = ? and table_name = ? and comment is not null"
    names = [mart.schema, mart.name]
    for (comment,) in con.execute(f"select comment from duckdb_tables() {where}", names).fetchall():
        con.execute(f"comment on table {target} is {_text(comment)}")
    for column, comment in con.execute(f"select column_name, comment from duckdb_columns() {where}", names).fetchall():
        if column in columns:
            con.execute(f"comment on column {target}.{_quoted(column)} is {_text(comment)}")
    con.executemany(
        "insert into reduced.publication.contract values (?, ?, ?, ?)",
        [[*names, column, mart.types[column]] for column in columns],
    )


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(value: object) -> str:
    return "'" + str(value).replace("'", "''") + "'"
