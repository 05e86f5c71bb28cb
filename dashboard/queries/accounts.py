"""Invoices and performance."""

from __future__ import annotations

from typing import Literal

import pandas as pd

from dashboard.queries.asking import NAMES, Connection, ask, chosen
from dashboard.view import View


def invoices(con: Connection, view: View) -> pd.DataFrame:
    """Invoices of the months that the days lie in."""
    return ask(
        con,
        f"""
        select * from {NAMES} as a right join marts.fct_invoices as i using (asset_id)
        where invoicing_month between strftime($first, '%Y-%m') and strftime($last, '%Y-%m') {chosen(view)}
        order by invoicing_month desc, case i.status when 'blocked' then 0 when 'provisional' then 1 else 2 end,
            invoice_id
        """,
        view,
    )


def invoice_lines(con: Connection, invoice_id: str) -> pd.DataFrame:
    """The lines of one invoice."""
    return ask(
        con,
        "select * from marts.fct_invoice_lines where invoice_id = $invoice_id order by line_type desc",
        invoice_id=invoice_id,
    )


def asset_performance(con: Connection, view: View, period: Literal["day", "month"]) -> pd.DataFrame:
    """The KPIs by asset, of each month or day that `view` touches."""
    first = "date_trunc('month', cast($first as date))" if period == "month" else "$first"
    return ask(
        con,
        f"""
        select * from {NAMES} as a right join reports.rpt_asset_performance as p using (asset_id)
        where period = '{period}' and period_start_date between {first} and $last {chosen(view)}
        order by period_start_date, asset_id
        """,
        view,
    )


def portfolio_performance(con: Connection, view: View, period: Literal["day", "month"]) -> pd.DataFrame:
    """The portfolio's KPIs, of each month or day that `view` touches."""
    first = "date_trunc('month', cast($first as date))" if period == "month" else "$first"
    return ask(
        con,
        f"""
        select * from reports.rpt_portfolio_performance
        where period = '{period}' and period_start_date between {first} and $last order by period_start_date
        """,
        view,
    )
