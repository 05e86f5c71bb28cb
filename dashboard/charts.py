"""Charts of the pages: data frames of `dashboard.queries` in, Altair charts out, as wide as their place.

Quarter-hours stand at their true moment, so a local day has 23, 24 or 25 hours and none lies upon another; the labels
are on the clock that is chosen. Colours mean what they mean in `serve.charts`. What is missing is a grey band that says
so; what is provisional is pale, with a dashed edge.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import altair as alt
import pandas as pd

from dashboard import formatting
from dashboard.queries import LEAD_TIMES
from dashboard.view import View
from serve.charts import (
    BAD,
    GOOD,
    INK,
    LONG,
    NEUTRAL,
    OURS,
    PALE,
    PRICES,
    SHORT,
    SOURCES,
    Theme,
    themed,
)
from serve.charts import waterfall as plain_waterfall

__all__ = [
    "accuracy", "alpha", "asset_map", "by_asset", "completeness", "cost", "feed_matrix", "forecast", "growth",
    "heat_days", "heat_strip", "imbalance", "imbalance_prices", "infeed", "path", "position", "prices", "revenue_days",
    "shown", "themed", "trades", "waterfall",
]  # fmt: skip

STATES = {
    "measured": ("#2b6cb0", "circle"),
    "partly measured": ("#90cdf4", "diamond"),
    "forecast only": ("#a0aec0", "triangle-up"),
    "redispatched": ("#b7791f", "square"),
    "no data": ("#c05621", "cross"),
}
_DAY = 86_400_000
"""Milliseconds."""
_MARGIN: dict[str, Any] = {"minExtent": 34, "maxExtent": 34}
"""Axes of charts that stand below each other: equally wide, so that equal times stand below each other."""
_OUTLINE = Path(__file__).with_name("germany.json")


def shown(chart: Any, theme: Theme, height: int | None = None) -> Any:
    """A chart ready for a page: as wide as its place, with the theme's ink and lines."""
    size: dict[str, Any] = {"width": "container", "padding": {"left": 5, "right": 5, "top": 5, "bottom": 3}}
    if height:
        size |= {"height": height, "autosize": alt.AutoSizeParams(type="fit", contains="padding")}
    return themed(chart.properties(**size), theme)


def heat_strip(frame: pd.DataFrame, view: View, theme: Theme) -> Any:
    """The open position per quarter-hour as a strip: long olive, short magenta, the deeper the more; its sign above.

    Args:
        frame: `queries.position`.
        view: the days and the clock.
        theme: of the page.
    """
    steps = _placed(frame, view)
    steps["open_mw"] = 4 * steps["open_position_mwh"]
    steps["side"] = ["+" if value > 0.05 else "−" if value < -0.05 else "" for value in steps["open_mw"]]
    steps["row"] = ""
    known = steps.dropna(subset=["open_mw"])
    # a blank axis as wide as those below, so that equal times stand below each other
    y = alt.Y("row:N", title=" ", axis=alt.Axis(**_MARGIN, ticks=False, domain=False, labels=False))
    cells = (
        alt.Chart(known)
        .mark_rect()
        .encode(
            x=_time(view, title=None),
            x2="end:T",
            y=y,
            color=_open_position(known["open_mw"], "open position in MW: + long, − short", theme),
            opacity=alt.condition("datum.is_complete", alt.value(1), alt.value(0.45)),
            tooltip=[
                alt.Tooltip("when:N", title="delivery"),
                alt.Tooltip("open_mw:Q", title="open, MW", format="+,.2f"),
                alt.Tooltip("infeed_mwh:Q", title="infeed, MWh", format=",.3f"),
                alt.Tooltip("net_sold_mwh:Q", title="net sold, MWh", format=",.3f"),
                alt.Tooltip("is_complete:N", title="every asset present"),
            ],
        )
    )
    chart = alt.layer(_missing(steps, steps["open_mw"].isna(), view), cells, *_now(view, theme))
    if view.days == 1:
        every_hour = known[known["quarter_hour_of_day"] % 4 == 1]
        chart += (
            alt.Chart(every_hour)
            .mark_text(fontSize=12, fontWeight="bold", color=INK[theme], dx=6)
            .encode(x=_time(view, title=None), y=y, text="side:N")
        )
    return chart


