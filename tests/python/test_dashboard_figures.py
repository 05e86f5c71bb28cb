"""What the dashboard's figures leave out is counted and said; a name is the same quantity for every range of days."""

from __future__ import annotations

import ast
import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import duckdb
import pandas as pd
import pytest
import streamlit as st
from streamlit import config
from streamlit.testing.v1 import AppTest

from dashboard import door, pages, queries, shell
from dashboard.view import View
from home import PROJECT
from serve.charts import margin_parts
from serve.published import CURRENT

pytestmark = pytest.mark.parametrize("built", ["sample"], indirect=True)
DAY = View(date(2025, 10, 26), date(2025, 10, 26))
RANGE = View(date(2025, 10, 25), date(2025, 10, 29))
SOME = ("SOL-SN-103", "WIND-NI-202")


@pytest.fixture
def con(built: tuple[Path, Path], tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A copy of the published sample that a test may change; the one of `home` below."""
    (tmp_path / "published").mkdir()
    path = tmp_path / "published" / "copy_000001.duckdb"
    shutil.copy(built[1] / "published" / CURRENT, path)
    (tmp_path / "published" / CURRENT).symlink_to(path.name)
    with duckdb.connect(str(path)) as opened:
        yield opened


def shown(
    con: duckdb.DuckDBPyConnection, page: str, view: View, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AppTest:
    """A page on the changed copy, in development mode; the connection is closed then."""
    con.close()
    monkeypatch.setenv("RTM_HOME", str(tmp_path))
    monkeypatch.setenv(door.DEVELOPMENT, "1")
    config.set_option("server.address", "127.0.0.1")
    test = AppTest.from_file(str(PROJECT / "dashboard" / "streamlit_app.py"), default_timeout=60)
    test.query_params.update({"from": str(view.first), "to": str(view.last)})
    if view.assets:
        test.query_params["assets"] = list(view.assets)
    test.run()
    test.switch_page(str(next(known.script for known in pages.PAGES if known.name == page)))
    test.run()
    assert not test.exception, [error.value for error in test.exception]
    return test


def text_of(test: AppTest) -> str:
    html = [element.proto.body for element in test.get("html")]
    return " ".join([*html, *(item.value for item in test.caption)])


def asked(con: duckdb.DuckDBPyConnection, sql: str) -> Any:
    return con.execute(sql).fetchall()[0][0]


# --- the margin (PF-3)


def test_one_day_without_a_margin_leaves_none_and_says_why(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(
        "update reports.rpt_portfolio_performance set margin_eur = margin_from_trades_eur, margin_reason = null"
    )
    known = queries.portfolio_margin(con, RANGE).iloc[0]
    assert known["margin_eur"] == pytest.approx(known["margin_from_trades_eur"]) and known["blank_days"] == 0
    con.execute(
        "update reports.rpt_portfolio_performance set margin_eur = null, margin_reason = 'a price lacks' "
        "where period = 'day' and period_start_date = date '2025-10-27'"
    )
    blank = queries.portfolio_margin(con, RANGE).iloc[0]
    assert pd.isna(blank["margin_eur"]) and blank["blank_days"] == 1 and blank["margin_reason"] == "a price lacks"
    assert blank["margin_from_trades_eur"] == pytest.approx(known["margin_from_trades_eur"])


@pytest.mark.parametrize("page", ["today", "performance"])
def test_the_subtotal_of_a_margin_has_a_name_of_its_own(
    con: duckdb.DuckDBPyConnection, page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = text_of(shown(con, page, DAY, tmp_path, monkeypatch))
    assert ">Margin</span><b>–</b>" in text and "Margin, subtotal" in text
    assert "The margin is not known in full: assets with a blocked invoice: 1" in text


def test_the_total_of_the_parts_is_called_what_it_is(con: duckdb.DuckDBPyConnection) -> None:
    row = queries.portfolio_performance(con, DAY, "day").iloc[0].to_dict()
    for margin, name in ((None, "subtotal, margin not known"), (1.0, "margin")):
        parts = margin_parts(row | {"margin_eur": margin})
        assert parts is not None and parts["part"].iloc[-1] == name


# --- alpha (TR-7)


def test_alpha_adds_up_and_says_what_is_not_in_it(con: duckdb.DuckDBPyConnection) -> None:
    before = queries.trading_totals(con, RANGE).iloc[0]["priced_alpha_eur"]
    start, alpha = con.execute(
        "select delivery_start_utc, alpha_eur from marts.fct_trading_quarter_hours "
        "where trades > 0 and delivery_date = date '2025-10-26' order by abs(alpha_eur) desc limit 1"
    ).fetchall()[0]
    con.execute("update marts.fct_trading_quarter_hours set alpha_eur = null where delivery_start_utc = ?", [start])
    con.execute(
        "update marts.fct_trading_days set alpha_eur = null, priced_alpha_eur = priced_alpha_eur - ?, "
        "unpriced_quarter_hours = 1 where delivery_date = date '2025-10-26' and product = 'all'", [alpha],
    )  # fmt: skip
    for view in (DAY, RANGE):
        sums, cells = queries.trading_totals(con, view).iloc[0], queries.alpha(con, view)
        assert sums["priced_alpha_eur"] == pytest.approx(cells["priced_alpha_eur"].sum())
        assert sums["unpriced_quarter_hours"] == cells["unpriced_quarter_hours"].sum() == 1
    assert sums["priced_alpha_eur"] == pytest.approx(before - float(alpha))


def test_a_trade_of_two_sides_is_one_trade(con: duckdb.DuckDBPyConnection) -> None:
    before = queries.products(con, DAY)["trades"].sum()
    con.execute(
        "insert into marts.fct_trades select * replace ('BUY' as side, -revenue_eur as revenue_eur) "
        "from marts.fct_trades where side = 'SELL' and delivery_date = date '2025-10-26' limit 1"
    )
    assert queries.products(con, DAY)["trades"].sum() == before


# --- imbalance


@pytest.mark.parametrize("assets", [None, SOME])
def test_what_lacks_an_imbalance_or_a_price_is_counted_alike_by_day(
    con: duckdb.DuckDBPyConnection, assets: tuple[str, ...] | None
) -> None:
    days = [View(RANGE.first + timedelta(days=n), RANGE.first + timedelta(days=n), assets) for n in range(5)]
    for question in (queries.asset_imbalance, queries.portfolio_imbalance):
        by_day = question(con, replace(RANGE, assets=assets))
        by_step = pd.concat([question(con, day) for day in days])
        for column in by_day.columns.difference(["delivery_date", "is_estimated", "is_provisional"]):
            assert by_day[column].sum() == pytest.approx(by_step[column].sum(), abs=1e-6), column
        assert by_day["is_provisional"].any() and by_day["unpriced_quarter_hours"].sum() > 0
    of_days = "delivery_date between date '2025-10-25' and date '2025-10-29'"
    expected = asked(con, f"select sum(expected_quarter_hours) from marts.fct_asset_infeed_days where {of_days}")
    known = asked(con, "select count(*) from marts.fct_asset_imbalance")
    everything = queries.asset_imbalance(con, RANGE)
    assert everything["missing_quarter_hours"].sum() == expected - known
    assert everything["unpriced_quarter_hours"].sum() == asked(
        con, "select count(*) from marts.fct_asset_imbalance where imbalance_cost_eur is null"
    )


def test_the_position_says_how_many_quarter_hours_it_leaves_out(con: duckdb.DuckDBPyConnection) -> None:
    frame = queries.portfolio_imbalance(con, DAY)
    assert frame["unmeasured_quarter_hours"].sum() == frame["position_imbalance_mwh"].isna().sum() == 16


def test_longer_ranges_have_redispatch_apart_and_the_price_changes(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = text_of(shown(con, "imbalance", RANGE, tmp_path, monkeypatch))
    assert "By redispatch" in text and "Means over the quarter-hours of the day that have both" in text


# --- forecasts


def test_the_newest_version_known_counts_however_old_it_is(con: duckdb.DuckDBPyConnection) -> None:
    moment = datetime(2025, 10, 26, 12)
    view = replace(DAY, moment=moment)
    con.execute(
        "delete from marts.fct_forecast_versions where asset_id = 'WIND-SH-201' and version_utc > ?",
        [moment - timedelta(hours=7)],
    )
    found = queries.forecasts_known_at(con, view).set_index("delivery_start_utc")
    expected = con.execute(
        """
        select delivery_start_utc, sum(kw) / 1000 from (
            select asset_id, delivery_start_utc, max_by(forecast_kw, version_utc) as kw
            from marts.fct_forecast_versions
            where delivery_date = date '2025-10-26' and version_utc <= least(?, delivery_start_utc) group by all
        ) group by all
        """,
        [moment],
    ).fetchall()
    assert len(expected) == 100, "also quarter-hours that were delivered long before the moment"
    assert {pd.Timestamp(start): mw for start, mw in expected} == pytest.approx(found["known"].to_dict())
    assert (found["present"] == found["expected"]).all() and set(found["as_of_utc"]) == {pd.Timestamp(moment)}


def test_an_asset_without_a_forecast_is_named(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("delete from marts.fct_forecast_versions where asset_id = 'WIND-SH-201'")
    found = queries.forecasts_known_at(con, replace(DAY, moment=datetime(2025, 10, 26, 12)))
    assert (found["present"] == found["expected"] - 1).all()
    assert all(list(assets) == ["WIND-SH-201"] for assets in found["lacking"])


@pytest.mark.parametrize("assets", [None, SOME])
def test_errors_are_those_of_quarter_hours_for_every_range(
    con: duckdb.DuckDBPyConnection, assets: tuple[str, ...] | None
) -> None:
    days = [View(RANGE.first + timedelta(days=n), RANGE.first + timedelta(days=n), assets) for n in range(5)]
    for question in (queries.asset_errors, queries.portfolio_errors):
        whole = question(con, replace(RANGE, assets=assets)).iloc[0]
        parts = pd.concat([question(con, day) for day in days]).sum()
        assert whole["absolute_error_mwh"] == pytest.approx(parts["absolute_error_mwh"]) and whole["samples"] > 0
    expected = asked(
        con,
        "select cast(sum(abs(i.infeed_mwh - f.tradeable_forecast_mwh)) as double) from marts.fct_asset_infeed as i "
        "join marts.fct_asset_forecasts as f using (asset_id, delivery_start_utc) "
        "where i.infeed_source in ('final', 'live') and not i.is_redispatched"
        + ("" if assets is None else f" and asset_id in {assets}"),
    )
    found = queries.asset_errors(con, replace(RANGE, assets=assets))["absolute_error_mwh"].iloc[0]
    assert found == pytest.approx(expected)


def test_missing_forecasts_are_quarter_hours_for_every_range(con: duckdb.DuckDBPyConnection) -> None:
    by_day = queries.forecasts(con, RANGE).set_index("delivery_date")
    for day in by_day.index:
        steps = queries.forecasts(con, View(day.date(), day.date()))
        for column in ("expected", "present", "latest_present"):
            assert by_day.loc[day, column] == steps[column].sum(), (day, column)
    assert (by_day["expected"] - by_day["present"]).sum() > 0


def test_accuracy_of_days_is_that_of_all_their_samples(con: duckdb.DuckDBPyConnection) -> None:
    month = View(date(2025, 10, 1), date(2025, 10, 31))
    for by_asset, scope in ((False, "portfolio"), (True, "WIND-SH-201")):
        found = queries.forecast_accuracy(con, month, by_asset=by_asset).set_index(["scope", "lead_time_bucket"])
        of_month = con.execute(
            "select nmae, nrmse, nbias from marts.fct_forecast_quality where period = 'month' and "
            "period_start_date = date '2025-10-01' and coalesce(asset_id, scope) = ?", [scope],
        ).fetchall()[0]  # fmt: skip
        assert found.loc[(scope, "gate closure"), ["nmae", "nrmse", "nbias"]].tolist() == pytest.approx(of_month)


def test_accuracy_without_a_portfolio_is_that_of_the_assets(con: duckdb.DuckDBPyConnection) -> None:
    found = set(queries.forecast_accuracy(con, RANGE, by_asset=True)["scope"])
    assert found == {asset for (asset,) in con.execute("select asset_id from marts.fct_forecast_accuracy").fetchall()}


def test_many_assets_are_not_as_many_lines(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shell, "MOST_LINES", 1)
    test = shown(con, "forecast", replace(DAY, assets=SOME), tmp_path, monkeypatch)
    assert "The 1 assets with the greatest nMAE of 2; the table has all." in text_of(test)
    assert [set(table.value["scope"]) for table in test.dataframe if "scope" in table.value] == [set(SOME)]


def test_an_owner_sees_the_accuracy_of_their_own_assets(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = asked(con, "select owner_id from marts.dim_contracts where asset_id = 'WIND-NI-202' order by valid_from")
    grant = {"person": "eva@example.com", "role": "asset_owner", "customers": [owner]}
    (tmp_path / "access.yml").write_text(json.dumps({"grants": [grant]}), encoding="utf-8")
    monkeypatch.setattr(door, "visitor", lambda: door.Visitor("eva", "eva@example.com"))
    test = shown(con, "forecast", DAY, tmp_path, monkeypatch)
    assert "Accuracy: not part" not in text_of(test) and "Error asset by asset" in text_of(test)
    scopes = [set(table.value["scope"]) for table in test.dataframe if "scope" in table.value]
    assert scopes == [{"WIND-NI-202"}]


# --- what may still change


def test_a_position_on_live_infeed_is_not_final(con: duckdb.DuckDBPyConnection) -> None:
    steps, days = queries.position(con, DAY), queries.position_days(con, DAY)
    assert days["final_quarter_hours"].sum() == steps["is_final"].sum() == 0
    final = queries.position(con, View(date(2025, 10, 27), date(2025, 10, 27)))
    counted = asked(
        con,
        "select count(*) from (select delivery_start_utc from marts.fct_asset_infeed "
        "where delivery_date = date '2025-10-27' group by 1 having bool_and(infeed_source = 'final'))",
    )
    assert 0 < final["is_final"].sum() <= counted


@pytest.mark.parametrize("status", ["final", "provisional"])
def test_performance_is_as_provisional_as_its_row(
    con: duckdb.DuckDBPyConnection, status: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    con.execute(f"update reports.rpt_portfolio_performance set margin_eur = 1, status = '{status}'")
    text = text_of(shown(con, "performance", DAY, tmp_path, monkeypatch))
    tiles = re.findall(r'<div class="(rtm-tile [^"]*)"', text)
    assert len(tiles) == 7 and {"provisional" in kind for kind in tiles} == {status == "provisional"}


def test_what_is_known_at_a_moment_says_so_in_its_file(
    con: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    moment = datetime(2025, 10, 28, 11, 40)
    view = View(date(2025, 10, 28), date(2025, 10, 28), moment=moment)
    for frame in (queries.forecasts_known_at(con, view), queries.forecast_versions(con, view)):
        assert len(frame) and set(frame["as_of_utc"]) == {pd.Timestamp(moment)}
    position = queries.position_known_at(con, view)
    assert set(position["as_of_utc"]) == {pd.Timestamp("2025-10-28 11:30")}, "kept by quarter-hour"
    names = []
    monkeypatch.setattr(st, "download_button", lambda *arguments, **_: names.append(arguments[2]))
    shell.downloads(position, cast("Any", SimpleNamespace(view=view)), key="x", name="position", as_of=moment)
    assert names[0] == "position_2025-10-28_2025-10-28_as_of_2025-10-28T1140Z.csv"


# --- my assets


def test_the_mean_value_rests_on_what_has_a_price(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("update reports.rpt_asset_performance set valued_mwh = measured_mwh / 2 where period = 'month'")
    value, valued = con.execute(
        "select cast(sum(market_value_eur) as double), cast(sum(valued_mwh) as double) "
        "from reports.rpt_asset_performance where period = 'month'"
    ).fetchall()[0]
    assert queries.asset_totals(con, DAY)["capture_price_eur_per_mwh"].iloc[0] == pytest.approx(value / valued)


def test_amounts_and_months_that_are_not_known_are_said(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    con.execute("delete from reports.rpt_asset_performance where period = 'month' and asset_id = 'WIND-NI-202'")
    assert queries.months_without_figures(con, DAY).values.tolist() == [["WIND-NI-202", "2025-10"]]
    text = text_of(shown(con, "my_assets", DAY, tmp_path, monkeypatch))
    assert "Not in these figures: WIND-NI-202 in 2025-10." in text and "without 1 of 4 asset months" in text


# --- data quality and map


def test_every_file_that_was_set_aside_is_listed_with_its_own_reason(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(
        "insert into marts.fct_data_findings select f.* replace (file_name || i as file_name, i || ': why' as example, "
        "i as rows) from marts.fct_data_findings as f, range(2, 4) as r(i) where finding = 'quarantined_file'"
    )
    listed = queries.set_aside(con, DAY)
    broken = listed[listed["finding"] == "quarantined_file"]
    assert len(broken) == 3 and broken["file_name"].nunique() == broken["example"].nunique() == 3
    found = queries.findings(con, DAY)
    grouped = found[found["finding"] == "quarantined_file"].iloc[0]
    assert grouped["rows"] == 1 + 2 + 3
    assert (grouped["file_name"][-1], grouped["example"]) == ("3", "3: why"), "of one and the same file"


def test_a_feed_is_as_good_as_its_worst_day(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(
        "update reports.rpt_data_quality set status = 'incomplete', expected = 10, arrived = 4, missing = 6 "
        "where feed = 'technical_data' and delivery_date = date '2025-10-25'"
    )
    feed = queries.feeds(con, RANGE).set_index("feed").loc["technical_data"]
    assert (feed["status"], feed["status_days"], feed["judged_days"]) == ("incomplete", 1, 5)
    assert feed["completeness"] == pytest.approx(1 - feed["missing"] / feed["expected"])


def test_the_map_asks_for_the_whole_day_and_for_a_contract(con: duckdb.DuckDBPyConnection) -> None:
    states = queries.asset_states(con, DAY).set_index("asset_id")["state"]
    assert states["WIND-BB-203"] == states["SOL-BY-102"] == "no contract" and states["SOL-NI-101"] == "measured"
    con.execute(
        "delete from marts.fct_asset_infeed where asset_id = 'SOL-NI-101' and delivery_start_utc > '2025-10-26 10:00'"
    )
    con.execute(
        "update marts.fct_asset_infeed_days set measured_quarter_hours = 49, infeed_quarter_hours = 49 "
        "where asset_id = 'SOL-NI-101' and delivery_date = date '2025-10-26'"
    )
    assert queries.asset_states(con, DAY).set_index("asset_id")["state"]["SOL-NI-101"] == "partly measured"


# --- every page


def calls(tree: ast.AST, name: str) -> list[ast.Call]:
    return [
        node for node in ast.walk(tree) if isinstance(node, ast.Call)
        and (getattr(node.func, "attr", None) == name or getattr(node.func, "id", None) == name)
    ]  # fmt: skip


@pytest.mark.parametrize("page", pages.PAGES, ids=lambda page: page.name)
def test_every_figure_says_what_it_means_and_every_chart_can_be_downloaded(built: object, page: pages.Page) -> None:
    source = page.script.read_text(encoding="utf-8")
    tree = ast.parse(source)
    replaced = "definition=context.means(name, mart)" in source  # all tiles of a list at once
    for tile in calls(tree, "Tile"):
        assert len(tile.args) >= 5 or replaced, ast.unparse(tile)
        assert replaced or not (isinstance(tile.args[4], ast.Constant) and not tile.args[4].value), ast.unparse(tile)
    for call in calls(tree, "means"):
        assert len(call.args) == 2, f"name the mart: {ast.unparse(call)}"
    for table in calls(tree, "table"):
        assert any(keyword.arg == "mart" for keyword in table.keywords), f"name the mart: {ast.unparse(table)}"
    beside = source.count("shell.downloads(") + source.count("shell.table(")
    for chart in calls(tree, "chart"):
        has_rows = any(keyword.arg == "rows" for keyword in chart.keywords)
        assert has_rows or beside, f"nothing to download: {ast.unparse(chart)}"
