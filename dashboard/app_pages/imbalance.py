"""Imbalance: volume and cost, estimate against final price, by asset with netting, redispatch apart."""

import streamlit as st

from dashboard import charts, queries, shell
from dashboard.formatting import Tile, number

context = shell.context()
view = context.view
shell.head("Imbalance", context)

by_asset = queries.imbalance_by_asset(context.con, view) if context.has("reports.rpt_asset_performance") else None
whole = view.assets is None and context.has("marts.fct_portfolio_imbalance")
frame = (queries.portfolio_imbalance if whole else queries.asset_imbalance)(context.con, view)
whose, of_assets = ("marts.fct_portfolio_imbalance", "") if whole else ("marts.fct_asset_imbalance", " of assets")
volume, cost = ("forecast_imbalance_mwh", "forecast_imbalance_cost_eur") if whole else (
    "imbalance_mwh", "imbalance_cost_eur")  # fmt: skip
measured = "provisional" if frame["is_provisional"].any() else ""
status = "provisional" if (frame["is_provisional"] | frame["is_estimated"]).any() else ""


def quarter_hours(column: str) -> int:
    """How many quarter-hours the frame counts."""
    return int(frame[column].sum()) if column in frame else 0


missing, unpriced = quarter_hours("missing_quarter_hours"), quarter_hours("unpriced_quarter_hours")
incomplete, unmeasured = quarter_hours("incomplete_quarter_hours"), quarter_hours("unmeasured_quarter_hours")
figures = [
    Tile("Imbalance", number(frame["imbalance_mwh"].sum(min_count=1), 1, signed=True), "MWh",
         "infeed − forecast; + long", context.means(volume, whose), measured),
    Tile("Cost", number(frame["imbalance_cost_eur"].sum(min_count=1)), "EUR", "+ we pay",
         context.means(cost, whose), status),
]  # fmt: skip
if whole:
    figures += [
        Tile("Netting effect", number(frame["netting_effect_eur"].sum(min_count=1), signed=True), "EUR",
             "against the assets one by one", context.means("netting_effect_eur", whose), status),
    ]  # fmt: skip
if "position_imbalance_mwh" in frame:
    left_out = f"without {number(unmeasured)} quarter-hours" if unmeasured else ""
    why = f" Left out: {number(unmeasured)} quarter-hours in which not every asset is measured (IM-5)."
    figures += [
        Tile("Of the position", number(frame["position_imbalance_mwh"].sum(min_count=1), 1, signed=True), "MWh",
             left_out or "infeed − net sold",
             context.means("position_imbalance_mwh", whose) + (why if unmeasured else ""), measured),
        Tile("Cost of the position", number(frame["position_imbalance_cost_eur"].sum(min_count=1)), "EUR",
             left_out or "+ we pay", context.means("position_imbalance_cost_eur", whose) + (why if unmeasured else ""),
             status),
    ]  # fmt: skip
if by_asset is not None:
    figures.append(Tile("Lost to redispatch", number(by_asset["lost_energy_mwh"].sum(min_count=1), 1), "MWh", "",
                        context.means("lost_energy_mwh", "reports.rpt_asset_performance")))  # fmt: skip
figures += [
    Tile("Without imbalance", number(missing), "QH", f"quarter-hours{of_assets}",
         f"Quarter-hours{of_assets} under contract without measurement or forecast: they are in no sum (IM-1).",
         "bad" if missing else ""),
    Tile("Without price", number(unpriced), "QH", f"quarter-hours{of_assets}",
         f"Quarter-hours{of_assets} with an imbalance whose side has no price: in the volume, not in the cost (IM-2).",
         "bad" if unpriced else ""),
]  # fmt: skip
shell.tiles(figures)
if incomplete:
    st.caption(f"▨ In {number(incomplete)} quarter-hours the sum lacks assets that are not measured or not forecast.")

left, right = st.columns(2, gap="medium")
with left:
    st.subheader("Volume")
    shell.chart(charts.imbalance(frame, view, context.theme), context, key="volume",
                alt="Imbalance, long up and short down", known=frame["imbalance_mwh"])  # fmt: skip
