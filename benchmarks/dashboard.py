"""How fast the dashboard is at size: its questions alone, its pages in a browser, and many users at once.

Makes a published copy of made-up numbers with the columns of a real one, for so many assets and days. Then:

- questions: what each page asks, for a day, a month and the whole range, in milliseconds (all questions of the page
  together, of the database that the dashboard keeps open), by the clock and as work of all cores, which says more where
  others use the machine, and as a multiple of one sum over a whole mart, which says more on another machine;
- pages: from typing an address until the page is of use (its head and first figures stand there) and until everything
  is drawn, in a Chromium that was here before, and from a click in the menu until everything is drawn;
- users: each of many connections opens a page, looks at it for a while and opens another; from the request until the
  server has sent the whole page.

With `--role` all of it is what somebody sees who has signed in, with a provider on loopback, and holds that role: pages
and questions of the role, from the database that is written for it; without, everything, in development mode.

    python -m benchmarks.dashboard COPY.duckdb --assets 1000 --days 365 --users 20 --role trader
"""

from __future__ import annotations

import asyncio
import inspect
import json
import logging
import random
import re
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import duckdb
import typer
from oidc_provider_mock import User, run_server_in_thread
from rich.console import Console
from rich.table import Table
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from dashboard import pages, queries
from dashboard.view import View
from home import PROJECT
from serve import access
from serve.kept_open import connected
from serve.published import CURRENT

sys.path[:0] = [str(PROJECT / "tests" / "python")]

from browser import browsing, free_port, serving, settled, sign_in_with, signed_in  # noqa: E402

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
    "feed": "'feed_' || kind",
    "infeed_source": "['final', 'live', 'final', 'forecast'][1 + n % 4]",
    "invoice_id": "'CON1_AST-' || lpad(asset::varchar, 5, '0') || strftime(day, '_%Y-%m')",
    "invoicing_month": "strftime(day, '%Y-%m')",
    "lead_time_bucket": f"{list(queries.LEAD_TIMES)}[1 + kind % 6]",
    "period": "['day', 'month'][1 + kind]",
    "price_status": "['final', 'estimate'][1 + n % 2]",
    "product": "['all', 'hour', 'quarter_hour'][1 + kind // 6]",
    "scope": "['portfolio', 'wind', 'solar'][1 + kind // 6]",
    "severity": "'warning'",
    "side": "['SELL', 'BUY'][1 + (n // 2) % 2]",
    "status": "['final', 'provisional'][1 + n % 2]",
    "technology": "['wind', 'solar'][1 + asset % 2]",
    "trade_id": "n::varchar",
}
NUMBERS = {  # what the end of a name says about its size; the first that fits counts
    "(expected|measured|infeed|final|priced)_quarter_hours": "96",
    "quarter_hours": "1",
    "vat_rate": "0.19",
    "latitude": "48 + 6 * random()",
    "longitude": "7 + 6 * random()",
    "completeness|live_coverage|capture_rate": "0.9 + 0.1 * random()",
    "nmae|nrmse|capacity_factor": "0.02 + 0.06 * random()",
    "nbias": "0.04 * random() - 0.02",
    "eur_per_mwh": "70 - 50 * daylight + 20 * random()",
    "open_position_mwh|imbalance_mwh|forecast_error_mwh": "4 * random() - 2",
    "mwh": "0.5 + 2 * daylight + random()",
    "kw": "2000 + 8000 * daylight + 4000 * random()",
}
LAST_DAYS = f"where day >= (select max(day) from days) - {VERSION_DAYS - 1}"
PERIODS = "(select day, 0 as kind from days union all select day, 1 as kind from days where day(day) = 1)"
GRAINS = {  # from where, asset, quarter-hour of the day, version, kind
    "asset_step": ("steps, assets", "asset", "q", "begin_utc", "0"),
    "redispatch": ("steps, assets where (asset * 7 + q + day(day)) % 50 = 0", "asset", "q", "begin_utc", "0"),
    "asset_day": ("days, assets", "asset", "0", "begin_utc", "0"),
    "asset_day_lead_time": ("days, assets, range(6) as r(kind)", "asset", "0", "begin_utc", "kind"),
    "asset_period": (f"{PERIODS}, assets", "asset", "0", "begin_utc", "kind"),
    "period": (PERIODS, "0", "0", "begin_utc", "kind"),
    "step": ("steps", "0", "q", "begin_utc", "0"),
    "day": ("days", "0", "0", "begin_utc", "0"),
    "day_feed": ("days, range(11) as r(kind)", "0", "0", "begin_utc", "kind"),
    "day_product": ("days, range(0, 18, 6) as r(kind)", "0", "0", "begin_utc", "kind"),
    "day_lead_time": ("days, range(18) as r(kind)", "0", "0", "begin_utc", "kind"),
    "asset": ("(select min(day) as day from days), assets", "asset", "0", "begin_utc", "0"),
    "trade": (
        f"days, range({TRADES_A_DAY}) as r(i)", "0", "i % 96", "begin_utc - (i // 96) * interval 1 minute",
        "6 + 6 * (i % 2)",
    ),
    "version": (
        f"steps, assets, range({VERSIONS}) as r(v) {LAST_DAYS}", "asset", "q", "begin_utc - v * interval 15 minute", "0"
    ),
    "moment": (f"steps, range(96) as r(v) {LAST_DAYS}", "0", "q", "day::timestamp + v * interval 15 minute", "0"),
    "month": ("assets, (from days where day(day) = 1)", "asset", "0", "begin_utc", "0"),
}  # fmt: skip
OF_MARTS = {
    "dim_assets": "asset", "dim_contracts": "asset",
    "fct_asset_margins": "asset_period", "rpt_asset_performance": "asset_period",
    "fct_forecast_quality": "asset_period",
    "fct_portfolio_margins": "period", "rpt_portfolio_performance": "period", "fct_market_means": "period",
    "fct_forecast_accuracy": "asset_day_lead_time", "fct_portfolio_forecast_accuracy": "day_lead_time",
    "fct_trading_lead_times": "day_lead_time", "fct_trading_days": "day_product",
    "fct_data_findings": "day_feed", "fct_feed_days": "day_feed", "rpt_data_quality": "day_feed",
    "fct_revisions": "day_feed", "fct_redispatch": "redispatch", "fct_forecast_versions": "version",
    "fct_position_as_of": "moment", "fct_trades": "trade", "fct_market_trades": "trade", "fct_position_paths": "trade",
    "fct_invoices": "month", "fct_invoice_lines": "month",
}  # fmt: skip
"""Grains of marts whose columns do not say theirs."""


