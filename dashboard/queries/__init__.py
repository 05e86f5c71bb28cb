"""Every question that the pages ask: parametrised SQL on published marts, data frames out.

A mart that the role may not read is not in the database at all; `tables` says what is. Quantities come as DOUBLE, which
is what charts and tables show, rounded nowhere. Moments are naive UTC. Where a page shows days, daily marts answer.
"""

from dashboard.queries.accounts import asset_performance, invoice_lines, invoices, portfolio_performance
from dashboard.queries.asking import LEAD_TIMES, MONTH, MOST_TRADES, SOURCES, Connection
from dashboard.queries.contents import assets, definitions, feed_ages, invoiced_days, known_days, tables
from dashboard.queries.imbalances import asset_imbalance, imbalance_by_asset, imbalance_prices, portfolio_imbalance
from dashboard.queries.positions import (
    position,
    position_as_of_days,
    position_days,
    position_growth,
    position_hours,
    position_known_at,
    revenue_path,
)
from dashboard.queries.power import (
    asset_states,
    completeness,
    forecast_accuracy,
    forecast_versions,
    forecasts,
    forecasts_known_at,
    infeed,
    redispatch,
    version_days,
)
from dashboard.queries.quality import feed_days, feeds, findings, late_information, revisions
from dashboard.queries.trading import (
    alpha,
    products,
    trade_lead_times,
    trades,
    trades_of,
    trading_days,
    trading_quarter_hours,
)

__all__ = [
    "LEAD_TIMES", "MONTH", "MOST_TRADES", "SOURCES", "Connection", "alpha", "asset_imbalance", "asset_performance",
    "asset_states", "assets", "completeness", "definitions", "feed_ages", "feed_days", "feeds", "findings",
    "forecast_accuracy", "forecast_versions", "forecasts", "forecasts_known_at", "imbalance_by_asset",
    "imbalance_prices", "infeed", "invoice_lines", "invoiced_days", "invoices", "known_days", "late_information",
    "portfolio_imbalance", "portfolio_performance", "position", "position_as_of_days", "position_days",
    "position_growth", "position_hours", "position_known_at", "products", "redispatch", "revenue_path", "revisions",
    "tables", "trade_lead_times", "trades", "trades_of", "trading_days", "trading_quarter_hours", "version_days",
]  # fmt: skip