def heat_days(frame: pd.DataFrame, view: View, theme: Theme) -> Any:
    """The open position of many days: a column per day, a row per hour, the mean in MW.

    Args:
        frame: `queries.position_hours`.
        view: the days.
        theme: of the page.
    """
    cells = frame.dropna(subset=["open_mw"]).copy()
    cells["begin"] = pd.to_datetime(cells["delivery_date"]).dt.tz_localize("UTC")
    cells["end"] = cells["begin"] + pd.Timedelta(days=1)
    cells["hour_end"] = cells["hour_of_day"] + 1
    return (
        alt.Chart(cells[["begin", "end", "hour_of_day", "hour_end", "open_mw"]])
        .mark_rect()
        .encode(
            x=_time(view, title=None),
            x2="end:T",
            y=alt.Y(
                "hour_of_day:Q",
                title="hours since midnight",
                scale=alt.Scale(
                    reverse=True, nice=False, domain=[0, int(cells["hour_end"].max()) if len(cells) else 24]
                ),
                axis=alt.Axis(**_MARGIN, values=[0, 6, 12, 18, 24], grid=False),
            ),
            y2="hour_end:Q",
            color=_open_position(cells["open_mw"], "mean open position in MW: + long, − short", theme),
            tooltip=[
                alt.Tooltip("begin:T", title="delivery date", format="%a %d %b %Y", timeUnit="utcyearmonthdate"),
                alt.Tooltip("hour_of_day:Q", title="hours since midnight"),
                alt.Tooltip("open_mw:Q", title="open, MW", format="+,.2f"),
            ],
        )
    )


def position(frame: pd.DataFrame, view: View, theme: Theme) -> Any:
    """Infeed and what was sold of it: two lines, the gap between them is the open position.

    Args:
        frame: `queries.position`, or `queries.position_days` for many days.
        view: the days and the clock.
        theme: of the page.
    """
    steps = _placed(frame, view)
    factor, unit = (4, "MW") if view.by_quarter_hour else (1, "MWh a day")
    for name in ("infeed_mwh", "net_sold_mwh"):
        steps[name] = factor * steps[name]
    lines = _lines(
        steps,
        view,
        {"infeed_mwh": ("best of infeed", SOURCES["final"], [1, 0]), "net_sold_mwh": ("net sold", OURS, [6, 3])},
        unit,
        axis=_MARGIN,
    )
    layers = [_missing(steps, steps["infeed_mwh"].isna(), view), lines, *_now(view, theme)]
    return alt.layer(*layers, _zero(theme)).resolve_scale(color="shared")


def growth(frame: pd.DataFrame, view: View, theme: Theme) -> Any:
    """How a day's position became known: its infeed and what was sold of it, at each moment of the day.

    Args:
        frame: `queries.position_growth`.
        view: the day, the clock, and the moment, which is marked.
        theme: of the page.
    """
    steps = frame.copy()
    steps["at"] = steps["as_of_utc"].dt.tz_localize("UTC")
    steps["when"] = [f"as known at {formatting.clock(moment, view.zone)}" for moment in steps["as_of_utc"]]
    styles = {
        "infeed_mwh": ("best of infeed", SOURCES["final"], [1, 0]),
        "measured_mwh": ("measured of it", SOURCES["live"], [2, 2]),
        "net_sold_mwh": ("net sold", OURS, [6, 3]),
    }
    layers = [_lines(steps, view, styles, "MWh, the whole day", f"known at, {_clock_name(view)}"), _zero(theme)]
    if view.moment is not None:
        mark = pd.DataFrame({"at": [pd.Timestamp(view.moment, tz="UTC")]})
        layers.append(alt.Chart(mark).mark_rule(color=INK[theme], strokeDash=[3, 3]).encode(x="at:T"))
    return alt.layer(*layers)


def path(frame: pd.DataFrame, view: View, column: str, theme: Theme) -> Any:
    """How revenue or sold energy grew over trading time, a line per delivery date.

    Args:
        frame: `queries.revenue_path`.
        view: for the clock.
        column: `cumulative_revenue_eur` or `cumulative_net_sold_mwh`.
        theme: of the page.
    """
    drawn = frame.copy()
    drawn["begin"] = drawn["executed_at_utc"].dt.tz_localize("UTC")
    drawn["when"] = [formatting.clock(moment, view.zone) for moment in drawn["executed_at_utc"]]
    drawn["day"] = drawn["delivery_date"].dt.strftime("%d %b")
    unit = formatting.unit_of(column)
    title = {"EUR": "revenue, EUR", "MWh": "net sold, MWh"}[unit]
    first, last = (drawn["executed_at_utc"].min(), drawn["executed_at_utc"].max()) if len(drawn) else view.bounds_utc
    several = drawn["day"].nunique() > 1
    line = (
        alt.Chart(drawn)
        .mark_line(interpolate="step-after", strokeWidth=1.8, color=OURS)
        .encode(
            x=_instants(first, last, view, f"time of trading, {_clock_name(view)}"),
            y=alt.Y(f"{column}:Q", title=title),
            detail="day:N",
            opacity=alt.value(0.75 if several else 1),
            tooltip=[
                alt.Tooltip("day:N", title="delivery date"),
                alt.Tooltip("when:N", title="traded until"),
                alt.Tooltip(f"{column}:Q", title=title, format=",.2f"),
            ],
        )
    )
    return alt.layer(line, _zero(theme))


