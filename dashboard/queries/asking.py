"""What all questions share: how they are asked, and words of SQL that several need."""

from __future__ import annotations

import re
from typing import Any

import duckdb
import pandas as pd

from dashboard.view import View

Connection = duckdb.DuckDBPyConnection
LEAD_TIMES = ("gate closure", "0-1 h", "1-3 h", "3-6 h", "6-24 h", "over 24 h")
"""The buckets of lead times, the shortest first."""
MONTH = 31
"""Days up to which single days of assets are told apart."""
MOST_TRADES = 4000
"""Dots that a chart of trades draws; the largest ones, where there are more."""
SOURCES = ("final", "live", "redispatch", "forecast")
DAYS = "(select distinct delivery_date from marts.dim_quarter_hours where delivery_date between $first and $last)"
"""The days of the view, also those of which nothing is known."""
BY_LEAD_TIME = f"list_position({list(LEAD_TIMES)}, lead_time_bucket)"
NAMES = "(select columns(lambda name: name in ('asset_id', 'asset_name', 'technology')) from marts.dim_assets)"
"""What the assets are called, as far as the role may know."""


class NotSeenError(Exception):
    """A question names a mart or a column that the role does not get."""


def chosen(view: View) -> str:
    """SQL that keeps the assets of the view."""
    return "" if view.assets is None else "and list_contains($assets, asset_id)"


def doubles(alias: str, *names: str) -> str:
    """SQL that takes quantities as DOUBLE, by their names."""
    prefix = f"{alias}." if alias else ""
    return ", ".join(f"cast({prefix}{name} as double) as {name}" for name in names)


def sums(*names: str) -> str:
    """SQL that adds up quantities as DOUBLE, by their names."""
    return ", ".join(f"cast(sum({name}) as double) as {name}" for name in names)


def ask(con: Connection, sql: str, view: View | None = None, **values: Any) -> pd.DataFrame:
    """The answer to a question; of a view its days, moment and assets are parameters.

    Raises:
        NotSeenError: if it names something that the open database holds back from the role.
        duckdb.Error: if it cannot be answered for any other reason.
    """
    if view is not None:
        values |= {"first": view.first, "last": view.last, "moment": view.moment, "until": view.known_until}
        values |= {"assets": list(view.assets) if view.assets is not None else None}
    try:
        answer = con.execute(sql, {name: values[name] for name in set(re.findall(r"\$(\w+)", sql))})
    except (duckdb.CatalogException, duckdb.BinderException) as error:
        if _names_something_withheld(con, sql):
            raise NotSeenError(str(error)) from error
        raise
    frame: pd.DataFrame = answer.df()
    return frame


def _names_something_withheld(con: Connection, sql: str) -> bool:
    """Whether a mart is named that the role does not get, or a column that it does not get of a mart that is named."""
    try:
        withheld = con.execute("select mart_name, column_name from publication.withheld").fetchall()
    except duckdb.CatalogException:  # the whole copy holds nothing back
        return False
    words = set(re.findall(r"\w+", sql))
    there = {mart for (mart,) in con.execute("select distinct mart_name from publication.contract").fetchall()}
    return any(mart in words and (mart not in there or column in words) for mart, column in withheld)
