"""The trading of the pipeline against the same rules written a second time, straight from the files, in fractions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pandas as pd
from independent import (
    QUARTER_HOUR,
    csv_rows,
    differences,
    energy_mwh,
    euros,
    in_order,
    local_day,
    mart,
    moment,
    number,
)
from test_infeed_independently import portfolio_infeed

PRODUCTS = {QUARTER_HOUR: "quarter_hour", 4 * QUARTER_HOUR: "hour"}


class Trade(NamedTuple):
    """A trade, or its part in one quarter-hour (TR-3)."""

    trade_id: str
    side: str
    start: pd.Timestamp
    end: pd.Timestamp
    executed_at: pd.Timestamp
    product: str
    price: Fraction
    mwh: Fraction

    @property
    def sign(self) -> int:
        """TR-2: +1 for SELL, -1 for BUY."""
        return 1 if self.side == "SELL" else -1

    @property
    def parts(self) -> list[Trade]:
        """TR-3: a trade per quarter-hour, the energy spread evenly."""
        count = (self.end - self.start) // QUARTER_HOUR
        starts = [self.start + position * QUARTER_HOUR for position in range(count)]
        return [self._replace(start=start, end=start + QUARTER_HOUR, mwh=self.mwh / count) for start in starts]


class Trading(NamedTuple):
    """What fct_trading_quarter_hours and fct_trading_days tell of a period."""

    revenue_eur: Decimal
    trades: int
    sold_mwh: Decimal
    bought_mwh: Decimal
    net_sold_mwh: Decimal
    private_vwap_eur_per_mwh: Decimal | None
    market_vwap_eur_per_mwh: Decimal | None
    alpha_eur: Decimal | None


def listed(source: Path, scope: str) -> list[Trade]:
    """Every valid row of the `Private` or `Public` files, a newer revision after an older one (TR-1)."""
    result = []
    for path in in_order(source, f"{scope}_Trades-*.csv"):
        for row in csv_rows(path):
            price, volume, unit = number(row["Price"]), number(row["Volume"]), row["VolumeUnit"].upper()
            if price is None or volume is None or volume < 0 or unit not in {"MWH", "MW"}:
                continue  # a bad row
            start, end = moment(row["DeliveryStart"]), moment(row["DeliveryEnd"])
            hours = Fraction((end - start) // QUARTER_HOUR, 4)
            result.append(
                Trade(
                    trade_id=row["TradeId"],
                    side=row["Side"].upper(),
                    start=start,
                    end=end,
                    executed_at=moment(row["ExecutionTime"]),
                    product=PRODUCTS[end - start],
                    price=price,
                    mwh=volume if unit == "MWH" else volume * hours,
                )
            )
    return result


@cache
def private_trades(source: Path) -> dict[tuple[str, str], Trade]:
    """Our trades, each (TradeId, Side) once."""
    return {(trade.trade_id, trade.side): trade for trade in listed(source, "Private")}


@cache
def market_trades(source: Path) -> dict[str, Trade]:
    """TR-4: everybody's trades, each TradeId once, be it listed on one side or on both."""
    return {trade.trade_id: trade for trade in listed(source, "Public")}


def parts_of(trades: Iterable[Trade]) -> dict[pd.Timestamp, list[Trade]]:
    """TR-3: quarter-hour -> the parts of the trades that cover it."""
    result: dict[pd.Timestamp, list[Trade]] = defaultdict(list)
    for trade in trades:
        for part in trade.parts:
            result[part.start].append(part)
    return result


def energy(trades: Iterable[Trade]) -> Fraction:
    """MWh, positive on both sides."""
    return sum((trade.mwh for trade in trades), Fraction(0))


def vwap(trades: list[Trade]) -> Decimal | None:
    """TR-4, rounded before it is used; None without energy."""
    mwh = energy(trades)
    return euros(sum((trade.price * trade.mwh for trade in trades), Fraction(0)) / mwh) if mwh else None


def trading(ours: list[Trade], theirs: list[Trade], references: dict[pd.Timestamp, Decimal | None]) -> Trading:
    """TR-2, TR-4, TR-5, TR-7 over the parts of our and of the market's trades in a period."""
    sold = energy(part for part in ours if part.sign > 0)
    bought = energy(part for part in ours if part.sign < 0)
    return Trading(
        revenue_eur=euros(sum((part.sign * part.price * part.mwh for part in ours), Fraction(0))),
        trades=len({part.trade_id for part in ours}),
        sold_mwh=energy_mwh(sold),
        bought_mwh=energy_mwh(bought),
        net_sold_mwh=energy_mwh(sold - bought),
        private_vwap_eur_per_mwh=vwap(ours),
        market_vwap_eur_per_mwh=vwap(theirs),
        alpha_eur=alpha(ours, references),
    )


def alpha(parts: list[Trade], references: dict[pd.Timestamp, Decimal | None]) -> Decimal | None:
    """TR-7: each part against the market VWAP of its quarter-hour, the exact sum rounded once; None if one has none."""
    total = Fraction(0)
    for part in parts:
        reference = references.get(part.start)
        if reference is None:
            return None
        total += part.sign * part.mwh * (part.price - Fraction(reference))
    return euros(total)


