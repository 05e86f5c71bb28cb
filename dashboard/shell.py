"""What all pages share: the filters with their place in the URL, the head with the data's age, tables and downloads."""

from __future__ import annotations

import contextlib
import gc
import hashlib
import html
import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any, Literal, cast

import duckdb
import pandas as pd
import streamlit as st

from dashboard import charts, door, formatting, freshness, queries
from dashboard.formatting import number
from dashboard.view import View, local_date
from home import market_time_zone
from serve.charts import Theme
from serve.published import Manifest, read_manifest, utc_now

HEAD_SECONDS = 15
"""So often the age of the data is written anew."""
NOW_MOVES_AFTER = timedelta(minutes=5)
"""So often a page that shows the present is drawn anew, with its line at the present moment."""
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
        known: first and last delivery date of which something is known, and the newest that is measured; None: of none.
        assets: how many assets the role sees.
        ages: `queries.feed_ages`; None: the role does not see the feeds.
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
    ages: pd.DataFrame | None = None

    def has(self, *marts: str) -> bool:
        """Whether the role sees all these marts."""
        return self.tables.issuperset(marts)

    def ask(self, question: Callable[..., pd.DataFrame], *arguments: Any) -> pd.DataFrame | None:
        """An answer; None: the role does not see all that the question needs."""
        try:
            return question(self.con, *arguments)
        except queries.NotSeenError:
            return None

    def note(self, what: str) -> None:
        """Put a line in the access log: what was opened; once for as long as it stays open."""
        state = st.session_state
        if what not in state.get("_noted_before", ()):
            door.note(self.who, self.right, what)
        state["_noted"] = (*state.get("_noted", ()), what)

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
        known: first and last delivery date, and the newest that is measured; None: it is empty.
        manifest: of the copy.
        ages: `queries.feed_ages`; None: the feeds are not in it.
    """

    tables: frozenset[str]
    meanings: dict[str, str]
    assets: pd.DataFrame
    known: tuple[date, date, date] | None
    manifest: Manifest
    ages: pd.DataFrame | None

    @property
    def known_until(self) -> datetime | None:
        """The newest moment of which anything is known: live data are newer than the name of their file says."""
        moments = [self.manifest.known_until_utc, *([] if self.ages is None else self.ages["newest_at_utc"])]
        known = [pd.Timestamp(moment) for moment in moments if not formatting.is_missing(moment)]
        return max(known).to_pydatetime() if known else None


def about(con: duckdb.DuckDBPyConnection) -> Copy:
    """What there is to know of the open database; remembered for as long as its file lies there unchanged."""
    path = door.file_of(con)
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
    manifest = read_manifest(_con)
    ages = queries.feed_ages(_con, manifest.known_until_utc) if "marts.fct_feed_days" in tables else None
    return Copy(tables, meanings, assets, known, manifest, ages)


def theme() -> Theme:
    """The browser's theme."""
    return "dark" if st.context.theme.type == "dark" else "light"


def first_shown(known: tuple[date, date, date] | None, now: datetime) -> date:
    """The delivery date to show until somebody chooses one: the present one, or the newest measured where it lacks.

    Args:
        known: first and last delivery date of the copy, and the newest that is measured.
        now: this moment, naive UTC.
    """
    today = local_date(now)
    return today if known is None or known[0] <= today <= known[1] else known[2]


def is_outdated(view: View, known: tuple[date, date, date] | None) -> bool:
    """Whether an open screen has to be drawn anew though the data are the same: the day or its present moment moved."""
    now = utc_now()
    if view.follows and view.first != first_shown(known, now):
        return True
    moved = view.now is not None and now - view.now >= NOW_MOVES_AFTER
    return moved and view.by_quarter_hour and view.shows(now)


def filters(copy: Copy) -> View:
    """Draw the filters in the sidebar and say what they are set to; the URL says it too.

    Args:
        copy: what there is to choose from.
    """
    now = utc_now()
    newest = first_shown(copy.known, now)
    first, last, _ = copy.known or (newest,) * 3
    assets = copy.assets
    _from_url(assets)
    state = st.session_state
    if state.setdefault("follows", True) or "days" not in state:
        _follow()
        state["days"] = (newest, newest)
    with st.sidebar:
        st.date_input("Delivery dates, local", key="days", format="YYYY-MM-DD", on_change=_stay,
                      help="One day or a range; up to three days are shown by quarter-hour, more by day.")  # fmt: skip
        chosen = _days()
        with st.container(horizontal=True, gap="xsmall"):
            st.button("‹", on_click=_shift, args=(-1,), key="earlier", help="Earlier, by as many days as are shown")
            st.button("›", on_click=_shift, args=(1,), key="later", help="Later, by as many days as are shown")
            st.button("Today" if newest == local_date(now) else "Newest", on_click=_follow, key="day",
                      type="primary" if state["follows"] else "secondary",
                      help="The present delivery date, and after midnight the next one; where data end earlier, the "
                      "newest measured day")  # fmt: skip
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
        _moment_filter(copy)
    view = _view(copy, now)
    _to_url(view)
    return view


