"""The dashboard's questions, charts, wording and pages, without a browser; every page for every role."""

from __future__ import annotations

import ast
import inspect
import io
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import altair as alt
import duckdb
import pandas as pd
import pytest
import vl_convert
import yaml
from streamlit import config
from streamlit.testing.v1 import AppTest

from dashboard import charts, door, freshness, pages, queries, shell
from dashboard.queries import asking
from dashboard.view import View
from home import PROJECT
from serve.access import Role
from serve.charts import margin_parts
from serve.published import Attempt, current, note_attempt, read_manifest, reading
from serve.reduced import write_reduced

pytestmark = pytest.mark.parametrize("built", ["sample"], indirect=True)
APP = str(PROJECT / "dashboard" / "streamlit_app.py")
LONG_DAY = date(2025, 10, 26)
DAY, RANGE, NEVER = (
    View(LONG_DAY, LONG_DAY),
    View(date(2025, 10, 25), date(2025, 10, 29)),
    View(date(2020, 1, 1), date(2020, 1, 1)),
)
THEN = View(date(2025, 10, 28), date(2025, 10, 28), moment=datetime(2025, 10, 28, 11, 30))
CUSTOMER_ROLES = (Role.SALES, Role.ASSET_OWNER)


@pytest.fixture
def home(built: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """RTM_HOME with the sample published and a register of its own."""
    (tmp_path / "published").symlink_to(built[1] / "published")
    monkeypatch.setenv("RTM_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def con(home: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The published copy."""
    with reading(home / "published") as opened:
        yield opened


@pytest.fixture
def development(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Development mode on loopback; every chart is compared with the schema of Vega-Lite, which pages leave out."""

    def checked(chart: Any) -> dict[str, Any]:
        chart.to_dict()
        return as_pages_do(chart)

    as_pages_do = charts.vega_lite
    monkeypatch.setattr(charts, "vega_lite", checked)
    monkeypatch.setenv(door.DEVELOPMENT, "1")
    config.set_option("server.address", "127.0.0.1")
    return home


def asked(con: duckdb.DuckDBPyConnection, sql: str) -> Any:
    return con.execute(sql).fetchall()[0][0]


def owner_of(con: duckdb.DuckDBPyConnection, asset: str) -> str:
    return str(asked(con, f"select owner_id from marts.dim_contracts where asset_id = '{asset}' order by valid_from"))


# --- questions


def all_questions(view: View) -> list[tuple[str, tuple[Any, ...]]]:
    found = []
    for name, function in inspect.getmembers(queries, inspect.isfunction):
        parameters = list(inspect.signature(function).parameters)
        if parameters[:2] == ["con", "view"]:
            found.append((name, (view, "month") if "period" in parameters else (view,)))
    return found


@pytest.mark.parametrize("view", [DAY, RANGE, NEVER, replace(DAY, assets=("WIND-SH-201",)), replace(RANGE, assets=())])
def test_every_question_has_an_answer(con: duckdb.DuckDBPyConnection, view: View) -> None:
    for name, arguments in all_questions(replace(view, moment=datetime(2025, 10, 26, 6))):
        frame = getattr(queries, name)(con, *arguments)
        assert isinstance(frame, pd.DataFrame), name
        assert not [c for c in frame if frame[c].dtype == object and frame[c].map(type).eq("Decimal").any()], name


def test_figures_are_those_of_the_marts(con: duckdb.DuckDBPyConnection) -> None:
    frame = queries.infeed(con, DAY)
    assert len(frame) == 100
    day = f"delivery_date = date '{LONG_DAY}'"
    expected = asked(con, f"select cast(sum(infeed_mwh) as double) from marts.fct_portfolio_infeed where {day}")
    assert frame[list(queries.SOURCES)].sum().sum() / 4 == pytest.approx(expected, abs=1e-6)
    position = queries.position(con, DAY)
    expected = asked(con, f"select cast(sum(open_position_mwh) as double) from marts.fct_positions where {day}")
    assert position["open_position_mwh"].sum() == pytest.approx(expected, abs=1e-6)
    revenue = asked(con, f"select cast(sum(revenue_eur) as double) from marts.fct_trades where {day}")
    assert queries.products(con, DAY)["revenue_eur"].sum() == pytest.approx(revenue)
    assert queries.trades(con, DAY)["revenue_eur"].sum() == pytest.approx(revenue)
    days = queries.trading_days(con, DAY)
    assert days[days["product"] == "all"]["revenue_eur"].sum() == pytest.approx(revenue)


@pytest.mark.parametrize("question", [queries.infeed, queries.forecasts])
def test_days_are_the_sum_of_their_quarter_hours(con: duckdb.DuckDBPyConnection, question: Any) -> None:
    by_day = question(con, RANGE).set_index("delivery_date")
    for day in (date(2025, 10, 25), LONG_DAY, date(2025, 10, 27)):
        quarter_hours = question(con, View(day, day))
        for column in {*queries.SOURCES, "latest", "tradeable"} & set(by_day) - {"redispatch"}:
            total = by_day.loc[pd.Timestamp(day), column]
            assert quarter_hours[column].sum() / 4 == pytest.approx(0 if pd.isna(total) else total, abs=1e-6), column


def test_chosen_assets_add_up_to_all(con: duckdb.DuckDBPyConnection) -> None:
    assets = queries.assets(con)
    for question, column in (
        (queries.infeed, "live"),
        (queries.forecasts, "latest"),
        (queries.asset_imbalance, "imbalance_mwh"),
    ):
        parts = [
            question(con, replace(view, assets=tuple(group["asset_id"])))[column].sum()
            for _, group in assets.groupby("technology") for view in (DAY, RANGE)
        ]  # fmt: skip
        assert sum(parts) == pytest.approx(sum(question(con, view)[column].sum() for view in (DAY, RANGE)), abs=1e-6)


def test_what_is_missing_is_no_zero(con: duckdb.DuckDBPyConnection) -> None:
    nothing = queries.infeed(con, replace(DAY, assets=("NO-SUCH-ASSET",)))
    assert len(nothing) == 100
    assert nothing[list(queries.SOURCES)].isna().all().all()
    assert queries.forecasts(con, replace(DAY, assets=("NO-SUCH-ASSET",)))["latest"].isna().all()


def test_a_moment_shows_no_later_version(con: duckdb.DuckDBPyConnection) -> None:
    first, last = queries.version_days(con) or (None, None)
    assert first is not None and last is not None
    moment = asked(con, "select max(version_utc) - interval 45 minute from marts.fct_forecast_versions")
    known = queries.forecasts_known_at(con, View(first, last, moment=moment))
    assert len(known) > 0
    for start, value in zip(known["delivery_start_utc"], known["known"], strict=True):
        expected = con.execute(
            "select sum(kw) / 1000 from (select asset_id, max_by(forecast_kw, version_utc) as kw "
            "from marts.fct_forecast_versions where delivery_start_utc = ? and version_utc <= ? "
            "and version_utc <= delivery_start_utc group by 1)", [start, moment],
        ).fetchall()[0][0]  # fmt: skip
        assert value == pytest.approx(expected)


def test_a_moment_fans_out_no_later_version(con: duckdb.DuckDBPyConnection) -> None:
    everything = queries.forecast_versions(con, replace(THEN, moment=None))
    issued = sorted(set(everything["version_utc"]))
    moment = issued[-2].to_pydatetime()
    assert sorted(set(queries.forecast_versions(con, replace(THEN, moment=moment))["version_utc"])) == issued[:-1]


def test_a_moment_shows_the_position_as_it_was_known(con: duckdb.DuckDBPyConnection) -> None:
    _, day = queries.position_as_of_days(con) or (None, None)
    assert day is not None
    as_of = asked(con, "select as_of_utc from marts.fct_position_as_of group by 1 order by 1 offset 40")
    known = queries.position_known_at(con, View(day, day, moment=as_of + timedelta(minutes=14)))
    expected = con.execute(
        "select cast(sum(infeed_mwh) as double), cast(sum(open_position_mwh) as double) "
        "from marts.fct_position_as_of where as_of_utc = ? and delivery_date = ?", [as_of, day],
    ).fetchall()[0]  # fmt: skip
    assert len(known) == 96
    assert (known["infeed_mwh"].sum(), known["open_position_mwh"].sum()) == pytest.approx(expected)
    assert queries.position_known_at(con, View(day, day, moment=as_of + timedelta(days=2))).empty
    assert queries.position_known_at(con, View(LONG_DAY, LONG_DAY, moment=as_of)).empty
    grown = queries.position_growth(con, View(day, day))
    assert grown["net_sold_mwh"].iloc[-1] == pytest.approx(queries.position(con, View(day, day))["net_sold_mwh"].sum())


def test_corrections_add_up_to_those_of_the_mart(con: duckdb.DuckDBPyConnection) -> None:
    summed = queries.revisions(con, RANGE)
    assert summed["corrections"].sum() == asked(con, "select count(*) from marts.fct_revisions") > 0
    effect = asked(con, "select cast(sum(infeed_payout_effect_eur) as double) from marts.fct_revisions")
    assert summed["infeed_payout_effect_eur"].sum() == pytest.approx(effect)


def test_hours_are_means_of_their_quarter_hours(con: duckdb.DuckDBPyConnection) -> None:
    hours = queries.position_hours(con, RANGE).set_index(["delivery_date", "hour_of_day"])["open_mw"]
    day = queries.position(con, DAY)
    expected = (4 * day["open_position_mwh"]).groupby((day["quarter_hour_of_day"] - 1) // 4).mean()
    assert len(expected) == 25
    assert hours.loc[pd.Timestamp(LONG_DAY)].tolist() == pytest.approx(expected.tolist())


def test_days_of_which_nothing_is_known_have_rows_without_values(con: duckdb.DuckDBPyConnection) -> None:
    month = View(date(2025, 10, 20), date(2025, 10, 29))
    for question, column in (
        (queries.infeed, "final"), (queries.forecasts, "latest"), (queries.position_days, "infeed_mwh"),
    ):  # fmt: skip
        frame = question(con, month)
        assert len(frame) == 10 and frame[column].head(5).isna().all(), question


def test_redispatch_beyond_a_month_has_a_row_per_asset(con: duckdb.DuckDBPyConnection) -> None:
    days, long = queries.redispatch(con, RANGE), queries.redispatch(con, View(date(2025, 9, 1), date(2025, 10, 31)))
    assert "delivery_date" in days and len(long) == days["asset_id"].nunique()
    for column in ("quarter_hours", "lost_energy_mwh", "payout_eur"):
        assert long[column].sum() == pytest.approx(days[column].sum())


def test_large_marts_lie_by_day(con: duckdb.DuckDBPyConnection) -> None:
    for mart in ("fct_asset_forecasts", "fct_asset_imbalance", "fct_asset_infeed", "fct_forecast_versions",
                 "fct_market_trades", "fct_redispatch", "fct_trades"):  # fmt: skip
        disorder = f"select count(*) from (select delivery_date < lag(delivery_date) over (order by rowid) as back " \
            f"from marts.{mart}) where back"  # fmt: skip
        assert asked(con, disorder) == 0, mart


def test_the_first_day_shown_is_mostly_measured(con: duckdb.DuckDBPyConnection) -> None:
    known = queries.known_days(con)
    assert known == (date(2025, 10, 25), date(2025, 10, 29), date(2025, 10, 27))


def test_each_feed_says_how_new_it_is(con: duckdb.DuckDBPyConnection) -> None:
    known = read_manifest(con).known_until_utc
    ages = queries.feed_ages(con, known).set_index("feed")
    assert known is not None and set(ages.index) == set(queries.feeds(con, RANGE)["feed"])
    newest = con.execute("select feed, max(newest_at_utc) from marts.fct_feed_days group by feed").fetchall()
    for feed, moment in newest:
        assert ages.loc[feed, "newest_at_utc"] == moment, feed
    assert ages.loc["live_measured_infeed", "stale_minutes"] == 60
    long_past = queries.feed_ages(con, known + timedelta(days=400))
    assert long_past["lacks_since_utc"].isna().all()  # what fell due long before the data end is not said in each head


# --- how old the data are


def ages(now: datetime, *, live_minutes: float, prices_due: datetime | None = None) -> pd.DataFrame:
    """As `queries.feed_ages` gives them: trades are fresh."""
    rows = [
        ("live_measured_infeed", now - timedelta(minutes=live_minutes), 60, None),
        ("private_trades", now - timedelta(minutes=2), 60, None),
        ("imbalance_prices_estimated", now - timedelta(hours=20), None, prices_due),
    ]
    names = ["feed", "newest_at_utc", "stale_minutes", "lacks_since_utc"]
    return pd.DataFrame(rows, columns=names).astype({"lacks_since_utc": "datetime64[us]"})


def aged(con: duckdb.DuckDBPyConnection, view: View, now: datetime, feeds: pd.DataFrame | None) -> str:
    manifest = replace(read_manifest(con), known_until_utc=now - timedelta(minutes=2), published_at_utc=now)
    return freshness.words(manifest, view, feeds, now)


def test_fresh_trades_hide_no_dead_live_feed(con: duckdb.DuckDBPyConnection) -> None:
    now = datetime(2025, 10, 26, 12)
    said = aged(con, DAY, now, ages(now, live_minutes=61))
    assert 'class="age old"' in said and "▲ live 61 minutes old" in said and "our trades" in said
    said = aged(con, DAY, now, ages(now, live_minutes=59))
    assert "▲" not in said and "live 59 minutes old" in said
    later = now + timedelta(minutes=5)  # the same copy, a little later
    assert "▲ live 64 minutes old" in aged(con, DAY, later, ages(now, live_minutes=59))


def test_prices_are_late_from_their_deadline_on(con: duckdb.DuckDBPyConnection) -> None:
    now = datetime(2025, 10, 26, 12)
    assert "▲" not in aged(con, DAY, now, ages(now, live_minutes=1, prices_due=now + timedelta(minutes=1)))
    assert "▲ estimated prices" in aged(con, DAY, now, ages(now, live_minutes=1, prices_due=now))


def test_what_lies_in_the_past_does_not_get_old(con: duckdb.DuckDBPyConnection) -> None:
    said = aged(con, DAY, datetime(2026, 1, 1), ages(datetime(2025, 10, 26), live_minutes=1))
    assert "▲" not in said and "data until" in said


def test_a_role_without_feeds_sees_when_nothing_comes_at_all(con: duckdb.DuckDBPyConnection) -> None:
    now = datetime(2025, 10, 26, 12)
    manifest = replace(read_manifest(con), known_until_utc=now - timedelta(minutes=80), published_at_utc=now)
    assert "▲ 80 minutes old" in freshness.words(manifest, DAY, None, now)
    assert "▲" not in freshness.words(replace(manifest, known_until_utc=now), DAY, None, now)


# --- charts


def drawn(con: duckdb.DuckDBPyConnection, view: View, theme: Any) -> dict[str, Any]:
    position = queries.position(con, view)
    prices = queries.trading_quarter_hours(con, view).rename(
        columns={"private_vwap_eur_per_mwh": "our VWAP", "market_vwap_eur_per_mwh": "market VWAP"}
    )
    imbalance = queries.portfolio_imbalance(con, view)
    performance = queries.portfolio_performance(con, view, "month")
    parts = margin_parts(performance.iloc[-1].to_dict()) if len(performance) else None
    made = {
        "strip": charts.heat_strip(position, view, theme),
        "heat": charts.heat_days(queries.position_hours(con, view), view, theme),
        "position": charts.position(
            position if view.by_quarter_hour else queries.position_days(con, view), view, theme
        ),
        "path": charts.path(queries.revenue_path(con, view), view, "cumulative_revenue_eur", theme),
        "infeed": charts.infeed(queries.infeed(con, view), view, theme),
        "forecast": charts.forecast(queries.forecasts(con, view), view, theme),
        "accuracy": charts.accuracy(queries.forecast_accuracy(con, view), "nmae", theme),
        "completeness": charts.completeness(queries.completeness(con, view)),
        "trades": charts.trades(queries.trades(con, view), view, theme),
        "alpha": charts.alpha(queries.alpha(con, view), theme),
        "imbalance": charts.imbalance(imbalance, view, theme),
        "cost": charts.cost(imbalance, view, theme),
        "by_asset": charts.by_asset(queries.imbalance_by_asset(con, view), "imbalance_cost_eur", "EUR"),
        "map": charts.asset_map(queries.asset_states(con, view), theme),
        "feeds": charts.feed_matrix(queries.feed_days(con, view), theme),
        "growth": charts.growth(queries.position_growth(con, view), view, theme),
    }
    if view.by_quarter_hour:
        made["prices"] = charts.prices(prices, view, theme)
        made["imbalance_prices"] = charts.imbalance_prices(queries.imbalance_prices(con, view), view, theme)
        made["fan"] = charts.forecast(
            queries.forecasts(con, view), view, theme, queries.forecast_versions(con, view),
            queries.forecasts_known_at(con, view),
        )  # fmt: skip
    if parts is not None:
        made["waterfall"] = charts.waterfall(parts, theme)
    return made


@pytest.mark.parametrize(
    ("view", "theme"), [(DAY, "light"), (RANGE, "dark"), (NEVER, "dark"), (replace(DAY, in_utc=True), "dark")]
)
def test_every_chart_is_drawn(con: duckdb.DuckDBPyConnection, view: View, theme: Any) -> None:
    for name, chart in drawn(con, replace(view, moment=datetime(2025, 10, 26, 6)), theme).items():
        svg = vl_convert.vegalite_to_svg(charts.themed(chart.properties(width=600), theme).to_json())
        assert svg.startswith("<svg"), name


@pytest.mark.parametrize("path", ["dashboard/charts/*.py", "serve/charts.py"])
def test_channels_are_named_by_their_class(built: object, path: str) -> None:
    """Any other encoding is compared with all classes of altair, which takes longer than the rest of a page."""
    trees = [ast.parse(file.read_text(encoding="utf-8")) for file in PROJECT.glob(path)]
    calls = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)]
    given = [word.value for call in calls if getattr(call.func, "attr", "") == "encode" for word in call.keywords]
    each = [part for value in given for part in (value.elts if isinstance(value, ast.List) else [value])]
    assert len(each) > 10
    words = ("value", "condition", "when")
    assert not [
        ast.unparse(part) for part in each
        if isinstance(part, ast.Constant | ast.Dict) or getattr(getattr(part, "func", None), "attr", "") in words
    ]  # fmt: skip


def test_what_streamlit_draws_is_the_chart(con: duckdb.DuckDBPyConnection) -> None:
    chart = charts.shown(charts.position(queries.position(con, DAY), DAY, "light"), "light")
    with alt.theme.enable("none"):
        spec, expected = charts.vega_lite(chart), chart.to_dict()
    rows = spec.pop("datasets")
    assert {len(frame) for frame in rows.values()} == {len(frame) for frame in expected.pop("datasets").values()}
    for layer, wanted in zip(spec["layer"], expected["layer"], strict=True):
        assert layer.pop("data")["name"] in rows and wanted.pop("data")
    assert spec == expected


def test_the_axis_of_a_long_day_has_an_hour_more(con: duckdb.DuckDBPyConnection) -> None:
    def labels(view: View) -> list[tuple[str, float]]:
        chart = charts.position(queries.position(con, view), view, "light").properties(width=2000)
        svg = vl_convert.vegalite_to_svg(charts.themed(chart).to_json())
        found = re.findall(r"translate\(([\d.]+),[^>]*>(\d\d:\d\d)<", svg)
        return [(label, 25 * float(place) / 2000) for place, label in found]  # hours since the day's begin

    local = labels(DAY)
    assert [label for label, _ in local[:3]] == ["00:00", "03:00", "06:00"] and local[-1][0] == "00:00"
    assert [round(hours) for _, hours in local[:3]] == [0, 4, 7] and round(local[-1][1]) == 25
    assert [label for label, _ in labels(replace(DAY, in_utc=True))][:2] == ["00:00", "03:00"]


def test_a_day_that_lacks_breaks_the_line_and_is_grey(con: duckdb.DuckDBPyConnection) -> None:
    days = queries.position_days(con, RANGE)
    data = charts.position(days[days["delivery_date"] != pd.Timestamp(LONG_DAY)], RANGE, "light").to_dict()["datasets"]
    rows = [row for rows in data.values() for row in rows if row.get("when") == "Sun 26 Oct 2025"]
    assert sorted((row.get("what"), row.get("value")) for row in rows) == [
        ("best of infeed", None), ("net sold", None), ("no data", None)
    ]  # fmt: skip


def test_now_is_marked_where_it_is_in_sight(con: duckdb.DuckDBPyConnection) -> None:
    def says_now(view: View) -> bool:
        return '"now"' in charts.position(queries.position(con, view), view, "light").to_json()

    assert says_now(replace(DAY, now=datetime(2025, 10, 26, 12)))
    assert not says_now(replace(DAY, now=datetime(2025, 10, 27, 12))) and not says_now(DAY)


def test_the_map_names_no_address(con: duckdb.DuckDBPyConnection) -> None:
    text = json.dumps(charts.shown(charts.asset_map(queries.asset_states(con, DAY), "light"), "light").to_dict())
    assert "://" not in text.replace("https://vega.github.io/schema", "")


# --- pages


def run(page: pages.Page | None = None, view: View | None = None) -> AppTest:
    test = AppTest.from_file(APP, default_timeout=60)
    if view is not None:
        test.query_params["from"], test.query_params["to"] = str(view.first), str(view.last)
        if view.moment is not None:
            test.query_params["moment"], test.query_params["clock"] = f"{view.moment:%Y-%m-%dT%H:%M}", "UTC"
    test.run()
    if page is not None:
        test.switch_page(str(page.script))
        test.run()
    return test


def text_of(test: AppTest) -> str:
    html = [element.proto.body for element in test.get("html")]
    return " ".join([*html, *(item.value for item in [*test.caption, *test.markdown, *test.error, *test.warning])])


def is_fine(test: AppTest, page: pages.Page) -> None:
    assert not test.exception, [error.value for error in test.exception]
    assert not test.error, [error.value for error in test.error]
    assert f"<h1>{page.title}</h1>" in text_of(test)
    assert "data until" in text_of(test)


@pytest.mark.parametrize("view", [DAY, RANGE, NEVER, THEN], ids=["a day", "days", "nothing", "a moment"])
def test_every_page_shows(development: Path, view: View) -> None:
    test = run(view=view)
    for page in pages.PAGES:
        test.switch_page(str(page.script))
        test.run()
        is_fine(test, page)
        assert "Development mode" in text_of(test)
        assert view.title in text_of(test)
        assert ("No data for these days" in text_of(test)) == (view is NEVER)
        assert "None" not in text_of(test)
        if page.name in ("today", "forecast", "infeed", "imbalance", "my_assets") and view is not THEN:
            assert ("Nothing is known of this" in text_of(test)) == (view is NEVER)
        if page.name == "today":
            assert ("As known at 2025-10-28 11:30 UTC" in text_of(test)) == (view is THEN)


def test_filters_stay_over_pages_and_stand_in_the_url(development: Path) -> None:
    test = AppTest.from_file(APP, default_timeout=60)
    test.query_params.update(
        {"from": "2025-10-25", "to": "2025-10-26", "technologies": "wind", "clock": "UTC", "assets": "NOPE"}
    )
    test.run()
    for page in pages.PAGES[:3]:
        test.switch_page(str(page.script))
        test.run()
        assert test.session_state["days"] == (date(2025, 10, 25), date(2025, 10, 26))
        assert test.query_params["from"] == "2025-10-25" and test.query_params["clock"] == "UTC"
        assert test.query_params["technologies"] == "wind" and "assets" not in test.query_params
    test.button(key="later").click().run()
    assert test.query_params["from"] == "2025-10-27" and test.query_params["to"] == "2025-10-28"


@pytest.mark.parametrize(
    "url", [{"from": "yesterday"}, {"from": "2025-10-27", "to": "2025-10-25"}, {"moment": "x", "clock": "moon"}]
)
def test_nonsense_in_the_url_is_passed_over(development: Path, url: dict[str, str]) -> None:
    test = AppTest.from_file(APP, default_timeout=60)
    test.query_params.update(url)
    test.run()
    assert not test.exception
    assert test.session_state["days"] == (date(2025, 10, 27), date(2025, 10, 27))
    assert "from" not in test.query_params and "moment" not in test.query_params


def at(monkeypatch: pytest.MonkeyPatch, now: datetime) -> None:
    """Let it be that moment, naive UTC, for the dashboard."""
    monkeypatch.setattr(shell, "utc_now", lambda: now)


def test_the_present_day_is_shown_until_somebody_chooses_one(
    development: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(monkeypatch, datetime(2025, 10, 27, 22, 50))  # 23:50 here; the day is hardly measured
    test = run(pages.PAGES[0])
    assert "Mon 27 Oct 2025" in text_of(test) and "from" not in test.query_params
    at(monkeypatch, datetime(2025, 10, 27, 23, 10))  # past midnight
    test.run()
    assert "Tue 28 Oct 2025" in text_of(test) and "Nothing is known of today" not in text_of(test)
    test.button(key="earlier").click().run()
    assert test.query_params["from"] == "2025-10-27"
    at(monkeypatch, datetime(2025, 10, 28, 23, 10))
    test.run()
    assert "Mon 27 Oct 2025" in text_of(test)  # chosen: it stays
    test.button(key="day").click().run()
    assert "Wed 29 Oct 2025" in text_of(test) and "from" not in test.query_params
    at(monkeypatch, datetime(2026, 2, 1))  # no data of that day: the newest measured one, and it says so
    test.run()
    assert "Mon 27 Oct 2025" in text_of(test) and "Nothing is known of today, 1 Feb 2026" in text_of(test)


def test_an_open_screen_is_drawn_anew_when_the_day_or_its_present_moment_moves(
    built: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = (date(2025, 10, 25), date(2025, 10, 29), date(2025, 10, 27))
    noon = datetime(2025, 10, 26, 12)
    shown = replace(DAY, now=noon, follows=True)
    at(monkeypatch, noon + timedelta(minutes=4))
    assert not shell.is_outdated(shown, known)
    at(monkeypatch, noon + timedelta(minutes=5))
    assert shell.is_outdated(shown, known)
    at(monkeypatch, noon + timedelta(hours=11))  # midnight here
    assert shell.is_outdated(replace(shown, now=None), known)
    assert not shell.is_outdated(replace(shown, follows=False), known)


def test_a_moment_is_the_same_on_every_clock(development: Path) -> None:
    test = AppTest.from_file(APP, default_timeout=60)
    test.query_params.update({"from": "2025-10-28", "moment": "2025-10-28T10:30Z"})
    test.run()
    test.switch_page(str(pages.PAGES[0].script)).run()
    assert "As known at 2025-10-28 11:30 CET" in text_of(test)
    test.segmented_control(key="clock").set_value("UTC").run()
    assert "As known at 2025-10-28 10:30 UTC" in text_of(test)
    assert test.query_params["moment"] == "2025-10-28T10:30Z"
    test.datetime_input(key="moment").set_value(datetime(2025, 10, 28, 9)).run()  # entered on the clock in UTC
    test.segmented_control(key="clock").set_value("local").run()
    assert "As known at 2025-10-28 10:00 CET" in text_of(test)
    test.datetime_input(key="moment").set_value(None).run()
    assert "As known at" not in text_of(test) and "moment" not in test.query_params


def test_a_page_that_keeps_no_earlier_states_says_so(development: Path) -> None:
    test = run(view=THEN)
    for page in pages.PAGES:
        test.switch_page(str(page.script)).run()
        said = "As known now, not as known at 2025-10-28 11:30 UTC" in text_of(test)
        assert said == (page.name not in ("today", "forecast")), page.name


def test_a_moment_lies_not_beyond_what_is_known(development: Path, con: duckdb.DuckDBPyConnection) -> None:
    copy = shell.about(con)
    assert copy.known_until is not None
    assert copy.known_until >= asked(con, "select max(executed_at_utc) from marts.fct_trades") - timedelta(days=1)
    test = run(pages.PAGES[0], replace(DAY, moment=datetime(2031, 1, 1)))
    assert test.session_state["moment_utc"] == copy.known_until
    _, day = queries.position_as_of_days(con) or (None, None)
    assert day is not None
    until = datetime(day.year, day.month, day.day, 9)
    grown = queries.position_growth(con, View(day, day, known_until=until))
    assert len(grown) and grown["as_of_utc"].max() <= until


def test_days_that_are_not_kept_for_a_moment_are_named(development: Path) -> None:
    several = replace(THEN, first=date(2025, 10, 27))
    assert "no position of that moment is kept: 27 Oct" in text_of(run(pages.PAGES[0], several))


def test_a_chosen_row_stays_the_same_thing(development: Path, con: duckdb.DuckDBPyConnection) -> None:
    invoices = queries.invoices(con, RANGE)
    ids, chosen = list(invoices["invoice_id"]), invoices["invoice_id"].iloc[-1]
    status = dict(zip(ids, invoices["status"], strict=True))
    test = run(view=RANGE)
    test.session_state["_chosen_invoices"] = chosen
    test.switch_page(str(next(page for page in pages.PAGES if page.name == "invoices").script)).run()
    assert any(chosen in heading.value for heading in test.subheader)
    test.pills(key="status").set_value([status[chosen]]).run()
    assert len(test.dataframe[0].value) < len(ids) and any(chosen in heading.value for heading in test.subheader)
    test.pills(key="status").set_value(sorted({*status.values()} - {status[chosen]})).run()
    assert not [heading.value for heading in test.subheader]  # it is not in sight, and no other takes its place


def test_downloads_hold_what_is_shown(con: duckdb.DuckDBPyConnection) -> None:
    frame = queries.products(con, DAY)
    again = pd.read_csv(io.BytesIO(shell.to_csv(frame)))
    assert again["revenue_eur"].sum() == pytest.approx(frame["revenue_eur"].sum())
    parquet = pd.read_parquet(io.BytesIO(shell.to_parquet(frame)))
    pd.testing.assert_frame_equal(parquet, frame)


def test_very_long_tables_say_what_they_leave_out(development: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shell, "MOST_ROWS", 7)
    test = run(next(page for page in pages.PAGES if page.name == "performance"), RANGE)
    assert len(test.dataframe[0].value) == 5  # a row per asset of the month
    test.segmented_control(key="period").set_value("day").run()
    assert "Of Wed 29 Oct 2025 only" in text_of(test) and len(test.dataframe[0].value) == 3
    test = run(next(page for page in pages.PAGES if page.name == "trading"), DAY)
    assert "The first 7 of 125 rows; the files have all." in text_of(test)


def test_about_leads_to_the_lineage(development: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    about = next(page for page in pages.PAGES if page.name == "about")
    assert "rtm docs" in text_of(run(about))
    monkeypatch.setenv("RTM_DOCS_URL", "http://docs.example.org/")
    links = [element.proto.url for element in run(about).get("link_button")]
    assert links == ["http://docs.example.org/lineage.html", "http://docs.example.org/index.html"]


def test_a_newer_copy_is_shown_without_losing_the_view(development: Path, built: tuple[Path, Path]) -> None:
    test = run(pages.PAGES[0], RANGE)
    folder = development / "published"
    folder.unlink()
    folder.mkdir()
    copy = next((built[1] / "published").glob("copy_*.duckdb"))
    (folder / "copy_000002.duckdb").write_bytes(copy.read_bytes())
    (folder / "current.duckdb").symlink_to("copy_000002.duckdb")
    who = door.Visitor("development", is_development=True)
    assert door.file_now(who, door.Right("development")).endswith("copy_000002.duckdb")
    test.run()
    is_fine(test, pages.PAGES[0])
    assert test.session_state["days"] == (RANGE.first, RANGE.last)


def test_without_a_published_copy_it_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, built: object
) -> None:
    monkeypatch.setenv("RTM_HOME", str(tmp_path))
    monkeypatch.setenv(door.DEVELOPMENT, "1")
    config.set_option("server.address", "127.0.0.1")
    test = run()
    assert "rtm run" in test.error[0].value and not test.exception


def test_the_sample_stands_in_and_says_so(
    tmp_path: Path, built: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / door.SAMPLE).mkdir()
    (tmp_path / door.SAMPLE / "published").symlink_to(built[1] / "published")
    monkeypatch.setenv("RTM_HOME", str(tmp_path))
    monkeypatch.setenv(door.DEVELOPMENT, "1")
    config.set_option("server.address", "127.0.0.1")
    assert "bundled sample" in text_of(run())


# --- who sees what


def register(home: Path, con: duckdb.DuckDBPyConnection, role: Role) -> None:
    owners = [owner_of(con, "WIND-NI-202")] if role in CUSTOMER_ROLES else []
    grant = {"person": "eva@example.com", "role": str(role)} | ({"customers": owners} if owners else {})
    (home / "access.yml").write_text(json.dumps({"grants": [grant]}), encoding="utf-8")


def come_as(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setattr(door, "visitor", lambda: door.Visitor(address, address))


def test_a_trader_sees_findings_without_what_may_name_a_person(
    home: Path, con: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    register(home, con, Role.TRADER)
    come_as(monkeypatch, "eva@example.com")
    test = run(pages.PAGES[0], DAY)
    found = next(table.value for table in test.dataframe if "finding" in table.value)
    assert len(found) and "example" not in found and "Findings: not part" not in text_of(test)


def own_published(home: Path) -> Path:
    """Copies that no other test sees: what a test writes beside them stays with it."""
    folder = home / "published"
    copy = current(folder)
    assert copy is not None
    folder.unlink()
    folder.mkdir()
    os.link(copy, folder / copy.name)
    (folder / "current.duckdb").symlink_to(copy.name)
    return folder


@pytest.mark.parametrize("role", [None, *Role])
def test_why_a_build_failed_is_for_the_operator_alone(
    home: Path, con: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch, role: Role | None
) -> None:
    """The reason can quote rows of anybody's, which no role may see whole; None is development mode."""
    attempt = Attempt("rtm run /a/folder", "2025-10-30 06:00", "failed", "a test found the row of owner_of_another")
    note_attempt(own_published(home), attempt)
    if role is None:
        monkeypatch.setenv(door.DEVELOPMENT, "1")
        config.set_option("server.address", "127.0.0.1")
        assert "owner_of_another" in text_of(run())
        return
    register(home, con, role)
    come_as(monkeypatch, "eva@example.com")
    test = run()
    for page in (None, pages.PAGES[-1]):
        if page is not None:
            test.switch_page(str(page.script))
            test.run()
        said = text_of(test)
        assert "owner_of_another" not in said and "/a/folder" not in said
        assert "Nothing newer has come since 2025-10-30 06:00 UTC" in said


def test_a_fault_that_may_quote_a_row_is_told_to_the_operator_alone(
    home: Path, con: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def write(*arguments: Any, **more: Any) -> None:
        raise duckdb.ConversionException("Could not convert 'owner_of_another'")

    monkeypatch.setattr("serve.access.write_reduced", write)
    register(home, con, Role.TRADER)
    come_as(monkeypatch, "eva@example.com")
    test = run()
    assert "cannot be shown" in test.error[0].value and "owner_of_another" not in text_of(test)
    assert "owner_of_another" in caplog.text


def test_before_the_first_publication_roles_are_those_of_rtm_home(
    tmp_path: Path, built: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    sample = tmp_path / door.SAMPLE
    sample.mkdir()
    (sample / "published").symlink_to(built[1] / "published")
    monkeypatch.setenv("RTM_HOME", str(tmp_path))
    come_as(monkeypatch, "eva@example.com")
    (sample / "access.yml").write_text(json.dumps({"grants": [{"person": "eva@example.com", "role": "trader"}]}))
    assert "no role" in run().error[0].value  # nobody keeps a register in the sample's home
    grant = {"person": "eva@example.com", "role": "data_engineer"}
    (tmp_path / "access.yml").write_text(json.dumps({"grants": [grant]}), encoding="utf-8")
    test = run()
    assert not test.error and "bundled sample" in text_of(test)
    for name in ("access.key", "access_log.jsonl"):
        assert (tmp_path / name).exists() and not (sample / name).exists()


def test_a_role_goes_on_with_the_copy_before_until_its_own_part_of_the_new_one_is_ready(
    home: Path, con: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    register(home, con, Role.TRADER)
    come_as(monkeypatch, "eva@example.com")
    folder = own_published(home)
    may_go_on = threading.Event()
    may_go_on.set()

    def write(*arguments: Any, **more: Any) -> None:
        assert may_go_on.wait(60)
        write_reduced(*arguments, **more)

    monkeypatch.setattr("serve.access.write_reduced", write)
    test = run(view=RANGE)
    assert 'data-copy="1"' in text_of(test)
    may_go_on.clear()
    newer = folder / "copy_000002.duckdb"
    shutil.copyfile(folder / "copy_000001.duckdb", newer)
    with duckdb.connect(str(newer)) as whole:
        whole.execute("update publication.manifest set copy_number = 2, previous_copy_number = 1")
    (folder / "next").symlink_to(newer.name)
    (folder / "next").replace(folder / "current.duckdb")
    who = door.Visitor("eva", "eva@example.com")
    (right,) = door.rights(who)
    before = door.file_now(who, right)
    test.run()
    assert 'data-copy="1"' in text_of(test) and not test.error
    may_go_on.set()
    for _ in range(600):
        if door.file_now(who, right) != before:  # what the page asks every few seconds
            break
        time.sleep(0.05)
    test.run()
    assert 'data-copy="2"' in text_of(test) and test.session_state["days"] == (RANGE.first, RANGE.last)


def test_only_what_is_withheld_is_called_not_part_of_the_role(
    home: Path, con: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    register(home, con, Role.TRADER)
    who = door.Visitor("eva", "eva@example.com")
    (right,) = door.rights(who)

    def question(sql: str) -> Any:
        return lambda seen: asking.ask(seen, sql)

    with door.opened(who, right) as seen:
        about = shell.about(seen)
        context = shell.Context(
            seen, DAY, "light", about.tables, about.meanings, about.manifest, right, who, about.known
        )
        for withheld in (
            "from marts.fct_invoices",
            "select asset_name from marts.dim_assets",
            "select d.asset_name from marts.dim_assets as d",
        ):
            assert context.ask(question(withheld)) is None
        for wrong in (
            "from marts.fct_positons",
            "select asset_nmae from marts.dim_assets",
            "select gross_eur from marts.dim_assets",
            "select no_such_function(1)",
        ):
            with pytest.raises((duckdb.CatalogException, duckdb.BinderException)):
                context.ask(question(wrong))


def test_a_link_names_the_customer(home: Path, con: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch) -> None:
    owners = sorted({owner_of(con, "WIND-NI-202"), owner_of(con, "SOL-NI-101")})
    grant = {"person": "eva@example.com", "role": str(Role.SALES), "customers": owners}
    (home / "access.yml").write_text(json.dumps({"grants": [grant]}), encoding="utf-8")
    come_as(monkeypatch, "eva@example.com")
    test = AppTest.from_file(APP, default_timeout=60)
    test.query_params["customer"] = owners[1]
    test.run()
    test.switch_page(str(next(page for page in pages.PAGES if page.name == "my_assets").script)).run()
    assert test.session_state["customer"] == owners[1] and test.query_params["customer"] == owners[1]
    assert not test.exception


def test_an_invoice_that_stays_open_is_noted_once(
    home: Path, con: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    register(home, con, Role.FINANCE)
    come_as(monkeypatch, "eva@example.com")
    invoices = next(page for page in pages.PAGES if page.name == "invoices")
    test = run(view=RANGE)
    test.session_state["_chosen_invoices"] = "CON1_WIND-NI-202_2025-10"
    test.switch_page(str(invoices.script)).run()
    for _ in range(2):  # as the screen does by itself
        test.run()
    log = home / "access_log.jsonl"
    assert log.read_text(encoding="utf-8").count("invoice CON1_WIND-NI-202_2025-10") == 1
    test.switch_page(str(next(page for page in pages.PAGES if page.name == "infeed").script)).run()
    test.switch_page(str(invoices.script)).run()
    assert log.read_text(encoding="utf-8").count("invoice CON1_WIND-NI-202_2025-10") == 2  # opened again


EXPECTED_PAGES = {
    Role.TRADER: "today forecast infeed trading imbalance performance data_quality about",
    Role.PORTFOLIO_OPS: "today forecast infeed imbalance performance asset_map data_quality about",
    Role.SALES: "my_assets forecast infeed imbalance invoices performance asset_map about",
    Role.FINANCE: "infeed imbalance invoices performance asset_map about",
    Role.ASSET_OWNER: "my_assets forecast infeed invoices performance asset_map about",
    Role.AUDITOR: "today forecast infeed trading imbalance invoices performance asset_map data_quality about",
    Role.DATA_ENGINEER: "forecast infeed imbalance performance asset_map data_quality about",
}


@pytest.mark.parametrize("role", list(Role))
def test_a_role_sees_its_pages_and_all_of_them_work(
    home: Path, con: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch, role: Role
) -> None:
    register(home, con, role)
    come_as(monkeypatch, "Eva@Example.com")
    right = door.rights(door.Visitor("eva", "eva@example.com"))[0]
    with door.opened(door.Visitor("eva", "eva@example.com"), right) as seen:
        visible = pages.visible(frozenset(queries.tables(seen)), is_limited=bool(right.customers))
    assert " ".join(page.name for page in visible) == EXPECTED_PAGES[role]
    for view in (DAY, RANGE):
        test = run(view=view)
        for page in visible:
            test.switch_page(str(page.script))
            test.run()
            is_fine(test, page)
            assert "Development mode" not in text_of(test)
            if role in CUSTOMER_ROLES:
                tables = [table.value for table in test.dataframe if "asset_id" in table.value]
                assert {asset for table in tables for asset in table["asset_id"]} <= {"WIND-NI-202"}


def test_nobody_without_a_right_sees_anything(
    home: Path, con: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    come_as(monkeypatch, "eva@example.com")
    assert "no role" in run().error[0].value
    register(home, con, Role.TRADER)
    test = run()
    assert not test.error
    (home / "access.yml").write_text("grants: []", encoding="utf-8")
    test.run()
    assert "no role" in test.error[0].value and not test.dataframe


def test_an_unreadable_register_is_said_and_shows_nothing(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    come_as(monkeypatch, "eva@example.com")
    (home / "access.yml").write_text("grants: [{person: eva@example.com, role: king}]", encoding="utf-8")
    test = run()
    assert test.error and not test.dataframe and not test.exception


@pytest.mark.parametrize(
    ("hours_ago", "setting", "comes_in"),
    [
        (0, None, True), (11.9, None, True), (12.1, None, False), (None, None, False), ("long ago", None, False),
        (0.9, "1", True), (1.1, "1", False), (12.1, "24.5", True),
    ],
)  # fmt: skip
def test_what_the_provider_said_counts_for_some_hours(
    monkeypatch: pytest.MonkeyPatch, hours_ago: Any, setting: str | None, comes_in: bool, built: object
) -> None:
    said = {"email": "eva@example.com", "email_verified": True, "groups": ["trading-desk"], "iat": hours_ago}
    if isinstance(hours_ago, int | float):
        said["iat"] = time.time() - hours_ago * 3600
    signed_in_as(monkeypatch, said)
    if setting is not None:
        monkeypatch.setenv("RTM_SIGN_IN_HOURS", setting)
    who = door.visitor()
    assert who == (door.Visitor("eva@example.com", "eva@example.com", ("trading-desk",)) if comes_in else None)


@pytest.mark.parametrize("setting", ["", "a day", "0", "-1", "nan", "inf"])
def test_a_wrong_number_of_hours_lets_nobody_in(monkeypatch: pytest.MonkeyPatch, setting: str, built: object) -> None:
    signed_in_as(monkeypatch, {"email": "eva@example.com", "iat": time.time()})
    monkeypatch.setenv("RTM_SIGN_IN_HOURS", setting)
    with pytest.raises(door.ClosedError, match="RTM_SIGN_IN_HOURS"):
        door.visitor()


def signed_in_as(monkeypatch: pytest.MonkeyPatch, claims: dict[str, Any]) -> None:
    monkeypatch.delenv(door.DEVELOPMENT, raising=False)
    monkeypatch.setattr(door, "_sign_in_is_set_up", lambda: True)
    monkeypatch.setattr("dashboard.door.st.user", SimpleNamespace(is_logged_in=True, to_dict=lambda: claims))


def test_without_an_identity_provider_nobody_gets_in(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(door.DEVELOPMENT, raising=False)
    test = run()
    assert "Nobody can sign in" in test.error[0].value and not test.dataframe


@pytest.mark.parametrize("address", ["0.0.0.0", "", "192.168.1.7", "::", "example.org"])
def test_development_mode_refuses_other_addresses(development: Path, address: str) -> None:
    config.set_option("server.address", address)
    test = run()
    assert "Development mode has no sign-in" in test.error[0].value and not test.dataframe


def test_development_mode_does_not_start_on_other_addresses(home: Path) -> None:
    command = [sys.executable, "-m", "dashboard", "--development", "--address", "0.0.0.0", "--no-browser"]
    result = subprocess.run(command, cwd=PROJECT, env={**os.environ}, capture_output=True, text=True, check=False)
    assert result.returncode == 2 and "no sign-in" in result.stderr


# --- what each page reads


def marts_read(page: pages.Page) -> set[str]:
    """The marts in the questions that a page asks, and those that the frame around every page asks."""
    scripts = [page.script, PROJECT / "dashboard" / "shell.py", PROJECT / "dashboard" / "streamlit_app.py"]
    asked_for = {
        name for script in scripts for name in re.findall(r"queries\.([a-z_]+)", script.read_text(encoding="utf-8"))
    }
    sources = [
        inspect.getsource(getattr(queries, name)) for name in asked_for if callable(getattr(queries, name, None))
    ]
    return {
        mart
        for text in sources
        for mart in re.findall(
            r"\b(?:marts|reports)\.(\w+)", text.replace("{NAMES}", asking.NAMES).replace("{DAYS}", asking.DAYS)
        )
    }


def test_exposures_name_the_marts_that_pages_read(built: object) -> None:
    exposures = yaml.safe_load((PROJECT / "models" / "_exposures.yml").read_text(encoding="utf-8"))["exposures"]
    declared = {
        exposure["name"]: {re.sub(r"ref\('(\w+)'\)", r"\1", mart) for mart in exposure["depends_on"]}
        for exposure in exposures
    }
    assert declared == {f"dashboard_{page.name}": marts_read(page) for page in pages.PAGES}
    assert all(exposure["owner"]["name"] and exposure["description"] for exposure in exposures)