def revenue_days(frame: pd.DataFrame, view: View, theme: Theme) -> Any:
    """Revenue as it adds up over the delivery dates.

    Args:
        frame: `queries.trading_days`, of product `all`.
        view: the days and the clock.
        theme: of the page.
    """
    steps = _placed(frame, view)
    steps["so_far"] = steps["revenue_eur"].cumsum()
    line = _lines(steps, view, {"so_far": ("revenue so far", OURS, [1, 0])}, "EUR")
    return alt.layer(line, _zero(theme))


def infeed(frame: pd.DataFrame, view: View, theme: Theme) -> Any:
    """Best of infeed shaded by its source, the tradeable forecast as a dashed line, redispatch marked above.

    Args:
        frame: `queries.infeed`.
        view: the days and the clock.
        theme: of the page.
    """
    steps = _placed(frame, view)
    unit = "MW" if view.by_quarter_hour else "MWh a day"
    stacked = []
    base = pd.Series(0.0, index=steps.index)
    for source in SOURCES:
        height = steps[source].fillna(0.0)
        part = steps[["begin", "end", "when"]].assign(
            source=source,
            value=steps[source],
            low=base,
            high=base + height,
            missing=steps["expected"] - steps["present"],
        )
        stacked.append(part[height > 0])
        base = base + height
    areas = (
        alt.Chart(pd.concat(stacked))
        .mark_rect()
        .encode(
            x=_time(view),
            x2="end:T",
            y=alt.Y("low:Q", title=f"infeed, {unit}"),
            y2="high:Q",
            color=alt.Color(
                "source:N",
                title="infeed by source",
                scale=alt.Scale(domain=list(SOURCES), range=list(SOURCES.values())),
            ),
            opacity=alt.condition("datum.source == 'forecast'", alt.value(0.55), alt.value(1)),
            tooltip=[
                alt.Tooltip("when:N", title="delivery"),
                alt.Tooltip("source:N"),
                alt.Tooltip("value:Q", title=unit, format=",.3f"),
            ],
        )
    )
    line = (
        alt.Chart(steps.dropna(subset=["tradeable"]))
        .mark_line(strokeWidth=1.6, strokeDash=[5, 3], color=INK[theme], interpolate=_interpolate(view))
        .encode(
            x=_time(view, at="at"),
            y="tradeable:Q",
            tooltip=[
                alt.Tooltip("when:N", title="delivery"),
                alt.Tooltip("tradeable:Q", title=f"tradeable forecast, {unit}", format=",.3f"),
            ],
        )
    )
    off = (
        alt.Chart(steps[steps["redispatched"] > 0])
        .mark_rect(color=SOURCES["redispatch"], height=5)
        .encode(
            x=_time(view),
            x2="end:T",
            y=alt.value(2),
            tooltip=[
                alt.Tooltip("when:N", title="delivery"),
                alt.Tooltip(
                    "redispatched:Q", title="switched off: " + ("assets" if view.by_quarter_hour else "quarter-hours")
                ),
            ],
        )
    )
    nothing = steps[list(SOURCES)].isna().all(axis=1)
    return alt.layer(_missing(steps, nothing, view), areas, line, off, *_now(view, theme))


