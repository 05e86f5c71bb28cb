"""What happens in the sample: weather, what the operator switched off, what was measured, what prices were."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from random import Random

from simulator.portfolio import ASSETS, SOL_NI, WIND_NI, WIND_SH, Asset
from simulator.times import HOUR, QUARTER_HOUR, local_midnight, quarter_hours, utc
from simulator.weather import Weather, market_prices

SEED = "route-to-market sample"
DAYS = (date(2025, 10, 25), date(2025, 10, 26), date(2025, 10, 27))
FIRST_DAY, CLOCK_CHANGE, LAST_DAY = DAYS
START = local_midnight(FIRST_DAY)
END = local_midnight(LAST_DAY + timedelta(days=1))
FORECAST_POINTS = 193  # 48 hours, the last quarter-hour included

# From the first quarter-hour that the operator switched off to the end of the last one.
SWITCHED_OFF = {
    SOL_NI.asset_id: (utc("2025-10-25T10:00"), utc("2025-10-25T10:45")),
    WIND_NI.asset_id: (utc("2025-10-26T10:00"), utc("2025-10-26T11:00")),
    WIND_SH.asset_id: (utc("2025-10-27T11:00"), utc("2025-10-27T12:30")),
}


def rng(purpose: str) -> Random:
    """Chance for one purpose, so that a change to one feed leaves the others as they are."""
    return Random(f"{SEED}/{purpose}")


class World:
    """The one course of events behind every feed of the sample. Power in kW, prices in EUR/MWh."""

    def __init__(self) -> None:
        self.starts = quarter_hours(START, END + FORECAST_POINTS * QUARTER_HOUR)
        self.weather = Weather(ASSETS, self.starts, storm_at=utc("2025-10-26T11:00"), seed=SEED)
        self.prices = market_prices(self.weather, ASSETS, SEED)

    def index(self, moment: datetime) -> int:
        """The index of the quarter-hour that a moment lies in."""
        return (moment - START) // QUARTER_HOUR

    def price(self, start: datetime) -> float:
        """The market's price level of a quarter-hour in EUR/MWh."""
        return self.prices[self.index(start)]

    def available_kw(self, asset: Asset, moment: datetime) -> float:
        """What an asset could produce at a moment, between the means of the quarter-hours around it."""
        powers = self.weather.available_kw[asset.asset_id]
        position = (moment - START) / QUARTER_HOUR - 0.5
        before = max(0, int(position))
        share = min(1.0, max(0.0, position - before))
        return powers[before] * (1 - share) + powers[before + 1] * share

    def mean_kw(self, asset: Asset, start: datetime) -> float:
        """The mean power of a quarter-hour as the operator meters it: nothing while an asset is switched off."""
        if is_switched_off(asset, start):
            return 0.0
        return round(self.weather.available_kw[asset.asset_id][self.index(start)], 3)


def is_switched_off(asset: Asset, moment: datetime) -> bool:
    """Whether the operator had an asset switched off at a moment."""
    first, end = SWITCHED_OFF.get(asset.asset_id, (END, END))
    return first <= moment < end


def forecast_versions() -> list[datetime]:
    """When forecasts are issued: every hour, and every quarter-hour in the night of the clock change."""
    frequent = (utc("2025-10-25T20:00"), utc("2025-10-26T04:00"))
    return [
        start
        for start in quarter_hours(START, END)
        if (start - START) % HOUR == timedelta(0) or frequent[0] <= start <= frequent[1]
    ]
