"""Axes, lines, bars and gaps that charts share.

Quarter-hours stand at their true moment, so a local day has 23, 24 or 25 hours and none lies upon another; the labels
are on the clock that is chosen.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import altair as alt
import pandas as pd

from dashboard import formatting
from dashboard.view import View
from serve.charts import INK, NEUTRAL, Theme, either, themed

_DAY = 86_400_000
"""Milliseconds."""
MARGIN: dict[str, Any] = {"minExtent": 34, "maxExtent": 34}
"""Axes of charts that stand below each other: equally wide, so that equal times stand below each other."""


def shown(chart: Any, theme: Theme, height: int | None = None) -> Any:
    """A chart ready for a page: as wide as its place, with the theme's ink and lines."""
    size: dict[str, Any] = {"width": "container", "padding": {"left": 5, "right": 5, "top": 5, "bottom": 3}}
    if height:
        size |= {"height": height, "autosize": alt.AutoSizeParams(type="fit", contains="padding")}
    return themed(chart.properties(**size), theme)


_conversion = threading.Lock()  # the way altair hands out data is the same for all threads


def vega_lite(chart: Any) -> dict[str, Any]:
    """A chart as `st.vega_lite_chart` takes it, with its rows as data frames.

    `st.altair_chart` would first compare the chart with the schema of Vega-Lite, which takes longer than drawing it and
    says nothing new: tests compare every chart of every page.
    """
    rows: dict[str, pd.DataFrame] = {}

    def apart(frame: pd.DataFrame) -> dict[str, str]:
        content = pd.util.hash_pandas_object(frame, index=False).to_numpy().tobytes()
        name = hashlib.sha256(content + repr(list(frame.dtypes.items())).encode()).hexdigest()
        rows[name] = frame
        return {"name": name}

    with _conversion, alt.theme.enable("none"):
        alt.data_transformers.register("apart", apart)
        with alt.data_transformers.enable("apart"):
            spec: dict[str, Any] = chart.to_dict(validate=False)
    return spec | {"datasets": spec.get("datasets", {}) | rows}


def lines(
    steps: pd.DataFrame,
    view: View,
    styles: Mapping[str, tuple[str, str, list[int]]],
    unit: str,
    title: str = "",
    axis: Mapping[str, Any] | None = None,
    zero: bool = True,
) -> Any:
    """Lines with gaps where nothing is known; each has a colour and a dash of its own."""
    names = {column: name for column, (name, _, _) in styles.items()}
    kept = steps[["at", "when", *styles]].rename(columns=names)
    long = kept.melt(["at", "when"], var_name="what", value_name="value")
    domain = list(names.values())
    return (
        alt.Chart(long)
        .mark_line(strokeWidth=1.8, interpolate=interpolate(view), clip=True)
        .encode(
            x=time(view, title, at="at"),
            y=alt.Y("value:Q", title=unit, axis=alt.Axis(**(axis or {})), scale=alt.Scale(zero=zero)),
            color=alt.Color(
                "what:N", title=None, scale=alt.Scale(domain=domain, range=[c for _, c, _ in styles.values()])
            ),
            strokeDash=alt.StrokeDash(
                "what:N", title=None, scale=alt.Scale(domain=domain, range=[d for _, _, d in styles.values()])
            ),
            tooltip=[
                alt.Tooltip("when:N", title="delivery"),
                alt.Tooltip("what:N"),
                alt.Tooltip("value:Q", title=unit, format=",.3f"),
            ],
        )
    )


