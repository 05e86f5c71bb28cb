"""Charts of trading, imbalance and performance."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from dashboard import formatting
from dashboard.charts import axes
from dashboard.view import View
from serve import charts as serve_charts
from serve.charts import BAD, GOOD, INK, LONG, NEUTRAL, OURS, PALE, PRICES, SHORT, Theme, either


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
    drawn["when"] = formatting.clocks(drawn["executed_at_utc"], view.zone)
    drawn["day"] = drawn["delivery_date"].dt.strftime("%d %b")
    unit = formatting.unit_of(column)
    title = {"EUR": "revenue, EUR", "MWh": "net sold, MWh"}[unit]
    first, last = (drawn["executed_at_utc"].min(), drawn["executed_at_utc"].max()) if len(drawn) else view.bounds_utc
    several = drawn["day"].nunique() > 1
    line = (
        alt.Chart(drawn)
        .mark_line(interpolate="step-after", strokeWidth=1.8, color=OURS)
        .encode(
            x=axes.instants(first, last, view, f"time of trading, {axes.clock_name(view)}"),
            y=alt.Y(f"{column}:Q", title=title),
            detail=alt.Detail("day:N"),
            opacity=alt.OpacityValue(0.75 if several else 1),
            tooltip=[
                alt.Tooltip("day:N", title="delivery date"),
                alt.Tooltip("when:N", title="traded until"),
                alt.Tooltip(f"{column}:Q", title=title, format=",.2f"),
            ],
        )
    )
    return alt.layer(line, axes.zero(theme))


def revenue_days(frame: pd.DataFrame, view: View, theme: Theme) -> Any:
    """Revenue as it adds up over the delivery dates.

    Args:
        frame: `queries.trading_days`, of product `all`.
        view: the days and the clock.
        theme: of the page.
    """
    steps = axes.placed(frame, view)
    steps["so_far"] = steps["revenue_eur"].cumsum()
    line = axes.lines(steps, view, {"so_far": ("revenue so far", OURS, [1, 0])}, "EUR")
    return alt.layer(line, axes.zero(theme))


def prices(frame: pd.DataFrame, view: View, theme: Theme) -> Any:
    """Our VWAP beside the market's and its indices.

    Args:
        frame: with any column of `serve.charts.PRICES`, by quarter-hour or day.
        view: the days and the clock.
        theme: of the page.
    """
    steps = axes.placed(frame, view)
    styles = {name: (name, color, dashes) for name, (color, dashes) in PRICES.items() if name in steps}
    lines = axes.lines(steps, view, styles, "EUR/MWh", zero=False)
    return alt.layer(lines, axes.zero(theme)) if (steps[list(styles)].min() < 0).any() else lines


def trades(frame: pd.DataFrame, view: View, theme: Theme) -> Any:
    """Trades over trading time: where they lie is the price, how large the energy, their shape the side.

    Args:
        frame: `queries.trades`.
        view: for the clock.
        theme: of the page.
    """
    drawn = frame.copy()
    drawn["begin"] = drawn["executed_at_utc"].dt.tz_localize("UTC")
    drawn["when"] = formatting.clocks(drawn["executed_at_utc"], view.zone, seconds=True)
    drawn["delivery"] = formatting.clocks(drawn["delivery_start_utc"], view.zone)
    first, last = (drawn["executed_at_utc"].min(), drawn["executed_at_utc"].max()) if len(drawn) else view.bounds_utc
    sizes = [8, 160] if len(drawn) < 1000 else [4, 60]
    sides, shapes, colors = ["SELL", "BUY"], ["triangle-up", "triangle-down"], [OURS, INK[theme]]
    return (
        alt.Chart(drawn)
        .mark_point(filled=True, opacity=0.7)
        .encode(
            x=axes.instants(first, last, view, f"time of trading, {axes.clock_name(view)}"),
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
    drawn = frame.dropna(subset=["priced_alpha_eur"]).copy()
    limit = axes.limit(drawn["priced_alpha_eur"])
    drawn["side"] = ["" if abs(eur) < limit / 10 else "+" if eur > 0 else "−" for eur in drawn["priced_alpha_eur"]]
    base = alt.Chart(drawn).encode(
        x=alt.X("hour_of_day:O", title="hours since midnight, local time",
                axis=alt.Axis(labelAngle=0, labelOverlap=True, labelSeparation=4)),
        y=alt.Y("place:O", title=None, sort=list(dict.fromkeys(drawn["place"])),
                axis=alt.Axis(labelOverlap=True, labelSeparation=2)),
        tooltip=[
            alt.Tooltip("place:N", title="quarter, day or month"),
            alt.Tooltip("hour_of_day:O", title="hours since midnight"),
            alt.Tooltip("priced_alpha_eur:Q", title="alpha, EUR", format="+,.2f"),
            alt.Tooltip("unpriced_quarter_hours:Q", title="quarter-hours not in it"),
        ],
    )  # fmt: skip
    cells = base.mark_rect().encode(
        color=alt.Color(
            "priced_alpha_eur:Q",
            title="alpha in EUR: + better than the market",
            scale=alt.Scale(domain=[-limit, 0, limit], range=[BAD, PALE[theme], GOOD], interpolate="rgb"),
            legend=alt.Legend(gradientLength=140, gradientThickness=8, tickCount=4, titleOrient="left"),
        )
    )
    if drawn["place"].nunique() > 12:
        return cells
    return cells + base.mark_text(fontSize=11, color=INK[theme]).encode(text=alt.Text("side:N"))


def imbalance(frame: pd.DataFrame, view: View, theme: Theme, column: str = "imbalance_mwh") -> Any:
    """The imbalance per quarter-hour or day: long up, short down.

    Args:
        frame: `queries.portfolio_imbalance` or `queries.asset_imbalance`.
        view: the days and the clock.
        theme: of the page.
        column: which volume.
    """
    judged = frame.assign(may_change=frame["is_provisional"])  # a price that changes does not move the volume
    return axes.signed_bars(judged, view, theme, column, "MWh, + long, − short", LONG, SHORT)


def cost(frame: pd.DataFrame, view: View, theme: Theme, column: str = "imbalance_cost_eur") -> Any:
    """What the imbalance costs: up is paid, down is earned; what may still change is pale with a dashed edge.

    Args:
        frame: as `imbalance` takes it: an estimated price may change, and live infeed.
        view: the days and the clock.
        theme: of the page.
        column: which cost.
    """
    judged = frame.assign(may_change=frame["is_estimated"] | frame["is_provisional"])
    return axes.signed_bars(judged, view, theme, column, "EUR, + we pay", BAD, GOOD)


def price_changes(frame: pd.DataFrame, view: View, theme: Theme) -> Any:
    """By how much final imbalance prices differ from the estimates before them, by day.

    Args:
        frame: `queries.late_information`.
        view: the days.
        theme: of the page.
    """
    steps = axes.placed(frame, view)
    styles = {
        "final_minus_estimate_eur_per_mwh": ("mean of final − estimate", INK[theme], [1, 0]),
        "absolute_final_minus_estimate_eur_per_mwh": ("mean of its size", NEUTRAL, [2, 2]),
    }
    nothing = steps[list(styles)].isna().all(axis=1)
    return alt.layer(axes.missing(steps, nothing, view), axes.lines(steps, view, styles, "EUR/MWh"), axes.zero(theme))


def imbalance_prices(frame: pd.DataFrame, view: View, theme: Theme) -> Any:
    """Final prices of both sides, and the estimate beside them.

    Args:
        frame: `queries.imbalance_prices`.
        view: the days and the clock.
        theme: of the page.
    """
    steps = axes.placed(frame, view)
    styles = {
        "short_final": ("final, short pays", SHORT, [1, 0]),
        "long_final": ("final, long gets", LONG, [6, 3]),
        "estimate": ("estimate (provisional)", NEUTRAL, [2, 2]),
    }
    if steps["short_final"].equals(steps["long_final"]):
        steps = steps.drop(columns="long_final")
        styles = {"short_final": ("final, both sides", INK[theme], [1, 0]), "estimate": styles["estimate"]}
    nothing = steps[list(styles)].isna().all(axis=1)
    return alt.layer(axes.missing(steps, nothing, view), axes.lines(steps, view, styles, "EUR/MWh"), axes.zero(theme))


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
            color=either(alt.ColorValue, f"datum.{column} >= 0", positive, negative),
            opacity=either(alt.OpacityValue, "datum.state == 'final'", 1, 0.5),
            tooltip=[
                alt.Tooltip("asset_id:N"),
                alt.Tooltip(f"{column}:Q", title=title, format=",.2f"),
                alt.Tooltip("state:N"),
            ],
        )
    )
    return bars.properties(height=alt.Step(17))


def waterfall(parts: pd.DataFrame, theme: Theme) -> Any:
    """How parts add up to a margin.

    Args:
        parts: `serve.charts.margin_parts`.
        theme: of the page.
    """
    return serve_charts.waterfall(parts, width=900, theme=theme)
