"""What all pages share: the filters with their place in the URL, the head with the data's age, tables and downloads."""

from __future__ import annotations

import contextlib
import html
import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Literal, cast

import duckdb
import pandas as pd
import streamlit as st

from dashboard import charts, door, formatting, queries
from dashboard.formatting import number
from dashboard.view import View
from home import market_time_zone
from serve.charts import Theme
from serve.published import Manifest, read_manifest, utc_now

OLD_AFTER = timedelta(hours=24)
"""Data older than this are marked as old."""
MOST_BARS = 20
"""Bars of assets in a chart; a table beside it has all."""
MOST_LINES = 8
"""Lines of assets in a chart: more cannot be told apart."""
MOST_ROWS = 5000
"""Rows that a table sends to the browser; a download has all."""
_ROW_PIXELS, _HEAD_PIXELS = 28, 42


@dataclass(frozen=True)
class Context:
    """What one run of a page works with.

    Attributes:
        con: what the role may see of the published copy.
        view: what is looked at.
        theme: of the browser.
        tables: the marts that are there.
        meanings: what a column means, by `mart.column` and by `column`.
        manifest: of the copy.
        right: the role.
        who: looks.
        known: first and last delivery date of which something is known, and the one to begin with; None: of none.
        assets: how many assets the role sees.
    """

    con: duckdb.DuckDBPyConnection
    view: View
    theme: Theme
    tables: frozenset[str]
    meanings: dict[str, str]
    manifest: Manifest
    right: door.Right
    who: door.Visitor
    known: tuple[date, date, date] | None
    assets: int = 0

    def has(self, *marts: str) -> bool:
        """Whether the role sees all these marts."""
        return self.tables.issuperset(marts)

    def ask(self, question: Callable[..., pd.DataFrame], *arguments: Any) -> pd.DataFrame | None:
        """An answer; None: the role does not see all that the question needs."""
        try:
            return question(self.con, *arguments)
        except (duckdb.CatalogException, duckdb.BinderException):
            if self.who.is_development:
                raise
            return None

    def note(self, what: str) -> None:
        """Put a line in the access log: what was opened."""
        door.note(self.who, self.right, what)

    def means(self, column: str, mart: str = "") -> str:
        """What a column means, as the dbt docs say it."""
        return self.meanings.get(f"{mart}.{column}", self.meanings.get(column, ""))


@dataclass(frozen=True)
class Copy:
    """What never changes in one database, so that it is asked once.

    Attributes:
        tables: the marts and columns in it.
        meanings: what a column means, by `mart.column` and by `column`.
        assets: its assets.
        known: first and last delivery date, and the one to begin with; None: it is empty.
        manifest: of the copy.
    """

    tables: frozenset[str]
    meanings: dict[str, str]
    assets: pd.DataFrame
    known: tuple[date, date, date] | None
    manifest: Manifest


def about(con: duckdb.DuckDBPyConnection) -> Copy:
    """What there is to know of the open database; remembered for as long as its file lies there unchanged."""
    path = con.execute("select path from duckdb_databases() where database_name = current_database()").fetchall()[0][0]
    file = Path(path).stat()
    return _about(con, f"{path} {file.st_ino} {file.st_mtime_ns}")


@st.cache_resource(max_entries=100, show_spinner=False)
def _about(_con: duckdb.DuckDBPyConnection, file: str) -> Copy:
    del file  # what tells one database from another
    tables = frozenset(queries.tables(_con))
    found = queries.definitions(_con)
    words = found["definition"].fillna("")
    meanings = dict(zip(found["column_name"], words, strict=True))
    meanings |= dict(zip(found["mart_name"] + "." + found["column_name"], words, strict=True))
    nothing = pd.DataFrame({"asset_id": [], "technology": []}, dtype=str)
    assets = queries.assets(_con) if "marts.dim_assets" in tables else nothing
    known = queries.known_days(_con) if "marts.fct_asset_infeed_days" in tables else queries.invoiced_days(_con)
    return Copy(tables, meanings, assets, known, read_manifest(_con))


def theme() -> Theme:
    """The browser's theme."""
    return "dark" if st.context.theme.type == "dark" else "light"


