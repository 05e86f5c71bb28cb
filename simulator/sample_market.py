"""The sample's feeds about the market: our trades, everybody's trades, imbalance prices."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

from simulator import layouts
from simulator.layouts import ImbalanceZone, Trade
from simulator.market import DayTrades, day_products, trade_day
from simulator.portfolio import EARLIER_CONTRACTS, NEWEST_CONTRACTS, Asset
from simulator.sample_world import CLOCK_CHANGE, DAYS, FIRST_DAY, LAST_DAY, World, rng
from simulator.times import MARKET_ZONE, local_day, quarter_hours, utc
from simulator.weather import autocorrelated

_LATER_EXPORT = utc("2025-10-27T00:04:12")
_REPEATED_TRADES = 5
_FIRST_TRADE_ID, _TRADE_IDS_A_DAY = 7_310_000_000, 1_000_000

_SUMMER_TIME = ImbalanceZone("CEST", timezone(timedelta(hours=2)))
_WINTER_TIME = ImbalanceZone("CET", timezone(timedelta(hours=1)))
_LOCAL_TIME = ImbalanceZone("Europe/Berlin", MARKET_ZONE)
_UTC_TIME = ImbalanceZone("UTC", UTC)

# Indices of a day's quarter-hours; those of the last day have no price at all (IM-2).
_MISSING_FINAL = frozenset({9, 10, 11, 12, 52, 53, 70})
_UNKNOWN_FINAL = frozenset({20, 60})
_UNKNOWN_ESTIMATE = {FIRST_DAY: frozenset({33}), CLOCK_CHANGE: frozenset({44}), LAST_DAY: frozenset({52, 53})}


def write_trades(folder: Path, world: World) -> None:
    """Write private and public trades: two days as they are handed on, the last in the exchange's own layout.

    The last day's private trades are in MW, all others in MWh (TR-1).
    """
    for number, day in enumerate(DAYS):
        trades = _day_trades(world, day, first_trade_id=_FIRST_TRADE_ID + number * _TRADE_IDS_A_DAY)
        exported_at = utc(f"{day + timedelta(days=1)}T00:05:16")
        if day == LAST_DAY:
            layouts.write_trades_as_exchange(folder, "Private", str(day), exported_at, trades.private, "MW")
            layouts.write_trades_as_exchange(folder, "Public", str(day), exported_at, trades.public)
            continue
        layouts.write_trades(folder, "Private", str(day), exported_at, trades.private)
        layouts.write_trades(folder, "Public", str(day), exported_at, trades.public)
        if day == FIRST_DAY:
            _write_later_export(folder, day, trades)


def _write_later_export(folder: Path, day: date, trades: DayTrades) -> None:
    """Write a few trades again, the first of them at a corrected price."""
    repeated = trades.private[100 : 100 + _REPEATED_TRADES]
    corrected_id = repeated[0].trade_id
    repeated_ids = {trade.trade_id for trade in repeated}

    def corrected(trade: Trade) -> Trade:
        return replace(trade, price=round(trade.price + 1.5, 2)) if trade.trade_id == corrected_id else trade

    public = [corrected(trade) for trade in trades.public if trade.trade_id in repeated_ids]
    layouts.write_trades(folder, "Private", str(day), _LATER_EXPORT, [corrected(trade) for trade in repeated])
    layouts.write_trades(folder, "Public", str(day), _LATER_EXPORT, public)


def _day_trades(world: World, day: date, first_trade_id: int) -> DayTrades:
    chance = rng(f"trades {day}")
    start, end = local_day(day)
    starts = quarter_hours(start, end)
    doubt = autocorrelated(chance, len(starts), 0.8)
    assets = _assets_under_contract(day)
    wanted_mw = [
        sum(world.available_kw(asset, start) for asset in assets) / 1000 * max(0.0, 0.96 + 0.06 * error)
        for start, error in zip(starts, doubt, strict=True)
    ]
    price_levels = [world.price(start) for start in starts]
    return trade_day(chance, day_products(start, end, wanted_mw, price_levels), first_trade_id)


def _assets_under_contract(day: date) -> list[Asset]:
    contracts = EARLIER_CONTRACTS if day < CLOCK_CHANGE else NEWEST_CONTRACTS
    return [contract.asset for contract in contracts if contract.covers(day)]


def write_imbalance(folder: Path, world: World) -> None:
    """Write estimates and final prices of the three days, every file with another time zone or encoding."""
    finals = {
        FIRST_DAY: ("20251025_170800", _SUMMER_TIME, "utf-8"),
        CLOCK_CHANGE: ("20251110_091500", _UTC_TIME, "utf-8"),
        LAST_DAY: ("20251110_092000", _WINTER_TIME, "cp1252"),
    }
    estimates = {
        FIRST_DAY: ("2025-10-26T041800Z", _UTC_TIME, "utf-8"),
        CLOCK_CHANGE: ("2025-10-27T041800Z", _LOCAL_TIME, "utf-8-sig"),
        LAST_DAY: ("2025-10-28T041800Z", _UTC_TIME, "utf-8"),
    }
    for day in DAYS:
        prices = _final_prices(world, day)
        stamp, zone, encoding = finals[day]
        rows = [row for index, row in enumerate(prices) if index not in _MISSING_FINAL]
        layouts.write_imbalance_final(folder / f"imbalance_price_final_{stamp}.csv", rows, zone, encoding)
        stamp, zone, encoding = estimates[day]
        path = folder / f"imbalance_price_estimation_{stamp}.csv"
        layouts.write_imbalance_estimation(path, _estimates(world, day), zone, encoding)


def _true_prices(world: World, day: date) -> list[tuple[datetime, float]]:
    """Imbalance prices in EUR/MWh: they swing around the market's, rarely far away from it."""
    starts = quarter_hours(*local_day(day))
    swings = autocorrelated(rng(f"imbalance {day}"), len(starts), 0.6)
    return [
        (start, world.price(start) + 38 * swing + 9 * swing**3) for start, swing in zip(starts, swings, strict=True)
    ]


def _final_prices(world: World, day: date) -> list[tuple[datetime, float | None, float | None]]:
    """Start, short side, long side; now and then the sides differ."""
    chance = rng(f"final imbalance {day}")
    rows: list[tuple[datetime, float | None, float | None]] = []
    for index, (start, price) in enumerate(_true_prices(world, day)):
        markup = chance.uniform(5, 60) if chance.random() < 0.08 else 0.0
        known = index not in _UNKNOWN_FINAL
        rows.append((start, round(price + markup, 2) if known else None, round(price, 2) if known else None))
    return rows


def _estimates(world: World, day: date) -> list[tuple[datetime, float | None, int]]:
    """Start, estimate, status: 0 as a rule, 1 or 2 at times."""
    chance = rng(f"imbalance estimate {day}")
    rows: list[tuple[datetime, float | None, int]] = []
    for index, (start, price) in enumerate(_true_prices(world, day)):
        estimate = round(price + chance.gauss(0, 14), 2)
        status = chance.choices([0, 1, 2], [96, 3, 1])[0]
        rows.append((start, None if index in _UNKNOWN_ESTIMATE[day] else estimate, status))
    return rows