def forecast(
    frame: pd.DataFrame,
    view: View,
    theme: Theme,
    versions: pd.DataFrame | None = None,
    known: pd.DataFrame | None = None,
) -> Any:
    """Latest and tradeable forecast beside the measured infeed; earlier versions fan out behind them.

    Args:
        frame: `queries.forecasts`.
        view: the days and the clock.
        theme: of the page.
        versions: `queries.forecast_versions`; the newer, the stronger.
        known: `queries.forecasts_known_at`, drawn as a line of its own.
    """
    steps = _placed(frame, view)
    unit = "MW" if view.by_quarter_hour else "MWh a day"
    layers = [_missing(steps, steps["latest"].isna(), view)]
    if versions is not None and len(versions):
        fan = _placed(versions, view)
        fan["issued"] = [formatting.clock(moment, view.zone) for moment in fan["version_utc"]]
        fan["age"] = fan["version_utc"].rank(method="dense")
        layers.append(
            alt.Chart(fan)
            .mark_line(strokeWidth=1, color=NEUTRAL, interpolate="step-after")
            .encode(
                x=_time(view),
                y=alt.Y("forecast_mw:Q", title=unit),
                detail="issued:N",
                opacity=alt.Opacity("age:Q", legend=None, scale=alt.Scale(range=[0.12, 0.6])),
                tooltip=[
                    alt.Tooltip("when:N", title="delivery"),
                    alt.Tooltip("issued:N", title="version"),
                    alt.Tooltip("forecast_mw:Q", title="MW", format=",.3f"),
                ],
            )
        )
    styles = {
        "measured": ("measured infeed", SOURCES["final"], [1, 0]),
        "latest": ("latest forecast", NEUTRAL, [1, 0]),
        "tradeable": ("tradeable forecast", INK[theme], [5, 3]),
    }
    if known is not None and len(known):
        steps = steps.merge(known[["delivery_start_utc", "known"]], on="delivery_start_utc", how="left")
        styles["known"] = ("as known at the moment", INK[theme], [1, 2])
    layers.append(_lines(steps, view, styles, unit))
    return alt.layer(*layers, *_now(view, theme))


def accuracy(frame: pd.DataFrame, column: str, theme: Theme) -> Any:
    """A forecast error as a share of the capacity, by lead time; a line and a sign per scope.

    Args:
        frame: `queries.forecast_accuracy`.
        column: `nmae`, `nrmse` or `nbias`.
        theme: of the page.
    """
    present = [bucket for bucket in LEAD_TIMES if bucket in set(frame["lead_time_bucket"])]
    color = alt.Color("scope:N", title=None, scale=_technologies(frame["scope"], theme))
    base = alt.Chart(frame).encode(
        x=alt.X("lead_time_bucket:O", sort=present, title="lead time before delivery", axis=alt.Axis(labelAngle=0)),
        y=alt.Y(f"{column}:Q", title=f"{formatting.label_of(column, with_unit=False)}, % of capacity",
                axis=alt.Axis(format=".1%")),
        color=color,
        tooltip=[
            "scope:N", "lead_time_bucket:O", alt.Tooltip(f"{column}:Q", format=".2%"),
            alt.Tooltip("samples:Q", format=","),
        ],
    )  # fmt: skip
    return base.mark_line(strokeWidth=1.4) + base.mark_point(size=60, filled=True).encode(
        shape=alt.Shape("scope:N", title=None)
    )


def completeness(frame: pd.DataFrame) -> Any:
    """How much of each asset's quarter-hours is measured, forecast only, and missing.

    Args:
        frame: `queries.completeness`.
    """
    kinds = {
        "measured": ("measured_quarter_hours", SOURCES["final"]),
        "forecast only": ("unmeasured_quarter_hours", SOURCES["forecast"]),
        "missing": ("missing_quarter_hours", BAD),
    }
    parts = pd.concat(
        [frame[["asset_id", "expected_quarter_hours"]].assign(kind=kind, quarter_hours=frame[column], place=place)
         for place, (kind, (column, _)) in enumerate(kinds.items())]
    )  # fmt: skip
    parts["share"] = parts["quarter_hours"] / parts["expected_quarter_hours"]
    return (
        alt.Chart(parts[parts["quarter_hours"] > 0])
        .mark_bar()
        .encode(
            x=alt.X(
                "share:Q", title="share of quarter-hours", axis=alt.Axis(format="%"), scale=alt.Scale(domain=[0, 1])
            ),
            y=alt.Y("asset_id:N", title=None, sort=list(frame["asset_id"])),
            color=alt.Color(
                "kind:N",
                title=None,
                scale=alt.Scale(domain=list(kinds), range=[color for _, color in kinds.values()]),
            ),
            order="place:Q",
            tooltip=[
                "asset_id:N",
                "kind:N",
                alt.Tooltip("quarter_hours:Q", format=","),
                alt.Tooltip("share:Q", format=".1%"),
            ],
        )
        .properties(height=alt.Step(16))
    )


def prices(frame: pd.DataFrame, view: View, theme: Theme) -> Any:
    """Our VWAP beside the market's and its indices.

    Args:
        frame: with any column of `serve.charts.PRICES`, by quarter-hour or day.
        view: the days and the clock.
        theme: of the page.
    """
    steps = _placed(frame, view)
    styles = {name: (name, color, dashes) for name, (color, dashes) in PRICES.items() if name in steps}
    lines = _lines(steps, view, styles, "EUR/MWh", zero=False)
    return alt.layer(lines, _zero(theme)) if (steps[list(styles)].min() < 0).any() else lines