def filters(copy: Copy) -> View:
    """Draw the filters in the sidebar and say what they are set to; the URL says it too.

    Args:
        copy: what there is to choose from.
    """
    first, last, newest = copy.known or (utc_now().date(),) * 3
    assets = copy.assets
    _from_url(assets)
    state = st.session_state
    if "days" not in state:
        state["days"] = (newest, newest)
    with st.sidebar:
        st.date_input("Delivery dates, local", key="days", format="YYYY-MM-DD",
                      help="One day or a range; up to three days are shown by quarter-hour, more by day.")  # fmt: skip
        chosen = _days()
        with st.container(horizontal=True, gap="xsmall"):
            st.button("‹", on_click=_shift, args=(-1,), key="earlier", help="Earlier, by as many days as are shown")
            st.button("›", on_click=_shift, args=(1,), key="later", help="Later, by as many days as are shown")
            st.button("Day", on_click=_set_days, args=(newest, newest), key="day", help="The newest measured day")
            st.button("Month", on_click=_set_days, args=(chosen[1].replace(day=1), _month_end(chosen[1])), key="month",
                      help="The month of the last day shown")  # fmt: skip
            st.button("Year", on_click=_set_days, args=(max(first, last - timedelta(days=365)), last), key="year",
                      help="Up to a year, as far as data reach")  # fmt: skip
        technologies = sorted(set(assets["technology"].dropna()))
        if len(technologies) > 1 or state.get("technologies"):
            st.pills("Technology", technologies, selection_mode="multi", key="technologies")
        if len(assets) > 1:
            names = dict(zip(assets["asset_id"], assets.get("asset_name", assets["asset_id"]), strict=True))
            st.multiselect("Assets", list(names), key="assets", placeholder="all",
                           format_func=lambda asset: f"{asset} · {names[asset]}")  # fmt: skip
        st.segmented_control("Times in", ["local", "UTC"], key="clock", default=None if "clock" in state else "local",
                             required=True)  # fmt: skip
        if "marts.fct_forecast_versions" in copy.tables:
            st.datetime_input(f"As known at, {'UTC' if state['clock'] == 'UTC' else 'local'}", key="moment", step=900,
                              format="YYYY-MM-DD",
                              value=None if "moment" not in state else "now",
                              help="Forecasts and positions as they were known then, on the clock above; empty: as "
                              "known now. Kept for the last days only.")  # fmt: skip
    view = _view(assets)
    _to_url(view)
    return view


def head(title: str, context: Context, *, portfolio_only: bool = False) -> None:
    """The page's name, its days, and how old the data are.

    Args:
        title: of the page.
        context: of this run.
        portfolio_only: the page has no figures by asset, so that a choice of assets changes nothing; it then says so.
    """
    manifest, view = context.manifest, context.view
    now = utc_now()
    known = manifest.known_until_utc
    is_old = known is None or now - known > OLD_AFTER
    ago = formatting.span((now - manifest.published_at_utc).total_seconds())
    behind = f", {formatting.span((now - known).total_seconds())} old" if known else ""
    st.html(
        f'<div class="rtm-head"><h1>{title}</h1><span class="days">{view.title}</span>'
        f'<span class="age{" old" if is_old else ""}" title="copy {manifest.copy_number}">'
        f"{'▲ ' if is_old else ''}data until <b>{formatting.clock(known, view.zone)}</b>{behind} · published {ago} ago"
        "</span></div>"
    )
    notes = []
    if context.who.is_development:
        notes.append("Development mode: no sign-in, everything is shown, this machine only.")
    if door.home()[1]:
        notes.append("Nothing is published yet: this is the bundled sample, made-up data of three days.")
    if reason := door.why_nothing_newer():
        notes.append(reason)
    if context.known is None:
        notes.append("Nothing is known yet of any delivery date.")
    elif view.last < context.known[0] or context.known[1] < view.first:
        notes.append(f"No data for these days: there are data from {context.known[0]} to {context.known[1]}.")
    if portfolio_only and view.assets is not None:
        notes.append("These are figures of the whole portfolio: the choice of assets does not apply here.")
    if notes:
        st.html("".join(f'<div class="rtm-note">{html.escape(note)}</div>' for note in notes))


def tiles(figures: list[formatting.Tile]) -> None:
    """A grid of figures."""
    st.html(formatting.tiles(figures))


