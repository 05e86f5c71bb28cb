"""Every question that the pages ask: parametrised SQL on published marts, data frames out.

A mart that the role may not read is not in the database at all; `tables` says what is. Quantities come as DOUBLE, which
is what charts and tables show, rounded nowhere. Moments are naive UTC. Where a page shows days, daily marts answer.
"""

from dashboard.queries.accounts import (
    asset_performance,
    asset_totals,
    invoice_lines,
    invoices,
    months_without_figures,
    portfolio_margin,
    portfolio_performance,
)
from dashboard.queries.asking import LEAD_TIMES, MONTH, MOST_TRADES, SOURCES, Connection, NotSeenError
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
    asset_errors,
    asset_states,
    completeness,
    forecast_accuracy,
    forecast_versions,
    forecasts,
    forecasts_known_at,
    infeed,
    portfolio_errors,
    redispatch,
    version_days,
)
from dashboard.queries.quality import SET_ASIDE, feed_days, feeds, findings, late_information, revisions, set_aside
from dashboard.queries.trading import (
    alpha,
    products,
    trade_lead_times,
    trades,
    trades_of,
    trading_days,
    trading_quarter_hours,
    trading_totals,
)

__all__ = [
    "LEAD_TIMES", "MONTH", "MOST_TRADES", "SET_ASIDE", "SOURCES", "Connection", "NotSeenError", "alpha", "asset_errors",
    "asset_imbalance", "asset_performance", "asset_states", "asset_totals", "assets", "completeness", "definitions",
    "feed_ages", "feed_days", "feeds", "findings", "forecast_accuracy", "forecast_versions", "forecasts",
    "forecasts_known_at", "imbalance_by_asset", "imbalance_prices", "infeed", "invoice_lines", "invoiced_days",
    "invoices", "known_days", "late_information", "months_without_figures", "portfolio_errors", "portfolio_imbalance",
    "portfolio_margin", "portfolio_performance", "position", "position_as_of_days", "position_days", "position_growth",
    "position_hours", "position_known_at", "products", "redispatch", "revenue_path", "revisions", "set_aside", "tables",
    "trade_lead_times", "trades", "trades_of", "trading_days", "trading_quarter_hours", "trading_totals",
    "version_days",
]  # fmt: skip