def trades(frame: pd.DataFrame, view: View, theme: Theme) -> Any:
    """Trades over trading time: where they lie is the price, how large the energy, their shape the side.

    Args:
        frame: `queries.trades`.
        view: for the clock.
        theme: of the page.
    """
    drawn = frame.copy()
    drawn["begin"] = drawn["executed_at_utc"].dt.tz_localize("UTC")
    drawn["when"] = [formatting.clock(moment, view.zone, seconds=True) for moment in drawn["executed_at_utc"]]
    drawn["delivery"] = [formatting.clock(moment, view.zone) for moment in drawn["delivery_start_utc"]]
    first, last = (drawn["executed_at_utc"].min(), drawn["executed_at_utc"].max()) if len(drawn) else view.bounds_utc
    sizes = [8, 160] if len(drawn) < 1000 else [4, 60]
    sides, shapes, colors = ["SELL", "BUY"], ["triangle-up", "triangle-down"], [OURS, INK[theme]]
    return (
        alt.Chart(drawn)
        .mark_point(filled=True, opacity=0.7)
        .encode(
            x=_instants(first, last, view, f"time of trading, {_clock_name(view)}"),
            y=alt.Y("price_eur_per_mwh:Q", title="price, EUR/MWh", scale=alt.Scale(zero=False)),
            size=alt.Size(
                "volume_mwh:Q",
                title="MWh:",
                scale=alt.Scale(range=sizes, zero=True),
                legend=alt.Legend(tickCount=3, titleOrient="left", symbolFillColor=NEUTRAL, symbolStrokeWidth=0),
            ),
            color=alt.Color("side:N", title=None, scale=alt.Scale(domain=sides, range=colors)),
            shape=alt.Shape("side:N", title=None, scale=alt.Scale(domain=sides, range=shapes)),
            tooltip=[
                alt.Tooltip("when:N", title="executed"),
                alt.Tooltip("side:N"),
                alt.Tooltip("delivery:N"),
                alt.Tooltip("product:N"),
                alt.Tooltip("price_eur_per_mwh:Q", title="EUR/MWh", format=",.2f"),
                alt.Tooltip("volume_mwh:Q", title="MWh", format=",.3f"),
                alt.Tooltip("trade_id:N"),
            ],
        )
    )


def alpha(frame: pd.DataFrame, theme: Theme) -> Any:
    """Alpha as a heat map, hour by quarter of a day or by day; its sign stands in cells that are large enough.

    Args:
        frame: `queries.alpha`; NULL is a gap.
        theme: of the page.
    """
    drawn = frame.dropna(subset=["alpha_eur"]).copy()
    limit = _limit(drawn["alpha_eur"])
    drawn["side"] = ["" if abs(eur) < limit / 10 else "+" if eur > 0 else "−" for eur in drawn["alpha_eur"]]
    base = alt.Chart(drawn).encode(
        x=alt.X("hour_of_day:O", title="hours since midnight, local time",
                axis=alt.Axis(labelAngle=0, labelOverlap=True, labelSeparation=4)),
        y=alt.Y("place:O", title=None, sort=list(dict.fromkeys(drawn["place"])),
                axis=alt.Axis(labelOverlap=True, labelSeparation=2)),
        tooltip=[
            alt.Tooltip("place:N", title="quarter, day or month"),
            alt.Tooltip("hour_of_day:O", title="hours since midnight"),
            alt.Tooltip("alpha_eur:Q", title="alpha, EUR", format="+,.2f"),
        ],
    )  # fmt: skip
    cells = base.mark_rect().encode(
        color=alt.Color(
            "alpha_eur:Q",
            title="alpha in EUR: + better than the market",
            scale=alt.Scale(domain=[-limit, 0, limit], range=[BAD, PALE[theme], GOOD], interpolate="rgb"),
            legend=alt.Legend(gradientLength=140, gradientThickness=8, tickCount=4, titleOrient="left"),
        )
    )
    if drawn["place"].nunique() > 12:
        return cells
    return cells + base.mark_text(fontSize=11, color=INK[theme]).encode(text="side:N")


