"""What a build runs, and what it says when something fails."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from conftest import Landing
from own_home import parsed
from test_cli import CONTRACTS

from building.changes import Changes, Node, to_run
from home import PROJECT


def node(name: str, *parents: str, holds_all: bool = True) -> Node:
    layer, kind = {"stg": "staging", "int": "intermediate", "fct": "marts", "key": ""}[name[:3]], "model"
    kind = "test" if name.startswith("key") else kind
    return Node(name, kind, layer, frozenset(parents), is_view=layer == "staging", holds_all=holds_all)


# Trades and forecasts, each with a working table, meet in positions; quality reads the list of files.
GRAPH = {
    made.name: made
    for made in (
        node("stg_ingest__files", "source.p.ingest.manifest"),
        node("stg_x__trades", "source.p.x.trades", "stg_ingest__files"),
        node("stg_x__forecasts", "source.p.x.forecasts", "stg_ingest__files"),
        node("int_delivery_spans", "stg_x__trades", "stg_x__forecasts"),
        node("int_trades", "stg_x__trades", "int_delivery_spans", holds_all=False),
        node("int_forecasts", "stg_x__forecasts", "int_delivery_spans", holds_all=False),
        node("fct_trades", "int_trades"),
        node("fct_forecasts", "int_forecasts"),
        node("fct_positions", "int_trades", "int_forecasts"),
        node("fct_months", "int_delivery_spans"),
        node("fct_files", "stg_ingest__files"),
        node("key_stg_x__trades", "stg_x__trades"),
        node("key_fct_forecasts", "fct_forecasts"),
        node("key_sum", "fct_trades", "int_forecasts"),
    )
}


def landed(*feeds: str, has_new_months: bool = False, loads: int = 1) -> list[str]:
    return to_run(GRAPH, Changes(7, 7 + loads, frozenset(feeds), has_new_months, is_broken=False))


def test_what_reads_a_feed_runs_with_the_tables_that_hold_one_build_alone() -> None:
    assert landed("trades") == [
        "fct_files", "fct_positions", "fct_trades", "int_forecasts", "int_trades", "key_stg_x__trades", "key_sum",
    ]  # fmt: skip
    assert landed("forecasts") == [
        "fct_files", "fct_forecasts", "fct_positions", "int_forecasts", "int_trades", "key_fct_forecasts", "key_sum",
    ]  # fmt: skip


def test_a_file_that_was_set_aside_changes_what_reads_the_list_of_files() -> None:
    assert landed() == ["fct_files"]


def test_new_months_change_all_that_rests_on_the_calendar() -> None:
    assert set(landed("trades", has_new_months=True)) == {
        name for name in GRAPH if not name.startswith("stg_") or name == "key_stg_x__trades"
    }


def test_nothing_runs_where_nothing_landed() -> None:
    assert landed(loads=0) == []


def rtm(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(PROJECT / "rtm.py"), *arguments],
        env={**os.environ, "RTM_HOME": str(home), "DBT_PARTIAL_PARSE_FILE_PATH": str(parsed())},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_a_test_that_fails_shows_rows(landing: Landing, tmp_path: Path) -> None:
    landing.write("crm/asset_contracts_20250608_043831.csv", CONTRACTS)
    landing.load()
    with duckdb.connect(str(landing.raw)) as con:
        con.execute("insert into contracts from contracts where contract_id = 'C2'")
    result = rtm(tmp_path, "build", "--select", "stg_ingest__files", "stg_crm__contracts")
    assert result.returncode == 1
    assert "for example file_id=1, row_number=2, 2 rows have this key" in result.stderr.replace("\n", " ")
