"""What sun and wind let assets produce, and what is forecast of it: shares of the capacity, 0 to 1.

Clouds and wind are fields over regions of Germany; an asset sees a weighted mean of the regions around it, so that
neighbours share their weather, and a little weather of its own. A forecast is made of the weather, not of the power:
its error grows with the lead time and is carried through the power curve, so that it is largest where that is steep.

The sun's position, clear skies and irradiance on tilted planes are pvlib's (https://pvlib-python.readthedocs.io).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from pvlib import clearsky, irradiance, solarposition

from simulator import noise
from simulator.noise import Flags, Floats, Integers

_QUARTER_HOURS_PER_HOUR = 4
_SECONDS_PER_QUARTER_HOUR = 900
_SECONDS_PER_DAY = 86_400
_KM_PER_DEGREE = 111.2

REGION_LATITUDES, REGION_LONGITUDES = (
    grid.ravel() for grid in np.meshgrid(np.linspace(47.8, 54.6, 6), np.linspace(6.5, 14.5, 5))
)

# Spacing of knots in quarter-hours -> share of the variance. Wind changes over days, clouds over hours.
_WIND_OCTAVES = {288: 0.40, 96: 0.30, 24: 0.22, 6: 0.08}
_CLOUD_OCTAVES = {192: 0.30, 48: 0.30, 16: 0.25, 4: 0.15}
_OWN_OCTAVES = {12: 0.5, 3: 0.3, 1: 0.2}
_ERROR_OCTAVES = {48: 0.5, 16: 0.35, 4: 0.15}
_RUN_QUARTER_HOURS, _RUN_DELAY = 24, 12  # a weather model's run every six hours, there three hours later
_RUN_SHARE = 0.35  # of the error's variance: what the next run does better or worse

_LOSSES = 0.14  # of a solar asset: heat, cables, inverter, dirt
_DC_PER_AC = 1.12  # modules are larger than the inverter, which cuts the peaks
_WIND_SPREAD = 0.42  # of the logarithm of the speed
_AVAILABILITY = 0.95  # of turbines, with wakes


class Sites(NamedTuple):
    """Where assets are and what they are like, an array of one entry per asset each.

    Attributes:
        latitude: degrees.
        longitude: degrees.
        is_solar: solar or wind.
        is_tracking: whether the modules follow the sun; False for wind.
        mean_speed_m_per_s: the wind's long-term mean at hub height; 0 for solar.
    """

    latitude: Floats
    longitude: Floats
    is_solar: Flags
    is_tracking: Flags
    mean_speed_m_per_s: Floats


def fleet() -> Sites:
    """A solar and a wind asset in every region: what everybody produces, which makes the prices."""
    regions = len(REGION_LATITUDES)
    latitude = np.tile(REGION_LATITUDES, 2)
    is_solar = np.arange(2 * regions) < regions
    speed = np.where(is_solar, 0.0, mean_speed_m_per_s(latitude))
    return Sites(latitude, np.tile(REGION_LONGITUDES, 2), is_solar, np.zeros(2 * regions, dtype=bool), speed)


def mean_speed_m_per_s(latitude: Floats) -> Floats:
    """The wind's long-term mean at hub height: more towards the coasts (latitude in degrees)."""
    return 5.2 + 0.2 * (np.clip(latitude, 47.0, 55.0) - 47.0)


def _region_weights(sites: Sites, length_km: float) -> Floats:
    """How much of each region's weather an asset sees, shape (assets, regions); the squares add up to 1."""
    north = (sites.latitude[:, None] - REGION_LATITUDES) * _KM_PER_DEGREE
    east = (sites.longitude[:, None] - REGION_LONGITUDES) * _KM_PER_DEGREE * np.cos(np.radians(51))
    weights: Floats = np.exp(-(north**2 + east**2) / (2 * length_km**2))
    normalised: Floats = weights / np.sqrt((weights**2).sum(axis=1, keepdims=True))
    return normalised


def clear_sky_share(sites: Sites, first: int, count: int) -> Floats:
    """What solar assets would produce under a clear sky, as a share of capacity, shape (assets, count); 0 for wind.

    Args:
        sites: the assets.
        first: the first quarter-hour, counted from 1970.
        count: the number of quarter-hours.
    """
    seconds = (np.arange(first, first + count) + 0.5) * _SECONDS_PER_QUARTER_HOUR
    day_of_year = np.datetime64(0, "s") + seconds.astype("timedelta64[s]")
    day_of_year = (day_of_year - day_of_year.astype("datetime64[Y]")) / np.timedelta64(1, "D") + 1
    declination = solarposition.declination_spencer71(day_of_year)
    equation_of_time = solarposition.equation_of_time_spencer71(day_of_year)
    hour_angle = np.radians((seconds % _SECONDS_PER_DAY) / 240 + equation_of_time / 4 + sites.longitude[:, None] - 180)
    latitude = np.radians(sites.latitude)[:, None]
    zenith = solarposition.solar_zenith_analytical(latitude, hour_angle, declination)
    azimuth = solarposition.solar_azimuth_analytical(latitude, hour_angle, declination, zenith)
    zenith, azimuth = np.degrees(zenith), np.degrees(azimuth)
    elevation = 90 - zenith
    sky = clearsky.simplified_solis(np.maximum(elevation, 0.1))
    # One horizontal axis from north to south turns the modules east in the morning and west in the evening.
    rotation = np.degrees(
        np.arctan2(np.sin(np.radians(azimuth - 180)) * np.tan(np.radians(np.minimum(zenith, 89))), 1.0)
    )
    rotation = np.clip(rotation, -55, 55)
    tracking = sites.is_tracking[:, None]
    tilt = np.where(tracking, np.abs(rotation), 28.0)
    facing = np.where(tracking, np.where(rotation > 0, 270.0, 90.0), 180.0)
    beam = sky["dni"] * np.maximum(np.cos(np.radians(irradiance.aoi(tilt, facing, zenith, azimuth))), 0)
    diffuse = irradiance.isotropic(tilt, sky["dhi"]) + irradiance.get_ground_diffuse(tilt, sky["ghi"], 0.2)
    share = (beam + diffuse) / 1000 * (1 - _LOSSES) * _DC_PER_AC
    return np.where(sites.is_solar[:, None] & (elevation > 0), share, 0.0)