def signed_bars(
    frame: pd.DataFrame, view: View, theme: Theme, column: str, title: str, positive: str, negative: str
) -> Any:
    """Bars up and down from 0; what may still change (`may_change`) is pale with a dashed edge."""
    steps = placed(frame, view)
    steps["may_change"] = steps["may_change"].eq(True)  # days that lack have no word on it
    steps["state"] = ["provisional" if may_change else "final" for may_change in steps["may_change"]]
    steps["zero"] = 0.0
    known = steps.dropna(subset=[column])
    bars = (
        alt.Chart(known)
        .mark_rect()
        .encode(
            x=time(view),
            x2=alt.X2("end:T"),
            y=alt.Y(f"{column}:Q", title=title),
            y2=alt.Y2("zero:Q"),
            color=either(alt.ColorValue, f"datum.{column} >= 0", positive, negative),
            fillOpacity=either(alt.FillOpacityValue, "datum.may_change", 0.5, 1),
            stroke=either(alt.StrokeValue, "datum.may_change", NEUTRAL, "transparent"),
            strokeDash=alt.StrokeDashValue([2, 2]),
            strokeWidth=alt.StrokeWidthValue(0.7 if view.days <= 62 else 0),  # so many edges would hide the bars
            tooltip=[
                alt.Tooltip("when:N", title="delivery"),
                alt.Tooltip(f"{column}:Q", title=title, format="+,.3f"),
                alt.Tooltip("state:N", title="state"),
            ],
        )
    )
    return alt.layer(missing(steps, steps[column].isna(), view), bars, zero(theme))


def missing(steps: pd.DataFrame, absent: pd.Series, view: View, what: str = "no data", opacity: float = 0.18) -> Any:
    """A grey band over what is missing; the page names it in words as well."""
    return (
        alt.Chart(steps.loc[absent.astype(bool), ["begin", "end", "when"]].assign(what=what))
        .mark_rect(color=NEUTRAL, opacity=opacity)
        .encode(
            x=time(view),
            x2=alt.X2("end:T"),
            tooltip=[alt.Tooltip("when:N", title="delivery"), alt.Tooltip("what:N", title="value")],
        )
    )


def now(view: View, theme: Theme) -> list[Any]:
    """A line at the present moment, where quarter-hours around it are shown."""
    first, last = view.bounds_utc
    if view.now is None or not view.by_quarter_hour or not first <= view.now < last:
        return []
    mark = pd.DataFrame({"begin": [pd.Timestamp(view.now, tz="UTC")], "when": [formatting.clock(view.now, view.zone)]})
    tooltip = alt.Tooltip("when:N", title="now")
    base = alt.Chart(mark).encode(x=time(view), tooltip=tooltip)
    rule = base.mark_rule(color=INK[theme], strokeWidth=1.5)
    word = base.mark_text(text="now", color=INK[theme], align="left", dx=4, fontSize=11).encode(y=alt.YValue(6))  # type: ignore[no-untyped-call]
    return [rule, word]


def zero(theme: Theme) -> Any:
    """A thin line at 0."""
    rule = alt.Chart(pd.DataFrame({"zero": [0.0]})).mark_rule(color=INK[theme], strokeWidth=0.6)
    return rule.encode(y=alt.Y("zero:Q"))


def placed(frame: pd.DataFrame, view: View) -> pd.DataFrame:
    """The frame with `begin`, `end` (instants) and `when` (words) of each step; days that lack have rows, too."""
    steps = frame.copy()
    if "delivery_start_utc" in steps:
        steps["begin"] = pd.to_datetime(steps["delivery_start_utc"]).dt.tz_localize("UTC")
        steps["end"] = steps["begin"] + pd.Timedelta(minutes=15)
        steps["at"] = steps["begin"]
        begin = formatting.clocks(steps["begin"].dt.tz_localize(None), view.zone)
        steps["when"] = begin + " to " + steps["end"].dt.tz_convert(view.zone).dt.strftime("%H:%M")
    else:
        steps["delivery_date"] = pd.to_datetime(steps["delivery_date"])
        every_day = pd.DataFrame({"delivery_date": pd.date_range(view.first, view.last).astype("datetime64[us]")})
        steps = every_day.merge(steps, on="delivery_date", how="left")
        steps["begin"] = steps["delivery_date"].dt.tz_localize("UTC")
        steps["end"] = steps["begin"] + pd.Timedelta(days=1)
        steps["at"] = steps["begin"] + pd.Timedelta(hours=12)
        steps["when"] = steps["begin"].dt.strftime("%a %d %b %Y")
    return steps


