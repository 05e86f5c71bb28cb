"""Charts of what is there: assets and feeds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import altair as alt
import pandas as pd

from serve.charts import BAD, INK, NEUTRAL, PALE, SOURCES, Theme

STATES = {
    "measured": ("#2b6cb0", "circle"),
    "partly measured": ("#90cdf4", "diamond"),
    "forecast only": ("#a0aec0", "triangle-up"),
    "redispatched": ("#b7791f", "square"),
    "no data": ("#c05621", "cross"),
    "no contract": ("#cbd5e0", "triangle-down"),
}
_OUTLINE = Path(__file__).parents[1].joinpath("germany.json")


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
    legend = alt.Legend(title=None, columns=3)  # all states in half a page
    points = (
        alt.Chart(drawn)
        .mark_point(filled=True, opacity=0.9, stroke=INK[theme], strokeWidth=0.6)
        .encode(
            longitude=alt.Longitude("longitude:Q"),
            latitude=alt.Latitude("latitude:Q"),
            size=alt.Size("capacity_mw:Q", scale=alt.Scale(range=[60, 500]), legend=None),
            color=alt.Color("state:N", scale=alt.Scale(domain=list(STATES), range=list(colors)), legend=legend),
            shape=alt.Shape("state:N", scale=alt.Scale(domain=list(STATES), range=list(shapes)), legend=legend),
            tooltip=[
                *(alt.Tooltip(f"{name}:N") for name in ("asset_id", "asset_name", "technology", "state")),
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
        tooltip=[alt.Tooltip("feed:N"), alt.Tooltip("yearmonthdate(delivery_date):O", title="delivery date"),
                 alt.Tooltip("complete:Q", format=".1%"),
                 *(alt.Tooltip(name) for name in ("status:N", "missing:Q", "late:Q"))],
    )  # fmt: skip
    chart = cells if days > 62 else cells + base.mark_text(fontSize=10, color="white").encode(text=alt.Text("sign:N"))
    return chart.properties(height=alt.Step(22))