@cache
def both_parts(source: Path) -> tuple[dict[pd.Timestamp, list[Trade]], dict[pd.Timestamp, list[Trade]]]:
    """Quarter-hour -> the parts of our trades, and of everybody's."""
    return parts_of(private_trades(source).values()), parts_of(market_trades(source).values())


@cache
def market_vwaps(source: Path) -> dict[pd.Timestamp, Decimal | None]:
    """TR-4: quarter-hour -> VWAP of everybody's trades, hours and quarter-hours together."""
    return {start: vwap(parts) for start, parts in both_parts(source)[1].items()}


@cache
def trading_quarter_hours(source: Path) -> dict[pd.Timestamp, Trading]:
    """TR-9: each quarter-hour that our or other trades deliver in."""
    ours, theirs = both_parts(source)
    return {
        start: trading(ours.get(start, []), theirs.get(start, []), market_vwaps(source))
        for start in ours.keys() | theirs.keys()
    }


def trading_days(source: Path) -> dict[tuple[str, str], Trading]:
    """(local date, product or `all`) -> that day and product, of our trades and the market's."""
    ours, theirs = (by_day(parts) for parts in both_parts(source))
    return {
        key: trading(ours.get(key, []), theirs.get(key, []), market_vwaps(source))
        for key in ours.keys() | theirs.keys()
    }


def by_day(quarter_hours: dict[pd.Timestamp, list[Trade]]) -> dict[tuple[str, str], list[Trade]]:
    """(local date, product or `all`) -> parts of trades."""
    result: dict[tuple[str, str], list[Trade]] = defaultdict(list)
    for start, parts in quarter_hours.items():
        for part in parts:
            result[local_day(start), part.product].append(part)
            result[local_day(start), "all"].append(part)
    return result


def test_every_trade_equals_the_independent_one(built: tuple[Path, Path]) -> None:
    """TR-1, TR-2: each row of fct_trades, and no other row."""
    source, home = built
    columns = (
        "delivery_start_utc", "delivery_end_utc", "executed_at_utc", "product",
        "price_eur_per_mwh", "volume_mwh", "revenue_eur",
    )  # fmt: skip
    expected = {
        key: (
            trade.start, trade.end, trade.executed_at, trade.product,
            euros(trade.price), energy_mwh(trade.mwh), euros(trade.sign * trade.price * trade.mwh),
        )
        for key, trade in private_trades(source).items()
    }  # fmt: skip
    assert differences(mart(home, "fct_trades", "trade_id, side", columns), expected) == []


def test_every_market_trade_equals_the_independent_one(built: tuple[Path, Path]) -> None:
    """TR-1, TR-4: each row of fct_market_trades, and no other row."""
    source, home = built
    columns = ("delivery_start_utc", "executed_at_utc", "product", "price_eur_per_mwh", "volume_mwh")
    expected = {
        key: (trade.start, trade.executed_at, trade.product, euros(trade.price), energy_mwh(trade.mwh))
        for key, trade in market_trades(source).items()
    }
    assert differences(mart(home, "fct_market_trades", "trade_id", columns), expected) == []


def test_every_trading_quarter_hour_equals_the_independent_one(built: tuple[Path, Path]) -> None:
    """TR-2 to TR-5, TR-7, TR-9: each row of fct_trading_quarter_hours, and no other row."""
    source, home = built
    _, market = both_parts(source)
    columns = (*Trading._fields, "market_mwh", "market_trades", "delivery_date")
    expected = {
        start: (*row, energy_mwh(energy(market.get(start, []))), len(market.get(start, [])), local_day(start))
        for start, row in trading_quarter_hours(source).items()
    }
    assert differences(mart(home, "fct_trading_quarter_hours", "delivery_start_utc", columns), expected) == []


def test_every_trading_day_equals_the_independent_one(built: tuple[Path, Path]) -> None:
    """TR-2 to TR-5, TR-7: each row of fct_trading_days, and no other row."""
    source, home = built
    actual = mart(home, "fct_trading_days", "delivery_date, product", Trading._fields)
    assert differences(actual, trading_days(source)) == []


def test_every_position_equals_the_independent_one(built: tuple[Path, Path]) -> None:
    """TR-8: each row of fct_positions, and no other row; every quarter-hour we traded has an infeed."""
    source, home = built
    traded = {start: row.net_sold_mwh for start, row in trading_quarter_hours(source).items() if row.trades}
    infeeds = portfolio_infeed(source)
    assert traded.keys() <= infeeds.keys()
    columns = (
        "infeed_mwh", "measured_mwh", "forecast_mwh", "net_sold_mwh", "open_position_mwh",
        "assets_expected", "assets_present", "is_complete", "delivery_date",
    )  # fmt: skip
    expected = {
        start: (
            row.infeed_mwh, row.final_mwh + row.live_mwh, row.forecast_mwh,
            traded.get(start, Decimal(0)), row.infeed_mwh - traded.get(start, Decimal(0)),
            row.assets_expected, row.assets_present, row.is_complete, row.delivery_date,
        )
        for start, row in infeeds.items()
    }  # fmt: skip
    assert differences(mart(home, "fct_positions", "delivery_start_utc", columns), expected) == []
