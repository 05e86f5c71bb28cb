"""Charts of the open position."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from dashboard import formatting
from dashboard.charts import axes
from dashboard.view import View
from serve.charts import INK, LONG, OURS, PALE, SHORT, SOURCES, Theme, either


def heat_strip(frame: pd.DataFrame, view: View, theme: Theme) -> Any:
    """The open position per quarter-hour as a strip: long olive, short magenta, the deeper the more; its sign above.

    Pale: it may still change, because infeed is live or forecast, or lacks.

    Args:
        frame: `queries.position`.
        view: the days and the clock.
        theme: of the page.
    """
    steps = axes.placed(frame, view)
    steps["open_mw"] = 4 * steps["open_position_mwh"]
    steps["side"] = ["+" if value > 0.05 else "−" if value < -0.05 else "" for value in steps["open_mw"]]
    steps["row"] = ""
    steps["infeed"] = _state(steps)
    known = steps.dropna(subset=["open_mw"])
    # a blank axis as wide as those below, so that equal times stand below each other
    y = alt.Y("row:N", title=" ", axis=alt.Axis(**axes.MARGIN, ticks=False, domain=False, labels=False))
    cells = (
        alt.Chart(known)
        .mark_rect()
        .encode(
            x=axes.time(view, title=None),
            x2=alt.X2("end:T"),
            y=y,
            color=_open_position(known["open_mw"], "open position in MW: + long, − short", theme),
            opacity=either(alt.OpacityValue, "datum.infeed == 'final'", 1, 0.65),
            tooltip=[
                alt.Tooltip("when:N", title="delivery"),
                alt.Tooltip("open_mw:Q", title="open, MW", format="+,.2f"),
                alt.Tooltip("infeed_mwh:Q", title="infeed, MWh", format=",.3f"),
                alt.Tooltip("net_sold_mwh:Q", title="net sold, MWh", format=",.3f"),
                alt.Tooltip("infeed:N", title="infeed"),
            ],
        )
    )
    chart = alt.layer(axes.missing(steps, steps["open_mw"].isna(), view), cells, *axes.now(view, theme))
    if view.days == 1:
        every_hour = known[known["quarter_hour_of_day"] % 4 == 1]
        chart += (
            alt.Chart(every_hour)
            .mark_text(fontSize=12, fontWeight="bold", color=INK[theme], dx=6)
            .encode(x=axes.time(view, title=None), y=y, text=alt.Text("side:N"))
        )
    return chart


def heat_days(frame: pd.DataFrame, view: View, theme: Theme) -> Any:
    """The open position of many days: a column per day, a row per hour, the mean in MW; pale where it may change.

    Args:
        frame: `queries.position_hours`.
        view: the days.
        theme: of the page.
    """
    cells = frame.dropna(subset=["open_mw"]).copy()
    cells["begin"] = pd.to_datetime(cells["delivery_date"]).dt.tz_localize("UTC")
    cells["end"] = cells["begin"] + pd.Timedelta(days=1)
    cells["hour_end"] = cells["hour_of_day"] + 1
    cells["infeed"] = _state(cells)
    return (
        alt.Chart(cells[["begin", "end", "hour_of_day", "hour_end", "open_mw", "infeed"]])
        .mark_rect()
        .encode(
            x=axes.time(view, title=None),
            x2=alt.X2("end:T"),
            y=alt.Y(
                "hour_of_day:Q",
                title="hours since midnight",
                scale=alt.Scale(
                    reverse=True, nice=False, domain=[0, int(cells["hour_end"].max()) if len(cells) else 24]
                ),
                axis=alt.Axis(**axes.MARGIN, values=[0, 6, 12, 18, 24], grid=False),
            ),
            y2=alt.Y2("hour_end:Q"),
            opacity=either(alt.OpacityValue, "datum.infeed == 'final'", 1, 0.65),
            color=_open_position(cells["open_mw"], "mean open position in MW: + long, − short", theme),
            tooltip=[
                alt.Tooltip("begin:T", title="delivery date", format="%a %d %b %Y", timeUnit="utcyearmonthdate"),
                alt.Tooltip("hour_of_day:Q", title="hours since midnight"),
                alt.Tooltip("open_mw:Q", title="open, MW", format="+,.2f"),
                alt.Tooltip("infeed:N", title="infeed"),
            ],
        )
    )


def _state(frame: pd.DataFrame) -> list[str]:
    """What the infeed rests on, in words."""
    pairs = zip(frame["is_complete"].eq(True), frame["is_final"].eq(True), strict=True)
    return [
        "final" if final else "live or forecast" if complete else "of some assets only" for complete, final in pairs
    ]


def _open_position(values: pd.Series, title: str, theme: Theme) -> Any:
    limit = axes.limit(values)
    return alt.Color(
        "open_mw:Q",
        title=title,
        scale=alt.Scale(domain=[-limit, 0, limit], range=[SHORT, PALE[theme], LONG], interpolate="rgb"),
        legend=alt.Legend(gradientLength=160, gradientThickness=8, tickCount=4, titleOrient="left"),
    )


def position(frame: pd.DataFrame, view: View, theme: Theme) -> Any:
    """Infeed and what was sold of it: two lines, the gap between them is the open position.

    Args:
        frame: `queries.position`, or `queries.position_days` for many days.
        view: the days and the clock.
        theme: of the page.
    """
    steps = axes.placed(frame, view)
    factor, unit = (4, "MW") if view.by_quarter_hour else (1, "MWh a day")
    for name in ("infeed_mwh", "net_sold_mwh"):
        steps[name] = factor * steps[name]
    lines = axes.lines(
        steps,
        view,
        {"infeed_mwh": ("best of infeed", SOURCES["final"], [1, 0]), "net_sold_mwh": ("net sold", OURS, [6, 3])},
        unit,
        axis=axes.MARGIN,
    )
    layers = [axes.missing(steps, steps["infeed_mwh"].isna(), view), lines, *axes.now(view, theme)]
    return alt.layer(*layers, axes.zero(theme)).resolve_scale(color="shared")


def growth(frame: pd.DataFrame, view: View, theme: Theme) -> Any:
    """How a day's position became known: its infeed and what was sold of it, at each moment of the day.

    Args:
        frame: `queries.position_growth`.
        view: the day, the clock, and the moment, which is marked.
        theme: of the page.
    """
    steps = frame.copy()
    steps["at"] = steps["as_of_utc"].dt.tz_localize("UTC")
    steps["when"] = "as known at " + formatting.clocks(steps["as_of_utc"], view.zone)
    styles = {
        "infeed_mwh": ("best of infeed", SOURCES["final"], [1, 0]),
        "measured_mwh": ("measured of it", SOURCES["live"], [2, 2]),
        "net_sold_mwh": ("net sold", OURS, [6, 3]),
    }
    layers = [
        axes.lines(steps, view, styles, "MWh, the whole day", f"known at, {axes.clock_name(view)}"),
        axes.zero(theme),
    ]
    if view.moment is not None:
        mark = pd.DataFrame({"at": [pd.Timestamp(view.moment, tz="UTC")]})
        layers.append(alt.Chart(mark).mark_rule(color=INK[theme], strokeDash=[3, 3]).encode(x=alt.X("at:T")))
    return alt.layer(*layers)
