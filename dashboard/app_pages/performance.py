"""Performance: KPIs by asset and month, ranking, and what the margin is made of."""

from dataclasses import replace
from typing import Literal

import streamlit as st

from dashboard import charts, queries, shell
from dashboard.figures import margin_tiles, why_no_margin
from dashboard.formatting import Tile, label_of, number, share, status_word
from serve.charts import BAD, GOOD, NEUTRAL, margin_parts

context = shell.context()
view = context.view
shell.head("Performance", context)

by_day = st.segmented_control("By", ["month", "day"], default="month", key="period", required=True,
                              label_visibility="collapsed") == "day"  # fmt: skip
period: Literal["day", "month"] = "day" if by_day else "month"
chosen = context.assets if view.assets is None else len(view.assets)
shown = replace(view, first=view.last) if by_day and chosen * view.days > shell.MOST_ROWS else view
assets = queries.asset_performance(context.con, shown, period)
portfolio = context.ask(queries.portfolio_performance, view, period) if view.assets is None else None

if portfolio is not None and len(portfolio):
    row = portfolio.iloc[-1]
    status = "" if row["status"] == "final" else "provisional"
    mart = "reports.rpt_portfolio_performance"
    st.subheader(f"Portfolio, {row['period_start_date']:{'%B %Y' if period == 'month' else '%-d %B %Y'}}")
    figures = {
        "measured_mwh": Tile("Measured infeed", number(row.get("measured_mwh"), 1), "MWh",
                             f"{share(row.get('completeness'))} complete"),
        "capacity_factor": Tile("Capacity factor", share(row.get("capacity_factor")), "", "of what is measured"),
        "nmae": Tile("Forecast error (nMAE)", share(row.get("nmae"), 2), "", f"bias {share(row.get('nbias'), 2)}"),
        "capture_price_eur_per_mwh": Tile("Capture price", number(row.get("capture_price_eur_per_mwh"), 2), "EUR/MWh",
                                          f"{share(row.get('capture_rate'))} of the market's mean"),
        "alpha_eur": Tile("Alpha", number(row.get("alpha_eur"), signed=True), "EUR", "against the market VWAP"),
        "imbalance_cost_eur_per_mwh": Tile("Imbalance cost", number(row.get("imbalance_cost_eur_per_mwh"), 2),
                                           "EUR/MWh", "+ we pay"),
    }  # fmt: skip
    tiles = [replace(tile, definition=context.means(name, mart), status=status)
             for name, tile in figures.items() if name in row]  # fmt: skip
    residual = f"residual {number(row.get('residual_eur'), 2)} EUR"
    shell.tiles([*tiles, *margin_tiles(row.to_dict(), context, residual, status)])
    why_no_margin(row.to_dict())
    parts = margin_parts(row.to_dict())
    if parts is None:
        shell.not_seen("What the margin is made of")
    else:
        shell.chart(charts.waterfall(parts, context.theme), context, key="waterfall", height=240, rows=parts,
                    name="margin_parts", alt="What the portfolio's margin is made of")  # fmt: skip

if assets.empty:
    st.caption("No asset has figures for these days.")
    st.stop()
kpis = {
    name: color for name, color in {
        "margin_subtotal_eur": (GOOD, BAD), "capture_price_eur_per_mwh": (NEUTRAL, NEUTRAL),
        "capture_rate": (NEUTRAL, NEUTRAL), "capacity_factor": (NEUTRAL, NEUTRAL), "nmae": (NEUTRAL, NEUTRAL),
        "imbalance_cost_eur_per_mwh": (BAD, GOOD), "measured_mwh": (NEUTRAL, NEUTRAL),
        "lost_energy_mwh": (NEUTRAL, NEUTRAL),
    }.items() if name in assets
}  # fmt: skip
st.subheader("Ranking of the assets")
last = assets[assets["period_start_date"] == assets["period_start_date"].max()]
left, right = st.columns([2, 3], gap="medium")
with left:
    kpi = st.selectbox("By figure", list(kpis), format_func=label_of, key="kpi", label_visibility="collapsed")
    ranked = last.sort_values([kpi, "asset_id"], ascending=[False, True], na_position="last").assign(
        is_final=last["status"] == "final"
    )
    if meaning := context.means(kpi, "reports.rpt_asset_performance"):
        st.caption(meaning)
    shell.chart(charts.by_asset(ranked.head(shell.MOST_BARS), kpi, label_of(kpi), *kpis[kpi]), context, key="ranking",
                height=None, alt=f"The assets by {label_of(kpi)}", known=ranked[kpi])  # fmt: skip
    if len(ranked) > shell.MOST_BARS:
        st.caption(f"The first {shell.MOST_BARS} of {number(len(ranked))} assets; the table has all.")
    if unknown := int(ranked[kpi].isna().sum()):
        st.caption(f"Not known for {unknown} of {len(ranked)} assets.")
with right:
    too_many = f" Of {shown.title} only: choose fewer assets to see every day." if shown is not view else ""
    st.caption(f"Every figure by asset and {period}; net of VAT.{too_many}")
    listed = assets.drop(columns=[name for name in ("period",) if name in assets])
    first = ["asset_id", "asset_name", "technology", "period_start_date", "status"]
    first = [name for name in first if name in listed]
    listed = listed[[*first, *[name for name in listed if name not in first]]]
    shell.table(listed.assign(status=listed["status"].map(status_word)), context, key="kpis", name="performance",
                mart="reports.rpt_asset_performance", height=420)  # fmt: skip
