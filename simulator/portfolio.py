"""The invented assets of the sample and their contracts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

Technology = Literal["solar", "wind"]


@dataclass(frozen=True)
class Asset:
    """A generating asset; position in degrees, capacity in kW."""

    asset_id: str
    name: str
    technology: Technology
    latitude: float
    longitude: float
    capacity_kw: float
    attributes: dict[str, str | int]
    owner: str

    @property
    def metering_point_id(self) -> str:
        """The name that the grid operator knows the asset by."""
        return f"MP-{self.asset_id}"

    @property
    def short_name(self) -> str:
        """The beginning of its live files' names, as `SOL101`."""
        technology, _, number = self.asset_id.split("-")
        return technology + number


@dataclass(frozen=True)
class Contract:
    """A line of the contract list; capacity in MW, prices and fees as text, empty where they are missing.

    `price` is EUR/MWh, `fee` EUR/MWh or EUR per MW and month, `fee_percent` a percentage (IV-3, IV-4).
    `contract_end` is the first day no longer covered.
    """

    contract_id: str
    asset: Asset
    contract_begin: date
    contract_end: date | None
    price_model: Literal["fixed", "market"]
    price: str
    fee_model: Literal["fixed_as_produced", "fixed_for_capacity", "percent_of_market"]
    fee: str
    fee_percent: str
    email: str

    def covers(self, day: date) -> bool:
        """Whether the asset is in the portfolio on a local day (FC-3)."""
        return self.contract_begin <= day and (self.contract_end is None or day < self.contract_end)


def _solar(panel: str, tracking: str, commissioned: str) -> dict[str, str | int]:
    return {"panel_type": panel, "tracking_type": tracking, "commissioning_date": commissioned}


def _wind(model: str, count: int, hub_height_meters: int, commissioned: str) -> dict[str, str | int]:
    return {
        "turbine_model": model,
        "turbine_count": count,
        "hub_height_meters": hub_height_meters,
        "commissioning_date": commissioned,
    }


SOL_NI = Asset(
    "SOL-NI-101", "Solarpark Wiesenmoor", "solar", 53.3921, 7.7412, 4200.0,
    _solar("monocrystalline", "fixed", "2021-06-14"), "Moorlicht Energie GmbH",
)  # fmt: skip
SOL_BY = Asset(
    "SOL-BY-102", "Sonnenfeld Altmühl", "solar", 49.0187, 11.0533, 2750.5,
    _solar("thin_film", "single_axis", "2023-04-03"), "Bürgerenergie Altmühl eG",
)  # fmt: skip
SOL_SN = Asset(
    "SOL-SN-103", "Solarhang Lausitz", "solar", 51.2406, 14.3811, 1640.0,
    _solar("polycrystalline", "fixed", "2019-09-27"), "Lausitzer Hangsonne KG",
)  # fmt: skip
WIND_SH = Asset(
    "WIND-SH-201", "Windpark Süderhörn", "wind", 54.5518, 9.1127, 12600.0,
    _wind("Nordwerk N126", 3, 134, "2020-11-19"), "Süderhörn Wind GmbH",
)  # fmt: skip
WIND_NI = Asset(
    "WIND-NI-202", "Windpark Geestrand", "wind", 53.0714, 9.3642, 8400.0,
    _wind("Nordwerk N117", 4, 120, "2017-03-08"), "Geestrand Windkraft KG",
)  # fmt: skip
WIND_BB = Asset(
    "WIND-BB-203", "Windfeld Prignitz", "wind", 53.0931, 12.0385, 6900.0,
    _wind("Havelwind H115", 3, 149, "2025-08-25"), "Windfeld Prignitz GmbH",
)  # fmt: skip

ASSETS = (SOL_NI, SOL_BY, SOL_SN, WIND_SH, WIND_NI, WIND_BB)

# Known from the start.
_CONTRACTS = (
    Contract("CON1_SOL-NI-101", SOL_NI, date(2021, 7, 1), None, "fixed", "82.5",
             "fixed_as_produced", "2.4", "", "buero.moorlicht@example.com"),
    Contract("CON1_SOL-BY-102", SOL_BY, date(2023, 5, 1), date(2028, 5, 1), "market", "",
             "percent_of_market", "", "5.5", "vorstand.altmuehl@example.org"),
    Contract("CON1_SOL-SN-103", SOL_SN, date(2024, 1, 1), None, "fixed", "",
             "fixed_as_produced", "3.1", "", "kontakt.hangsonne@example.com"),
    Contract("CON1_WIND-SH-201", WIND_SH, date(2023, 10, 26), date(2025, 10, 26), "fixed", "71.9",
             "fixed_for_capacity", "310.0", "", "abrechnung.suederhoern@example.com"),
    Contract("CON2_WIND-SH-201", WIND_SH, date(2025, 10, 26), date(2027, 10, 26), "market", "",
             "percent_of_market", "", "4.0", "abrechnung.suederhoern@example.com"),
    Contract("CON1_WIND-NI-202", WIND_NI, date(2024, 10, 27), date(2025, 10, 27), "market", "",
             "fixed_for_capacity", "275.0", "", "post.geestrand@example.org"),
)  # fmt: skip

EARLIER_CONTRACTS = _CONTRACTS
# The newest list no longer holds the contract of SOL-BY-102; WIND-BB-203 has none in any list.
NEWEST_CONTRACTS = tuple(contract for contract in _CONTRACTS if contract.asset is not SOL_BY)
