"""Forecast: latest and tradeable, how versions changed, and how good they are by lead time."""

from functools import partial

import pandas as pd
import streamlit as st

from dashboard import charts, queries, shell
from dashboard.figures import some_lack
from dashboard.formatting import Tile, clock, number

context = shell.context()
view = context.view
shell.head("Forecast", context, as_known=True)

frame = queries.forecasts(context.con, view)
factor = 0.25 if view.by_quarter_hour else 1.0
kept = queries.version_days(context.con) if context.has("marts.fct_forecast_versions") else None
has_versions = bool(view.by_quarter_hour and kept and kept[0] <= view.last and view.first <= kept[1])
lacking = int((frame["expected"] - frame["present"]).clip(lower=0).sum())
by_day = "marts.fct_asset_infeed_days"
accuracy_marts = ("marts.fct_portfolio_forecast_accuracy", "marts.fct_forecast_accuracy")


def mwh(column: str) -> float | None:
    """Energy of what is known."""
    return None if frame[column].isna().all() else float(frame[column].sum() * factor)


def error(name: str, found: pd.DataFrame, mart: str, what: str) -> Tile:
    """An error of the tradeable forecast; the same sum over quarter-hours for every range of days."""
    row = found.iloc[0]
    return Tile(name, number(row["absolute_error_mwh"], 1), "MWh", f"over {number(row['samples'])} {what}",
                f"Of the tradeable forecast. {context.means('absolute_error_mwh', mart)}")  # fmt: skip


tiles = [
    Tile("Latest forecast", number(mwh("latest"), 1), "MWh", "", context.means("latest_forecast_mwh", by_day)),
    Tile("Tradeable forecast", number(mwh("tradeable"), 1), "MWh", "issued before gate closure",
         context.means("tradeable_forecast_mwh", by_day)),
    Tile("Measured", number(mwh("measured"), 1), "MWh", "where every asset is measured",
         context.means("measured_mwh", "reports.rpt_asset_performance")),
]  # fmt: skip
whole = context.ask(queries.portfolio_errors, view) if view.assets is None else None
one_by_one = context.ask(queries.asset_errors, view)
if whole is not None:
    tiles.append(error("Error of the sum", whole, accuracy_marts[0], "quarter-hours"))
if one_by_one is not None:
    tiles.append(error("Error asset by asset", one_by_one, accuracy_marts[1], "quarter-hours of assets"))
tiles.append(Tile("Missing forecasts", number(lacking), "QH", "quarter-hours of assets",
                  "Tradeable forecasts that lack for assets under contract (FC-3); the sum is without them.",
                  "bad" if lacking else ""))  # fmt: skip
shell.tiles(tiles)

st.subheader("Power" if view.by_quarter_hour else "Energy by day")
versions = known = None
if has_versions and st.toggle("Earlier versions behind the lines", value=True, key="fan",
                              help="Every version issued at a multiple of three hours."):  # fmt: skip
    versions = queries.forecast_versions(context.con, view)
if has_versions and view.moment is not None:
    known = queries.forecasts_known_at(context.con, view)
    st.caption(f"No version issued until {clock(view.moment, view.zone)} is kept." if known.empty else
               f"The dotted line is what was known at {clock(view.moment, view.zone)}; latest, tradeable and the "
               "figures above are as known now.")  # fmt: skip
shell.chart(charts.forecast(frame, view, context.theme, versions, known), context, key="forecast", height=300,
            alt="Latest and tradeable forecast beside measured infeed",
            known=frame[["latest", "measured"]].stack())  # fmt: skip
shell.gap_note(frame, frame["latest"].isna(), context, "Forecast")
some = frame[frame["latest"].notna()]
some_lack(some, some["present"] < some["expected"], context, "Tradeable forecast of some assets")
if known is not None and len(known):
    some_lack(known, known["present"] < known["expected"], context, "As known at the moment, forecast of some assets")
    if without := sorted({asset for assets in known["lacking"].dropna() for asset in assets}):
        st.caption(
            f"Without: {', '.join(without[: shell.MOST_LINES])}" + (" …" if len(without) > shell.MOST_LINES else "")
        )
    shell.downloads(known.drop(columns="lacking"), context, key="known_rows", name="forecasts_known",
                    what="as known then", as_of=view.moment)  # fmt: skip
if view.moment is not None and not has_versions:
    st.caption("The moment does not apply here: versions are kept "
               + (f"for {kept[0]} to {kept[1]}, by quarter-hour." if kept else "for no day."))  # fmt: skip
shell.downloads(frame, context, key="forecasts", name="forecasts", what="as known now" if has_versions else "")
if versions is not None and len(versions):
    shell.downloads(versions, context, key="version_rows", name="forecast_versions", what="earlier versions",
                    as_of=view.moment)  # fmt: skip

# those who see their own assets only have no portfolio to see the accuracy of
by_asset = view.assets is not None or not context.has(accuracy_marts[0])
accuracy = context.ask(partial(queries.forecast_accuracy, by_asset=by_asset), view)
st.subheader("Accuracy by lead time")
if accuracy is None:
    shell.not_seen("Accuracy")
elif accuracy.empty:
    st.caption("No error is known for these days: nothing is both forecast and measured.")
else:
    st.caption("Share of the capacity under contract; redispatched quarter-hours are left out (FC-4).")
    scopes = accuracy.drop_duplicates("scope") if by_asset else accuracy.head(0)
    shown = accuracy
    if len(scopes) > shell.MOST_LINES:
        worst = scopes.sort_values(["nmae", "scope"], ascending=[False, True])["scope"].head(shell.MOST_LINES)
        shown = accuracy[accuracy["scope"].isin(worst)]
        st.caption(f"The {shell.MOST_LINES} assets with the greatest nMAE of {number(len(scopes))}; the table has all.")
    for place, column in zip(st.columns(3), ("nmae", "nrmse", "nbias"), strict=True):
        with place:
            shell.chart(charts.accuracy(shown, column, context.theme), context, key=column, height=220,
                        alt=f"{column} by lead time")  # fmt: skip
    shell.table(accuracy, context, key="accuracy", name="forecast_accuracy", mart=accuracy_marts[by_asset], height=180)