def _moment_filter(copy: Copy) -> None:
    """The moment to look back from: kept in UTC, shown on the clock; none later than what is known."""
    state, until = st.session_state, copy.known_until
    if "marts.fct_forecast_versions" not in copy.tables or copy.known is None or until is None:
        state["moment_utc"] = None
        return
    begin = datetime.combine(copy.known[0], datetime.min.time())
    kept: datetime | None = state.get("moment_utc")
    state["moment_utc"] = None if kept is None else max(min(kept, until), begin)
    state["moment"] = None if kept is None else _on_the_clock(state["moment_utc"])
    st.datetime_input(f"As known at, {'UTC' if state['clock'] == 'UTC' else 'local'}", key="moment", step=900,
                      format="YYYY-MM-DD", value=None, on_change=_set_moment,
                      min_value=begin - timedelta(days=1), max_value=_on_the_clock(until),
                      help="Forecasts and positions as they were known then, on the clock above; empty: as "
                      "known now. Kept for the last days only.")  # fmt: skip


def head(title: str, context: Context, *, portfolio_only: bool = False, as_known: bool = False) -> None:
    """The page's name, its days, and how old the data are, which goes on by itself.

    Args:
        title: of the page.
        context: of this run.
        portfolio_only: the page has no figures by asset, so that a choice of assets changes nothing; it then says so.
        as_known: the page shows what it can as known at the moment that is chosen, and says which part; the others
            say that the moment changes nothing.
    """
    view, notes = context.view, []
    if context.who.is_development:
        notes.append("Development mode: no sign-in, everything is shown, this machine only.")
    if door.home()[1]:
        notes.append("Nothing is published yet: this is the bundled sample, made-up data of three days.")
    if context.known is None:
        notes.append("Nothing is known yet of any delivery date.")
    elif view.last < context.known[0] or context.known[1] < view.first:
        notes.append(f"No data for these days: there are data from {context.known[0]} to {context.known[1]}.")
    elif view.follows and not view.shows(utc_now()):
        notes.append(f"Nothing is known of today, {local_date(utc_now()):%-d %b %Y}: this is the newest measured day.")
    if view.moment is not None and not as_known:
        notes.append(f"As known now, not as known at {formatting.clock(view.moment, view.zone)}: the moment changes "
                     "Today and Forecast only.")  # fmt: skip
    if portfolio_only and view.assets is not None:
        notes.append("These are figures of the whole portfolio: the choice of assets does not apply here.")
    _head(title, view, context.manifest, context.ages, context.who)
    if notes:
        st.html("".join(_note(note) for note in notes))


@st.fragment(run_every=HEAD_SECONDS)
def _head(title: str, view: View, manifest: Manifest, ages: pd.DataFrame | None, who: door.Visitor) -> None:
    """The head alone, written anew by itself: on a screen that is left open the data must be seen to get old."""
    st.html(
        f'<div class="rtm-head"><h1>{title}</h1><span class="days">{view.title}</span>'
        f"{freshness.words(manifest, view, ages, utc_now())}</div>"
    )
    if reason := door.why_nothing_newer(who):
        st.html(_note(reason))


