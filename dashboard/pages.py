"""The pages: their names, and the marts without which a page makes no sense for a role."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).with_name("app_pages")


@dataclass(frozen=True)
class Page:
    """One page.

    Attributes:
        name: of its script, its URL and its exposure.
        title: as people read it.
        icon: of it.
        needs: marts, or columns of marts, that a role must see to have the page at all.
        for_owners: the page is for those who are limited to some customers only.
    """

    name: str
    title: str
    icon: str
    needs: frozenset[str]
    for_owners: bool = False

    @property
    def script(self) -> Path:
        """Where it is."""
        return FOLDER / f"{self.name}.py"


PAGES = (
    Page("today", "Today", "speed", frozenset({"marts.fct_positions.open_position_mwh"})),
    Page("forecast", "Forecast", "partly_cloudy_day", frozenset({"marts.fct_asset_forecasts"})),
    Page("infeed", "Infeed", "electric_bolt", frozenset({"marts.fct_asset_infeed"})),
    Page("trading", "Trading", "candlestick_chart", frozenset({"marts.fct_trading_days.revenue_eur"})),
    Page("imbalance", "Imbalance", "balance", frozenset({"marts.fct_asset_imbalance.imbalance_cost_eur"})),
    Page("invoices", "Invoices", "receipt_long", frozenset({"marts.fct_invoices.gross_eur"})),
    Page("performance", "Performance", "leaderboard", frozenset({"reports.rpt_asset_performance"})),
    Page("asset_map", "Map", "map", frozenset({"marts.dim_assets.latitude", "marts.fct_asset_infeed"})),
    Page("data_quality", "Data quality", "fact_check", frozenset({"reports.rpt_data_quality"})),
    Page(
        "my_assets", "My assets", "home", frozenset({"marts.fct_asset_infeed", "reports.rpt_asset_performance"}), True
    ),
    Page("about", "About", "info", frozenset()),
)


def visible(tables: frozenset[str], *, is_limited: bool, is_development: bool = False) -> list[Page]:
    """The pages of a role.

    Args:
        tables: the marts that it sees.
        is_limited: it sees some customers only.
        is_development: every page is shown.
    """
    shown = [page for page in PAGES if page.needs <= tables and (is_limited or is_development or not page.for_owners)]
    return sorted(shown, key=lambda page: is_limited and not page.for_owners)  # their own page comes first
