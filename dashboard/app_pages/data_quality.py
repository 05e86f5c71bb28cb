"""Data quality: what arrived and how fresh it is, what was set aside and why, what was revised."""

import pandas as pd
import streamlit as st

from dashboard import charts, queries, shell
from dashboard.formatting import Tile, clock, is_missing, number, share, status_word

context = shell.context()
view = context.view
shell.head("Data quality", context, portfolio_only=True)

FEW_DAYS = 14  # so many and fewer leave room for the table beside the chart
REVISED = ("contract_terms_changed", "contract_dropped", "trade_recall_candidate", "imbalance_price_estimated",
           "live_final_deviation", "final_production_missing")  # fmt: skip

feeds = queries.feeds(context.con, view)
found = context.ask(queries.findings, view)


def feed_tile(feed: pd.Series) -> Tile:
    """How a feed did over the days: its status is the worst of any day."""
    is_bad = feed["status"] == "incomplete" or (
        feed["status"] == "nothing arrived" and feed["status_days"] == feed["judged_days"]
    )
    days = f" on {number(feed['status_days'])} of {number(feed['judged_days'])} days" if view.days > 1 else ""
    missing = f", {number(feed['missing'])} missing" if not is_missing(feed["missing"]) and feed["missing"] else ""
    newest = f"Newest {clock(feed['newest_at_utc'], view.zone)}. " if not is_missing(feed["newest_at_utc"]) else ""
    return Tile(
        str(feed["feed"]).replace("_", " "),
        share(feed["completeness"]),
        "",
        ("–" if is_missing(feed["status"]) else status_word(str(feed["status"])) + days) + missing,
        newest + context.means("completeness", "reports.rpt_data_quality"),
        "bad" if is_bad else "",
    )


shell.tiles([feed_tile(feed) for _, feed in feeds.iterrows()])
st.subheader("Feeds by delivery date")
listed = feeds.assign(status=feeds["status"].map(lambda status: status_word(str(status))))
few = view.days <= FEW_DAYS
left, right = st.columns([1, 2] if view.days <= 3 else 2, gap="medium") if few else (st.container(), st.container())
with left:
    matrix = queries.feed_days(context.con, view)
    shell.chart(charts.feed_matrix(matrix, context.theme), context, key="matrix", height=None,
                alt="Completeness of each feed by delivery date", known=matrix["status"])  # fmt: skip
    st.caption("▲ something lacks · ○ nothing arrived · □ not due yet. A feed that comes with an event only may stay "
               "empty.")  # fmt: skip
with right:
    shell.table(listed, context, key="feeds", name="feeds", mart="reports.rpt_data_quality", height=360)

st.subheader("Corrections")
revised = context.ask(queries.revisions, view)
settled = context.ask(queries.late_information, view)
if revised is None:
    shell.not_seen("Corrections")
elif revised.empty:
    st.caption("Nothing that was known has been corrected.")
else:
    shell.table(revised, context, key="revisions", name="revisions", mart="marts.fct_revisions", height=200)
if settled is not None and len(settled):
    st.caption("Final less estimated imbalance price, and final less live energy, by delivery date.")
    shell.table(settled, context, key="late", name="late_information", mart="marts.fct_late_information", height=200)

if found is None:
    shell.not_seen("Findings")
    st.stop()
st.subheader("Set aside, with the reason")
aside = queries.set_aside(context.con, view)
if aside.empty:
    st.caption("Nothing was set aside.")
else:
    shell.table(aside.assign(severity=aside["severity"].map(status_word)), context, key="aside", name="set_aside",
                mart="marts.fct_data_findings")  # fmt: skip
for title, kinds, nothing in (
    ("To be revised", REVISED, "Nothing is to be revised."),
    ("Everything else that was found", None, "Nothing else was found."),
):
    st.subheader(title)
    kept = found["finding"].isin(kinds if kinds else (*queries.SET_ASIDE, *REVISED))
    rows = found[kept if kinds else ~kept]
    if rows.empty:
        st.caption(nothing)
    else:
        shell.table(rows.assign(severity=rows["severity"].map(status_word)), context, key=title, name="findings",
                    mart="marts.fct_data_findings")  # fmt: skip
