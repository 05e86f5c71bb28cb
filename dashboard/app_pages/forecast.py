"""Forecast: latest and tradeable, how versions changed, and how good they are by lead time."""

import pandas as pd
import streamlit as st

from dashboard import charts, queries, shell
from dashboard.formatting import Tile, clock, number, share

context = shell.context()
view = context.view
shell.head("Forecast", context, as_known=True)

frame = queries.forecasts(context.con, view)
factor = 0.25 if view.by_quarter_hour else 1.0
both = frame.dropna(subset=["measured", "tradeable"])
kept = queries.version_days(context.con) if context.has("marts.fct_forecast_versions") else None
has_versions = bool(view.by_quarter_hour and kept and kept[0] <= view.last and view.first <= kept[1])
lacking = int((frame["expected"] - frame["present"]).clip(lower=0).sum())


def mwh(column: str, rows: pd.DataFrame = frame) -> float | None:
    """Energy of what is known."""
    return None if rows[column].isna().all() else float(rows[column].sum() * factor)


asset_steps = "quarter-hours of assets" if view.by_quarter_hour else "days of assets"
error = float((both["measured"] - both["tradeable"]).abs().sum() * factor) if len(both) else None
measured = mwh("measured", both)
shell.tiles(
    [
        Tile("Latest forecast", number(mwh("latest"), 1), "MWh", "", context.means("latest_forecast_mwh")),
        Tile("Tradeable forecast", number(mwh("tradeable"), 1), "MWh", "issued before gate closure",
             context.means("tradeable_forecast_mwh")),
        Tile("Measured", number(mwh("measured"), 1), "MWh", "where every asset is measured",
             context.means("measured_mwh")),
        Tile("Absolute error", number(error, 1), "MWh",
             f"{share(error / measured if error is not None and measured else None)} of measured",
             "Sum of |measured − tradeable forecast| over the steps where both are known."),
        Tile("Missing forecasts", number(lacking), "QH" if view.by_quarter_hour else "days", asset_steps,
             "Forecasts that lack for assets under contract (FC-3); the sum is without them.",
             "bad" if lacking else ""),
    ]
)  # fmt: skip

st.subheader("Power" if view.by_quarter_hour else "Energy by day")
versions = known = None
if has_versions and st.toggle("Earlier versions behind the lines", value=True, key="fan",
                              help="Every version issued at a multiple of three hours."):  # fmt: skip
    versions = queries.forecast_versions(context.con, view)
if has_versions and view.moment is not None:
    known = queries.forecasts_known_at(context.con, view)
    st.caption(f"No version of the six hours before {clock(view.moment, view.zone)} is there." if known.empty else
               f"Lines end with what was known at {clock(view.moment, view.zone)}; latest, tradeable and the figures "
               "above are as known now.")  # fmt: skip
shell.chart(charts.forecast(frame, view, context.theme, versions, known), context, key="forecast", height=300,
            alt="Latest and tradeable forecast beside measured infeed",
            known=frame[["latest", "measured"]].stack())  # fmt: skip
shell.gap_note(frame, frame["latest"].isna(), context, "Forecast")
if view.moment is not None and not has_versions:
    st.caption("The moment does not apply here: versions are kept "
               + (f"for {kept[0]} to {kept[1]}, by quarter-hour." if kept else "for no day."))  # fmt: skip
shell.downloads(frame, context, key="forecasts", name="forecasts")

accuracy = context.ask(queries.forecast_accuracy, view)
st.subheader("Accuracy by lead time")
if accuracy is None:
    shell.not_seen("Accuracy")
elif accuracy.empty:
    st.caption("No error is known for these days: nothing is both forecast and measured.")
else:
    st.caption("Share of the capacity under contract; redispatched quarter-hours are left out (FC-4).")
    for place, column in zip(st.columns(3), ("nmae", "nrmse", "nbias"), strict=True):
        with place:
            shell.chart(charts.accuracy(accuracy, column, context.theme), context, key=column, height=220,
                        alt=f"{column} by lead time")  # fmt: skip
    shell.table(accuracy, context, key="accuracy", name="forecast_accuracy", height=180)
