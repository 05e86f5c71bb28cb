"""Trades on the intraday exchange: a desk that sells its forecast and corrects itself, and everybody else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import numpy as np

from simulator.noise import Flags, Floats, Integers, generator
from simulator.prices import Prices
from simulator.times import DAY, index_of, local_day, local_time, quarter_hours

_MS_PER_HOUR = 3_600_000
_MS_PER_QUARTER_HOUR = 900_000
_CLOSURE_MS = 300_000  # trading within the own control area ends five minutes before delivery
_LARGEST_PARTS = 40  # of one sale; a large portfolio trades in larger lots
_TRADE_IDS_A_DAY = 20_000_000
_EDGE_EUR_PER_MWH = 1.5  # a desk waits for its price, and gets a little more than the market at large
_FIRST_TRADE_DAY = date(2020, 1, 1)

Forecast = Callable[[Integers], Floats]


@dataclass(frozen=True)
class Desk:
    """How much is traded.

    Attributes:
        lot_tenths_of_mw: the usual size of one of our trades.
        leads_quarter_hours: how long before delivery the desk looks at its newest forecast again, the longest first.
        market_trades: the mean number of others' trades of a quarter-hour product; an hour has more.
    """

    lot_tenths_of_mw: int = 2
    leads_quarter_hours: tuple[int, ...] = (32, 12, 4, 2)
    market_trades: float = 40.0


class Trades(NamedTuple):
    """Trades as arrays of one entry per listed side.

    Attributes:
        trade_id: unique among all days.
        is_sell: the side.
        first: the delivery's first quarter-hour, counted from 1970.
        length: quarter-hours of delivery, 1 or 4.
        executed_ms: since 1970.
        price_eur_per_mwh: in cents.
        tenths_of_mw: the power, 0 only for a recalled trade.
    """

    trade_id: Integers
    is_sell: Flags
    first: Integers
    length: Integers
    executed_ms: Integers
    price_eur_per_mwh: Floats
    tenths_of_mw: Integers

    def take(self, which: Integers | Flags) -> Trades:
        """Some of the trades."""
        return Trades(
            self.trade_id[which],
            self.is_sell[which],
            self.first[which],
            self.length[which],
            self.executed_ms[which],
            self.price_eur_per_mwh[which],
            self.tenths_of_mw[which],
        )


class DayTrades(NamedTuple):
    """The trades of a delivery day; public ones stand on both sides or on one, ours on our own side only."""

    private: Trades
    public: Trades


class _Orders:
    """Trades that are still without price and number: power in tenths of MW, positive where sold."""

    def __init__(self) -> None:
        self._columns: list[tuple[Integers, Integers, Integers, Integers]] = []

    def add(self, first: Integers, length: int, tenths: Integers, executed_ms: Integers) -> None:
        self._columns.append((first, np.full(len(first), length), tenths, executed_ms))

    def columns(self) -> tuple[Integers, Integers, Integers, Integers]:
        first, length, tenths, executed = (np.concatenate(parts) for parts in zip(*self._columns, strict=True))
        return first, length, tenths, executed


def trade_day(seed: int, day: date, desk: Desk, forecast: Forecast, prices: Prices) -> DayTrades:
    """The trades of a local delivery day, numbered in the order of their execution.

    Hours are sold from 15:00 of the day before. What is left of each quarter-hour follows, sold or bought back, and
    again whenever a newer forecast differs. Ours are sorted by delivery, the public ones by execution, as in the
    exports.

    Args:
        seed: of the simulation.
        day: the local day.
        desk: how much is traded.
        forecast: for the version of each of the day's quarter-hours, the portfolio's forecast in MW.
        prices: of the day's quarter-hours.
    """
    rng = generator(seed, "trades", day.toordinal())
    starts = np.array([index_of(start) for start in quarter_hours(*local_day(day))])
    own, others = _Orders(), _Orders()
    _sell(rng, own, starts, day, desk, forecast)
    _trade_of_others(rng, others, starts, day, desk)
    columns = [np.concatenate(pair) for pair in zip(own.columns(), others.columns(), strict=True)]
    first, length, tenths, executed_ms = columns
    executed_ms = np.where(rng.random(len(first)) < 0.05, executed_ms // 1000 * 1000, executed_ms)
    is_own = np.arange(len(first)) < len(own.columns()[0])
    lead_hours = (first * _MS_PER_QUARTER_HOUR - executed_ms) / _MS_PER_HOUR
    edge = np.where(is_own, np.sign(tenths) * _EDGE_EUR_PER_MWH, 0.0).astype(np.float64)
    price = _prices(rng, first - starts[0], length, lead_hours, edge, prices)
    order = np.lexsort((np.arange(len(first)), executed_ms))
    first_id = (day - _FIRST_TRADE_DAY).days * _TRADE_IDS_A_DAY + 2_000_000_000
    trade_id = np.empty(len(first), dtype=np.int64)
    trade_id[order] = first_id + np.cumsum(rng.integers(1, 90, len(first)))
    trades = Trades(trade_id, tenths > 0, first, length, executed_ms, price, np.abs(tenths))
    private = trades.take(is_own)
    private = private.take(np.lexsort((-private.trade_id, -private.length, private.first)))
    return DayTrades(private, _as_listed(rng, trades.take(order)))


def _sell(
    rng: np.random.Generator, orders: _Orders, starts: Integers, day: date, desk: Desk, forecast: Forecast
) -> None:
    opening = index_of(local_time(day - DAY, 15))
    wanted = forecast(np.full(len(starts), opening)) * 10
    # In hours only what each of their quarter-hours can nearly give; the ramps within are left to quarter-hours.
    hours = np.floor(np.minimum(wanted.reshape(-1, 4).mean(axis=1), wanted.reshape(-1, 4).min(axis=1) * 1.3 + 3))
    sold = np.repeat(hours.astype(np.int64), 4)
    _place(rng, orders, starts[::4], 4, hours.astype(np.int64), desk, (opening, 4))
    opening = index_of(local_time(day - DAY, 16))
    for number, lead in enumerate((None, *desk.leads_quarter_hours)):
        versions = np.full(len(starts), opening) if lead is None else np.maximum(starts - lead, opening)
        target = np.rint(forecast(versions) * 10).astype(np.int64)
        until = (*desk.leads_quarter_hours, 0)[number]
        _place(rng, orders, starts, 1, target - sold, desk, (opening if lead is None else lead, until))
        sold = target


def _place(
    rng: np.random.Generator,
    orders: _Orders,
    starts: Integers,
    length: int,
    tenths: Integers,
    desk: Desk,
    between: tuple[int, int],
) -> None:
    """Cut volumes into lots, executed from a lead (or, if that is larger, an opening quarter-hour) to a lead."""
    parts = np.clip(np.ceil(np.abs(tenths) / desk.lot_tenths_of_mw), 0, _LARGEST_PARTS).astype(np.int64)
    cut = [
        rng.multinomial(abs(int(t)), np.full(k, 1 / k)) * np.sign(t) for t, k in zip(tenths, parts, strict=True) if k
    ]
    volumes = np.concatenate([np.empty(0, dtype=np.int64), *cut])
    first = np.repeat(starts, parts)
    from_lead, to_lead = between
    longest = first - from_lead if from_lead > 10_000 else np.full(len(first), from_lead)
    latest = np.minimum(to_lead * _MS_PER_QUARTER_HOUR + _CLOSURE_MS, longest * _MS_PER_QUARTER_HOUR)
    earliest = longest * _MS_PER_QUARTER_HOUR
    lead_ms = latest + rng.random(len(first)) ** 1.5 * np.maximum(earliest - latest, 0)
    executed_ms = first * _MS_PER_QUARTER_HOUR - np.rint(lead_ms).astype(np.int64)
    traded = volumes != 0
    orders.add(first[traded], length, volumes[traded], executed_ms[traded])


def _trade_of_others(rng: np.random.Generator, orders: _Orders, starts: Integers, day: date, desk: Desk) -> None:
    for length, hour, factor in ((4, 15, 1.8), (1, 16, 1.0)):
        opening = index_of(local_time(day - DAY, hour))
        counts = 1 + rng.poisson(max(desk.market_trades * factor - 1, 0), len(starts[::length]))
        first = np.repeat(starts[::length], counts)
        tenths = np.clip(np.rint(np.exp(rng.normal(2.6, 1.1, len(first)))), 1, 900).astype(np.int64)
        lead_ms = _CLOSURE_MS + rng.exponential(2.5 * _MS_PER_HOUR, len(first))
        longest_ms = (first - opening) * _MS_PER_QUARTER_HOUR
        anywhere_ms = _CLOSURE_MS + rng.random(len(first)) * (longest_ms - _CLOSURE_MS)
        lead_ms = np.where(lead_ms > longest_ms, anywhere_ms, lead_ms)
        executed_ms = first * _MS_PER_QUARTER_HOUR - np.rint(lead_ms).astype(np.int64)
        orders.add(first, length, tenths * rng.choice([-1, 1], len(first)), executed_ms)


def _prices(
    rng: np.random.Generator, place: Integers, length: Integers, lead_hours: Floats, edge: Floats, prices: Prices
) -> Floats:
    """A price of each trade: it drifts from the expected to the true level, and jumps more the longer before delivery.

    Quarter-hours swing further than their hour, up and down along the ramps of the sun.
    """
    values = []
    for level in (prices.level, prices.expected):
        hour = np.repeat(level.reshape(-1, 4).mean(axis=1), 4)
        values.append(np.where(length == 4, hour[place], (hour + 1.2 * (level - hour))[place]))
    drift = 1 - np.exp(-lead_hours / 4)
    spread = 2.5 + 1.3 * np.sqrt(np.maximum(lead_hours, 0))
    noise = rng.normal(0, 1, len(place)) * spread
    price: Floats = np.round(values[0] + (values[1] - values[0]) * drift + noise + edge, 2)
    return price


def _as_listed(rng: np.random.Generator, trades: Trades) -> Trades:
    """How the public list shows trades: on both sides or on one."""
    is_double = rng.random(len(trades.trade_id)) < 0.6
    rows = np.repeat(np.arange(len(is_double)), 1 + is_double)
    listed = trades.take(rows)
    is_second = np.append(False, rows[1:] == rows[:-1])
    is_first = np.append(rows[1:] == rows[:-1], False)
    return listed._replace(is_sell=np.where(is_second, True, np.where(is_first, False, listed.is_sell)))
