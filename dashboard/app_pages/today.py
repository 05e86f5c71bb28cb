"""Today: position, PnL, open position per quarter-hour, and what was found."""

from datetime import UTC, timedelta

import pandas as pd
import streamlit as st

from dashboard import charts, queries, shell
from dashboard.figures import NOT_PRICED, margin_tiles, some_lack, why_no_margin
from dashboard.formatting import Tile, clock, gaps, number, share, status_word

context = shell.context()
view = context.view
shell.head("Today", context, portfolio_only=True, as_known=True)

figures = context.ask(queries.portfolio_performance, view, "day")
position = queries.position(context.con, view) if view.by_quarter_hour else None
kept = queries.position_as_of_days(context.con) if context.has("marts.fct_position_as_of") else None
known = None
if kept and view.by_quarter_hour and view.moment is not None:
    known = queries.position_known_at(context.con, view)
trading = context.ask(queries.trading_days, view)
sums = context.ask(queries.trading_totals, view)
margin = context.ask(queries.portfolio_margin, view)
imbalance = context.ask(queries.portfolio_imbalance, view)
days = queries.position_days(context.con, view)


def total(frame: pd.DataFrame | None, column: str) -> float | None:
    """The sum of what is known; None: nothing is."""
    return None if frame is None or column not in frame or frame[column].isna().all() else float(frame[column].sum())


everything = trading[trading["product"] == "all"] if trading is not None else None
status = "" if figures is None or figures.empty or (figures["status"] == "final").all() else "provisional"
measured, expected = total(figures, "measured_quarter_hours"), total(figures, "expected_quarter_hours")
trades = total(sums, "trades")
known_days = days.dropna(subset=["open_position_mwh"])
unsettled = int((known_days["quarter_hours"] - known_days["final_quarter_hours"]).sum())
may_change = f"{number(unsettled)} quarter-hours of the days rest on live or forecast infeed, or lack assets."
daily, position_mart, traded = "reports.rpt_portfolio_performance", "marts.fct_positions", "marts.fct_trading_days"
tiles = [
    Tile("Open position", number(total(days, "open_position_mwh"), 1, signed=True), "MWh",
         f"long {number(total(days, 'open_long_mwh'), 1)}, short {number(total(days, 'open_short_mwh'), 1)}",
         f"{context.means('open_position_mwh', position_mart)} {may_change if unsettled else ''}",
         "provisional" if unsettled else ""),
    Tile("Best of infeed", number(total(days, "infeed_mwh"), 1), "MWh",
         f"{share(measured / expected if expected and measured is not None else None)} measured",
         context.means("infeed_mwh", position_mart), "provisional" if unsettled else ""),
    Tile("Net sold", number(total(days, "net_sold_mwh"), 1), "MWh",
         f"{number(trades)} trades" if trades is not None else "", context.means("net_sold_mwh", position_mart)),
]  # fmt: skip
if sums is not None:  # what a role does not see is left out: a dash would say that it is not known
    unpriced = int(total(sums, "unpriced_quarter_hours") or 0)
    tiles += [
        Tile("PnL (trading revenue)", number(total(sums, "revenue_eur")), "EUR", "sold less bought",
             context.means("revenue_eur", traded)),
        Tile("Alpha", number(total(sums, "priced_alpha_eur"), signed=True), "EUR",
             f"without {number(unpriced)} quarter-hours" if unpriced else "against the market VWAP",
             context.means("priced_alpha_eur", traded) + (NOT_PRICED.format(number(unpriced)) if unpriced else ""),
             "bad" if unpriced else ""),
    ]  # fmt: skip
if figures is not None and "position_imbalance_cost_eur" in figures:
    unmeasured = int(total(imbalance, "unmeasured_quarter_hours") or 0)
    left_out = f" Left out: {number(unmeasured)} quarter-hours in which not every asset is measured (IM-5)."
    tiles.append(Tile("Imbalance cost", number(total(figures, "position_imbalance_cost_eur")), "EUR",
                      f"without {number(unmeasured)} quarter-hours" if unmeasured else "of the position; + we pay",
                      context.means("position_imbalance_cost_eur", daily) + (left_out if unmeasured else ""),
                      status))  # fmt: skip