LIES_BY = {
    "fct_asset_forecasts": "order by delivery_date",
    "fct_asset_imbalance": "order by delivery_date",
    "fct_asset_infeed": "order by delivery_date",
    "fct_forecast_versions": "order by delivery_date, version_utc",
    "fct_market_trades": "order by delivery_date",
    "fct_redispatch": "order by delivery_date",
    "fct_trades": "order by delivery_date",
}
"""How large marts lie, as their models say."""


def make(copy: Path, path: Path, assets: int, days: int) -> None:
    """Write marts of made-up rows, in the order of the models."""
    path.parent.mkdir(parents=True, exist_ok=True)
    con = duckdb.connect(str(path))
    con.execute(f"attach '{copy}' as copy (read_only); create schema marts; create schema reports")
    con.execute("create temp table assets as select i as asset from range(?) as r(i)", [assets])
    con.execute("create temp table days as select date '2025-01-01' + i::int as day from range(?) as r(i)", [days])
    con.execute("create temp table steps as select day, q from days, range(96) as r(q)")
    sources = {
        name: f"select row_number() over () as n, {asset} as asset, day, {q} as q, {kind} as kind, "
        f"greatest(sin((({q}) - 24) * pi() / 48), 0) as daylight, "
        f"day::timestamp - interval 1 hour + ({q}) * interval 15 minute as begin_utc, {version} as version from {place}"
        for name, (place, asset, q, version, kind) in GRAINS.items()
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
        made = f"select {listed} from ({sources[_grain(mart, dict(columns))]})"
        con.execute(f"create table {schema}.{mart} as {made} {LIES_BY.get(mart, '')}")
    con.execute("create schema publication")
    for (name,) in con.execute(
        "select table_name from duckdb_tables() where database_name = 'copy' and schema_name = 'publication'"
    ).fetchall():
        con.execute(f"create table publication.{name} as from copy.publication.{name}")
    con.close()
    (path.parent / CURRENT).symlink_to(path.name)


def _grain(mart: str, columns: dict[str, str]) -> str:
    if mart in OF_MARTS:
        return OF_MARTS[mart]
    if mart.startswith(BY_QUARTER_HOUR) and "delivery_start_utc" in columns:
        return "step"
    if "asset_id" in columns:
        return "asset_step" if "delivery_start_utc" in columns else "asset_day"
    return "step" if "delivery_start_utc" in columns else "day"


def _value(name: str, kind: str, mart: str) -> str:
    if name in TEXTS and not (mart == "dim_contracts" and name == "status"):
        return TEXTS[name]
    if name in ("delivery_date", "period_start_date", "valid_from"):
        return "day"
    if name == "delivery_start_utc":
        return "begin_utc"
    if name in ("executed_at_utc", "version_utc", "as_of_utc"):
        return "version"
    if name == "lead_time_minutes":
        return "date_diff('minute', version, begin_utc)"
    if name == "quarter_hour_of_day":
        return "q + 1"
    if size := next((size for ending, size in NUMBERS.items() if re.search(f"({ending})$", name)), None):
        return size
    if kind == "BOOLEAN":
        return f"random() < {0.98 if 'complete' in name or 'billable' in name else 0.02}"
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


OF_VERSIONS = (queries.forecast_versions, queries.forecasts_known_at)
"""Questions about days of which all versions are kept."""


FRAME = pages.FOLDER.parent / "shell.py"
"""What it asks is asked once per copy."""


def questions(script: Path) -> list[Callable[..., object]]:
    """What a page asks, or the frame around all pages."""
    names = set(re.findall(r"queries\.([a-z_]+)", script.read_text(encoding="utf-8")))
    return [getattr(queries, name) for name in sorted(names) if callable(getattr(queries, name, None))]


def ask(path: Path, script: Path, view: View) -> tuple[float, float]:
    """Seconds that all questions of a page take, with opening the copy: by the clock, and of all cores' work."""
    begin, worked = time.perf_counter(), time.process_time()
    with connected(path) as con:
        kept, _ = queries.version_days(con) or (date.max, None)
        for question in questions(script):
            parameters = list(inspect.signature(question).parameters)
            by_step = question in BY_STEP
            shown = View(view.last, view.last, view.assets, view.moment) if by_step else view  # as the pages do
            if question in KNOWN_AT and view.moment is None:
                continue
            if question in OF_VERSIONS and not (view.by_quarter_hour and kept <= view.last):
                continue
            with suppress(queries.NotSeenError, duckdb.CatalogException):  # pages of a role do without
                if parameters == ["con"]:
                    question(con)
                elif "period" in parameters:
                    question(con, view, "month")
                elif parameters[1] == "view":
                    question(con, shown)
    return time.perf_counter() - begin, time.process_time() - worked


def percentile(taken: list[float], share: float = 0.95) -> float:
    """The value that this share of the figures does not exceed."""
    return sorted(taken)[int(share * (len(taken) - 1))]


@dataclass(frozen=True)
class Looking:
    """What is measured.

    Attributes:
        database: what the pages read.
        shown: the pages that there are.
        cookies: of a browser in which somebody has signed in.
    """

    database: Path
    shown: list[pages.Page]
    cookies: list[Any] = field(default_factory=list)


@contextmanager
def served(home: Path, role: str | None, console: Console) -> Iterator[tuple[str, Looking]]:
    """The dashboard in development mode, or with somebody signed in who holds a role."""
    copy = home / "published" / CURRENT
    if role is None:
        with serving(home, "--development") as url:
            yield url, Looking(copy, list(pages.PAGES))
        return
    port, person = free_port(), access.Person("somebody@example.com", ("a-group",))
    (home / "access.yml").write_text(json.dumps({"grants": [{"group": "a-group", "role": role}]}), encoding="utf-8")
    begin = time.perf_counter()
    with access.opened(home, person, role) as con:
        tables = frozenset(queries.tables(con))
    database = access.at_hand(home, person, role)
    console.print(f"what a {role} sees: {database.stat().st_size / 1e9:.1f} GB, in {time.perf_counter() - begin:.0f} s")
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    claims = {"email": person.address, "email_verified": True, "groups": list(person.groups)}
    with run_server_in_thread(user_claims=[User(sub="somebody", claims=claims)]) as provider:
        sign_in_with(home, port, provider.server_port)
        with serving(home, port=port, address="localhost") as url:
            with browsing() as browser:
                begin = time.perf_counter()
                page = signed_in(browser, url, "somebody")
                settled(page)
                console.print(f"signing in, for the first visitor: {time.perf_counter() - begin:.1f} s")
                cookies = page.context.cookies()
            yield url, Looking(database, pages.visible(tables, is_limited=False), cookies)


async def one_user(
    url: str, looking: Looking, chance: random.Random, views: list[View], until: float, think: float
) -> list[float]:
    """Open a page, look at it, open another; seconds of each until the page was there."""
    taken = []
    cookies = {cookie["name"]: cookie["value"] for cookie in looking.cookies}
    headers = {"Origin": url, "Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}
    words = [Subprotocol(word) for word in ("streamlit", cookies.get("_streamlit_xsrf")) if word]
    await asyncio.sleep(chance.random() * think)
    while time.perf_counter() < until:
        page, view = chance.choice(looking.shown), chance.choice(views)
        request = BackMsg()
        request.rerun_script.query_string = f"from={view.first}&to={view.last}"
        request.rerun_script.page_name = page.name
        begin = time.perf_counter()
        address = f"{url.replace('http', 'ws')}/_stcore/stream"
        async with connect(address, subprotocols=words, additional_headers=headers, max_size=None) as there:
            await there.send(request.SerializeToString())
            answer = ForwardMsg()
            while answer.WhichOneof("type") != "script_finished":
                answer.ParseFromString(await there.recv(decode=False))
            taken.append(time.perf_counter() - begin)
            await asyncio.sleep(think * (0.5 + chance.random()))
    return taken


async def all_users(
    url: str, looking: Looking, users: int, views: list[View], seconds: float, think: float
) -> list[float]:
    """What `users` at once wait for their pages."""
    until = time.perf_counter() + seconds
    found = await asyncio.gather(*(one_user(url, looking, random.Random(i), views, until, think) for i in range(users)))
    return [taken for one in found for taken in one]


_OF_USE = ".rtm-tile, [data-testid=stDataFrame], [data-testid=stMain] h3"


def in_a_browser(url: str, looking: Looking, view: View) -> list[tuple[str, float, float, float]]:
    """Seconds until each page is of use and until it is drawn, by its address; and until it is drawn after a click."""
    found, margin = [], 0.5  # `settled` waits so long after the last change
    with browsing() as browser:
        visitor = browser.new_context(viewport={"width": 1440, "height": 1000})
        visitor.add_cookies(looking.cookies)
        before = visitor.new_page()
        before.goto(f"{url}/about")
        settled(before)
        before.close()
        for page in looking.shown:
            tab = visitor.new_page()
            begin = time.perf_counter()
            tab.goto(f"{url}/{page.name}?from={view.first}&to={view.last}", wait_until="commit")
            tab.wait_for_selector(".rtm-head")
            tab.locator(_OF_USE).first.wait_for()
            of_use = time.perf_counter() - begin
            settled(tab)
            opened = time.perf_counter() - begin - margin
            other = "About" if page.name != "about" else "Infeed"
            tab.get_by_role("link", name=other).first.click()
            tab.wait_for_selector(f".rtm-head h1:text-is('{other}')")
            settled(tab)
            begin = time.perf_counter()
            tab.get_by_role("link", name=page.title).first.click()
            tab.wait_for_selector(f".rtm-head h1:text-is('{page.title}')")
            settled(tab)
            found.append((page.name, of_use, opened, time.perf_counter() - begin - margin))
            tab.close()
    return found


def main(
    copy: Annotated[Path, typer.Argument(help="A published copy, for its columns.")],
    assets: int = 1000,
    days: int = 365,
    users: int = 20,
    rounds: int = 20,
    seconds: Annotated[float, typer.Option(help="How long the users stay.")] = 60,
    think: Annotated[float, typer.Option(help="Seconds that a user looks at a page, on average.")] = 10,
    role: Annotated[str | None, typer.Option(help="Of those who see every row; they sign in.")] = None,
    part: Annotated[list[str] | None, typer.Option(help="questions, pages or users alone.")] = None,
    home: Annotated[Path, typer.Option(help="Where the made copy lies; made once.")] = Path("dashboard_at_size"),
) -> None:
    """Make the marts once, then measure."""
    console, path = Console(width=110), home / "published" / "copy_000001.duckdb"
    if not path.exists():
        begin = time.perf_counter()
        make(copy, path, assets, days)
        console.print(f"made {path.stat().st_size / 1e9:.1f} GB in {time.perf_counter() - begin:.0f} s")
    last, chance = FIRST + timedelta(days=days - 1), random.Random(1)

    def one_day() -> View:
        ago = chance.randrange(VERSION_DAYS) if chance.random() < 0.5 else chance.randrange(days)
        day = last - timedelta(days=ago)
        return View(day, day, None, datetime(day.year, day.month, day.day, 6))

    views: dict[str, Callable[[], View]] = {
        "day": one_day,
        "month": lambda: View(last - timedelta(days=29), last),
        "range": lambda: View(FIRST, last),
    }
    parts = part or ["questions", "pages", "users"]
    with served(home, role, console) as (url, looking):
        if "questions" in parts:
            console.print(_questions(console, looking, views, rounds))
        for name, view in views.items() if "pages" in parts else ():
            drawn = Table("page", "of use s", "drawn s", "drawn after a click s", title=f"In a browser, a {name}")
            for page_name, *seconds_taken in in_a_browser(url, looking, view()):
                drawn.add_row(page_name, *(f"{taken:.2f}" for taken in seconds_taken))
            console.print(drawn)
        if "users" in parts:
            looked_at = [one_day() for _ in range(50)]
            asyncio.run(all_users(url, looking, 1, looked_at, 5, 0.1))  # the first visitor waits for Python's imports
            taken = asyncio.run(all_users(url, looking, users, looked_at, seconds, think))
            console.print(f"{users} users at once, a page every {think:.0f} s: median "
                          f"{statistics.median(taken) * 1000:.0f} ms, 95 % {percentile(taken) * 1000:.0f} ms, "
                          f"{len(taken)} pages")  # fmt: skip


def _questions(console: Console, looking: Looking, views: dict[str, Callable[[], View]], rounds: int) -> Table:
    with closing(duckdb.connect(str(looking.database), read_only=True)) as con:
        begin = time.perf_counter()
        rows = con.execute("select count(*), sum(infeed_mwh) from marts.fct_asset_infeed").fetchall()[0][0]
        base = time.perf_counter() - begin
    console.print(f"one sum over {rows:,} rows: {base * 1000:.0f} ms = 1.0")
    asked = Table("page", "view", "median ms", "95 % ms", "95 % x", "95 % work ms", title="Questions")
    scripts = {page.name: page.script for page in looking.shown} | {"every page, once per copy": FRAME}
    for page_name, script in scripts.items():
        for name, view in views.items():
            taken = [ask(looking.database, script, view()) for _ in range(rounds)]
            clock, work = ([figures[i] for figures in taken] for i in (0, 1))
            slow = percentile(clock)
            asked.add_row(page_name, name, f"{statistics.median(clock) * 1000:.0f}", f"{slow * 1000:.0f}",
                          f"{slow / base:.1f}", f"{percentile(work) * 1000:.0f}")  # fmt: skip
    return asked


if __name__ == "__main__":
    typer.run(main)
