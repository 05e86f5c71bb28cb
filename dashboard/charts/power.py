"""Charts of forecasts and infeed."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from dashboard import formatting
from dashboard.charts import axes
from dashboard.queries import LEAD_TIMES
from dashboard.view import View
from serve.charts import BAD, INK, NEUTRAL, SOURCES, Theme, either


def infeed(frame: pd.DataFrame, view: View, theme: Theme) -> Any:
    """Best of infeed shaded by its source, the tradeable forecast as a dashed line, redispatch marked above.

    Args:
        frame: `queries.infeed`.
        view: the days and the clock.
        theme: of the page.
    """
    steps = axes.placed(frame, view)
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
            x=axes.time(view),
            x2=alt.X2("end:T"),
            y=alt.Y("low:Q", title=f"infeed, {unit}"),
            y2=alt.Y2("high:Q"),
            color=alt.Color(
                "source:N",
                title="infeed by source",
                scale=alt.Scale(domain=list(SOURCES), range=list(SOURCES.values())),
            ),
            opacity=either(alt.OpacityValue, "datum.source == 'forecast'", 0.55, 1),
            tooltip=[
                alt.Tooltip("when:N", title="delivery"),
                alt.Tooltip("source:N"),
                alt.Tooltip("value:Q", title=unit, format=",.3f"),
            ],
        )
    )
    line = (
        alt.Chart(steps.dropna(subset=["tradeable"]))
        .mark_line(strokeWidth=1.6, strokeDash=[5, 3], color=INK[theme], interpolate=axes.interpolate(view))
        .encode(
            x=axes.time(view, at="at"),
            y=alt.Y("tradeable:Q"),
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
            x=axes.time(view),
            x2=alt.X2("end:T"),
            y=alt.YValue(2),  # type: ignore[no-untyped-call]
            tooltip=[
                alt.Tooltip("when:N", title="delivery"),
                alt.Tooltip(
                    "redispatched:Q", title="switched off: " + ("assets" if view.by_quarter_hour else "quarter-hours")
                ),
            ],
        )
    )
    nothing = steps[list(SOURCES)].isna().all(axis=1)
    return alt.layer(axes.missing(steps, nothing, view), areas, line, off, *axes.now(view, theme))


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
    steps = axes.placed(frame, view)
    unit = "MW" if view.by_quarter_hour else "MWh a day"
    nothing = steps["latest"].isna()
    layers = [
        axes.missing(steps, nothing, view),
        axes.missing(steps, ~nothing & (steps["present"] < steps["expected"]), view, "forecasts of some lack", 0.09),
    ]
    if versions is not None and len(versions):
        fan = axes.placed(versions, view)
        fan["issued"] = formatting.clocks(fan["version_utc"], view.zone)
        fan["age"] = fan["version_utc"].rank(method="dense")
        layers.append(
            alt.Chart(fan)
            .mark_line(strokeWidth=1, color=NEUTRAL, interpolate="step-after")
            .encode(
                x=axes.time(view),
                y=alt.Y("forecast_mw:Q", title=unit),
                detail=alt.Detail("issued:N"),
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
    layers.append(axes.lines(steps, view, styles, unit))
    return alt.layer(*layers, *axes.now(view, theme))


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
            alt.Tooltip("scope:N"), alt.Tooltip("lead_time_bucket:O"), alt.Tooltip(f"{column}:Q", format=".2%"),
            alt.Tooltip("samples:Q", format=","),
        ],
    )  # fmt: skip
    return base.mark_line(strokeWidth=1.4) + base.mark_point(size=60, filled=True).encode(
        shape=alt.Shape("scope:N", title=None)
    )


def _technologies(scopes: pd.Series, theme: Theme) -> Any:
    fixed = {"portfolio": INK[theme], "solar": "#d69e2e", "wind": "#4299e1"}
    names = list(dict.fromkeys(scopes))
    if set(names) <= set(fixed):
        return alt.Scale(domain=names, range=[fixed[name] for name in names])
    return alt.Scale(domain=names, scheme="tableau20")


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
            order=alt.Order("place:Q"),
            tooltip=[
                alt.Tooltip("asset_id:N"),
                alt.Tooltip("kind:N"),
                alt.Tooltip("quarter_hours:Q", format=","),
                alt.Tooltip("share:Q", format=".1%"),
            ],
        )
        .properties(height=alt.Step(16))
    )