with right:
    st.subheader("Cost")
    shell.chart(charts.cost(frame, view, context.theme), context, key="cost",
                alt="Cost of the imbalance, paid up and earned down", known=frame["imbalance_cost_eur"])  # fmt: skip
st.caption("Pale with a dashed edge: may still change. A volume while infeed is live, a cost also while its price is "
           "an estimate.")  # fmt: skip
shell.gap_note(frame, frame["imbalance_mwh"].isna(), context, "Imbalance")
shell.gap_note(frame, frame["unpriced_quarter_hours"] > 0, context, "Imbalance price")
shell.downloads(frame, context, key="imbalance", name="imbalance")

assets = frame if not whole else queries.asset_imbalance(context.con, view)
is_switched_off = bool(assets["redispatch_mwh"].fillna(0).ne(0).any())
left, right = st.columns([1, 1] if is_switched_off else [3, 1], gap="medium")
with left:
    st.subheader("Estimate against final price")
    if view.by_quarter_hour:
        prices = context.ask(queries.imbalance_prices, view)
        if prices is None:
            shell.not_seen("Imbalance prices")
        else:
            shell.chart(charts.imbalance_prices(prices, view, context.theme), context, key="prices",
                        alt="Final imbalance prices of both sides and the estimate",
                        known=prices[["short_final", "long_final", "estimate"]].stack())  # fmt: skip
            final = prices[["short_final", "long_final"]].notna().all(axis=1)
            shell.gap_note(prices, ~final, context, "Final price")
            shell.downloads(prices, context, key="price_rows", name="imbalance_prices")
    else:
        changes = context.ask(queries.late_information, view)
        if changes is None:
            shell.not_seen("Final less estimated prices")
        else:
            shell.chart(charts.price_changes(changes, view, context.theme), context, key="changes", rows=changes,
                        name="final_less_estimate", alt="Final less estimated imbalance price by day",
                        known=changes["final_minus_estimate_eur_per_mwh"])  # fmt: skip
            st.caption("Means over the quarter-hours of the day that have both.")
with right:
    st.subheader("Redispatch apart")
    if is_switched_off:
        shell.chart(charts.imbalance(assets, view, context.theme, "redispatch_mwh"), context, key="redispatch",
                    rows=assets, name="imbalance_apart",
                    alt="The part of the imbalance that redispatch caused")  # fmt: skip
    shell.tiles(
        [
            Tile("By redispatch", number(assets["redispatch_mwh"].sum(min_count=1), 2, signed=True), "MWh",
                 "of the imbalance", context.means("redispatch_mwh", "marts.fct_asset_imbalance"), measured),
            Tile("By the forecast", number(assets["forecast_error_mwh"].sum(min_count=1), 2, signed=True), "MWh",
                 "of the imbalance", context.means("forecast_error_mwh", "marts.fct_asset_imbalance"), measured),
        ]
    )  # fmt: skip

if by_asset is not None:
    st.subheader("Cost by asset")
    left, right = st.columns(2, gap="medium")
    with left:
        shell.chart(charts.by_asset(by_asset.head(shell.MOST_BARS), "imbalance_cost_eur", "cost, EUR, + we pay"),
                    context, key="by_asset", height=None, alt="Imbalance cost of each asset",
                    known=by_asset["imbalance_cost_eur"])  # fmt: skip
        if len(by_asset) > shell.MOST_BARS:
            st.caption(f"The {shell.MOST_BARS} dearest of {number(len(by_asset))} assets; the table has all.")
        if whole:
            assets_cost = by_asset["imbalance_cost_eur"].sum(min_count=1)
            st.caption(
                f"The assets one by one: {number(assets_cost)} EUR; the portfolio on its own side: "
                f"{number(frame['imbalance_cost_eur'].sum(min_count=1))} EUR (IM-5)."
            )
    with right:
        shell.table(by_asset, context, key="by_asset_rows", name="imbalance_by_asset",
                    mart="reports.rpt_asset_performance", height=shell.MOST_BARS * 17 + 40)  # fmt: skip
