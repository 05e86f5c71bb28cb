"""Infeed: the best of infeed with its source, completeness, and redispatch."""

import streamlit as st

from dashboard import charts, queries, shell
from dashboard.formatting import Tile, number, share

context = shell.context()
view = context.view
shell.head("Infeed", context)

frame = queries.infeed(context.con, view, with_forecast=context.has("marts.fct_asset_forecasts"))
factor = 0.25 if view.by_quarter_hour else 1.0
energy = {source: float(frame[source].sum() * factor) for source in queries.SOURCES}
total = sum(energy.values())
known = bool(frame[list(queries.SOURCES)].notna().any().any())
lacking = int((frame["expected"] - frame["present"]).clip(lower=0).sum())
shell.tiles(
    [
        Tile("Best of infeed", number(total if known else None, 1), "MWh", "",
             context.means("infeed_mwh", "marts.fct_asset_infeed"),
             "provisional" if energy["forecast"] + energy["live"] > 0 else ""),
        *[
            Tile(name, number(energy[source] if known else None, 1), "MWh",
                 f"{share(energy[source] / total if total else None)} of it", meaning, status)
            for source, name, meaning, status in (
                ("final", "Final", "Measured by the grid operator (IN-3).", ""),
                ("live", "Live", "Measured live; a final value may still replace it (IN-1).",
                 "provisional" if energy["live"] else ""),
                ("forecast", "Forecast only", "Not measured yet; in no amount (IN-3).",
                 "provisional" if energy["forecast"] else ""),
            )
        ],
        Tile("Missing", number(lacking), "QH", "quarter-hours of assets",
             "Quarter-hours of assets under contract without any source; the sum is without them.",
             "bad" if lacking else ""),
        Tile("Redispatched", number(frame["redispatched"].sum()), "QH", "quarter-hours of assets",
             context.means("redispatched_quarter_hours", "marts.fct_asset_infeed_days")),
    ]
)  # fmt: skip
st.subheader("Power by source" if view.by_quarter_hour else "Energy by source and day")
shell.chart(charts.infeed(frame, view, context.theme), context, key="infeed", height=300,
            alt="Best of infeed shaded by its source, tradeable forecast as a dashed line",
            known=frame[list(queries.SOURCES)].stack())  # fmt: skip
dashed = "Dashed line: latest tradeable forecast. " if frame["tradeable"].notna().any() else ""
st.caption(f"{dashed}Pale: forecast only. Amber bar above: redispatch.")
shell.gap_note(frame, frame[list(queries.SOURCES)].isna().all(axis=1), context, "Infeed")
shell.downloads(frame, context, key="infeed_rows", name="infeed")

st.subheader("Completeness by asset")
complete = queries.completeness(context.con, view)
left, right = st.columns(2, gap="medium")
with left:
    shell.chart(charts.completeness(complete.head(shell.MOST_BARS)), context, key="completeness", height=None,
                alt="Measured, forecast-only and missing share of each asset's quarter-hours",
                known=complete["completeness"])  # fmt: skip
    if len(complete) > shell.MOST_BARS:
        st.caption(f"The {shell.MOST_BARS} least complete of {number(len(complete))} assets; the table has all.")
with right:
    shell.table(
        complete,
        context,
        key="completeness_rows",
        name="completeness",
        mart="marts.fct_asset_infeed_days",
        height=shell.MOST_BARS * 16 + 70,
    )

st.subheader("Redispatch")
events = context.ask(queries.redispatch, view)
if events is None:
    shell.not_seen("Redispatch")
elif events.empty:
    st.caption("No asset was switched off.")
else:
    shell.table(events, context, key="redispatch", name="redispatch", mart="marts.fct_redispatch", height=180)
