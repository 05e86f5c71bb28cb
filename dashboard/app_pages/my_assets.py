"""My assets: what an owner wants to know first. What was fed in, what it earned, what lacks."""

import streamlit as st

from dashboard import charts, queries, shell
from dashboard.formatting import Tile, number, share, status_word

MOST_NAMED = 5

context = shell.context()
view = context.view
shell.head("My assets", context)

frame = queries.infeed(context.con, view, with_forecast=context.has("marts.fct_asset_forecasts"))
months = queries.asset_totals(context.con, view).iloc[0]
mart = "reports.rpt_asset_performance"
provisional = "" if months["is_final"] or not months["asset_months"] else "provisional"
expected, measured = months["expected_quarter_hours"], months["measured_quarter_hours"]


def known(column: str) -> str:
    """In how many months of assets an amount is not known: they are not in the sum."""
    blank = int(months["asset_months"] - months.get(f"known_{column}", months["asset_months"]))
    return f"without {number(blank)} of {number(months['asset_months'])} asset months" if blank else "net of VAT"


figures = [
    Tile("Fed in", number(months["measured_mwh"], 1), "MWh",
         f"{share(measured / expected if expected else None)} measured", context.means("measured_mwh", mart),
         provisional),
    Tile("Payout for infeed", number(months.get("infeed_payout_eur"), 2), "EUR", known("infeed_payout_eur"),
         context.means("infeed_payout_eur", mart), provisional),
    Tile("Fee", number(months.get("fee_charged_eur"), 2), "EUR", known("fee_charged_eur"),
         context.means("fee_charged_eur", mart), provisional),
    Tile("Payout for redispatch", number(months.get("redispatch_payout_eur"), 2), "EUR",
         f"{number(months['lost_energy_mwh'], 1)} MWh not fed in",
         context.means("redispatch_payout_eur", mart), provisional),
    Tile("Mean value", number(months["capture_price_eur_per_mwh"], 2), "EUR/MWh", "at the market's price",
         context.means("capture_price_eur_per_mwh", mart), provisional),
]  # fmt: skip
st.caption(f"{view.first:%B %Y}" + ("" if (view.first.year, view.first.month) == (view.last.year, view.last.month)
                                    else f" to {view.last:%B %Y}") + ", whole months")  # fmt: skip
shell.tiles(figures)
if len(without := queries.months_without_figures(context.con, view)):
    named = [f"{asset} in {month}" for asset, month in zip(*(without[name] for name in without), strict=True)]
    st.caption(f"▲ Not in these figures: {', '.join(named[:MOST_NAMED])}{' …' if len(named) > MOST_NAMED else ''}. "
               "A month in which an asset changed hands has no figures of one owner; the invoice does.")  # fmt: skip

st.subheader("Infeed")
shell.chart(charts.infeed(frame, view, context.theme), context, key="infeed", height=260,
            alt="Infeed by source, tradeable forecast as a dashed line",
            known=frame[list(queries.SOURCES)].stack())  # fmt: skip
st.caption("Dashed line: our forecast. Pale: not measured yet. Amber bar above: switched off by the grid operator.")
shell.gap_note(frame, frame[list(queries.SOURCES)].isna().all(axis=1), context, "Infeed")
shell.downloads(frame, context, key="infeed_rows", name="infeed")

st.subheader("Assets")
complete = queries.completeness(context.con, view)
shell.table(
    complete,
    context,
    key="assets_rows",
    name="assets",
    mart="marts.fct_asset_infeed_days",
    height=min(240, 70 + 28 * len(complete)),
)

st.subheader("Invoices")
invoices = context.ask(queries.invoices, view)
if invoices is None:
    shell.not_seen("Invoices")
elif invoices.empty:
    st.caption("No invoice for these months yet.")
else:
    kept = ("invoice_id", "asset_name", "invoicing_month", "status", "volume_mwh", "owner_gross_eur",
            "flexpower_gross_eur", "gross_eur", "issues")  # fmt: skip
    shown = invoices[[name for name in kept if name in invoices]].assign(status=invoices["status"].map(status_word))
    shell.table(shown, context, key="invoices", name="invoices", mart="marts.fct_invoices")
