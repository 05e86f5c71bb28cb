"""`make docs`: the documentation and the column lineage as static pages."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from home import PROJECT
from serve.lineage import Lineage, LineageError, trace


def node(name: str, sql: str, columns: list[str], kind: str = "model") -> dict[str, object]:
    return {
        "name": name, "alias": name, "identifier": name, "database": "w", "schema": "s", "resource_type": kind,
        "source_name": "feed", "compiled_code": sql, "columns": {column: {} for column in columns},
    }  # fmt: skip


def made(sql: str, columns: list[str]) -> dict[str, list[str]]:
    source = node("power", "", ["asset_id", "power_kw"], "source")
    return trace({"nodes": {"m": node("m", sql, columns)}, "sources": {"s": source}})["m"]


def test_columns_are_followed_through_steps_joins_and_stars() -> None:
    sql = """
    with power as (select * from "w"."s"."power"),
    doubled as (
        select p.asset_id, p.power_kw + q.power_kw as both_kw, 1 as one from power p join power q using (asset_id)
    )
    select * from doubled union all select asset_id, 0, 2 from power
    """
    assert made(sql, ["asset_id", "both_kw", "one"]) == {
        "asset_id": ["feed.power.asset_id"],
        "both_kw": ["feed.power.power_kw"],
        "one": [],
    }


@pytest.mark.parametrize("sql", ["", "select from where", "select nothing from w.s.power"])
def test_sql_that_cannot_be_followed_is_named(sql: str) -> None:
    with pytest.raises(LineageError, match="m"):
        made(sql, ["asset_id"])


def origins(lineage: Lineage, name: str) -> set[str]:
    """Every column above a column, however many steps."""
    table, _, column = name.rpartition(".")
    above = lineage[table][column]
    return set(above).union(*(origins(lineage, one) for one in above))


def test_make_docs_is_what_the_service_of_the_documentation_runs() -> None:
    said = subprocess.run(
        ["make", "-n", "--no-print-directory", "docs"], cwd=PROJECT, capture_output=True, text=True, check=True
    ).stdout
    assert said.strip().endswith("bin/rtm docs --build")
    assert '"rtm docs --build &&' in (PROJECT / "docker-compose.yml").read_text(encoding="utf-8")


def check_site(docs: Path) -> None:
    """What `rtm docs --build` made; test_compose.py has it made, as it takes long."""
    site = (docs / "index.html").read_text(encoding="utf-8")
    assert "fct_asset_infeed" in site
    assert "lineage.html" in site
    lineage: Lineage = json.loads((docs / "lineage.json").read_text(encoding="utf-8"))
    assert len([table for table in lineage if table.startswith(("dim_", "fct_", "rpt_"))]) >= 20
    assert {
        "dso.final_production.power_kw",
        "vpp.forecasts.power_kw",
        "vpp.live_measured_infeed.power_kw",
        "dso.redispatch_flags.is_redispatched",
    } <= origins(lineage, "fct_asset_infeed.infeed_mwh") | origins(lineage, "fct_asset_infeed.is_redispatched")
    assert "exchange.public_trades.price" not in origins(lineage, "fct_asset_infeed.infeed_mwh")
    page = (docs / "lineage.html").read_text(encoding="utf-8")
    assert '"fct_asset_infeed"' in page
    assert re.findall(r"(?:src|href)=\"(?!index\.html)[^\"]+\"|https?://", page) == []  # nothing beside it is loaded