def imbalance(frame: pd.DataFrame, view: View, theme: Theme, column: str = "imbalance_mwh") -> Any:
    """The imbalance per quarter-hour or day: long up, short down.

    Args:
        frame: `queries.portfolio_imbalance` or `queries.asset_imbalance`.
        view: the days and the clock.
        theme: of the page.
        column: which volume.
    """
    certain = frame.assign(is_estimated=False)  # the price may change, the volume does not with it
    return _signed_bars(certain, view, theme, column, "MWh, + long, − short", LONG, SHORT)


def cost(frame: pd.DataFrame, view: View, theme: Theme, column: str = "imbalance_cost_eur") -> Any:
    """What the imbalance costs: up is paid, down is earned; an estimate is pale with a dashed edge.

    Args:
        frame: as `imbalance` takes it, with `is_estimated`.
        view: the days and the clock.
        theme: of the page.
        column: which cost.
    """
    return _signed_bars(frame, view, theme, column, "EUR, + we pay", BAD, GOOD)


def imbalance_prices(frame: pd.DataFrame, view: View, theme: Theme) -> Any:
    """Final prices of both sides, and the estimate beside them.

    Args:
        frame: `queries.imbalance_prices`.
        view: the days and the clock.
        theme: of the page.
    """
    steps = _placed(frame, view)
    styles = {
        "short_final": ("final, short pays", SHORT, [1, 0]),
        "long_final": ("final, long gets", LONG, [6, 3]),
        "estimate": ("estimate (provisional)", NEUTRAL, [2, 2]),
    }
    if steps["short_final"].equals(steps["long_final"]):
        steps = steps.drop(columns="long_final")
        styles = {"short_final": ("final, both sides", INK[theme], [1, 0]), "estimate": styles["estimate"]}
    nothing = steps[list(styles)].isna().all(axis=1)
    return alt.layer(_missing(steps, nothing, view), _lines(steps, view, styles, "EUR/MWh"), _zero(theme))


def waterfall(parts: pd.DataFrame, theme: Theme) -> Any:
    """How parts add up to a margin.

    Args:
        parts: `serve.charts.margin_parts`.
        theme: of the page.
    """
    return plain_waterfall(parts, width=900, theme=theme)


def by_asset(frame: pd.DataFrame, column: str, title: str, positive: str = BAD, negative: str = GOOD) -> Any:
    """A figure of each asset as a bar, in the frame's order; a provisional one is pale.

    Args:
        frame: `asset_id`, the column, and `is_final`.
        column: the figure.
        title: of the axis, with the unit.
        positive: colour of figures above 0.
        negative: colour of those below.
    """
    drawn = frame.dropna(subset=[column]).copy()
    drawn["state"] = ["final" if final else "provisional" for final in drawn["is_final"]]
    bars = (
        alt.Chart(drawn)
        .mark_bar()
        .encode(
            x=alt.X(f"{column}:Q", title=title),
            y=alt.Y("asset_id:N", title=None, sort=list(drawn["asset_id"])),
            color=alt.condition(f"datum.{column} >= 0", alt.value(positive), alt.value(negative)),
            opacity=alt.condition("datum.state == 'final'", alt.value(1), alt.value(0.5)),
            tooltip=["asset_id:N", alt.Tooltip(f"{column}:Q", title=title, format=",.2f"), "state:N"],
        )
    )
    return bars.properties(height=alt.Step(17))


def asset_map(frame: pd.DataFrame, theme: Theme) -> Any:
    """The assets on a coarse outline of Germany: place, capacity by size, state by colour and shape.

    Args:
        frame: `queries.asset_states`.
        theme: of the page.
    """
    outline = alt.Chart(alt.InlineData(values=json.loads(_OUTLINE.read_text(encoding="utf-8")))).mark_geoshape(
        fill=PALE[theme], fillOpacity=0.45, stroke=NEUTRAL, strokeWidth=1
    )
    drawn = frame.dropna(subset=["latitude", "longitude"]).copy()
    drawn["capacity_mw"] = drawn["capacity_kw"] / 1000
    drawn["infeed_mw"] = drawn["infeed_kw"] / 1000
    colors, shapes = zip(*STATES.values(), strict=True)
    points = (
        alt.Chart(drawn)
        .mark_point(filled=True, opacity=0.9, stroke=INK[theme], strokeWidth=0.6)
        .encode(
            longitude="longitude:Q",
            latitude="latitude:Q",
            size=alt.Size("capacity_mw:Q", scale=alt.Scale(range=[60, 500]), legend=None),
            color=alt.Color("state:N", title=None, scale=alt.Scale(domain=list(STATES), range=list(colors))),
            shape=alt.Shape("state:N", title=None, scale=alt.Scale(domain=list(STATES), range=list(shapes))),
            tooltip=[
                "asset_id:N", "asset_name:N", "technology:N", "state:N",
                alt.Tooltip("capacity_mw:Q", title="capacity, MW", format=",.1f"),
                alt.Tooltip("infeed_mw:Q", title="last measured, MW", format=",.2f"),
            ],
        )
    )  # fmt: skip
    return alt.layer(outline, points).project(type="mercator")


