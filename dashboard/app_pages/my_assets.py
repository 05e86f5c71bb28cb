"""My assets: what an owner wants to know first. What was fed in, what it earned, what lacks."""

import streamlit as st

from dashboard import charts, queries, shell
from dashboard.formatting import Tile, number, share, status_word

context = shell.context()
view = context.view
shell.head("My assets", context)

frame = queries.infeed(context.con, view, with_forecast=context.has("marts.fct_asset_forecasts"))
months = queries.asset_performance(context.con, view, "month")
mart = "reports.rpt_asset_performance"
provisional = "" if (months["status"] == "final").all() else "provisional"


def total(column: str) -> float | None:
    """The months' sum of what is known."""
    return None if column not in months or months[column].isna().all() else float(months[column].sum())


expected, measured = total("expected_quarter_hours"), total("measured_quarter_hours")
value, energy = total("market_value_eur"), total("measured_mwh")
figures = [
    Tile("Fed in", number(energy, 1), "MWh",
         f"{share(measured / expected if expected and measured else None)} measured",
         context.means("measured_mwh", mart), provisional),
    Tile("Payout for infeed", number(total("infeed_payout_eur"), 2), "EUR", "net of VAT",
         context.means("infeed_payout_eur", mart), provisional),
    Tile("Fee", number(total("fee_charged_eur"), 2), "EUR", "net of VAT", context.means("fee_charged_eur", mart),
         provisional),
    Tile("Payout for redispatch", number(total("redispatch_payout_eur"), 2), "EUR",
         f"{number(total('lost_energy_mwh'), 1)} MWh not fed in",
         context.means("redispatch_payout_eur", mart), provisional),
    Tile("Mean value", number(value / energy if value is not None and energy else None, 2), "EUR/MWh",
         "at the market's price", context.means("capture_price_eur_per_mwh", mart), provisional),
]  # fmt: skip
st.caption(f"{view.first:%B %Y}" + ("" if (view.first.year, view.first.month) == (view.last.year, view.last.month)
                                    else f" to {view.last:%B %Y}") + ", whole months")  # fmt: skip
shell.tiles(figures)

st.subheader("Infeed")
shell.chart(charts.infeed(frame, view, context.theme), context, key="infeed", height=260,
            alt="Infeed by source, tradeable forecast as a dashed line",
            known=frame[list(queries.SOURCES)].stack())  # fmt: skip
st.caption("Dashed line: our forecast. Pale: not measured yet. Amber bar above: switched off by the grid operator.")
shell.gap_note(frame, frame[list(queries.SOURCES)].isna().all(axis=1), context, "Infeed")
shell.downloads(frame, context, key="infeed_rows", name="infeed")

st.subheader("Assets")
complete = queries.completeness(context.con, view)
shell.table(complete, context, key="assets_rows", name="assets", height=min(240, 70 + 28 * len(complete)))

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
