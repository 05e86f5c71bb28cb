"""Invented trades on the intraday exchange: our own and those of everybody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from random import Random

from simulator.layouts import Side, Trade
from simulator.times import HOUR, MARKET_ZONE, QUARTER_HOUR, quarter_hours

_SECONDS_BEFORE_CLOSURE = 300  # trading within the own control area ends five minutes before delivery
_MEAN_LEAD = timedelta(hours=2.5)


@dataclass(frozen=True)
class Product:
    """An hour or a quarter-hour that is traded: what we want to sell in tenths of a MW, the price level in EUR/MWh."""

    start: datetime
    length: timedelta
    wanted_tenths_of_mw: int
    price_level: float


@dataclass(frozen=True)
class DayTrades:
    """The trades of a delivery day; public ones stand on both sides or on one, ours on our own side only."""

    private: list[Trade]
    public: list[Trade]


def _opening(product: Product) -> datetime:
    """Hours are traded from 15:00 of the local day before delivery, quarter-hours from 16:00."""
    day_before = product.start.astimezone(MARKET_ZONE) - timedelta(days=1)
    return day_before.replace(hour=15 if product.length == HOUR else 16, minute=0)


def _execution(rng: Random, product: Product) -> datetime:
    """A moment of execution, more often close to delivery; some without a fraction of a second."""
    open_seconds = (product.start - _opening(product)).total_seconds()
    lead_seconds = _SECONDS_BEFORE_CLOSURE + rng.expovariate(1 / _MEAN_LEAD.total_seconds())
    if lead_seconds > open_seconds:
        lead_seconds = rng.uniform(_SECONDS_BEFORE_CLOSURE, open_seconds)
    moment = product.start - timedelta(seconds=int(lead_seconds))
    return moment if rng.random() < 0.05 else moment.replace(microsecond=rng.randrange(1000) * 1000)


def _trade(rng: Random, product: Product, tenths_of_mw: int) -> Trade:
    """A trade of a product: bought where the power is negative. Its number is given later."""
    executed_at = _execution(rng, product)
    hours_ahead = (product.start - executed_at).total_seconds() / 3600
    price = product.price_level + rng.gauss(0, 3 + 1.1 * hours_ahead)
    end = product.start + product.length
    side: Side = "SELL" if tenths_of_mw > 0 else "BUY"
    return Trade(0, side, product.start, end, executed_at, round(price, 2), abs(tenths_of_mw))


def _split(rng: Random, tenths_of_mw: int, parts: int) -> list[int]:
    """Cut a volume into parts that add up to it, none of them 0."""
    cuts = sorted(rng.sample(range(1, abs(tenths_of_mw)), min(parts, abs(tenths_of_mw)) - 1)) if tenths_of_mw else []
    edges = [0, *cuts, abs(tenths_of_mw)]
    sign = 1 if tenths_of_mw > 0 else -1
    return [sign * (after - before) for before, after in pairwise(edges) if after > before]


def _own_trades(rng: Random, product: Product) -> list[Trade]:
    parts = rng.choice([2, 3, 4]) if product.length == HOUR else rng.choice([1, 1, 2])
    return [_trade(rng, product, part) for part in _split(rng, product.wanted_tenths_of_mw, parts)]


def _trades_of_others(rng: Random, product: Product) -> list[Trade]:
    count = rng.randint(4, 7) if product.length == HOUR else rng.randint(2, 5)
    return [_trade(rng, product, rng.choice([-1, 1]) * rng.randint(1, 160)) for _ in range(count)]


def _listed_sides(rng: Random, trade: Trade) -> list[Trade]:
    """How the public list shows a trade: on both sides or on one."""
    if rng.random() < 0.6:
        return [replace(trade, side="BUY"), replace(trade, side="SELL")]
    return [trade]


def trade_day(rng: Random, products: Sequence[Product], first_trade_id: int) -> DayTrades:
    """The trades of a day's products, numbered in the order of their execution.

    Ours are sorted by delivery, the newest first, and the public ones by execution, as the exports are.
    """
    own = [trade for product in products for trade in _own_trades(rng, product)]
    others = [trade for product in products for trade in _trades_of_others(rng, product)]
    marked = sorted([(trade.executed_at, index, trade) for index, trade in enumerate(own + others)])
    private: list[Trade] = []
    public: list[Trade] = []
    trade_id = first_trade_id
    for _, index, trade in marked:
        trade_id += rng.randint(1, 900)
        numbered = replace(trade, trade_id=trade_id)
        public += _listed_sides(rng, numbered)
        if index < len(own):
            private.append(numbered)
    private.sort(key=lambda trade: (trade.start, -(trade.end - trade.start), -trade.trade_id))
    return DayTrades(private, public)


def day_products(
    start: datetime, end: datetime, wanted_mw: Sequence[float], price_levels: Sequence[float]
) -> list[Product]:
    """The hours and quarter-hours of a delivery day.

    The hours carry most of the energy, the quarter-hours what remains, bought back where an hour is too much.

    Args:
        start: the day's beginning in UTC.
        end: its end.
        wanted_mw: the power to sell in each quarter-hour.
        price_levels: EUR/MWh in each quarter-hour.
    """
    products = []
    starts = quarter_hours(start, end)
    for first in range(0, len(starts), 4):
        hour = range(first, first + 4)
        hour_tenths = int(min(wanted_mw[index] for index in hour) * 5 + sum(wanted_mw[index] for index in hour) * 1.25)
        hour_price = sum(price_levels[index] for index in hour) / 4
        products.append(Product(starts[first], HOUR, hour_tenths, hour_price))
        products += [
            Product(starts[index], QUARTER_HOUR, round(wanted_mw[index] * 10) - hour_tenths, price_levels[index])
            for index in hour
        ]
    return products
