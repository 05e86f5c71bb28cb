"""Imbalance and redispatch against IM-1..IM-6, RD-1 and RD-2 written a second time.

Prices come straight from the files; infeed, forecasts and trades, which other tests check, come from the marts.
"""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
from independent import ZONE, timestamp

# Zone names of the imbalance files: a fixed offset in hours, or the zone whose clock changes (TIME-5).
OFFSETS = {"UTC": 0, "CET": 1, "CEST": 2}
EUR = 6


def rounded(value: Fraction | Decimal | int, places: int) -> Decimal:
    """Half away from zero, exactly (IN-5, TR-4, IV-6)."""
    scaled = abs(Fraction(value)) * 10**places
    whole = int(scaled + Fraction(1, 2))
    return Decimal(whole if value >= 0 else -whole).scaleb(-places)


def product(*factors: Decimal | None) -> Decimal | None:
    """EUR before invoicing; NULL where a factor is missing."""
    result = Fraction(1)
    for factor in factors:
        if factor is None:
            return None
        result *= Fraction(factor)
    return rounded(result, EUR)


def number(text: str | None) -> Decimal | None:
    """A German or a plain number; whatever else stands in the cell, `N.A.` for one, is missing."""
    text = (text or "").strip()
    if "," in text:
        text = text.replace(".", "").replace(",", ".")
    return rounded(Fraction(text), EUR) if re.fullmatch(r"[+-]?\d+(\.\d+)?", text) else None


