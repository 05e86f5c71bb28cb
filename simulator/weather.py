"""What sun and wind let an asset produce, what is forecast of it, and what it does to prices. Power in kW."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from random import Random

from simulator.portfolio import Asset
from simulator.times import MARKET_ZONE

_OBLIQUITY_RAD = math.radians(23.44)
_QUARTER_HOURS_PER_HOUR = 4


def autocorrelated(rng: Random, length: int, memory: float) -> list[float]:
    """A series with mean 0, variance 1 and the given correlation (0 to 1) between neighbours."""
    innovation = math.sqrt(1 - memory**2)
    value = rng.gauss(0, 1)
    series = []
    for _ in range(length):
        series.append(value)
        value = memory * value + innovation * rng.gauss(0, 1)
    return series


def sine_of_sun_elevation(moment: datetime, latitude: float, longitude: float) -> float:
    """Sine of the sun's elevation at a UTC moment, at least 0; position in degrees."""
    season_rad = 2 * math.pi * (moment.timetuple().tm_yday - 80) / 365.25
    declination_rad = math.asin(math.sin(_OBLIQUITY_RAD) * math.sin(season_rad))
    solar_hour = moment.hour + moment.minute / 60 + longitude / 15
    hour_angle_rad = math.radians(15 * (solar_hour - 12))
    latitude_rad = math.radians(latitude)
    sine = math.sin(latitude_rad) * math.sin(declination_rad)
    sine += math.cos(latitude_rad) * math.cos(declination_rad) * math.cos(hour_angle_rad)
    return max(0.0, sine)


def _wind_share(speed_m_per_s: float) -> float:
    """Share of capacity at a wind speed: nothing below 2.5 m/s, everything from 12.5 m/s."""
    reach = min(1.0, max(0.0, (speed_m_per_s - 2.5) / 10))
    return reach**2 * (3 - 2 * reach)


class Weather:
    """One course of the weather for a number of assets.

    Args:
        assets: where power is wanted.
        starts: the quarter-hours' starts in UTC, without a gap.
        storm_at: the UTC moment when the wind is strongest.
        seed: two courses with one seed are equal.
    """

    def __init__(self, assets: Sequence[Asset], starts: Sequence[datetime], storm_at: datetime, seed: str) -> None:
        self.starts = list(starts)
        self._seed = seed
        self._storm_at = storm_at
        self._regional_wind = autocorrelated(self._rng("regional wind"), len(starts), 0.985)
        self._regional_sky = autocorrelated(self._rng("regional sky"), len(starts), 0.97)
        self._sensitivity_kw: dict[str, list[float]] = {}
        self._errors: dict[str, list[float]] = {}
        self.available_kw: dict[str, list[float]] = {}
        for asset in assets:
            self._add(asset)

    def _rng(self, purpose: str) -> Random:
        return Random(f"{self._seed}/{purpose}")

    def _add(self, asset: Asset) -> None:
        shares, sensitivities = self._solar(asset) if asset.technology == "solar" else self._wind(asset)
        self.available_kw[asset.asset_id] = [share * asset.capacity_kw for share in shares]
        self._sensitivity_kw[asset.asset_id] = [value * asset.capacity_kw for value in sensitivities]
        self._errors[asset.asset_id] = autocorrelated(self._rng(f"error {asset.asset_id}"), len(self.starts), 0.96)

    def _solar(self, asset: Asset) -> tuple[list[float], list[float]]:
        """Shares of capacity, and how strongly clouds move them: not at all at night."""
        local = autocorrelated(self._rng(f"sky {asset.asset_id}"), len(self.starts), 0.85)
        shares, clear_shares = [], []
        for start, regional, own in zip(self.starts, self._regional_sky, local, strict=True):
            clear = min(1.0, 1.05 * sine_of_sun_elevation(start, asset.latitude, asset.longitude) ** 0.8)
            sky = min(1.0, max(0.12, 0.66 + 0.24 * regional + 0.10 * own))
            clear_shares.append(clear)
            shares.append(clear * sky)
        return shares, clear_shares

    def _wind(self, asset: Asset) -> tuple[list[float], list[float]]:
        """Shares of capacity, and how strongly the wind moves them: most on the slope of the power curve."""
        local = autocorrelated(self._rng(f"wind {asset.asset_id}"), len(self.starts), 0.94)
        shares = []
        for start, regional, own in zip(self.starts, self._regional_wind, local, strict=True):
            hours_from_storm = (start - self._storm_at).total_seconds() / 3600
            storm = 4.2 * math.exp(-((hours_from_storm / 14) ** 2))
            shares.append(0.97 * _wind_share(5.9 + storm + 1.5 * regional + 0.8 * own))
        return shares, [0.25 + 3 * share * (1 - share) for share in shares]

    def forecast_kw(self, asset: Asset, version_index: int, points: int) -> list[float]:
        """The forecast that is issued at a quarter-hour, for it and those after it, in kW.

        The error grows with the lead time; versions that follow each other err alike.

        Args:
            asset: one of the assets.
            version_index: the index of the quarter-hour at whose start the version is issued.
            points: the number of quarter-hours.
        """
        noise = autocorrelated(self._rng(f"version {asset.asset_id} {version_index}"), points, 0.9)
        available = self.available_kw[asset.asset_id][version_index : version_index + points]
        sensitivity = self._sensitivity_kw[asset.asset_id][version_index : version_index + points]
        errors = self._errors[asset.asset_id][version_index : version_index + points]
        forecast = []
        for lead, (truth, scale, error, own) in enumerate(zip(available, sensitivity, errors, noise, strict=True)):
            spread = 0.02 + 0.17 * (1 - math.exp(-lead / (10 * _QUARTER_HOURS_PER_HOUR)))
            value = truth + scale * spread * (0.9 * error + 0.3 * own)
            forecast.append(round(min(asset.capacity_kw, max(0.0, value)), 3))
        return forecast

    def share(self, assets: Sequence[Asset], index: int) -> float:
        """The share of their capacity that assets could produce in a quarter-hour, 0 to 1."""
        power_kw = sum(self.available_kw[asset.asset_id][index] for asset in assets)
        return power_kw / sum(asset.capacity_kw for asset in assets)


def market_prices(weather: Weather, assets: Sequence[Asset], seed: str) -> list[float]:
    """Price level per quarter-hour in EUR/MWh: high in the morning and evening, low or negative with sun and wind."""
    solar = [asset for asset in assets if asset.technology == "solar"]
    wind = [asset for asset in assets if asset.technology == "wind"]
    noise = autocorrelated(Random(f"{seed}/prices"), len(weather.starts), 0.9)
    prices = []
    for index, start in enumerate(weather.starts):
        local = start.astimezone(MARKET_ZONE)
        hour = local.hour + local.minute / 60
        peaks = math.exp(-(((hour - 8) / 2) ** 2)) + 1.5 * math.exp(-(((hour - 18.5) / 2.2) ** 2))
        level = 88 + 30 * peaks - 75 * weather.share(wind, index) - 80 * weather.share(solar, index)
        prices.append(level + 7 * noise[index])
    return prices