def wind_share(speed_m_per_s: Floats) -> Floats:
    """A power curve: nothing below 2.8 m/s, everything from 12 m/s, and off in a storm of 25 m/s."""
    reach = np.clip((speed_m_per_s - 2.8) / 9.2, 0, 1)
    storm = np.clip((speed_m_per_s - 24) / 2, 0, 1)
    share: Floats = _AVAILABILITY * reach**2 * (3 - 2 * reach) * (1 - storm)
    return share


def error_spread(lead_quarter_hours: Integers) -> Floats:
    """The spread of a forecast's error, in standard deviations of the weather; it grows with the lead time."""
    hours = np.maximum(lead_quarter_hours, 0) / _QUARTER_HOURS_PER_HOUR
    spread: Floats = 0.10 + 0.95 * (1 - np.exp(-hours / 24))
    return spread


@dataclass(frozen=True)
class Course:
    """The weather of some assets over some quarter-hours.

    Attributes:
        sites: the assets.
        seed: of the simulation.
        first: the first quarter-hour, counted from 1970.
        state: clouds (less is cloudier) or wind, in standard deviations, shape (assets, count).
        error: the errors that every forecast shares, of the same shape.
        clear: `clear_sky_share`.
        season: factor of the wind's speed, shape (count,).
        weights: of the regions for an asset's forecast error, shape (assets, regions).
    """

    sites: Sites
    seed: int
    first: int
    state: Floats
    error: Floats
    clear: Floats
    season: Floats
    weights: Floats

    def available(self) -> Floats:
        """What the assets could produce, as shares of capacity, shape (assets, count)."""
        return self._share(self.state, slice(None))

    def forecast(self, first: int, versions: Integers) -> Floats:
        """What is forecast, as shares of capacity, shape (assets, quarter-hours).

        Args:
            first: the first quarter-hour that is wanted, counted from 1970.
            versions: for each wanted quarter-hour, the one at whose start its forecast was issued.
        """
        span = slice(first - self.first, first - self.first + len(versions))
        lead = np.arange(first, first + len(versions)) - versions
        runs = (versions - _RUN_DELAY) // _RUN_QUARTER_HOURS
        own = np.empty((len(self.weights), len(versions)))
        for run in np.unique(runs):
            columns = np.flatnonzero(runs == run)
            purpose = f"error of run {run}"
            begin, end = int(columns[0]), int(columns[-1]) + 1
            regions = noise.series(
                self.seed, purpose, len(REGION_LATITUDES), _ERROR_OCTAVES, first + begin, end - begin
            )
            own[:, columns] = (self.weights @ regions)[:, columns - begin]
        error = np.sqrt(1 - _RUN_SHARE) * self.error[:, span] + np.sqrt(_RUN_SHARE) * own
        return self._share(self.state[:, span] + error_spread(lead) * error, span)

    def _share(self, state: Floats, span: slice) -> Floats:
        sky = 0.10 + 0.93 / (1 + np.exp(-(1.8 * state - 0.25)))
        solar = np.minimum(self.clear[:, span] * np.minimum(sky, 1), 1)
        mean = self.sites.mean_speed_m_per_s[:, None] * self.season[span]
        wind = wind_share(mean * np.exp(_WIND_SPREAD * state - _WIND_SPREAD**2 / 2))
        return np.where(self.sites.is_solar[:, None], solar, wind)


def course(sites: Sites, seed: int, first: int, count: int) -> Course:
    """The weather of assets over the quarter-hours from `first` on (counted from 1970)."""
    regions, assets = len(REGION_LATITUDES), len(sites.latitude)
    is_solar = sites.is_solar[:, None]
    clouds = noise.series(seed, "clouds", regions, _CLOUD_OCTAVES, first, count)
    wind = noise.series(seed, "wind", regions, _WIND_OCTAVES, first, count)
    own = noise.series(seed, "own weather", assets, _OWN_OCTAVES, first, count)
    state = np.where(
        is_solar,
        np.sqrt(0.88) * (_region_weights(sites, 110) @ clouds) + np.sqrt(0.12) * own,
        np.sqrt(0.94) * (_region_weights(sites, 190) @ wind) + np.sqrt(0.06) * own,
    )
    error_weights = _region_weights(sites, 130)
    shared = noise.series(seed, "forecast error", regions, _ERROR_OCTAVES, first, count)
    own_error = noise.series(seed, "own forecast error", assets, _ERROR_OCTAVES, first, count)
    error = np.sqrt(0.75) * (error_weights @ shared) + np.sqrt(0.25) * own_error
    days = np.arange(first, first + count) / 96
    season = 1 + 0.13 * np.cos(2 * np.pi * (days - 15) / 365.25)
    return Course(sites, seed, first, state, error, clear_sky_share(sites, first, count), season, error_weights)