def time(view: View, title: str | None = "", at: str = "begin") -> Any:
    """The axis of delivery: moments on the clock that is chosen, or local delivery dates."""
    if view.by_quarter_hour:
        first, last = view.bounds_utc
        return instants(first, last, view, f"delivery, {clock_name(view)}" if title == "" else title, at)
    ends = (view.first, view.last + timedelta(days=1))
    first, last = (datetime(day.year, day.month, day.day, tzinfo=UTC) for day in ends)
    by_month = view.days > 100
    form = "%b %Y" if by_month else "%d %b"
    ticks: dict[str, Any] = {"tickCount": {"interval": "month", "step": 1}} if by_month else {"tickMinStep": _DAY}
    return alt.X(
        f"{at}:T",
        title="delivery date, local" if title == "" else title,
        scale=alt.Scale(type="utc", domain=[_stamp(first), _stamp(last)], nice=False),
        axis=alt.Axis(format=form, labelFlush=True, grid=False, labelOverlap=True, labelSeparation=8, **ticks),
    )


def instants(first: Any, last: Any, view: View, title: str | None, at: str = "begin") -> Any:
    """An axis of moments whose ticks are round and whose labels are on the view's clock, over clock changes too."""
    begin, end = (pd.Timestamp(moment, tz="UTC") for moment in (first, last))
    hours = max((end - begin).total_seconds() / 3600, 0.25)
    most = 9 if hours <= 30 else 7  # labels that a half of the page holds
    step = next((step for step in (1, 3, 6, 12, 24) if hours / step <= most), 24 * max(round(hours / 24 / most), 1))
    there = begin.tz_convert(view.zone)
    ticks, moment = [], there.floor("h", ambiguous=True) if step < 24 else there.normalize()
    while moment <= end:
        ok = moment.hour % step == 0 if step < 24 else moment.hour == 0
        if ok and moment >= begin:
            ticks.append(moment)
        moment = (
            (moment.tz_convert("UTC") + pd.Timedelta(hours=1)).tz_convert(view.zone)
            if step < 24
            else (moment + pd.DateOffset(hours=step)).normalize()
        )
    form = "%H:%M" if hours <= 30 else "%d %b" if step >= 24 else "%d %b %H:%M"
    labels = {_stamp(tick): tick.strftime(form) for tick in ticks}
    expression = (
        f"({json.dumps({str(int(t.timestamp() * 1000)): labels[_stamp(t)] for t in ticks})})[''+time(datum.value)]"
    )
    return alt.X(
        f"{at}:T",
        title=title,
        scale=alt.Scale(type="utc", domain=[_stamp(begin), _stamp(end)], nice=False),
        axis=alt.Axis(
            values=[_stamp(tick) for tick in ticks], labelExpr=expression, labelFlush=False, grid=True, gridOpacity=0.5,
            labelOverlap=True, labelSeparation=8,
        ),
    )  # fmt: skip


def _stamp(moment: Any) -> str:
    return f"{pd.Timestamp(moment).tz_convert('UTC'):%Y-%m-%dT%H:%M:%SZ}"


def clock_name(view: View) -> str:
    """The clock in words, for the titles of axes."""
    return "UTC" if view.in_utc else f"{view.zone} time"


def interpolate(view: View) -> Any:
    """Steps for quarter-hours, lines for days."""
    return "step-after" if view.by_quarter_hour else "linear"


def limit(values: pd.Series) -> float:
    """How far a scale of colours reaches to both sides; 1 where nothing is known."""
    return float(values.abs().max()) if values.notna().any() and values.abs().max() > 0 else 1.0