def feed_matrix(frame: pd.DataFrame, theme: Theme) -> Any:
    """How complete each feed is, day by day; a day on which something lacks also has a sign.

    Args:
        frame: `queries.feed_days`.
        theme: of the page.
    """
    drawn = frame.copy()
    drawn["complete"] = drawn["completeness"].fillna(drawn["status"].map({"complete": 1.0, "arrived": 1.0}))
    drawn["sign"] = ["" if full >= 0.9995 else "▲" if full > 0 else "○" for full in drawn["complete"].fillna(0)]
    drawn.loc[drawn["status"].eq("pending"), "sign"] = "□"
    days = drawn["delivery_date"].nunique()
    x = alt.X("yearmonthdate(delivery_date):O", title="delivery date", axis=alt.Axis(format="%d %b", labelOverlap=True))
    if days <= 62:
        x = x.axis(alt.Axis(format="%d %b", labelAngle=-45 if days > 12 else 0, labelOverlap=True))
    base = alt.Chart(drawn).encode(x=x, y=alt.Y("feed:N", title=None, axis=alt.Axis(labelLimit=220)))
    cells = base.mark_rect(stroke=PALE[theme], strokeWidth=0.5).encode(
        color=alt.Color(
            "complete:Q",
            title="complete",
            scale=alt.Scale(
                domain=[0, 0.9, 1], range=[BAD, "#d9a441", SOURCES["final"]], interpolate="rgb", clamp=True
            ),
            legend=alt.Legend(
                format=".0%", values=[0, 0.5, 0.9], gradientLength=110, gradientThickness=8, titleOrient="left"
            ),
        ),
        tooltip=["feed:N", alt.Tooltip("yearmonthdate(delivery_date):O", title="delivery date"),
                 alt.Tooltip("complete:Q", format=".1%"), "status:N", "missing:Q", "late:Q"],
    )  # fmt: skip
    chart = cells if days > 62 else cells + base.mark_text(fontSize=10, color="white").encode(text="sign:N")
    return chart.properties(height=alt.Step(22))


def _signed_bars(
    frame: pd.DataFrame, view: View, theme: Theme, column: str, title: str, positive: str, negative: str
) -> Any:
    steps = _placed(frame, view)
    steps["is_estimated"] = steps["is_estimated"].eq(True)  # days that lack have no word on it
    steps["price"] = ["estimate" if estimated else "final" for estimated in steps["is_estimated"]]
    steps["zero"] = 0.0
    known = steps.dropna(subset=[column])
    bars = (
        alt.Chart(known)
        .mark_rect()
        .encode(
            x=_time(view),
            x2="end:T",
            y=alt.Y(f"{column}:Q", title=title),
            y2="zero:Q",
            color=alt.condition(f"datum.{column} >= 0", alt.value(positive), alt.value(negative)),
            fillOpacity=alt.condition("datum.is_estimated", alt.value(0.5), alt.value(1)),
            stroke=alt.condition("datum.is_estimated", alt.value(NEUTRAL), alt.value("transparent")),
            strokeDash=alt.value([2, 2]),
            strokeWidth=alt.value(0.7 if view.days <= 62 else 0),  # so many edges would hide the bars
            tooltip=[
                alt.Tooltip("when:N", title="delivery"),
                alt.Tooltip(f"{column}:Q", title=title, format="+,.3f"),
                alt.Tooltip("price:N", title="price"),
            ],
        )
    )
    return alt.layer(_missing(steps, steps[column].isna(), view), bars, _zero(theme))


def _lines(
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
        .mark_line(strokeWidth=1.8, interpolate=_interpolate(view), clip=True)
        .encode(
            x=_time(view, title, at="at"),
            y=alt.Y("value:Q", title=unit, axis=alt.Axis(**(axis or {})), scale=alt.Scale(zero=zero)),
            color=alt.Color(
                "what:N", title=None, scale=alt.Scale(domain=domain, range=[c for _, c, _ in styles.values()])
            ),
            strokeDash=alt.StrokeDash(
                "what:N", title=None, scale=alt.Scale(domain=domain, range=[d for _, _, d in styles.values()])
            ),
            tooltip=[
                alt.Tooltip("when:N", title="delivery"),
                "what:N",
                alt.Tooltip("value:Q", title=unit, format=",.3f"),
            ],
        )
    )