def table(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file in UTF-8, with or without BOM, or in Windows-1252, `;` or `,` between the fields."""
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252")
    lines = text.splitlines()
    return list(csv.DictReader(lines, delimiter=";" if ";" in lines[0] else ","))


def starts(rows: Iterable[dict[str, str]]) -> Iterator[tuple[datetime, dict[str, str]]]:
    """Each row with its quarter-hour in UTC; of two equal local times the first is summer time (TIME-1, TIME-5)."""
    seen: dict[tuple[str, str], int] = defaultdict(int)
    for row in rows:
        if "delivery_start__utc_" in row:  # redispatch compensation
            yield datetime.fromisoformat(row["delivery_start__utc_"].strip()[:19]), row
            continue
        zone = row["Zeitzone"].strip()
        local = datetime.strptime(f"{row['Datum'].strip()} {row['von'].strip()[:5]}", "%d.%m.%Y %H:%M")
        if zone in OFFSETS:
            yield local - timedelta(hours=OFFSETS[zone]), row
            continue
        again = seen[row["Datum"], row["von"]]
        seen[row["Datum"], row["von"]] += 1
        moment = local.replace(tzinfo=ZoneInfo(zone), fold=min(again, 1)).astimezone(UTC)
        if moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == local:  # not one that the clock skips
            yield moment.replace(tzinfo=None), row


def newest(source: Path, pattern: str, column: str) -> dict[datetime, Decimal]:
    """Quarter-hour -> the value of the newest file that has one; a blank replaces nothing (Feeds)."""
    found: dict[datetime, Decimal] = {}
    for path in sorted(source.rglob(pattern), key=lambda path: (timestamp(path), path.name)):
        for start, row in starts(table(path)):
            value = number(row[column])
            if value is not None:
                found[start] = value
    return found


@dataclass(frozen=True)
class Prices:
    """The imbalance prices as the files give them, each side for itself."""

    short: dict[datetime, Decimal]
    long: dict[datetime, Decimal]
    estimate: dict[datetime, Decimal]

    def of(self, start: datetime, volume: Decimal | int | None) -> tuple[Decimal | None, str | None]:
        """IM-1, IM-2: the price on the volume's side (zero is long) and its status."""
        if volume is None:
            return None, None
        side = self.short if volume < 0 else self.long
        if start in side:
            return side[start], "final"
        return (self.estimate[start], "estimate") if start in self.estimate else (None, None)

    def status(self, start: datetime) -> str | None:
        """The quarter-hour's status: an estimate on one side makes it one."""
        sides = {self.of(start, -1)[1], self.of(start, 1)[1]}
        return next((status for status in ("estimate", "final") if status in sides), None)


def prices(source: Path) -> Prices:
    """IM-2: the final price of either side and the estimate."""
    return Prices(
        newest(source, "imbalance_price_final_*.csv", "reBAP unterdeckt"),
        newest(source, "imbalance_price_final_*.csv", "reBAP ueberdeckt"),
        newest(source, "imbalance_price_estimation_*.csv", "AEP-Schätzer"),
    )


def compensation(source: Path) -> dict[datetime, Decimal]:
    """RD-1: the operator's price per quarter-hour."""
    return newest(source, "redispatch_compensation_*.csv", "price__euro_per_mwh_")


@dataclass(frozen=True)
class Fact:
    """What the checked marts say about an asset and quarter-hour."""

    asset: str
    start: datetime
    day: date
    contract: str
    infeed: Decimal
    source: str
    flagged: bool
    version: datetime | None
    latest: Decimal | None
    tradeable: Decimal | None
    vwap: Decimal | None

    @property
    def measured(self) -> bool:
        """IM-1, IV-2: final or live."""
        return self.source in ("final", "live")

    @property
    def lost(self) -> Decimal | None:
        """RD-2: lost energy of a flagged quarter-hour; none is lost in another."""
        if not self.flagged:
            return Decimal(0)
        return None if self.latest is None else max(Decimal(0), self.latest - self.infeed)


def query(home: Path, sql: str) -> list[tuple[Any, ...]]:
    """Ask the warehouse."""
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as con:
        return con.execute(sql).fetchall()


def facts(home: Path) -> list[Fact]:
    """Every row of the infeed with its forecasts and market price."""
    rows = query(
        home,
        "select i.asset_id, i.delivery_start_utc, i.delivery_date, i.contract_id, i.infeed_mwh, i.infeed_source, "
        "i.is_redispatched, f.latest_version_utc, f.latest_forecast_mwh, f.tradeable_forecast_mwh, "
        "t.market_vwap_eur_per_mwh from marts.fct_asset_infeed as i "
        "left join marts.fct_asset_forecasts as f using (asset_id, delivery_start_utc) "
        "left join marts.fct_trading_quarter_hours as t using (delivery_start_utc)",
    )
    assert len(rows) > 500
    return [Fact(*row) for row in rows]


Row = tuple[Any, ...]


def asset_imbalance(given: Iterable[Fact], priced: Prices) -> dict[tuple[str, datetime], Row]:
    """IM-1 to IM-4 and IM-6."""
    result: dict[tuple[str, datetime], Row] = {}
    for fact in given:
        if not fact.measured or fact.tradeable is None:
            continue
        volume = fact.infeed - fact.tradeable
        price, status = priced.of(fact.start, volume)
        gap = None if price is None or fact.vwap is None else fact.vwap - price
        redispatch = None if fact.lost is None else -fact.lost
        result[fact.asset, fact.start] = (
            fact.contract, fact.day, volume, price, status, product(-volume, price), product(volume, gap),
            redispatch, None if redispatch is None else volume - redispatch,
        )  # fmt: skip
    return result


def netting(portfolio_cost: Decimal | None, asset_costs: list[Decimal | None]) -> Decimal | None:
    """IM-5: what netting adds to the sum of the assets' costs to make the portfolio's; negative = it saves."""
    known = [cost for cost in asset_costs if cost is not None]
    if portfolio_cost is None or len(known) < len(asset_costs):
        return None
    return portfolio_cost - sum(known, Decimal(0))


def portfolio_imbalance(
    given: list[Fact], priced: Prices, expected: dict[datetime, int], net_sold: dict[datetime, Decimal]
) -> dict[datetime, Row]:
    """IM-5: a row for each quarter-hour with a measured asset; complete where all under contract are measured."""
    assets: dict[datetime, list[Row]] = defaultdict(list)
    for (_, start), row in asset_imbalance(given, priced).items():
        assets[start].append(row)
    measured: dict[datetime, list[Fact]] = defaultdict(list)
    for fact in given:
        if fact.measured:
            measured[fact.start].append(fact)
    result: dict[datetime, Row] = {}
    for start, present in measured.items():
        rows, complete = assets.get(start, []), len(present) == expected[start]
        volume = sum((row[2] for row in rows), Decimal(0)) if rows else None
        cost = None if volume is None else product(-volume, priced.of(start, volume)[0])
        infeed = sum((fact.infeed for fact in present), Decimal(0))
        position = infeed - net_sold.get(start, Decimal(0)) if complete else None
        position_cost = None if position is None else product(-position, priced.of(start, position)[0])
        result[start] = (
            present[0].day, volume, cost, netting(cost, [row[5] for row in rows]), position, position_cost,
            priced.status(start), expected[start], len(present), complete,
        )  # fmt: skip
    return result


def redispatch(given: Iterable[Fact], paid: dict[datetime, Decimal]) -> dict[tuple[str, datetime], Row]:
    """RD-1, RD-2: a row for each flagged quarter-hour; a missing price keeps the quantity and leaves no amount."""
    return {
        (fact.asset, fact.start): (
            fact.contract, fact.day, fact.version, fact.latest, fact.lost, paid.get(fact.start),
            product(fact.latest, paid.get(fact.start)),
        )
        for fact in given
        if fact.flagged
    }  # fmt: skip


def under_contract(home: Path) -> dict[datetime, int]:
    """FC-3: quarter-hour -> number of assets whose contract covers its day, for every start that the marts know."""
    spans = query(home, "select asset_id, valid_from, valid_to from marts.dim_contracts")
    result: dict[datetime, int] = {}
    for (start,) in query(home, "select distinct delivery_start_utc from marts.fct_asset_infeed"):
        day = start.replace(tzinfo=UTC).astimezone(ZONE).date()
        result[start] = len({asset for asset, begin, end in spans if begin <= day and (end is None or day < end)})
    return result


def test_every_imbalance_price(built: tuple[Path, Path]) -> None:
    """IM-2: a row for each quarter-hour with a price; either side final, else the estimate."""
    source, home = built
    priced = prices(source)
    expected = {
        start: (priced.of(start, -1)[0], priced.of(start, 1)[0], priced.status(start), priced.estimate.get(start))
        for start in priced.short | priced.long | priced.estimate
    }
    columns = "short_price_eur_per_mwh, long_price_eur_per_mwh, price_status, estimate_eur_per_mwh"
    rows = query(home, f"select delivery_start_utc, {columns} from marts.fct_imbalance_prices")
    assert len(rows) == len(expected) > 200
    assert {start: tuple(rest) for start, *rest in rows} == expected


def test_every_asset_imbalance(built: tuple[Path, Path]) -> None:
    """IM-1 to IM-4, IM-6: each row of fct_asset_imbalance, and no other row."""
    source, home = built
    expected = asset_imbalance(facts(home), prices(source))
    rows = query(
        home,
        "select asset_id, delivery_start_utc, contract_id, delivery_date, imbalance_mwh, price_eur_per_mwh, "
        "price_status, imbalance_cost_eur, imbalance_opportunity_cost_eur, redispatch_mwh, forecast_error_mwh "
        "from marts.fct_asset_imbalance",
    )
    assert len(rows) == len(expected) > 400
    assert {(asset, start): tuple(rest) for asset, start, *rest in rows} == expected


def test_every_portfolio_imbalance(built: tuple[Path, Path]) -> None:
    """IM-5: each row of fct_portfolio_imbalance, and no other row."""
    source, home = built
    net_sold = dict(query(home, "select delivery_start_utc, net_sold_mwh from marts.fct_trading_quarter_hours"))
    expected = portfolio_imbalance(facts(home), prices(source), under_contract(home), net_sold)
    rows = query(
        home,
        "select delivery_start_utc, delivery_date, forecast_imbalance_mwh, forecast_imbalance_cost_eur, "
        "netting_effect_eur, position_imbalance_mwh, position_imbalance_cost_eur, price_status, assets_expected, "
        "assets_present, is_complete from marts.fct_portfolio_imbalance",
    )
    assert len(rows) == len(expected) > 90
    assert {start: tuple(rest) for start, *rest in rows} == expected


def test_every_redispatched_quarter_hour(built: tuple[Path, Path]) -> None:
    """RD-1, RD-2: each row of fct_redispatch, and no other row."""
    source, home = built
    expected = redispatch(facts(home), compensation(source))
    rows = query(
        home,
        "select asset_id, delivery_start_utc, contract_id, delivery_date, version_utc, forecast_mwh, lost_energy_mwh, "
        "compensation_price_eur_per_mwh, payout_eur from marts.fct_redispatch",
    )
    assert len(rows) == len(expected) >= 4
    assert {(asset, start): tuple(rest) for asset, start, *rest in rows} == expected