def chart(
    drawn: Any, context: Context, *, key: str, alt: str, height: int | None = 240, known: pd.Series | None = None,
    rows: pd.DataFrame | None = None, name: str = "", as_of: datetime | None = None,
) -> None:  # fmt: skip
    """A chart as wide as its place, and the download of what it shows.

    Args:
        drawn: by `dashboard.charts`.
        context: of this run.
        key: tells it from others of the page.
        alt: what it shows, for those who do not see it.
        height: in pixels; None: what the chart says.
        known: the values that it is about; if none is known, words stand where empty axes would.
        rows: what it shows, to download; None: a table or another button of the page gives them.
        name: of that file.
        as_of: the moment as of which the rows are known.
    """
    if known is not None and not known.notna().any():
        st.caption("▨ Nothing is known of this for these days.")
        return
    st.altair_chart(charts.shown(drawn, context.theme, height), width="stretch", theme=None, key=key, alt=alt)
    if rows is not None:
        downloads(rows, context, key=f"{key}_of_chart", name=name, as_of=as_of)


def gap_note(frame: pd.DataFrame, absent: Any, context: Context, what: str) -> None:
    """Name the steps of a frame on which something is missing.

    Args:
        frame: with `delivery_start_utc` or `delivery_date`.
        absent: which rows, as booleans.
        context: of this run.
        what: is missing.
    """
    rows = frame[absent]
    if rows.empty or len(rows) == len(frame):  # nothing at all: said where the chart would be
        return
    if "delivery_start_utc" in rows and context.view.by_quarter_hour:
        words = formatting.gaps(rows["delivery_start_utc"], context.view.zone)
        st.caption(f"▨ {what} missing: {number(len(rows))} of {number(len(frame))} quarter-hours: {words}")
    else:
        days = rows["delivery_date"].drop_duplicates()
        steps = "days" if len(days) == len(rows) else "quarter-hours"
        words = formatting.gaps(days, UTC, timedelta(days=1))
        st.caption(f"▨ {what} missing: {number(len(rows))} of {number(len(frame))} {steps}, on {words}")


def table(
    frame: pd.DataFrame,
    context: Context,
    *,
    key: str,
    name: str,
    mart: str = "",
    selectable: bool = False,
    height: int | Literal["auto"] = "auto",
) -> int | None:
    """A table with units in its heads and definitions on hover, and its download.

    Args:
        frame: as a question gave it.
        context: of this run.
        key: tells it from others of the page.
        name: of the file.
        mart: whose definitions count first.
        selectable: whether a row can be chosen.
        height: in pixels, at most; fewer rows make a smaller table.

    Returns:
        The place of the row that is chosen; None: none is.
    """
    if frame.empty:
        st.caption("Nothing to list.")
        return None
    shown = formatting.for_people(frame.head(MOST_ROWS), context.view.zone)
    columns = {column: _column(column, shown[column], context, mart) for column in shown.columns}
    if height != "auto":
        height = min(height, _ROW_PIXELS * len(shown) + _HEAD_PIXELS)
    event = st.dataframe(
        shown, hide_index=True, key=key, column_config=columns, height=height, row_height=_ROW_PIXELS, width="stretch",
        placeholder=formatting.NOT_KNOWN, on_select="rerun" if selectable else "ignore", selection_mode="single-row",
    )  # fmt: skip
    if len(frame) > MOST_ROWS:
        st.caption(f"The first {number(MOST_ROWS)} of {number(len(frame))} rows; the files have all.")
    downloads(frame, context, key=key, name=name)
    rows = cast("Any", event).selection.rows if selectable else []
    return int(rows[0]) if rows and rows[0] < len(frame) else None


def downloads(
    frame: pd.DataFrame, context: Context, *, key: str, name: str, what: str = "", as_of: datetime | None = None
) -> None:
    """Buttons that give exactly the rows shown, as CSV and Parquet; moments are UTC.

    Args:
        frame: the rows.
        context: of this run.
        key: tells it from others of the page.
        name: of the file.
        what: they are, where several stand together.
        as_of: naive UTC, the moment as of which the rows are known; it stands in the file's name.
    """
    of = f" · {what}" if what else ""
    known = f"_as_of_{as_of:%Y-%m-%dT%H%M}Z" if as_of else ""
    stem = f"{name}_{context.view.first}_{context.view.last}{known}"
    with st.container(horizontal=True, gap="small"):
        st.download_button(f"CSV{of}", lambda: to_csv(frame), f"{stem}.csv", "text/csv", key=f"{key}_csv",
                           on_click="ignore", type="tertiary", icon=":material/download:")  # fmt: skip
        st.download_button(f"Parquet{of}", lambda: to_parquet(frame), f"{stem}.parquet",
                           "application/vnd.apache.parquet", key=f"{key}_parquet", on_click="ignore", type="tertiary",
                           icon=":material/download:")  # fmt: skip


