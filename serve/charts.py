"""Charts of the published figures, the same in reports and on the dashboard: data frames in, Altair charts out.

Hours on the time axis are those since local midnight, 0 to 24 (23 or 25 when the clock changes). Missing values are
gaps. Every colour has one meaning, and what a colour says a legend, a label or a sign says as well.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

import altair as alt
import pandas as pd

Theme = Literal["light", "dark"]

SOURCES = {"final": "#2b6cb0", "live": "#38a3a5", "redispatch": "#b7791f", "forecast": "#a0aec0"}
GOOD, BAD, NEUTRAL = "#2f855a", "#c05621", "#718096"
LONG, SHORT = "#7c9a1d", "#b83280"
OURS = "#805ad5"
PRICES: dict[str, tuple[str, list[int]]] = {  # colour, dashes: the market's family is one colour
    "our VWAP": (OURS, [1, 0]),
    "market VWAP": ("#0e7490", [1, 0]),
    "ID3-like": ("#0891b2", [5, 3]),
    "ID1-like": ("#22a2c3", [2, 2]),
}
INK = {"light": "#1a202c", "dark": "#e2e8f0"}
PALE = {"light": "#e2e8f0", "dark": "#2d3748"}
_HOURS = alt.X(
    "hour:Q", title="hours since midnight, local time", scale=alt.Scale(nice=False), axis=alt.Axis(tickMinStep=1)
)
_DAYS = alt.X("delivery_date:T", title="delivery date", axis=alt.Axis(format="%d %b", tickMinStep=86_400_000))


def themed(chart: alt.TopLevelMixin, theme: Theme = "light") -> alt.TopLevelMixin:
    """A chart with the project's fonts, lines and colours of text.

    Args:
        chart: any chart of this module.
        theme: for a light or a dark page; the background stays transparent.
    """
    ink, pale = INK[theme], PALE[theme]
    configured: alt.TopLevelMixin = (
        chart.configure(background="transparent", font="Helvetica Neue, Arial, sans-serif", numberFormat=",.6~f")
        .configure_axis(
            labelColor=ink, titleColor=ink, gridColor=pale, domainColor=NEUTRAL, tickColor=NEUTRAL,
            titleFontWeight="normal", titleFontSize=11, labelFontSize=11,
        )
        .configure_legend(
            labelColor=ink, titleColor=ink, orient="top", titleFontWeight="normal", labelFontSize=11,
            titleLimit=400,
        )
        .configure_view(stroke=None)
    )  # fmt: skip
    return configured


def infeed(frame: pd.DataFrame, *, width: int = 860, height: int = 240) -> alt.TopLevelMixin:
    """Best of infeed by source as areas, the forecast at gate closure as a line.

    Args:
        frame: a row per step with `hour` or `delivery_date`; MW or MWh in `final`, `live`, `redispatch`, `forecast`,
            and `tradeable`, the forecast that was traded on; the unit in the column `unit`.
        width: in pixels.
        height: in pixels.
    """
    long = frame.melt(
        id_vars=[_axis(frame).shorthand.split(":")[0]],
        value_vars=list(SOURCES),
        var_name="source",
        value_name="power",
    ).dropna(subset=["power"])
    long = long[long["power"] != 0] if len(long) else long
    unit = _unit(frame)
    bars = (
        alt.Chart(long)
        .mark_bar(size=_bar(frame, width))
        .encode(
            x=_axis(frame),
            y=alt.Y("sum(power):Q", title=f"infeed in {unit}"),
            color=alt.Color(
                "source:N",
                title="infeed by source",
                scale=alt.Scale(domain=list(SOURCES), range=list(SOURCES.values())),
            ),
            order=alt.Order("source:N"),
        )
    )
    line = (
        alt.Chart(frame)
        .mark_line(strokeWidth=1.6, strokeDash=[4, 2], color=INK["light"], interpolate=_steps(frame))
        .encode(x=_axis(frame), y=alt.Y("tradeable:Q"))
    )
    return alt.layer(bars, line).properties(width=width, height=height)


def position(frame: pd.DataFrame, *, width: int = 860, height: int = 150) -> alt.TopLevelMixin:
    """What was sold and earned, as it grew over trading time.

    Args:
        frame: `executed_at` in local time, `cumulative_net_sold_mwh`, `cumulative_revenue_eur`.
        width: in pixels.
        height: in pixels, of each of the two.
    """
    x = alt.X("executed_at:T", title="time of trading, local", axis=alt.Axis(format="%d %b %H:%M"))
    base = alt.Chart(frame).mark_line(interpolate="step-after", strokeWidth=1.6)
    sold = base.encode(x=x.title(None), y=alt.Y("cumulative_net_sold_mwh:Q", title="net sold in MWh"))
    earned = base.encode(x=x, y=alt.Y("cumulative_revenue_eur:Q", title="revenue in EUR"))
    chart: alt.TopLevelMixin = alt.vconcat(
        sold.properties(width=width, height=height), earned.properties(width=width, height=height)
    ).resolve_scale(x="shared")
    return chart


def prices(frame: pd.DataFrame, *, width: int = 860, height: int = 220) -> alt.TopLevelMixin:
    """Our VWAP beside the market's and its indices.

    Args:
        frame: `hour` or `delivery_date`, and any of the columns `our VWAP`, `market VWAP`, `ID3-like`, `ID1-like`.
        width: in pixels.
        height: in pixels.
    """
    shown = [name for name in PRICES if name in frame]
    key = _axis(frame).shorthand.split(":")[0]
    long = frame.melt(id_vars=[key], value_vars=shown, var_name="price", value_name="eur_per_mwh")
    chart: alt.TopLevelMixin = (
        alt.Chart(long)
        .mark_line(strokeWidth=1.6, interpolate=_steps(frame))
        .encode(
            x=_axis(frame),
            y=alt.Y("eur_per_mwh:Q", title="EUR/MWh", scale=alt.Scale(zero=False)),
            color=alt.Color(
                "price:N", title=None, scale=alt.Scale(domain=shown, range=[PRICES[name][0] for name in shown])
            ),
            strokeDash=alt.StrokeDash(
                "price:N", title=None, scale=alt.Scale(domain=shown, range=[PRICES[name][1] for name in shown])
            ),
        )
        .properties(width=width, height=height)
    )
    return chart


def imbalance(frame: pd.DataFrame, *, width: int = 860, height: int = 130) -> alt.TopLevelMixin:
    """The imbalance and what it costs; long up, short down; cost up, gain down.

    Args:
        frame: `hour` or `delivery_date`, `imbalance_mwh`, `imbalance_cost_eur` (positive: we pay), `price_status`.
        width: in pixels.
        height: in pixels, of each of the two.
    """
    bars = alt.Chart(frame).mark_bar(size=_bar(frame, width))
    opacity = alt.Opacity(
        "price_status:N", title="price", scale=alt.Scale(domain=["final", "estimate"], range=[1, 0.45])
    )
    volume = bars.encode(
        x=_axis(frame).title(None),
        y=alt.Y("imbalance_mwh:Q", title="imbalance in MWh"),
        color=_by_sign("imbalance_mwh", LONG, SHORT),
    )
    cost = bars.encode(
        x=_axis(frame),
        y=alt.Y("imbalance_cost_eur:Q", title="cost in EUR"),
        color=_by_sign("imbalance_cost_eur", BAD, GOOD),
        opacity=opacity,
    )
    return alt.vconcat(volume.properties(width=width, height=height), cost.properties(width=width, height=height))


def alpha(
    frame: pd.DataFrame, *, width: int = 860, height: int | None = None, theme: Theme = "light"
) -> alt.TopLevelMixin:
    """Alpha as a heat map: hour by quarter of a day, or hour by day.

    Args:
        frame: `hour_of_day`, `place` (what stands on the other axis) and `alpha_eur`; NULL is a gap.
        width: in pixels.
        height: in pixels; None: 22 per row.
        theme: of the page; 0 has its pale colour.
    """
    rows = frame["place"].nunique() if len(frame) else 1
    limit = float(frame["alpha_eur"].abs().max()) if len(frame) and frame["alpha_eur"].notna().any() else 1.0
    chart: alt.TopLevelMixin = (
        alt.Chart(frame.dropna(subset=["alpha_eur"]))
        .mark_rect()
        .encode(
            x=alt.X("hour_of_day:O", title="hour of delivery, local time", axis=alt.Axis(labelAngle=0)),
            y=alt.Y("place:O", title=None, sort=None),
            color=alt.Color(
                "alpha_eur:Q",
                title="alpha in EUR",
                scale=alt.Scale(domain=[-limit, 0, limit], range=[BAD, PALE[theme], GOOD], interpolate="rgb"),
            ),
        )
        .properties(width=width, height=height or min(22 * rows + 10, 480))
    )
    return chart


def waterfall(frame: pd.DataFrame, *, width: int = 860, height: int = 220, theme: Theme = "light") -> alt.TopLevelMixin:
    """How parts add up to a total.

    Args:
        frame: in order `part`, `eur` (signed), and `is_total` for bars that stand on zero.
        width: in pixels.
        height: in pixels.
        theme: of the page.
    """
    drawn = frame.copy()
    ends = drawn["eur"].where(~drawn["is_total"], 0).cumsum()
    drawn["end"] = ends.where(~drawn["is_total"], drawn["eur"])
    drawn["begin"] = (ends - drawn["eur"]).where(~drawn["is_total"], 0)
    drawn["label"] = [f"{value:+,.0f}".replace("-", "−") for value in drawn["eur"]]
    drawn["kind"] = [
        "total" if total else "adds" if value >= 0 else "takes"
        for total, value in zip(drawn["is_total"], drawn["eur"], strict=True)
    ]
    drawn["top"] = drawn[["begin", "end"]].max(axis=1)
    x = alt.X("part:N", sort=list(drawn["part"]), title=None, axis=alt.Axis(labelAngle=0, labelLimit=150))
    bars = (
        alt.Chart(drawn)
        .mark_bar(size=min(70, width // (len(drawn) * 2)))
        .encode(
            x=x,
            y=alt.Y("begin:Q", title="EUR"),
            y2=alt.Y2("end:Q"),
            color=alt.Color(
                "kind:N",
                legend=None,
                scale=alt.Scale(domain=["adds", "takes", "total"], range=[GOOD, BAD, NEUTRAL]),
            ),
        )
    )
    labels = (
        alt.Chart(drawn)
        .mark_text(dy=-7, fontSize=11, color=INK[theme])
        .encode(x=x, y=alt.Y("top:Q"), text=alt.Text("label:N"))
    )
    zero = (
        alt.Chart(pd.DataFrame({"zero": [0.0]})).mark_rule(color=INK[theme], strokeWidth=0.6).encode(y=alt.Y("zero:Q"))
    )
    return alt.layer(bars, zero, labels).properties(width=width, height=height)


def margin_parts(figures: Mapping[str, Any]) -> pd.DataFrame | None:
    """What a margin of the portfolio is made of (PF-2), as `waterfall` draws it; None: a part is not among the figures.

    The total is called the margin only where there is one (PF-3); else it is the subtotal of what can be computed.

    Args:
        figures: a row of `rpt_portfolio_performance`.
    """
    parts = ("market_value", "alpha", "position_opportunity_cost", "infeed_payout", "redispatch_payout", "fee_charged")
    if not {f"{part}_eur" for part in (*parts, "claim", "margin_from_trades")} <= set(figures):
        return None
    known = {name: 0.0 if pd.isna(value) else float(value) for name, value in figures.items() if name.endswith("_eur")}
    rows = [
        ("infeed at market VWAP", known["market_value_eur"], False),
        ("alpha", known["alpha_eur"], False),
        ("opportunity cost of the position", -known["position_opportunity_cost_eur"], False),
        ("payouts to owners", -(known["infeed_payout_eur"] + known["redispatch_payout_eur"]), False),
        ("fees", -known["fee_charged_eur"], False),
        ("redispatch claims", known["claim_eur"], False),
    ]  # fmt: skip
    margin = known["margin_from_trades_eur"]
    rest = margin - sum(eur for _, eur, _ in rows)
    if abs(rest) >= 0.5:
        rows.append(("not attributed", rest, False))
    total = "subtotal, margin not known" if pd.isna(figures.get("margin_eur", margin)) else "margin"
    return pd.DataFrame([*rows, (total, margin, True)], columns=["part", "eur", "is_total"])


def _axis(frame: pd.DataFrame) -> alt.X:
    return _HOURS if "hour" in frame else _DAYS


def _steps(frame: pd.DataFrame) -> Literal["step-after", "linear"]:
    return "step-after" if "hour" in frame else "linear"


def _bar(frame: pd.DataFrame, width: int) -> float:
    steps = max(frame["hour"].nunique() if "hour" in frame else frame["delivery_date"].nunique(), 1)
    return max(0.7 * width / (int(steps) + 1), 1.0)


def _unit(frame: pd.DataFrame) -> str:
    return str(frame["unit"].iloc[0]) if len(frame) else "MW"


def either(channel: Callable[..., Any], test: str, then: Any, otherwise: Any) -> Any:
    """An encoding by a condition; altair would compare `alt.condition` with every class that it has.

    Args:
        channel: a class such as `alt.ColorValue`.
        test: in the language of Vega.
        then: value where it holds.
        otherwise: value elsewhere.
    """
    return channel(otherwise, condition={"test": test, "value": then})


def _by_sign(column: str, positive: str, negative: str) -> Any:
    return either(alt.ColorValue, f"datum.{column} >= 0", positive, negative)