no_margin: dict[str, object] = {}
if margin is not None and margin["known_days"].iloc[0]:
    summed = margin.iloc[0].to_dict()
    of_days = f"{number(summed['blank_days'])} of {number(summed['known_days'])} days: " if view.days > 1 else ""
    no_margin = summed | {"margin_reason": f"{of_days}{summed['margin_reason']}" if summed["blank_days"] else None}
    tiles += margin_tiles(no_margin, context, "net of VAT", status)
shell.tiles(tiles)
why_no_margin(no_margin)

st.subheader("Open position")
if known is not None and len(known):
    position = known
    st.caption(f"As known at {clock(view.moment, view.zone)}; the figures above are as known now.")
    named = set(known["delivery_date"].dt.date)
    not_kept = [day for day in (view.first + timedelta(days=n) for n in range(view.days)) if day not in named]
    if not_kept:
        st.caption(f"▨ Not shown, as no position of that moment is kept: {gaps(not_kept, UTC, timedelta(days=1))}")
elif view.moment is not None:
    st.caption("The moment does not apply here: positions are kept by quarter-hour "
               + (f"for the moments of {kept[0]} to {kept[1]}." if kept else "for no day."))  # fmt: skip
if days["open_position_mwh"].isna().all():
    pass  # said once, where the lines would be
elif position is not None:
    shell.chart(charts.heat_strip(position, view, context.theme), context, key="strip", height=110,
                alt="Open position per quarter-hour as a strip of colours")  # fmt: skip
    st.caption("Pale: may still change, as infeed is live or forecast or lacks.")
else:
    hours = queries.position_hours(context.con, view)
    shell.chart(charts.heat_days(hours, view, context.theme), context, key="heat", height=190, rows=hours,
                name="open_position_by_hour", alt="Mean open position by day and hour")  # fmt: skip
    st.caption("Pale: may still change, as infeed is live or forecast or lacks.")
steps = days if position is None else position
shell.chart(charts.position(steps, view, context.theme), context, key="position", height=210,
            alt="Best of infeed and net sold energy over the delivery period", known=steps["infeed_mwh"])  # fmt: skip
shell.gap_note(steps, steps["infeed_mwh"].isna(), context, "Infeed")
if position is not None:
    present = position.dropna(subset=["assets_present"])
    some_lack(present, ~present["is_complete"].astype(bool), context, "Infeed of some assets")
shell.downloads(steps, context, key="position_rows", name="position",
                as_of=steps["as_of_utc"].iloc[0] if "as_of_utc" in steps else None)  # fmt: skip

left, right = st.columns(2, gap="medium")
with left:
    st.subheader("PnL")
    if view.by_quarter_hour and context.has("marts.fct_position_paths"):
        paths = queries.revenue_path(context.con, view)
        shell.chart(charts.path(paths, view, "cumulative_revenue_eur", context.theme), context, key="pnl", height=200,
                    alt="Revenue as it grew over trading time", known=paths["cumulative_revenue_eur"], rows=paths,
                    name="revenue_over_trading_time")  # fmt: skip
    elif everything is not None:
        shell.chart(charts.revenue_days(everything, view, context.theme), context, key="pnl", height=200,
                    alt="Revenue adding up over the delivery dates", known=everything["revenue_eur"], rows=everything,
                    name="trading_days")  # fmt: skip
    else:
        shell.not_seen("Revenue")
with right:
    st.subheader("Findings")
    found = context.ask(queries.findings, view)
    if found is None:
        shell.not_seen("Findings")
    elif found.empty:
        st.caption("Nothing was found.")
    else:
        order = ("severity", "finding", "rows", "example", "feed", "meaning", "what_to_do")
        brief = found[[name for name in order if name in found]].copy()
        brief["severity"] = brief["severity"].map(status_word)
        shell.table(brief, context, key="findings", name="findings", mart="marts.fct_data_findings", height=200)

if view.days == 1 and kept and kept[0] <= view.first <= kept[1]:
    st.subheader("How the position became known")
    grown = queries.position_growth(context.con, view)
    shell.chart(charts.growth(grown, view, context.theme), context, key="growth", height=200, rows=grown,
                name="position_growth",
                alt="The day's infeed and net sold energy as they were known at each moment")  # fmt: skip
