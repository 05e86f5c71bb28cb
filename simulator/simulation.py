"""A simulation: every feed of a portfolio over some local days, written day by day.

No more than a day and the forecasts' 48 hours after it are held in memory.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from pathlib import Path

import numpy as np

from simulator import layouts
from simulator.desk import Desk, Trades, trade_day
from simulator.incidents import Incidents, Oddities, Spell, draw
from simulator.noise import Flags, Floats, Integers, generator
from simulator.portfolio import Asset, Portfolio, invent
from simulator.prices import Prices, prices
from simulator.times import DAY, MARKET_ZONE, QUARTER_HOUR, index_of, local_day, quarter_hours, utc_day
from simulator.weather import Course, course

FORECAST_POINTS = 193  # 48 hours, the last quarter-hour included
_MINUTES = 15
_LIVE_LOSS = 0.002  # share of live samples that never come
_COMPENSATION_DAYS = 9  # from the last day of a file to its publication


def every_quarter_hour(day: date) -> list[datetime]:
    """The moments of a local day at which forecasts are issued, as a rule."""
    return quarter_hours(*local_day(day))


@dataclass(frozen=True)
class Scenario:
    """What is simulated.

    Attributes:
        portfolio: assets and contracts.
        days: local delivery days, one after the other.
        seed: equal scenarios give equal bytes.
        incidents: what goes wrong with each day's files.
        versions: when forecasts are issued on a day.
        desk: how much is traded.
        packed: whether forecasts come many to a file.
        loses_samples: whether single live samples are lost.
    """

    portfolio: Portfolio
    days: tuple[date, ...]
    seed: int
    incidents: Callable[[date], Incidents]
    versions: Callable[[date], Sequence[datetime]] = every_quarter_hour
    desk: Desk = field(default_factory=Desk)
    packed: bool = False
    loses_samples: bool = True


def scenario(
    assets: int, days: int, start: date, seed: int, oddities: Oddities | None = None, *, packed: bool = False
) -> Scenario:
    """A scenario with a made-up portfolio.

    Args:
        assets: how many, 1 or more.
        days: how many local days, 1 or more.
        start: the first of them.
        seed: 0 or more.
        oddities: what may go wrong; None: everything.
        packed: whether forecasts come many to a file.

    Raises:
        ValueError: if a number is too small.
    """
    for name, number, least in (("assets", assets, 1), ("days", days, 1), ("seed", seed, 0)):
        if number < least:
            raise ValueError(f"{name} is {number}: it must be at least {least}")
    oddities = oddities or Oddities()
    local_days = tuple(start + number * DAY for number in range(days))
    portfolio = invent(assets, local_days, oddities, seed)

    def incidents(day: date) -> Incidents:
        return draw(day, portfolio, oddities, seed)

    return Scenario(portfolio, local_days, seed, incidents, packed=packed, loses_samples=oddities.irregular_live)


def simulate(
    out: Path, what: Scenario, progress: Callable[[str, int, int], None] = lambda feed, done, total: None
) -> None:
    """Write every feed of a scenario, in folders as the real feeds have them.

    Args:
        out: the folder to write into; files of the same names are replaced, others stay.
        what: the scenario.
        progress: called with (feed, days done, days to do).
    """
    _write_base_data(out, what)
    state = _Carried()
    for number, day in enumerate(what.days, start=1):
        writer = _Day(out, what, day)
        for feed, write in writer.steps(state):
            write()
            progress(feed, number, len(what.days))
    for arrived_at, answers in sorted(state.answers.items()):
        layouts.write_packed(_pack_path(out, arrived_at), answers)


@dataclass
class _Carried:
    """What one day leaves for later: packed answers that have not arrived, and prices of an unfinished month."""

    answers: dict[datetime, list[str]] = field(default_factory=lambda: defaultdict(list))
    compensation: list[tuple[datetime, float]] = field(default_factory=list)


def _write_base_data(out: Path, what: Scenario) -> None:
    for name, assets in what.portfolio.technical_lists:
        layouts.write_technical_data(out / "vpp" / "technical_data" / f"{name}.json", assets)
    for day, time, contracts in what.portfolio.contract_lists:
        layouts.write_contracts(out / "crm" / f"asset_contracts_{day:%Y%m%d}_{time}.csv", contracts)


def _pack_path(out: Path, arrived_at: datetime) -> Path:
    return out / "vpp" / "forecasts" / f"forecasts_{arrived_at:%Y%m%dT%H%MZ}.jsonl.gz"


class _Day:
    """One local delivery day and the 48 hours after it. Power in kW, prices in EUR/MWh."""

    def __init__(self, out: Path, what: Scenario, day: date) -> None:
        self._out, self._what, self._day = out, what, day
        self._assets = what.portfolio.assets
        self._row = {asset.asset_id: row for row, asset in enumerate(self._assets)}
        self._incidents = what.incidents(day)
        self._start, self._end = local_day(day)
        self._starts = quarter_hours(self._start, self._end)
        self._first = index_of(self._start)
        self._capacity_kw = np.array([asset.capacity_kw for asset in self._assets])[:, None]

    def steps(self, state: _Carried) -> list[tuple[str, Callable[[], None]]]:
        """What there is to write: a name and how."""
        return [
            ("forecasts", lambda: self.write_forecasts(state)),
            ("live measured infeed", self.write_live),
            ("final production", self.write_final_production),
            ("redispatch", lambda: self.write_redispatch(state)),
            ("trades", self.write_trades),
            ("imbalance prices", self.write_imbalance),
        ]

    def _rng(self, purpose: str) -> np.random.Generator:
        return generator(self._what.seed, purpose, self._day.toordinal())

    @cached_property
    def _course(self) -> Course:
        count = len(self._starts) + FORECAST_POINTS
        return course(self._what.portfolio.sites(), self._what.seed, self._first, count)

    @cached_property
    def _available_kw(self) -> Floats:
        """What the assets could produce, shape (assets, quarter-hours from the day's first on)."""
        available: Floats = self._course.available() * self._capacity_kw
        return available

    @cached_property
    def _is_off(self) -> Flags:
        """Where the operator had assets switched off, of the same shape; the UTC day ends in the next local day."""
        off = np.zeros(self._available_kw.shape, dtype=bool)
        tomorrow = self._day + DAY
        spells = self._incidents.switched_off
        if tomorrow in self._what.days:
            spells += self._what.incidents(tomorrow).switched_off
        for spell in spells:
            off[self._row[spell.asset_id], self._place(spell.first) : self._place(spell.end)] = True
        return off

    @cached_property
    def _prices(self) -> Prices:
        local = [start.astimezone(MARKET_ZONE) for start in self._starts]
        hours = np.array([moment.hour + moment.minute / 60 for moment in local])
        weekend = np.full(len(local), float(self._day.isoweekday() > 5))
        return prices(self._what.seed, self._first, hours, weekend)

    def _place(self, moment: datetime) -> int:
        return index_of(moment) - self._first

    # Forecasts

    def write_forecasts(self, state: _Carried) -> None:
        """Write the forecasts of every asset in kW: a file per answer, or one per version with all of them."""
        for version in self._what.versions(self._day):
            versions = np.full(FORECAST_POINTS, index_of(version))
            powers = np.round(self._course.forecast(index_of(version), versions) * self._capacity_kw, 3).tolist()
            starts = [version + point * QUARTER_HOUR for point in range(FORECAST_POINTS)]
            is_ms = not self._incidents.seconds_as_ms
            times = layouts.forecast_times(starts, version, in_milliseconds=is_ms)
            for asset, powers_kw in zip(self._assets, powers, strict=True):
                self._answer(state, asset, version, times, powers_kw)
            if self._what.packed:
                layouts.write_packed(_pack_path(self._out, version), state.answers.pop(version, []))

    def _answer(
        self, state: _Carried, asset: Asset, version: datetime, times: str, powers_kw: list[float | None]
    ) -> None:
        key = (asset.asset_id, version)
        incidents = self._incidents
        if key in incidents.lost_forecasts:
            return
        starts = [version + point * QUARTER_HOUR for point in range(FORECAST_POINTS)]
        if key in incidents.forecasts_in_ms:
            times = layouts.forecast_times(starts, version, in_milliseconds=True)
        if key in incidents.blank_forecasts:
            powers_kw[4:8] = [None] * 4
        if key in incidents.unordered_forecasts:
            order = self._rng("unordered forecast").permutation(FORECAST_POINTS).tolist()
            is_ms = not incidents.seconds_as_ms
            times = layouts.forecast_times([starts[n] for n in order], version, in_milliseconds=is_ms)
            powers_kw = [powers_kw[n] for n in order]
        arrived_at = incidents.late_forecasts.get(key, version)
        self._deliver(state, asset, version, arrived_at, "late", layouts.forecast(asset.asset_id, times, powers_kw))
        if key in incidents.resent_forecasts:
            lower = [None if kw is None else round(kw * 0.93, 3) for kw in powers_kw]
            answer = layouts.forecast(asset.asset_id, times, lower)
            self._deliver(state, asset, version, incidents.resent_forecasts[key], "resent", answer)

    def _deliver(
        self, state: _Carried, asset: Asset, version: datetime, arrived_at: datetime, why: str, answer: str
    ) -> None:
        """Hand an answer over: in the pack of its arrival, or as a file whose name tells the arrival if it is late."""
        if self._what.packed:
            state.answers[arrived_at].append(answer)
            return
        name = f"forecast_{asset.asset_id}_{version:%Y%m%dT%H%MZ}"
        if arrived_at != version:
            name += f"_{why}_{arrived_at:%Y%m%dT%H%MZ}"
        layouts.write(self._out / "vpp" / "forecasts" / asset.asset_id / f"{name}.json", answer)

    # Measurements

    def write_live(self) -> None:
        """Write the live measurements in kW, a file per asset: about a sample a minute, of the local day."""
        count = len(self._starts) * _MINUTES
        minutes = np.arange(count)
        rng = self._rng("live")
        position = np.maximum((minutes + 0.5) / _MINUTES - 0.5, 0)
        before = position.astype(np.int64)
        weight = position - before
        starts_ms = self._first * 900_000 + minutes * 60_000
        for row, asset in enumerate(self._assets):
            white, lost, late = rng.normal(0, 1, count + 1), rng.random(count), rng.random(count)
            if not asset.has_live:
                continue
            available = self._available_kw[row]
            flicker = (white[1:] + white[:-1]) / np.sqrt(2)
            power = (available[before] * (1 - weight) + available[before + 1] * weight) * (1 + 0.025 * flicker)
            power[np.repeat(self._is_off[row, : len(self._starts)], _MINUTES)] = 0.0
            if asset.technology == "solar" and self._incidents.negative_nights:
                night = -0.0002 * asset.capacity_kw * (1 + 0.1 * flicker)
                power = np.where(power < 0.5, night, power)
            power = np.round(np.minimum(power, asset.capacity_kw), 3)
            self._hold(power, asset)
            quality = np.ones(count)
            is_lost = lost < (_LIVE_LOSS if self._what.loses_samples else 0)
            for spell_minutes in self._minutes(self._incidents.live_gaps, asset):
                is_lost[spell_minutes] = True
            for spell_minutes in self._minutes(self._incidents.bad_quality, asset):
                power[spell_minutes] = quality[spell_minutes] = 0.0
            for spell_minutes in self._minutes(self._incidents.without_value, asset):
                power[spell_minutes] = np.nan
            for spell_minutes in self._minutes(self._incidents.without_quality, asset):
                quality[spell_minutes] = np.nan
            times_ms = starts_ms + (late * asset.live_jitter_ms).astype(np.int64)
            text = layouts.live(
                asset.live_key,
                asset.asset_id,
                times_ms[~is_lost].astype(float).tolist(),
                _with_gaps(power[~is_lost]),
                _with_gaps(quality[~is_lost]),
            )
            name = f"{asset.short_name}_{self._day:%Y%m%d}.json"
            layouts.write(self._out / "vpp" / "live_measured_infeed" / name, text)

    def _hold(self, power: Floats, asset: Asset) -> None:
        for spell_minutes in self._minutes(self._incidents.flat_live, asset):
            power[spell_minutes] = power[spell_minutes.start]

    def _minutes(self, spells: tuple[Spell, ...], asset: Asset) -> list[slice]:
        return [
            slice(*((moment - self._start).seconds // 60 + (moment - self._start).days * 1440 for moment in spell[1:]))
            for spell in spells
            if spell.asset_id == asset.asset_id
        ]

    def write_final_production(self) -> None:
        """Write the metered means in kW of local or UTC days, of one metering point or many."""
        files: dict[tuple[str, int], list[Asset]] = defaultdict(list)
        for asset in self._assets:
            if asset.has_final:
                late = self._incidents.late_final.get(asset.asset_id, 0)
                name = asset.metering_point_id if late or asset.meter_group is None else asset.meter_group
                files[name, late].append(asset)
        for (name, late), assets in files.items():
            starts, columns = self._final_columns(assets)
            self._write_final(name, 1 + late, assets, starts, columns)
        for again in self._incidents.restated:
            asset = self._assets[self._row[again.asset_id]]
            if asset.has_final:
                starts, columns = self._final_columns([asset])
                column = [
                    None
                    if kw is None or start == again.blank
                    else round(kw * again.factor, 3)
                    if start < again.until
                    else kw
                    for start, kw in zip(starts, columns[0], strict=True)
                ]
                self._write_final(asset.metering_point_id, again.days_later, [asset], starts, [column])

    def _final_columns(self, assets: Sequence[Asset]) -> tuple[list[datetime], list[list[float | None]]]:
        period = local_day(self._day) if assets[0].meters_local_days else utc_day(self._day)
        starts = quarter_hours(*period)
        span = slice(self._place(starts[0]), self._place(starts[-1]) + 1)
        columns: list[list[float | None]] = []
        for asset in assets:
            row = self._row[asset.asset_id]
            column = np.where(self._is_off[row, span], 0.0, np.round(self._available_kw[row, span], 3)).tolist()
            blank = self._incidents.blank_final
            columns.append(
                [None if (asset.asset_id, start) in blank else kw for start, kw in zip(starts, column, strict=True)]
            )
        return starts, columns

    def _write_final(
        self,
        name: str,
        days_later: int,
        assets: Sequence[Asset],
        starts: Sequence[datetime],
        columns: Sequence[Sequence[float | None]],
    ) -> None:
        path = self._out / "distribution_system_operator"
        path /= f"final_production_{name}_{self._day + days_later * DAY:%Y%m%d}.csv"
        rows = zip(map(layouts.operator_time, starts), zip(*columns, strict=True), strict=True)
        layouts.write_final_production(path, [asset.metering_point_id for asset in assets], rows)

    def write_redispatch(self, state: _Carried) -> None:
        """Write the day's flags, and the compensation in EUR/MWh once a month and at the end."""
        folder = self._out / "distribution_system_operator"
        for spell in self._incidents.switched_off:
            flags = [(start, int(start < spell.end)) for start in quarter_hours(spell.first, spell.end + QUARTER_HOUR)]
            stamp = self._incidents.flag_stamps[spell.asset_id]
            metering_point = self._assets[self._row[spell.asset_id]].metering_point_id
            layouts.write_redispatch_flags(folder / f"redispatch_flag_{metering_point}_{stamp}.csv", flags)
        markups = self._rng("compensation").uniform(4, 18, len(self._starts))
        values = np.round(np.abs(self._prices.level) + markups, 2).tolist()
        for start, price in zip(self._starts, values, strict=True):
            if start not in self._incidents.unpriced:
                negative = start in self._incidents.negative_compensation
                state.compensation.append((start, -12.4 if negative else price))
        tomorrow = self._day + DAY
        if tomorrow.month != self._day.month or self._day == self._what.days[-1]:
            published_on = self._day + _COMPENSATION_DAYS * DAY
            layouts.write_redispatch_compensation(
                folder / f"redispatch_compensation_{published_on}.csv", state.compensation
            )
            state.compensation.clear()

    # The market

    def _portfolio_forecast_mw(self, versions: Integers) -> Floats:
        contracted = self._what.portfolio.is_contracted(self._day)
        powers = self._course.forecast(self._first, versions) * self._capacity_kw
        total: Floats = powers[contracted].sum(axis=0) / 1000
        return total

    def write_trades(self) -> None:
        """Write private and public trades, and some of them again where the day's incidents say so."""
        what, files = self._what, self._incidents.trades
        private, public = trade_day(what.seed, self._day, what.desk, self._portfolio_forecast_mw, self._prices)
        exported_at = self._end.replace(hour=0, minute=5, second=16) + (DAY if self._end.hour else 0 * DAY)
        twice = np.arange(len(private.trade_id))
        twice = np.sort(np.concatenate([twice, twice[: files.duplicated]]))
        self._write_exports(private.take(twice), public, exported_at)
        if files.later_export is not None:
            self._write_later(private, public, files.later_export)

    def _write_exports(self, private: Trades, public: Trades, exported_at: datetime) -> None:
        folder, files = self._out / "exchange", self._incidents.trades
        unit: layouts.VolumeUnit = "MW" if files.private_in_mw else "MWH"
        day, as_exchange = str(self._day), files.as_exchange
        layouts.write_trades(folder, "Private", day, exported_at, private, unit, as_exchange=as_exchange)
        layouts.write_trades(folder, "Public", day, exported_at, public, as_exchange=as_exchange)

    def _write_later(self, private: Trades, public: Trades, exported_at: datetime) -> None:
        """Write a few trades again: the first with a corrected price, others recalled with a volume of 0."""
        files = self._incidents.trades
        count = min(files.corrected + files.recalled + files.repeated, len(private.trade_id))
        first = len(private.trade_id) // 2 - count // 2
        again = private.take(np.arange(first, first + count))
        corrected, recalled = again.trade_id[: files.corrected], again.trade_id[files.corrected :][: files.recalled]

        def changed(trades: Trades) -> Trades:
            price = trades.price_eur_per_mwh + np.where(np.isin(trades.trade_id, corrected), 1.5, 0)
            tenths = np.where(np.isin(trades.trade_id, recalled), 0, trades.tenths_of_mw)
            return trades._replace(price_eur_per_mwh=np.round(price, 2), tenths_of_mw=tenths)

        listed = public.take(np.isin(public.trade_id, again.trade_id))
        self._write_exports(changed(again), changed(listed), exported_at)

    def write_imbalance(self) -> None:
        """Write estimated and final imbalance prices; the sides of the final ones differ at times."""
        folder, rng = self._out / "imbalance", self._rng("imbalance prices")
        count = len(self._starts)
        long = np.round(self._prices.imbalance, 2)
        differs = (rng.random(count) < 0.08) & self._incidents.unequal_sides
        short = np.round(long + np.where(differs, rng.uniform(5, 60, count), 0), 2)
        file = self._incidents.imbalance_final
        final = [
            (start, None, None) if n in file.unknown else (start, float(short[n]), float(long[n]))
            for n, start in enumerate(self._starts)
            if n not in file.missing
        ]
        path = folder / f"imbalance_price_final_{file.stamp}.csv"
        layouts.write_imbalance_final(path, final, file.zone, file.encoding)
        estimates = np.round(self._prices.imbalance + rng.normal(0, 14, count), 2)
        status = rng.choice([0, 1, 2], count, p=[0.96, 0.03, 0.01])
        file = self._incidents.imbalance_estimate
        estimated = [
            (start, None if n in file.unknown else float(estimates[n]), int(status[n]))
            for n, start in enumerate(self._starts)
            if n not in file.missing
        ]
        path = folder / f"imbalance_price_estimation_{file.stamp}.csv"
        layouts.write_imbalance_estimation(path, estimated, file.zone, file.encoding)


def _with_gaps(values: Floats) -> list[float | None]:
    """Values as a list, None where there is none."""
    numbers: list[float | None] = values.tolist()
    for place in np.flatnonzero(np.isnan(values)).tolist():
        numbers[place] = None
    return numbers
