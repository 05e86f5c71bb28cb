"""Assets, their contracts, and what is peculiar about their feeds; and a made-up portfolio of any size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal

import numpy as np

from simulator.incidents import Oddities
from simulator.noise import Flags, generator
from simulator.times import DAY
from simulator.weather import Sites, mean_speed_m_per_s

Technology = Literal["solar", "wind"]
KeyName = Literal["asset_id", "entity_id"]


@dataclass(frozen=True)
class Asset:
    """A generating asset; position in degrees, capacity in kW.

    Attributes:
        meters_local_days: whether its final production comes by local day; else by UTC day.
        meter_group: the name of the file that its final production shares with other assets; None: a file of its own.
        has_final: whether its final production ever comes.
        has_live: whether it is measured live.
        live_key: how its live files name it.
        live_jitter_ms: how late its live samples are at most.
    """

    asset_id: str
    name: str
    technology: Technology
    latitude: float
    longitude: float
    capacity_kw: float
    attributes: dict[str, str | int]
    owner: str
    meters_local_days: bool = False
    meter_group: str | None = None
    has_final: bool = True
    has_live: bool = True
    live_key: KeyName = "asset_id"
    live_jitter_ms: int = 0

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


@dataclass(frozen=True)
class Portfolio:
    """What the virtual power plant and the customer relations know.

    Attributes:
        assets: every asset that there is.
        technical_lists: (timestamp of the file's name, the assets as it gives them).
        contract_lists: (local day, time as hhmmss, the contracts) of each list, in the order of days.
    """

    assets: tuple[Asset, ...]
    technical_lists: tuple[tuple[str, Sequence[Asset]], ...]
    contract_lists: tuple[tuple[date, str, Sequence[Contract]], ...]

    def sites(self) -> Sites:
        """Where the assets are and what they are like."""
        latitude = np.array([asset.latitude for asset in self.assets])
        is_solar = np.array([asset.technology == "solar" for asset in self.assets])
        tracking = np.array([asset.attributes.get("tracking_type") == "single_axis" for asset in self.assets])
        hub_m = np.array([float(asset.attributes.get("hub_height_meters", 0)) for asset in self.assets])
        speed = mean_speed_m_per_s(latitude) * (np.maximum(hub_m, 60) / 125) ** 0.2
        longitude = np.array([asset.longitude for asset in self.assets])
        return Sites(latitude, longitude, is_solar, tracking, np.where(is_solar, 0.0, speed))

    def is_contracted(self, day: date) -> Flags:
        """Whether each asset is under contract on a local day, by the newest list of that day or the first one."""
        lists = [contracts for listed_on, _, contracts in self.contract_lists if listed_on <= day]
        contracts = lists[-1] if lists else self.contract_lists[0][2]
        covered = {contract.asset.asset_id for contract in contracts if contract.covers(day)}
        return np.array([asset.asset_id in covered for asset in self.assets])


_STATES = {  # latitude and longitude, each from and to: boxes well inside
    "SH": (53.8, 54.7, 8.9, 10.6), "NI": (52.3, 53.6, 7.4, 10.6), "MV": (53.4, 54.2, 11.2, 13.9),
    "BB": (52.0, 53.2, 12.4, 14.2), "SN": (50.8, 51.4, 12.4, 14.6), "ST": (51.4, 52.6, 11.2, 12.5),
    "NW": (51.0, 52.1, 6.6, 9.0), "HE": (50.0, 51.4, 8.4, 9.8), "RP": (49.4, 50.5, 6.6, 8.0),
    "BW": (47.9, 49.4, 8.2, 10.0), "BY": (48.0, 49.8, 10.6, 13.0), "TH": (50.6, 51.3, 10.2, 12.0),
}  # fmt: skip
_WIND_STATES = ("SH", "NI", "MV", "BB", "ST", "NW", "RP", "HE")
_SOLAR_STATES = ("BY", "BW", "BB", "SN", "TH", "RP", "MV", "NI")
_SOLAR_PRICES, _WIND_PRICES = (30, 48), (45, 66)  # EUR/MWh of fixed contracts: near what the sun and the wind capture
_PLACES = ("Erlen", "Birken", "Moor", "Heide", "Stein", "Linden", "Mühlen", "Wiesen", "Geest", "Hoch", "Sand", "Au")
_ENDS = ("berg", "feld", "hof", "bach", "horst", "brück", "au", "kamp", "see", "rode")
_TURBINES = {"Nordwerk N117": 2400, "Nordwerk N126": 4200, "Havelwind H115": 2300, "Havelwind H149": 5000}
_GROUP_SIZE = 8


def invent(assets: int, days: Sequence[date], oddities: Oddities, seed: int) -> Portfolio:
    """Make a portfolio up: a little more wind than sun, small solar parks, a few turbines at a time.

    Args:
        assets: how many, 1 or more. The first assets do not depend on it.
        days: the local days that are simulated; contract lists are those of the Sundays around them.
        oddities: what may be peculiar.
        seed: of the simulation.
    """
    members = tuple(_asset(number, oddities, seed) for number in range(1, assets + 1))
    first = days[0]
    technical: list[tuple[str, Sequence[Asset]]] = [(f"technical_data_{first - 3 * DAY}T124600Z", members)]
    if oddities.changed_capacities:
        changed = [
            replace(asset, capacity_kw=round(asset.capacity_kw * 1.04, 1))
            if _chance(seed, n, "capacity") < 0.02
            else asset
            for n, asset in enumerate(members)
        ]
        technical.append((f"technical_data_{first - DAY}T125000Z", changed))
    contracts = [line for n, asset in enumerate(members) for line in _contracts(n, asset, days, oddities, seed)]
    sunday = first - timedelta(days=first.isoweekday() % 7) - 7 * DAY
    lists = []
    while sunday <= days[-1]:
        second = int(_chance(seed, sunday.toordinal(), "contract list") * 3600)
        kept = [line for line in contracts if not _is_dropped(line, sunday, days, oddities, seed)]
        lists.append((sunday, f"04{second // 60:02d}{second % 60:02d}", kept))
        sunday += 7 * DAY
    return Portfolio(members, tuple(technical), tuple(lists))


def _chance(seed: int, key: int, purpose: str) -> float:
    return float(generator(seed, purpose, key).random())


def _asset(number: int, oddities: Oddities, seed: int) -> Asset:
    rng = generator(seed, "asset", number)
    is_wind = int(number * 0.55) > int((number - 1) * 0.55)  # 55 of 100, spread evenly
    state = str(rng.choice(_WIND_STATES if is_wind else _SOLAR_STATES))
    south, north, west, east = _STATES[state]
    place = f"{rng.choice(_PLACES)}{rng.choice(_ENDS)}"
    year, month, day = int(rng.integers(2012, 2025)), int(rng.integers(1, 13)), int(rng.integers(1, 29))
    attributes: dict[str, str | int] = {}
    if is_wind:
        model = str(rng.choice(list(_TURBINES)))
        count = int(rng.integers(1, 6))
        capacity_kw = float(_TURBINES[model] * count)
        hub_m = int(rng.choice([95, 120, 134, 149]))
        attributes = {"turbine_model": model, "turbine_count": count, "hub_height_meters": hub_m}
    else:
        capacity_kw = round(float(np.exp(rng.normal(7.6, 0.8))), 1)
        panel = str(rng.choice(["monocrystalline", "polycrystalline", "thin_film"]))
        tracking = "single_axis" if rng.random() < 0.12 else "fixed"
        attributes = {"panel_type": panel, "tracking_type": tracking}
    attributes["commissioning_date"] = f"{year}-{month:02d}-{day:02d}"
    in_group, peculiar = bool(rng.random() < 0.3), rng.random(4)
    kind = "Wind" if is_wind else "Solar"
    return Asset(
        asset_id=f"{'WND' if is_wind else 'SOL'}-{state}-{number:04d}",
        name=f"{kind}park {place}",
        technology="wind" if is_wind else "solar",
        latitude=round(float(rng.uniform(south, north)), 4),
        longitude=round(float(rng.uniform(west, east)), 4),
        capacity_kw=capacity_kw,
        attributes=attributes,
        owner=f"{place} {kind}energie GmbH",
        meters_local_days=is_wind,
        meter_group=f"MP-GROUP-{kind.upper()}-{number // (4 * _GROUP_SIZE) + 1}" if in_group else None,
        has_final=not (oddities.missing_final and peculiar[0] < 0.06),
        has_live=not (oddities.missing_live and peculiar[1] < 0.06),
        live_key="entity_id" if oddities.entity_ids and peculiar[2] < 0.2 else "asset_id",
        live_jitter_ms=9_000 if oddities.irregular_live and peculiar[3] < 0.25 else 0,
    )


def _contracts(number: int, asset: Asset, days: Sequence[date], oddities: Oddities, seed: int) -> list[Contract]:
    """One contract, or two that follow each other on a day of the simulation or shortly before."""
    rng = generator(seed, "contract", number)
    begin = date(int(rng.integers(2021, 2025)), int(rng.integers(1, 13)), 1)
    changes = oddities.contract_changes and rng.random() < 0.06
    changed_on = days[0] + timedelta(days=int(rng.integers(-3, len(days))))
    email = f"{rng.choice(['buero', 'kontakt', 'post', 'abrechnung'])}.{asset.short_name.lower()}@example.com"
    contracts = []
    spans = [(begin, changed_on), (changed_on, None)] if changes else [(begin, None)]
    for place, (first, end) in enumerate(spans, start=1):
        is_market = bool(rng.random() < 0.6)
        price_range = _SOLAR_PRICES if asset.technology == "solar" else _WIND_PRICES
        price = "" if is_market else f"{rng.uniform(*price_range):.1f}"
        unpriced = bool(oddities.unpriced_contracts and rng.random() < 0.03)
        share = rng.random()
        fee, percent = f"{rng.uniform(1.5, 3.5):.2f}", f"{rng.uniform(3, 8):.1f}"
        contract_id = f"CON{place}_{asset.asset_id}"
        line = Contract(contract_id, asset, first, end, "market" if is_market else "fixed", price,
                        "fixed_as_produced", fee, "", email)  # fmt: skip
        if share < 0.4:
            line = replace(line, fee_model="percent_of_market", fee="", fee_percent=percent)
        elif share < 0.6:
            line = replace(line, fee_model="fixed_for_capacity", fee=f"{rng.uniform(220, 340):.1f}")
        contracts.append(replace(line, price_model="fixed", price="") if unpriced else line)
    return contracts


def _is_dropped(line: Contract, listed_on: date, days: Sequence[date], oddities: Oddities, seed: int) -> bool:
    """Whether a contract is missing from a list: from a day of the simulation on, without having ended."""
    if not oddities.dropped_contracts:
        return False
    number = int(line.asset.asset_id.split("-")[2])
    rng = generator(seed, "dropped contract", number)
    dropped_on = days[0] + timedelta(days=int(rng.integers(0, max(len(days), 7))))
    return bool(rng.random() < 0.02) and listed_on >= dropped_on