def to_csv(frame: pd.DataFrame) -> bytes:
    """Rows as CSV, UTF-8; what is not known is empty."""
    return str(frame.to_csv(index=False)).encode()


def to_parquet(frame: pd.DataFrame) -> bytes:
    """Rows as Parquet."""
    file = io.BytesIO()
    frame.to_parquet(file, index=False)
    return file.getvalue()


def not_seen(what: str) -> None:
    """Say that a part of the page is not for this role."""
    st.caption(f"{what}: not part of what your role sees.")


def style() -> None:
    """The project's look on top of Streamlit's."""
    st.html(Path(__file__).with_name("style.css").read_text(encoding="utf-8"))


def _column(column: str, values: pd.Series, context: Context, mart: str) -> Any:
    label, meaning = formatting.label_of(column), context.means(column, mart) or context.means(f"{column}_utc", mart)
    if pd.api.types.is_float_dtype(values):
        digits = formatting.digits_of(column)
        return st.column_config.NumberColumn(label, help=meaning or None, format=f"%,.{digits}f")
    if pd.api.types.is_integer_dtype(values):
        return st.column_config.NumberColumn(label, help=meaning or None, format="localized")
    return st.column_config.Column(label, help=meaning or None)


def _days() -> tuple[date, date]:
    """The days as they are set; a range that is half entered counts as its one day."""
    value = st.session_state["days"]
    days = value if isinstance(value, tuple | list) else (value,)
    return (days[0], days[-1]) if days else (utc_now().date(), utc_now().date())


def _set_days(first: date, last: date) -> None:
    st.session_state["days"] = (first, last)


def _shift(direction: int) -> None:
    first, last = _days()
    step = timedelta(days=(last - first).days + 1) * direction
    _set_days(first + step, last + step)


def _month_end(day: date) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def _view(assets: pd.DataFrame) -> View:
    state = st.session_state
    first, last = _days()
    technologies, named = state.get("technologies") or [], state.get("assets") or []
    chosen = None
    if technologies or named:
        kept = assets[assets["asset_id"].isin(named)] if named else assets
        kept = kept[kept["technology"].isin(technologies)] if technologies else kept
        chosen = tuple(kept["asset_id"])
    in_utc = state.get("clock") == "UTC"
    moment: datetime | None = state.get("moment")
    if moment is not None:
        zone = UTC if in_utc else market_time_zone()
        moment = moment.replace(tzinfo=zone).astimezone(UTC).replace(tzinfo=None)
    return View(first, last, chosen, moment, in_utc, utc_now())


def _from_url(assets: pd.DataFrame) -> None:
    """What the URL says counts when somebody comes; after that the filters write it. Nonsense in it is passed over."""
    state, url = st.session_state, st.query_params
    if state.get("came"):
        return
    state["came"] = True
    try:
        first = date.fromisoformat(url["from"])
        last = date.fromisoformat(url.get("to", url["from"]))
        if first <= last:
            state["days"] = (first, last)
    except (KeyError, ValueError):
        pass
    known = {"assets": set(assets["asset_id"]), "technologies": set(assets["technology"])}
    for key, values in known.items():
        if named := [name for name in url.get_all(key) if name in values]:
            state[key] = named
    if url.get("clock") in ("local", "UTC"):
        state["clock"] = url["clock"]
    with contextlib.suppress(KeyError, ValueError):
        state["moment"] = datetime.fromisoformat(url["moment"]).replace(tzinfo=None)


def _to_url(view: View) -> None:
    state = st.session_state
    said: dict[str, Any] = {"from": str(view.first), "to": str(view.last)}
    said |= {key: list(state[key]) for key in ("assets", "technologies") if state.get(key)}
    if state.get("clock") == "UTC":
        said["clock"] = "UTC"
    if state.get("moment"):
        said["moment"] = f"{state['moment']:%Y-%m-%dT%H:%M}"
    if state.get("role"):
        said["role"] = state["role"]
    if {key: st.query_params.get_all(key) for key in st.query_params} != {
        key: value if isinstance(value, list) else [value] for key, value in said.items()
    }:
        st.query_params.from_dict(said)


def enter(context: Context) -> None:
    """Put what a page works with where its script finds it, for this run."""
    st.session_state["_context"] = context


def context() -> Context:
    """What this run of a page works with."""
    found: Context = st.session_state["_context"]
    return found
