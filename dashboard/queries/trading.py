"""Our trading beside the market's."""

from __future__ import annotations

from typing import Any

import pandas as pd

from dashboard.queries.asking import BY_LEAD_TIME, MOST_TRADES, Connection, ask, doubles, sums
from dashboard.view import View

_TRADE = """trade_id, side, product, delivery_start_utc, executed_at_utc, is_recall_candidate,
            cast(price_eur_per_mwh as double) as price_eur_per_mwh, cast(volume_mwh as double) as volume_mwh,
            cast(revenue_eur as double) as revenue_eur"""


def trading_days(con: Connection, view: View) -> pd.DataFrame:
    """Our trading beside the market's, a row per delivery date and product (`all`, `hour`, `quarter_hour`)."""
    return ask(
        con,
        f"""
        select delivery_date, product, trades, unpriced_quarter_hours,
            {
            doubles(
                "t",
                "revenue_eur",
                "sold_mwh",
                "bought_mwh",
                "net_sold_mwh",
                "private_vwap_eur_per_mwh",
                "sell_vwap_eur_per_mwh",
                "buy_vwap_eur_per_mwh",
                "market_vwap_eur_per_mwh",
                "market_mwh",
                "alpha_eur",
                "priced_alpha_eur",
            )
        }
        from marts.fct_trading_days as t
        where delivery_date between $first and $last order by delivery_date, product
        """,
        view,
    )


def trading_totals(con: Connection, view: View) -> pd.DataFrame:
    """The days' trading in one row: sums, VWAPs by their energy (TR-4), alpha as far as it can be priced (TR-7)."""
    return ask(
        con,
        f"""
        select {sums("revenue_eur", "sold_mwh", "bought_mwh", "net_sold_mwh", "priced_alpha_eur")},
            {", ".join(f"cast(sum({name}) as bigint) as {name}" for name in ("trades", "unpriced_quarter_hours"))},
            {_weighted("private_vwap_eur_per_mwh", "sold_mwh + bought_mwh")},
            {_weighted("market_vwap_eur_per_mwh", "market_mwh")}
        from marts.fct_trading_days where product = 'all' and delivery_date between $first and $last
        """,
        view,
    )


def _weighted(price: str, mwh: str) -> str:
    known = f"filter (where {price} is not null)"
    return f"sum(cast({price} as double) * ({mwh})) {known} / nullif(sum({mwh}) {known}, 0) as {price}"


def trading_quarter_hours(con: Connection, view: View) -> pd.DataFrame:
    """VWAPs, indices, volumes and alpha per quarter-hour of delivery; NULL where nothing was traded."""
    return ask(
        con,
        f"""
        select q.delivery_start_utc, q.delivery_date, q.quarter_hour_of_day, t.trades,
            {
            doubles(
                "t",
                "revenue_eur",
                "sold_mwh",
                "bought_mwh",
                "net_sold_mwh",
                "private_vwap_eur_per_mwh",
                "market_vwap_eur_per_mwh",
                "id1_like_eur_per_mwh",
                "id3_like_eur_per_mwh",
                "market_mwh",
                "alpha_eur",
            )
        }
        from marts.dim_quarter_hours as q left join marts.fct_trading_quarter_hours as t using (delivery_start_utc)
        where q.delivery_date between $first and $last order by q.delivery_start_utc
        """,
        view,
    )


def alpha(con: Connection, view: View) -> pd.DataFrame:
    """Alpha in EUR by hour of delivery and quarter of the hour (one day) or delivery date (more).

    It is the part that can be priced, so that the cells add up to the day (TR-7); `unpriced_quarter_hours` are not in
    it.
    """
    place = "strftime(q.delivery_date, '%a %d %b')"
    if view.days == 1:
        place = "':' || lpad(cast((q.quarter_hour_of_day - 1) % 4 * 15 as varchar), 2, '0')"
    elif view.days > 62:
        place = "strftime(q.delivery_date, '%b %Y')"
    return ask(
        con,
        f"""
        select (q.quarter_hour_of_day - 1) // 4 as hour_of_day, {place} as place, min(q.delivery_date) as first_date,
            cast(sum(alpha_eur) filter (where trades > 0) as double) as priced_alpha_eur,
            count(*) filter (where trades > 0 and alpha_eur is null) as unpriced_quarter_hours
        from marts.dim_quarter_hours as q left join marts.fct_trading_quarter_hours as t using (delivery_start_utc)
        where q.delivery_date between $first and $last group by all order by first_date, place, hour_of_day
        """,
        view,
    )


def products(con: Connection, view: View) -> pd.DataFrame:
    """Our trades by product, a row per delivery period that was traded."""
    return ask(
        con,
        """
        select delivery_start_utc, delivery_end_utc, product, count(distinct trade_id) as trades,
            cast(sum(volume_mwh) filter (where side = 'SELL') as double) as sold_mwh,
            cast(sum(volume_mwh) filter (where side = 'BUY') as double) as bought_mwh,
            cast(sum(revenue_eur) as double) as revenue_eur,
            cast(sum(cast(price_eur_per_mwh as double) * volume_mwh) / sum(volume_mwh) as double)
                as private_vwap_eur_per_mwh
        from marts.fct_trades where delivery_date between $first and $last
        group by all order by delivery_start_utc, delivery_end_utc
        """,
        view,
    )


def trades(con: Connection, view: View) -> pd.DataFrame:
    """Our trades by time of execution; of very many the largest `MOST_TRADES`."""
    return ask(
        con,
        f"""
        select {_TRADE} from marts.fct_trades where delivery_date between $first and $last
        qualify row_number() over (order by volume_mwh desc, trade_id) <= {MOST_TRADES}
        order by executed_at_utc, trade_id, side
        """,
        view,
    )


def trades_of(con: Connection, start_utc: Any, product: str) -> pd.DataFrame:
    """All trades of ours of one product, `hour` or `quarter_hour`, by its start."""
    return ask(
        con,
        f"""
        select {_TRADE} from marts.fct_trades
        where delivery_start_utc = $start_utc and product = $product order by executed_at_utc, trade_id, side
        """,
        start_utc=start_utc,
        product=product,
    )


def trade_lead_times(con: Connection, view: View) -> pd.DataFrame:
    """How long before delivery we trade, and at what price."""
    return ask(
        con,
        f"""
        select lead_time_bucket, cast(sum(trades) as bigint) as trades, cast(sum(sold_mwh) as double) as sold_mwh,
            cast(sum(bought_mwh) as double) as bought_mwh, cast(sum(revenue_eur) as double) as revenue_eur
        from marts.fct_trading_lead_times where delivery_date between $first and $last group by lead_time_bucket
        order by {BY_LEAD_TIME}
        """,
        view,
    )
