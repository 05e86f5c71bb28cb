"""How long the questions of each page take at size, alone and with many users at once.

Makes marts of made-up numbers with the columns of a published copy, for so many assets and days; then asks what each
page asks, for a day, a month and the whole range. Prints milliseconds per page (all of its questions together), and how
many times longer than a count of the largest mart that is: the ratio says more than the figure on another machine.

    python benchmarks/dashboard_queries.py COPY.duckdb --assets 1000 --days 365 --users 20
"""

from __future__ import annotations

import argparse
import inspect
import random
import re
import statistics
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb

sys.path[:0] = [str(Path(__file__).parents[1])]

from dashboard import pages, queries  # noqa: E402
from dashboard.view import View  # noqa: E402

FIRST = date(2025, 1, 1)
VERSION_DAYS, VERSIONS, TRADES_A_DAY = 5, 192, 20_000
BY_QUARTER_HOUR = (
    "fct_portfolio_",
    "fct_positions",
    "fct_trading_quarter_hours",
    "fct_imbalance_prices",
    "dim_quarter_hours",
)
TEXTS = {
    "asset_id": "'AST-' || lpad(asset::varchar, 5, '0')",
    "contract_id": "'CON1_AST-' || lpad(asset::varchar, 5, '0')",
    "feed": "'feed_' || n % 11",
    "infeed_source": "['final', 'live', 'final', 'forecast'][1 + n % 4]",
    "invoice_id": "'INV' || n",
    "invoicing_month": "strftime(day, '%Y-%m')",
    "lead_time_bucket": f"{list(queries.LEAD_TIMES)}[1 + n % 6]",
    "period": "'day'",
    "price_status": "['final', 'estimate'][1 + n % 2]",
    "product": "['all', 'hour', 'quarter_hour'][1 + n % 3]",
    "scope": "['portfolio', 'wind', 'solar'][1 + n % 3]",
    "severity": "'warning'",
    "side": "['SELL', 'BUY'][1 + n % 2]",
    "status": "['final', 'provisional'][1 + n % 2]",
    "technology": "['wind', 'solar'][1 + asset % 2]",
    "trade_id": "n::varchar",
}
LAST_DAYS = f"where day >= (select max(day) from days) - {VERSION_DAYS - 1}"
GRAINS = {  # from where, asset, quarter-hour of the day, version
    "asset_step": ("steps, assets", "asset", "q", "begin_utc"),
    "asset_day": ("days, assets", "asset", "0", "begin_utc"),
    "step": ("steps", "0", "q", "begin_utc"),
    "day": ("days, range(18)", "0", "0", "begin_utc"),
    "asset": ("(select min(day) as day from days), assets", "asset", "0", "begin_utc"),
    "trade": (f"days, range({TRADES_A_DAY}) as r(i)", "0", "i % 96", "begin_utc - (i // 96) * interval 1 minute"),
    "version": (
        f"steps, assets, range({VERSIONS}) as r(v) {LAST_DAYS}", "asset", "q", "begin_utc - v * interval 15 minute"
    ),
    "moment": (f"steps, range(96) as r(v) {LAST_DAYS}", "0", "q", "day::timestamp + v * interval 15 minute"),
    "month": ("assets, (from days where day(day) = 1)", "asset", "0", "begin_utc"),
}  # fmt: skip


def make(copy: Path, path: Path, assets: int, days: int) -> None:
    """Write marts of made-up rows, by delivery date as incremental builds lay them."""
    con = duckdb.connect(str(path))
    con.execute(f"attach '{copy}' as copy (read_only); create schema marts; create schema reports")
    con.execute("create temp table assets as select i as asset from range(?) as r(i)", [assets])
    con.execute("create temp table days as select date '2025-01-01' + i::int as day from range(?) as r(i)", [days])
    con.execute("create temp table steps as select day, q from days, range(96) as r(q)")
    sources = {
        name: f"select row_number() over () as n, {asset} as asset, day, {q} as q, "
        f"day::timestamp - interval 1 hour + ({q}) * interval 15 minute as begin_utc, {version} as version from {place}"
        for name, (place, asset, q, version) in GRAINS.items()
    }
    marts = con.execute(
        "select schema_name, table_name from duckdb_tables() "
        "where database_name = 'copy' and schema_name in ('marts', 'reports')"
    ).fetchall()
    for schema, mart in marts:
        columns = con.execute(
            "select column_name, data_type from duckdb_columns() where database_name = 'copy' and schema_name = ? "
            "and table_name = ? order by column_index", [schema, mart],
        ).fetchall()  # fmt: skip
        listed = ", ".join(f"cast({_value(name, kind, mart)} as {kind}) as {name}" for name, kind in columns)
        con.execute(f"create table {schema}.{mart} as select {listed} from ({sources[_grain(mart, dict(columns))]})")
    con.close()


def _grain(mart: str, columns: dict[str, str]) -> str:
    if mart in ("fct_trades", "fct_market_trades", "fct_position_paths"):
        return "trade"
    if mart == "fct_forecast_versions":
        return "version"
    if mart == "fct_position_as_of":
        return "moment"
    if mart.startswith("fct_invoice"):
        return "month"
    if mart in ("dim_assets", "dim_contracts"):
        return "asset"
    if mart.startswith(BY_QUARTER_HOUR) and "delivery_start_utc" in columns:
        return "step"
    if "asset_id" in columns:
        return "asset_step" if "delivery_start_utc" in columns else "asset_day"
    return "day"


