"""Invoices: by status, and one of them with its lines and reasons."""

import streamlit as st

from dashboard import queries, shell
from dashboard.formatting import Tile, number, status_word

context = shell.context()
view = context.view
shell.head("Invoices", context)

frame = queries.invoices(context.con, view)
st.caption("Invoices of the months that the days lie in. Amounts as the owner sees them: payouts +, fees −.")
counts = frame["status"].value_counts()
chosen = st.pills("Status", ["blocked", "provisional", "final"], selection_mode="multi", key="status",
                  format_func=lambda status: f"{status_word(status)} ({counts.get(status, 0)})")  # fmt: skip
shown = frame[frame["status"].isin(chosen)] if chosen else frame
shell.tiles(
    [
        Tile("Invoices", number(len(shown)), "", f"{counts.get('blocked', 0)} blocked",
             "One per contract and month (IV-1).", "bad" if counts.get("blocked", 0) else ""),
        Tile("Measured energy", number(shown["volume_mwh"].sum(min_count=1), 1), "MWh", "",
             context.means("volume_mwh", "marts.fct_invoices")),
        Tile("To owners, gross", number(shown["owner_gross_eur"].sum(min_count=1), 2), "EUR", "payouts",
             context.means("owner_gross_eur", "marts.fct_invoices"),
             "provisional" if (shown["status"] != "final").any() else ""),
        Tile("Our fees, gross", number(shown["flexpower_gross_eur"].sum(min_count=1), 2), "EUR",
             "negative: the owner pays", context.means("flexpower_gross_eur", "marts.fct_invoices"),
             "provisional" if (shown["status"] != "final").any() else ""),
    ]
)  # fmt: skip
if shown.empty:
    st.caption("No contract has an invoice in these months.")
    st.stop()
listed = shown[
    [name for name in ("invoice_id", "asset_id", "asset_name", "invoicing_month", "status", "volume_mwh", "net_eur",
                       "vat_eur", "gross_eur", "owner_gross_eur", "flexpower_gross_eur", "issues") if name in shown]
].assign(status=shown["status"].map(status_word))  # fmt: skip
place = shell.table(listed, context, key="invoices", name="invoices", mart="marts.fct_invoices",
                    chosen_by=("invoice_id",), height=320)  # fmt: skip
if place is None:
    st.caption("Choose an invoice to see its lines.")
    st.stop()
invoice = shown.iloc[place]
context.note(f"invoice {invoice['invoice_id']}")
st.subheader(f"{invoice['invoice_id']} · {status_word(invoice['status'])}")
if isinstance(invoice["issues"], str) and invoice["issues"]:
    for reason in invoice["issues"].split("; "):
        st.caption(f"▲ {reason}")
shell.tiles(
    [
        Tile(name, number(invoice[column]), "QH", "quarter-hours", context.means(column, "marts.fct_invoices"))
        for name, column in (
            ("Expected", "expected_quarter_hours"), ("Measured", "measured_quarter_hours"),
            ("Final", "final_quarter_hours"), ("Priced", "priced_quarter_hours"),
        )
    ]
)  # fmt: skip
lines = context.ask(queries.invoice_lines, invoice["invoice_id"])
if lines is None:
    shell.not_seen("Lines")
else:
    lines = lines.drop(columns=["invoice_id", "contract_id", "invoicing_month"])  # the title says them
    shell.table(lines, context, key="lines", name=str(invoice["invoice_id"]), mart="marts.fct_invoice_lines")