def _note(text: str) -> str:
    return f'<div class="rtm-note">{html.escape(text)}</div>'


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
    spec = charts.vega_lite(charts.shown(drawn, context.theme, height))
    st.vega_lite_chart(None, spec, width="stretch", theme=None, key=key, alt=alt)
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
    chosen_by: tuple[str, ...] = (),
    height: int | Literal["auto"] = "auto",
) -> int | None:
    """A table with units in its heads and definitions on hover, and its download.

    Args:
        frame: as a question gave it.
        context: of this run.
        key: tells it from others of the page.
        name: of the file.
        mart: whose definitions count first.
        chosen_by: a row can be chosen, and these columns tell which one it is, also when other rows come or go.
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
    chosen = _Choice.of(frame.head(MOST_ROWS), key, chosen_by) if chosen_by else None
    event = st.dataframe(
        shown, hide_index=True, key=chosen.widget if chosen else key, column_config=columns, height=height,
        row_height=_ROW_PIXELS, width="stretch", placeholder=formatting.NOT_KNOWN,
        on_select="rerun" if chosen else "ignore", selection_mode="single-row",
        selection_default=cast("Any", {"selection": {"rows": chosen.rows}}) if chosen else None,
    )  # fmt: skip
    if len(frame) > MOST_ROWS:
        st.caption(f"The first {number(MOST_ROWS)} of {number(len(frame))} rows; the files have all.")
    downloads(frame, context, key=key, name=name)
    return chosen.remember(cast("Any", event).selection.rows) if chosen else None


@dataclass(frozen=True)
class _Choice:
    """The row of a table that somebody chose, by what it is: its place changes with filters and newer copies.

    Attributes:
        key: of the table.
        names: of the rows.
        widget: the key of Streamlit's table, another one for other rows: it remembers places only.
        rows: the place that the row has now; empty: nothing is chosen, or it is not among the rows.
    """

    key: str
    names: list[str]
    widget: str
    rows: list[int]

    @classmethod
    def of(cls, frame: pd.DataFrame, key: str, chosen_by: tuple[str, ...]) -> _Choice:
        """What is chosen in a table."""
        names = [" ".join(str(part) for part in row) for row in frame[list(chosen_by)].itertuples(index=False)]
        told = hashlib.sha256("\n".join(names).encode()).hexdigest()[:16]
        known = st.session_state.get(f"_chosen_{key}")
        return cls(key, names, f"{key}_{told}", [names.index(known)] if known in names else [])

    def remember(self, rows: list[int]) -> int | None:
        """Keep which row is chosen; one that is not shown at present stays chosen."""
        place = int(rows[0]) if rows and rows[0] < len(self.names) else None
        if place is not None:
            st.session_state[f"_chosen_{self.key}"] = self.names[place]
        elif self.rows:
            del st.session_state[f"_chosen_{self.key}"]
        return place


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
    _stay()
    st.session_state["days"] = (first, last)


def _follow() -> None:
    """Show the present day, also tomorrow."""
    st.session_state["follows"] = True


def _stay() -> None:
    """Show the days that somebody chose, whatever day it is."""
    st.session_state["follows"] = False


def _shift(direction: int) -> None:
    first, last = _days()
    step = timedelta(days=(last - first).days + 1) * direction
    _set_days(first + step, last + step)


def _month_end(day: date) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def _zone() -> tzinfo:
    """The clock that is chosen."""
    return UTC if st.session_state.get("clock") == "UTC" else market_time_zone()


def _on_the_clock(moment: datetime) -> datetime:
    """A naive UTC moment as the filter shows it."""
    return moment.replace(tzinfo=UTC).astimezone(_zone()).replace(tzinfo=None)


def _set_moment() -> None:
    """Keep the moment that was entered in UTC, so that another clock shows the same moment."""
    entered: datetime | None = st.session_state["moment"]
    kept = None if entered is None else entered.replace(tzinfo=_zone()).astimezone(UTC).replace(tzinfo=None)
    st.session_state["moment_utc"] = kept


def _view(copy: Copy, now: datetime) -> View:
    state, assets = st.session_state, copy.assets
    first, last = _days()
    technologies, named = state.get("technologies") or [], state.get("assets") or []
    chosen = None
    if technologies or named:
        kept = assets[assets["asset_id"].isin(named)] if named else assets
        kept = kept[kept["technology"].isin(technologies)] if technologies else kept
        chosen = tuple(kept["asset_id"])
    in_utc = state.get("clock") == "UTC"
    return View(first, last, chosen, state["moment_utc"], in_utc, now, copy.known_until, state["follows"])


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
            _set_days(first, last)
    except (KeyError, ValueError):
        pass
    known = {"assets": set(assets["asset_id"]), "technologies": set(assets["technology"])}
    for key, values in known.items():
        if named := [name for name in url.get_all(key) if name in values]:
            state[key] = named
    if url.get("clock") in ("local", "UTC"):
        state["clock"] = url["clock"]
    with contextlib.suppress(KeyError, ValueError):
        moment = datetime.fromisoformat(url["moment"])
        there = moment if moment.tzinfo else moment.replace(tzinfo=_zone())
        state["moment_utc"] = there.astimezone(UTC).replace(tzinfo=None)


def _to_url(view: View) -> None:
    state = st.session_state
    said: dict[str, Any] = {} if view.follows else {"from": str(view.first), "to": str(view.last)}
    said |= {key: list(state[key]) for key in ("assets", "technologies") if state.get(key)}
    if state.get("clock") == "UTC":
        said["clock"] = "UTC"
    if view.moment is not None:
        said["moment"] = f"{view.moment:%Y-%m-%dT%H:%M}Z"
    said |= {key: state[key] for key in ("role", "customer") if state.get(key)}
    if {key: st.query_params.get_all(key) for key in st.query_params} != {
        key: value if isinstance(value, list) else [value] for key, value in said.items()
    }:
        st.query_params.from_dict(said)


def enter(context: Context) -> None:
    """Put what a page works with where its script finds it, for this run."""
    st.session_state["_noted_before"] = st.session_state.pop("_noted", ())
    st.session_state["_context"] = context


def context() -> Context:
    """What this run of a page works with."""
    found: Context = st.session_state["_context"]
    return found


gc.collect()
gc.freeze()  # Streamlit looks for garbage after each run of a page; it need not search what is imported for good
