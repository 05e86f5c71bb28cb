"""Small warehouses as dbt leaves them, made without dbt: three marts in which every row says the same number."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import duckdb

EPOCH = datetime(2025, 6, 8)
MARTS = ("marts.fct_ones", "marts.fct_twos", "reports.rpt_threes")
_TABLES = """
create table if not exists main.builds (
    build_id string, started_at_utc timestamp, ended_at_utc timestamp, command string, is_whole boolean,
    is_good boolean, tests_passed integer, as_of string, warehouse_layout integer,
    dbt_version string, commit_id string, fingerprint string, is_full_refresh boolean, last_load_id integer,
    last_load_started_at_utc timestamp, files_landed bigint, known_until_utc timestamp, first_calendar_date date,
    last_calendar_date date
);
create table if not exists main.promises (
    build_id string, schema_name string, mart_name string, column_name string, data_type string
);
create table if not exists main.mart_makers (schema_name string, mart_name string, build_id string);
create table if not exists main.mart_access (
    schema_name string, mart_name string, readers string, rows_by string, final_when string, blank_unless_own string,
    rows_of string
);
create table if not exists main.column_access (
    schema_name string, mart_name string, column_name string, sensitivity string
);
create schema if not exists marts;
create schema if not exists reports;
"""


def known_until(number: int) -> datetime:
    """What a warehouse full of `number` says that it knows."""
    return EPOCH + timedelta(minutes=number)


def prepare(
    path: Path, number: int, *, outcome: str = "good", rows: int = 2000, layout: int = 3, as_of: str | None = None
) -> Path:
    """Build a warehouse anew in which everything is `number`.

    Args:
        path: the file; what an earlier call made of it is replaced.
        number: the number.
        outcome: of the build: `good`, `failed` (a test), `killed` or `partial`.
        rows: of each mart.
        layout: the warehouse's layout.
        as_of: the moment whose knowledge it shows.
    """
    with duckdb.connect(str(path)) as con:
        con.execute(_TABLES)
        started = EPOCH + timedelta(days=number)
        ended = None if outcome == "killed" else started + timedelta(minutes=1)
        con.execute(
            "insert into main.builds values (?, ?, ?, 'build', ?, ?, 7, ?, ?, '1.11', 'abc', "
            "'print', false, ?, null, ?, ?, null, null)",
            [
                *(f"build {number}", started, ended, outcome != "partial", outcome == "good", as_of, layout),
                *(number, number, known_until(number)),
            ],
        )
        for table in ("promises", "mart_makers", "mart_access", "column_access"):
            con.execute(f"delete from main.{table}")
        for mart in MARTS:
            con.execute(
                f"create or replace table {mart} as select i as row_id, cast({number} as decimal(18, 9)) as value_mwh, "
                f"'it''s {number}' as text from range({rows}) as r(i)"
            )
            con.execute(f"comment on table {mart} is 'it''s described'")
            schema, name = mart.split(".")
            con.execute("insert into main.mart_makers values (?, ?, ?)", [schema, name, f"build {number}"])
            con.execute(
                "insert into main.mart_access values (?, ?, '[\"trader\"]', '[]', 'true', '[]', '{}')", [schema, name]
            )
            for column, kind in {"row_id": "bigint", "value_mwh": "decimal(18,9)", "text": "string"}.items():
                con.execute("insert into main.promises values ('x', ?, ?, ?, ?)", [schema, name, column, kind])
                con.execute("insert into main.column_access values (?, ?, ?, 'internal')", [schema, name, column])
    return path
