"""The market's prices in EUR/MWh: high in the morning and evening, low with sun and wind, below 0 at times."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from simulator import noise
from simulator.noise import Flags, Floats
from simulator.weather import course, fleet

_BASE, _PEAK = 100.0, 30.0
_WIND_EFFECT, _SOLAR_EFFECT = 105.0, 150.0  # EUR/MWh between nothing and all of the capacity
_WEEKEND_EFFECT = -12.0
_TICKS = {96: 0.5, 16: 0.3, 1: 0.2}
_DAY_AHEAD_QUARTER_HOURS = 72


class Prices(NamedTuple):
    """Prices of quarter-hours in EUR/MWh, arrays of one shape.

    Attributes:
        expected: what trading begins at, made of the day-ahead forecast.
        level: what it ends at, made of what sun and wind really give.
        imbalance: the imbalance price before its two sides.
    """

    expected: Floats
    level: Floats
    imbalance: Floats


def prices(seed: int, first: int, local_hours: Floats, is_weekend: Floats) -> Prices:
    """The prices of the quarter-hours from `first` on.

    Args:
        seed: of the simulation.
        first: the first quarter-hour, counted from 1970.
        local_hours: the local time of each quarter-hour, 0 to 24.
        is_weekend: 1 on Saturdays and Sundays, else 0.
    """
    count = len(local_hours)
    weather = course(fleet(), seed, first, count)
    day_ahead = weather.forecast(first, np.arange(first, first + count) - _DAY_AHEAD_QUARTER_HOURS)
    peaks = np.exp(-(((local_hours - 7.7) / 2) ** 2)) + 1.6 * np.exp(-(((local_hours - 19) / 2.4) ** 2))
    nights = np.exp(-(((local_hours - 3) / 3.5) ** 2))
    demand = _BASE + _PEAK * peaks - 14 * nights + _WEEKEND_EFFECT * is_weekend
    demand = demand + 9 * noise.series(seed, "demand", 1, _TICKS, first, count)[0]
    expected = demand - _effect(day_ahead, weather.sites.is_solar)
    level = demand - _effect(weather.available(), weather.sites.is_solar)
    swing = noise.series(seed, "imbalance", 1, {12: 0.3, 4: 0.4, 1: 0.3}, first, count)[0]
    imbalance = level + 0.8 * (level - expected) + 34 * swing + 9 * swing**3
    return Prices(expected, level, imbalance)


def _effect(shares: Floats, is_solar: Flags) -> Floats:
    effect: Floats = _SOLAR_EFFECT * shares[is_solar].mean(axis=0) + _WIND_EFFECT * shares[~is_solar].mean(axis=0)
    return effect
