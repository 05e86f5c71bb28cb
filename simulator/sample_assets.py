"""The sample's feeds about assets: technical data, forecasts, measurements, redispatch, contracts."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

from simulator import layouts
from simulator.layouts import ForecastPoint, LiveSample
from simulator.portfolio import (
    ASSETS,
    EARLIER_CONTRACTS,
    NEWEST_CONTRACTS,
    SOL_BY,
    SOL_NI,
    SOL_SN,
    WIND_BB,
    WIND_NI,
    WIND_SH,
    Asset,
)
from simulator.sample_world import (
    CLOCK_CHANGE,
    DAYS,
    END,
    FORECAST_POINTS,
    LAST_DAY,
    START,
    SWITCHED_OFF,
    World,
    forecast_versions,
    is_switched_off,
    rng,
)
from simulator.times import QUARTER_HOUR, local_day, quarter_hours, steps, utc, utc_day
from simulator.weather import autocorrelated

_RESENT_VERSION, _RESENT_AT = utc("2025-10-25T10:00"), utc("2025-10-25T10:42")
_MISSING_VERSION = utc("2025-10-26T05:00")
_UNORDERED_VERSION = utc("2025-10-26T09:00")
_NULLED_VERSION = utc("2025-10-26T12:00")
_MILLISECOND_VERSIONS = (utc("2025-10-27T06:00"), utc("2025-10-27T12:00"))

_MINUTE = timedelta(minutes=1)
_LIVE_GAPS = {  # six minutes; hours, in which the asset was switched off
    WIND_SH.asset_id: (utc("2025-10-25T13:20"), utc("2025-10-25T13:26")),
    WIND_NI.asset_id: (utc("2025-10-26T08:30"), utc("2025-10-26T12:30")),
}
_LIVE_WITHOUT_VALUE = (WIND_BB.asset_id, utc("2025-10-25T09:05"), utc("2025-10-25T09:08"))
_LIVE_BAD_QUALITY = (SOL_NI.asset_id, utc("2025-10-26T10:30"), utc("2025-10-26T10:37"))
_LIVE_WITHOUT_QUALITY = (WIND_SH.asset_id, utc("2025-10-27T03:00"), utc("2025-10-27T03:04"))

_GROUP_NAME = "MP-SOL-GROUP-7"  # two metering points in one file
_BLANK_FINAL = (SOL_SN.asset_id, utc("2025-10-26T11:15"))
_RESTATED_UNTIL = utc("2025-10-26T06:00")
_RESTATED_BLANK = utc("2025-10-26T05:00")
_UNPRICED = utc("2025-10-27T11:45")
_NEGATIVE = utc("2025-10-26T10:30")


def write_technical_data(folder: Path) -> None:
    """Write two full lists: the later one has one more asset and a changed capacity (kW)."""
    layouts.write_technical_data(folder / "technical_data_2025-10-20T124600Z.json", ASSETS[:-1])
    later = [replace(asset, capacity_kw=1725.0) if asset is SOL_SN else asset for asset in ASSETS]
    layouts.write_technical_data(folder / "technical_data_2025-10-24T125000Z.json", later)


def write_contracts(folder: Path) -> None:
    """Write three weekly lists: two are equal, the newest one lacks a contract."""
    layouts.write_contracts(folder / "asset_contracts_20251012_043417.csv", EARLIER_CONTRACTS)
    layouts.write_contracts(folder / "asset_contracts_20251019_044106.csv", EARLIER_CONTRACTS)
    layouts.write_contracts(folder / "asset_contracts_20251026_043852.csv", NEWEST_CONTRACTS)


def write_forecasts(folder: Path, world: World) -> None:
    """Write the forecasts of every asset, in kW, one file per version."""
    for asset in ASSETS:
        for version in forecast_versions():
            if not (asset is WIND_SH and version == _MISSING_VERSION):
                _write_forecast(folder, world, asset, version)
    _write_resent_forecast(folder, world, SOL_NI)


def _forecast_points(world: World, asset: Asset, version: datetime) -> list[ForecastPoint]:
    powers = world.weather.forecast_kw(asset, world.index(version), FORECAST_POINTS)
    return [ForecastPoint(version + index * QUARTER_HOUR, power) for index, power in enumerate(powers)]


def _write_forecast(folder: Path, world: World, asset: Asset, version: datetime) -> None:
    points = _forecast_points(world, asset, version)
    if asset is WIND_NI and version == _UNORDERED_VERSION:
        rng("unordered forecast").shuffle(points)
    if asset is WIND_BB and version == _NULLED_VERSION:
        points[4:8] = [replace(point, power_kw=None) for point in points[4:8]]
    layouts.write_forecast(
        folder / asset.asset_id / f"forecast_{asset.asset_id}_{version:%Y%m%dT%H%MZ}.json",
        asset.asset_id,
        version,
        points,
        in_milliseconds=asset is WIND_NI and version in _MILLISECOND_VERSIONS,
    )


def _write_resent_forecast(folder: Path, world: World, asset: Asset) -> None:
    """Write a version a second time, with other powers, in a file whose name ends with a later timestamp."""
    points = [
        replace(point, power_kw=round((point.power_kw or 0.0) * 0.93, 3))
        for point in _forecast_points(world, asset, _RESENT_VERSION)
    ]
    name = f"forecast_{asset.asset_id}_{_RESENT_VERSION:%Y%m%dT%H%MZ}_resent_{_RESENT_AT:%Y%m%dT%H%MZ}.json"
    layouts.write_forecast(folder / asset.asset_id / name, asset.asset_id, _RESENT_VERSION, points)


def write_live(folder: Path, world: World) -> None:
    """Write the live measurements in kW, a file per asset and local day; one file is cut off, one asset has none."""
    for asset in ASSETS:
        if asset is SOL_BY:
            continue
        samples = _live_samples(world, asset)
        for day in DAYS:
            _write_live_day(folder, asset, day, samples)


def _write_live_day(folder: Path, asset: Asset, day: date, samples: list[LiveSample]) -> None:
    start, end = local_day(day)
    path = folder / f"{asset.short_name}_{day:%Y%m%d}.json"
    of_day = [sample for sample in samples if start <= sample.measured_at < end]
    layouts.write_live(path, "entity_id" if asset is SOL_NI else "asset_id", asset.asset_id, of_day)
    if asset is SOL_SN and day == LAST_DAY:
        path.write_bytes(path.read_bytes()[:20_000])


def _live_samples(world: World, asset: Asset) -> list[LiveSample]:
    """About a sample a minute: some are missing, some late by seconds."""
    chance = rng(f"live {asset.asset_id}")
    minutes = steps(START, END, _MINUTE)
    flicker = autocorrelated(chance, len(minutes), 0.7)
    gap_start, gap_end = _LIVE_GAPS.get(asset.asset_id, (END, END))
    samples = []
    for minute, noise in zip(minutes, flicker, strict=True):
        if chance.random() < 0.002 or gap_start <= minute < gap_end:
            continue
        delay = timedelta(milliseconds=chance.randint(0, 9_000) if asset is WIND_BB else 0)
        power_kw = _live_power_kw(world, asset, minute, noise)
        samples.append(_with_defects(asset, LiveSample(minute + delay, power_kw, 1.0)))
    return samples


def _live_power_kw(world: World, asset: Asset, minute: datetime, noise: float) -> float:
    """A live power; a solar asset that gives nothing draws a little, an asset that is switched off too."""
    power_kw = 0.0 if is_switched_off(asset, minute) else world.available_kw(asset, minute) * (1 + 0.025 * noise)
    if asset.technology == "solar" and power_kw < 0.5:
        power_kw = -0.0002 * asset.capacity_kw * (1 + 0.1 * noise)
    return round(min(asset.capacity_kw, power_kw), 3)


def _with_defects(asset: Asset, sample: LiveSample) -> LiveSample:
    def hit(defect: tuple[str, datetime, datetime]) -> bool:
        asset_id, first, end = defect
        return asset.asset_id == asset_id and first <= sample.measured_at < end

    if hit(_LIVE_WITHOUT_VALUE):
        return replace(sample, power_kw=None)
    if hit(_LIVE_BAD_QUALITY):
        return replace(sample, power_kw=0.0, quality=0.0)
    return replace(sample, quality=None) if hit(_LIVE_WITHOUT_QUALITY) else sample


def write_final_production(folder: Path, world: World) -> None:
    """Write the metered means in kW: UTC days of solar assets, local days of wind; one wind asset has none."""
    for day in DAYS:
        _write_final(folder, world, _GROUP_NAME, [SOL_NI, SOL_BY], day, utc_day(day))
        _write_final(folder, world, SOL_SN.metering_point_id, [SOL_SN], day, utc_day(day))
        _write_final(folder, world, WIND_SH.metering_point_id, [WIND_SH], day, local_day(day))
        _write_final(folder, world, WIND_BB.metering_point_id, [WIND_BB], day, local_day(day))
    _write_restated_final(folder, world, WIND_SH)


def _write_final(
    folder: Path, world: World, name: str, assets: list[Asset], day: date, period: tuple[datetime, datetime]
) -> None:
    rows = [(start, [_final_kw(world, asset, start) for asset in assets]) for start in quarter_hours(*period)]
    path = folder / f"final_production_{name}_{day + timedelta(days=1):%Y%m%d}.csv"
    layouts.write_final_production(path, [asset.metering_point_id for asset in assets], rows)


def _final_kw(world: World, asset: Asset, start: datetime) -> float | None:
    return None if (asset.asset_id, start) == _BLANK_FINAL else world.mean_kw(asset, start)


def _write_restated_final(folder: Path, world: World, asset: Asset) -> None:
    """Write a local day a second time: its first hours are 3 % lower, one value is blank."""
    rows: list[tuple[datetime, list[float | None]]] = []
    for start in quarter_hours(*local_day(CLOCK_CHANGE)):
        power_kw = world.mean_kw(asset, start)
        restated = round(power_kw * 0.97, 3) if start < _RESTATED_UNTIL else power_kw
        rows.append((start, [None if start == _RESTATED_BLANK else restated]))
    path = folder / f"final_production_{asset.metering_point_id}_20251103.csv"
    layouts.write_final_production(path, [asset.metering_point_id], rows)


def write_redispatch(folder: Path, world: World) -> None:
    """Write the flags, one file named in the hour that occurs twice (TIME-5), and the compensation in EUR/MWh."""
    names = {
        SOL_NI.asset_id: "MP-SOL-NI-101_20251026_0230",
        WIND_NI.asset_id: "MP-WIND-NI-202_20251027_0915",
        WIND_SH.asset_id: "MP-WIND-SH-201_20251028_1201",
    }
    for asset_id, (first, end) in SWITCHED_OFF.items():
        flags = [(start, int(start < end)) for start in quarter_hours(first, end + QUARTER_HOUR)]
        layouts.write_redispatch_flags(folder / f"redispatch_flag_{names[asset_id]}.csv", flags)
    chance = rng("compensation")
    prices = []
    for start in quarter_hours(START, END):
        price = round(abs(world.price(start)) + chance.uniform(4, 18), 2)
        if start != _UNPRICED:
            prices.append((start, -12.4 if start == _NEGATIVE else price))
    layouts.write_redispatch_compensation(folder / "redispatch_compensation_2025-11-05.csv", prices)