def _missing(steps: pd.DataFrame, absent: pd.Series, view: View) -> Any:
    """A grey band over what is missing; the page names it in words as well."""
    return (
        alt.Chart(steps.loc[absent.astype(bool), ["begin", "end", "when"]].assign(what="no data"))
        .mark_rect(color=NEUTRAL, opacity=0.18)
        .encode(
            x=_time(view),
            x2="end:T",
            tooltip=[alt.Tooltip("when:N", title="delivery"), alt.Tooltip("what:N", title="value")],
        )
    )


def _now(view: View, theme: Theme) -> list[Any]:
    """A line at the present moment, where quarter-hours around it are shown."""
    first, last = view.bounds_utc
    if view.now is None or not view.by_quarter_hour or not first <= view.now < last:
        return []
    mark = pd.DataFrame({"begin": [pd.Timestamp(view.now, tz="UTC")], "when": [formatting.clock(view.now, view.zone)]})
    tooltip = alt.Tooltip("when:N", title="now")
    base = alt.Chart(mark).encode(x=_time(view), tooltip=tooltip)
    rule = base.mark_rule(color=INK[theme], strokeWidth=1.5)
    word = base.mark_text(text="now", color=INK[theme], align="left", dx=4, fontSize=11).encode(y=alt.value(6))
    return [rule, word]


def _open_position(values: pd.Series, title: str, theme: Theme) -> Any:
    limit = _limit(values)
    return alt.Color(
        "open_mw:Q",
        title=title,
        scale=alt.Scale(domain=[-limit, 0, limit], range=[SHORT, PALE[theme], LONG], interpolate="rgb"),
        legend=alt.Legend(gradientLength=160, gradientThickness=8, tickCount=4, titleOrient="left"),
    )


def _zero(theme: Theme) -> Any:
    return alt.Chart(pd.DataFrame({"zero": [0.0]})).mark_rule(color=INK[theme], strokeWidth=0.6).encode(y="zero:Q")


def _placed(frame: pd.DataFrame, view: View) -> pd.DataFrame:
    """The frame with `begin`, `end` (instants) and `when` (words) of each step; days that lack have rows, too."""
    steps = frame.copy()
    if "delivery_start_utc" in steps:
        steps["begin"] = pd.to_datetime(steps["delivery_start_utc"]).dt.tz_localize("UTC")
        steps["end"] = steps["begin"] + pd.Timedelta(minutes=15)
        steps["at"] = steps["begin"]
        steps["when"] = [
            f"{formatting.clock(begin, view.zone)} to {formatting.hour_of(end, view.zone)}"
            for begin, end in zip(steps["begin"], steps["end"], strict=True)
        ]
    else:
        steps["delivery_date"] = pd.to_datetime(steps["delivery_date"])
        every_day = pd.DataFrame({"delivery_date": pd.date_range(view.first, view.last).astype("datetime64[us]")})
        steps = every_day.merge(steps, on="delivery_date", how="left")
        steps["begin"] = steps["delivery_date"].dt.tz_localize("UTC")
        steps["end"] = steps["begin"] + pd.Timedelta(days=1)
        steps["at"] = steps["begin"] + pd.Timedelta(hours=12)
        steps["when"] = steps["begin"].dt.strftime("%a %d %b %Y")
    return steps


def _time(view: View, title: str | None = "", at: str = "begin") -> Any:
    """The axis of delivery: moments on the clock that is chosen, or local delivery dates."""
    if view.by_quarter_hour:
        first, last = view.bounds_utc
        return _instants(first, last, view, f"delivery, {_clock_name(view)}" if title == "" else title, at)
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


def _instants(first: Any, last: Any, view: View, title: str | None, at: str = "begin") -> Any:
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


def _clock_name(view: View) -> str:
    return "UTC" if view.in_utc else f"{view.zone} time"


def _interpolate(view: View) -> Any:
    return "step-after" if view.by_quarter_hour else "linear"


def _limit(values: pd.Series) -> float:
    return float(values.abs().max()) if values.notna().any() and values.abs().max() > 0 else 1.0


def _technologies(scopes: pd.Series, theme: Theme) -> Any:
    fixed = {"portfolio": INK[theme], "solar": "#d69e2e", "wind": "#4299e1"}
    names = list(dict.fromkeys(scopes))
    if set(names) <= set(fixed):
        return alt.Scale(domain=names, range=[fixed[name] for name in names])
    return alt.Scale(domain=names, scheme="tableau20")