def _value(name: str, kind: str, mart: str) -> str:
    if name in TEXTS and not (mart == "dim_contracts" and name == "status"):
        return TEXTS[name]
    if name in ("delivery_date", "period_start_date", "valid_from"):
        return "day"
    if name == "delivery_start_utc":
        return "begin_utc"
    if name in ("executed_at_utc", "version_utc", "as_of_utc"):
        return "version"
    if name == "quarter_hour_of_day":
        return "q + 1"
    if name == "vat_rate":
        return "0.19"
    if name == "latitude":
        return "48 + 6 * random()"
    if name == "longitude":
        return "7 + 6 * random()"
    if name.endswith("quarter_hours"):
        return "96" if name.startswith(("expected", "measured", "infeed")) else "1"
    if kind == "BOOLEAN":
        return "random() < 0.9"
    if kind in ("TIMESTAMP", "DATE"):
        return "begin_utc"
    if kind == "VARCHAR":
        return f"'{name} ' || n % 50"
    return "random() * 20 - 5" if kind.startswith(("DECIMAL", "DOUBLE")) else "1 + n % 90"


KNOWN_AT = (queries.forecasts_known_at, queries.position_known_at)
BY_STEP = (
    *KNOWN_AT, queries.forecast_versions, queries.imbalance_prices, queries.position_growth, queries.products,
    queries.revenue_path, queries.trades, queries.trading_quarter_hours,
)  # fmt: skip
"""Questions that pages ask for a day (or three) only."""


def questions(page: pages.Page) -> list[Callable[..., object]]:
    """What a page and the frame around it ask."""
    scripts = [page.script, pages.FOLDER.parent / "shell.py", pages.FOLDER.parent / "streamlit_app.py"]
    names = {
        name for script in scripts for name in re.findall(r"queries\.([a-z_]+)", script.read_text(encoding="utf-8"))
    }
    return [getattr(queries, name) for name in sorted(names) if callable(getattr(queries, name, None))]


def ask(path: Path, page: pages.Page, view: View) -> float:
    """Seconds that all questions of a page take, with opening the copy."""
    begin = time.perf_counter()
    with duckdb.connect(str(path), read_only=True) as con:
        for question in questions(page):
            parameters = list(inspect.signature(question).parameters)
            by_step = question in BY_STEP
            shown = View(view.last, view.last, view.assets, view.moment) if by_step else view  # as the pages do
            if question in KNOWN_AT and view.moment is None:
                continue
            if parameters == ["con"]:
                question(con)
            elif "period" in parameters:
                question(con, view, "month")
            elif parameters[1] == "view":
                question(con, shown)
    return time.perf_counter() - begin


def main() -> None:
    """Make the marts once, then measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("copy", type=Path, help="a published copy, for its columns")
    parser.add_argument("--assets", type=int, default=1000)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--users", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--keep", type=Path, default=Path("dashboard_at_size.duckdb"))
    said = parser.parse_args()
    if not said.keep.exists():
        begin = time.perf_counter()
        make(said.copy, said.keep, said.assets, said.days)
        print(f"made {said.keep} ({said.keep.stat().st_size / 1e9:.1f} GB) in {time.perf_counter() - begin:.0f} s")
    last = FIRST + timedelta(days=said.days - 1)
    chance = random.Random(1)

    def some_day() -> date:
        return last - timedelta(
            days=chance.randrange(VERSION_DAYS) if chance.random() < 0.5 else chance.randrange(said.days)
        )

    def one_day() -> View:
        day = some_day()
        return View(day, day, None, datetime(day.year, day.month, day.day, 6))

    views: dict[str, Callable[[], View]] = {
        "day": one_day,
        "month": lambda: View(last - timedelta(days=29), last),
        "range": lambda: View(FIRST, last),
    }
    with duckdb.connect(str(said.keep), read_only=True) as con:
        begin = time.perf_counter()
        rows = con.execute("select count(infeed_mwh) from marts.fct_asset_infeed").fetchall()[0][0]
        base = time.perf_counter() - begin
    print(f"{said.assets} assets x {said.days} days; counting {rows:,} rows of infeed: {base * 1000:.0f} ms = 1.0")
    for page in pages.PAGES:
        for name, view in views.items():
            taken = sorted(ask(said.keep, page, view()) for _ in range(said.rounds))
            slow = taken[int(0.95 * (len(taken) - 1))]
            print(f"{page.name:14}{name:7}median {statistics.median(taken) * 1000:6.0f} ms   "
                  f"95 % {slow * 1000:6.0f} ms   {slow / base:5.1f} x")  # fmt: skip
    with ThreadPoolExecutor(said.users) as pool:
        work = [(chance.choice(pages.PAGES), views["day"]()) for _ in range(said.users * 5)]
        taken = sorted(pool.map(lambda job: ask(said.keep, *job), work))
    print(f"{said.users} users at once, a day each: median {statistics.median(taken) * 1000:.0f} ms, "
          f"95 % {taken[int(0.95 * (len(taken) - 1))] * 1000:.0f} ms")  # fmt: skip


if __name__ == "__main__":
    main()
