"""Charts of the pages: data frames of `dashboard.queries` in, Altair charts out, as wide as their place.

Colours mean what they mean in `serve.charts`. What is missing is a grey band that says so; what is provisional is pale,
with a dashed edge.
"""

from altair.utils import schemapi

from dashboard.charts.axes import shown, vega_lite
from dashboard.charts.money import (
    alpha,
    by_asset,
    cost,
    imbalance,
    imbalance_prices,
    path,
    price_changes,
    prices,
    revenue_days,
    trades,
    waterfall,
)
from dashboard.charts.positions import growth, heat_days, heat_strip, position
from dashboard.charts.power import accuracy, completeness, forecast, infeed
from dashboard.charts.state import STATES, asset_map, feed_matrix
from serve.charts import themed

__all__ = [
    "STATES", "accuracy", "alpha", "asset_map", "by_asset", "completeness", "cost", "feed_matrix", "forecast",
    "growth", "heat_days", "heat_strip", "imbalance", "imbalance_prices", "infeed", "path", "position",
    "price_changes", "prices", "revenue_days", "shown", "themed", "trades", "vega_lite",
    "waterfall",
]  # fmt: skip

schemapi.disable_debug_mode()  # a chart is checked when it is whole, instead of at each step of its making too
