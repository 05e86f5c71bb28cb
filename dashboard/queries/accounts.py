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


def asset_totals(con: Connection, view: View) -> pd.DataFrame:
    """The figures of all assets together over the months that `view` touches, in one row; what is not seen is left out.

    `capture_price_eur_per_mwh` is the value of what has a market price over just that energy, as in the mart;
    `known_...` says in how many of the `asset_months` a sum has a part.
    """
    return ask(
        con,
        f"""
        select count(*) as asset_months, coalesce(bool_and(status = 'final'), false) as is_final,
            cast(sum(market_value_eur) / nullif(sum(valued_mwh), 0) as double) as capture_price_eur_per_mwh,
            cast(sum(columns(lambda name: name in (
                'expected_quarter_hours', 'measured_quarter_hours', 'measured_mwh', 'valued_mwh', 'lost_energy_mwh',
                'infeed_payout_eur', 'fee_charged_eur', 'redispatch_payout_eur'
            ))) as double),
            count(columns('(infeed_payout_eur|fee_charged_eur)')) as 'known_\\1'
        from reports.rpt_asset_performance
        where period = 'month'
            and period_start_date between date_trunc('month', cast($first as date)) and $last {chosen(view)}
        """,
        view,
    )


def months_without_figures(con: Connection, view: View) -> pd.DataFrame:
    """Assets with infeed in a month that has no figures of its own here: a month with two owners is neither's alone."""
    return ask(
        con,
        f"""
        with fed_in as (
            select distinct asset_id, cast(date_trunc('month', delivery_date) as date) as period_start_date
            from marts.fct_asset_infeed_days
            where delivery_date between date_trunc('month', cast($first as date)) and last_day(cast($last as date))
                and infeed_quarter_hours > 0 {chosen(view)}
        )
        select asset_id, strftime(period_start_date, '%Y-%m') as invoicing_month
        from fed_in
        anti join (from reports.rpt_asset_performance where period = 'month') using (asset_id, period_start_date)
        order by all
        """,
        view,
    )


def portfolio_margin(con: Connection, view: View) -> pd.DataFrame:
    """The margin of the days in one row; NULL as soon as one day's is (PF-3), with the first day's reason.

    `margin_from_trades_eur` is the subtotal of what can be computed, `blank_days` counts days without a margin.
    """
    return ask(
        con,
        """
        select cast(case when count(*) = count(margin_eur) then sum(margin_eur) end as double) as margin_eur,
            cast(sum(margin_from_trades_eur) as double) as margin_from_trades_eur, count(*) as known_days,
            count(*) - count(margin_eur) as blank_days,
            arg_min(margin_reason, period_start_date) filter (where margin_eur is null) as margin_reason
        from reports.rpt_portfolio_performance where period = 'day' and period_start_date between $first and $last
        """,
        view,
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
