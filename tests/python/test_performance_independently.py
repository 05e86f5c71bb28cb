"""Forecast accuracy and performance reports against FC-4 and PF-1..PF-3 written a second time.

Forecasts and measurements come from raw; infeed, prices, trades and invoice lines, which other tests check, from marts.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pytest
from independent import differences, energy_mwh, euros, mart

HOUR = timedelta(hours=1)
BUCKETS = [("0-1 h", 0), ("1-3 h", 1), ("3-6 h", 3), ("6-24 h", 6), ("over 24 h", 24)]
PERSISTENCE = timedelta(hours=24)
# Accruals are rounded to this where a mart holds them.
MICRO_EURO = Decimal("0.000001")


def query(home: Path, sql: str) -> list[tuple[Any, ...]]:
    """Ask the warehouse, whose staging views look into raw."""
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as con:
        con.execute(f"attach '{home / 'raw.duckdb'}' as raw (read_only)")
        return con.execute(sql).fetchall()


class Sample(NamedTuple):
    """A forecast beside what was measured, energies in MWh exactly."""

    asset: str
    start: datetime
    day: date
    bucket: str
    error: Fraction
    capacity: Fraction
    persistence_error: Fraction | None


def bucket_of(lead_time: timedelta) -> str:
    """FC-4: the bucket with the greatest lower bound that the lead time reaches."""
    return next(name for name, hours in reversed(BUCKETS) if lead_time >= hours * HOUR)


def mwh(kw: float) -> Fraction:
    """IN-5."""
    return Fraction(energy_mwh(Fraction(str(kw)) / 4000))


class Persistence:
    """The newest measurement that was known at a moment."""

    def __init__(self, home: Path) -> None:
        arrived: dict[str, dict[datetime, tuple[Any, ...]]] = defaultdict(dict)
        for asset, measured_at, kw, *known in self._measurements(home):
            earlier = arrived[asset].get(measured_at)
            if earlier is None or tuple(known) < earlier[0]:
                arrived[asset][measured_at] = (tuple(known), max(kw, 0.0))
        self._known: dict[str, tuple[list[datetime], list[tuple[datetime, float]]]] = {}
        for asset, measurements in arrived.items():
            newest: list[tuple[datetime, datetime, float]] = []
            for known_at, measured_at, kw in sorted((k[0], at, kw) for at, (k, kw) in measurements.items()):
                if not newest or measured_at > newest[-1][1]:
                    newest.append((known_at, measured_at, kw))
            self._known[asset] = ([n[0] for n in newest], [(n[1], n[2]) for n in newest])

    @staticmethod
    def _measurements(home: Path) -> Iterable[tuple[Any, ...]]:
        return query(
            home,
            "select asset_id, measured_at_utc, live_kw, known_at_utc, file_order, row_number "
            "from staging.stg_vpp__live_measured_infeed where quality is null or quality > 0 union all "
            "select c.asset_id, f.delivery_start_utc + interval 15 minute, f.final_kw, f.known_at_utc, f.file_order, "
            "f.row_number from staging.stg_dso__final_production as f join marts.dim_quarter_hours as q "
            "using (delivery_start_utc) join intermediate.int_asset_days as d on d.delivery_date = q.delivery_date "
            "join marts.dim_contracts as c on c.contract_id = d.contract_id "
            "and c.metering_point_id = f.metering_point_id",
        )

    def at(self, asset: str, version: datetime) -> float | None:
        """kW, or None where nothing was known or it is too old."""
        moments, values = self._known.get(asset, ([], []))
        place = bisect_right(moments, version) - 1
        if place < 0 or values[place][0] <= version - PERSISTENCE:
            return None
        return values[place][1]


def samples(home: Path) -> list[Sample]:
    """Every sample of FC-4."""
    measured = {
        (asset, start): (day, Fraction(infeed), capacity)
        for asset, start, day, infeed, capacity in query(
            home,
            "select asset_id, delivery_start_utc, delivery_date, infeed_mwh, coalesce(c.capacity_mw, a.capacity_kw "
            "/ 1000.0) from marts.fct_asset_infeed as i left join marts.dim_contracts as c using (contract_id, "
            "asset_id) left join marts.dim_assets as a using (asset_id) "
            "where infeed_source in ('final', 'live') and not is_redispatched",
        )
    }
    newest: dict[tuple[str, datetime, str], tuple[tuple[Any, ...], float]] = {}
    for asset, start, version, kw, *order in query(
        home,
        "select asset_id, delivery_start_utc, version_utc, forecast_kw, file_order, row_number "
        "from staging.stg_vpp__forecasts where version_utc <= delivery_start_utc",
    ):
        key, rank = (asset, start, bucket_of(start - version)), (version, *order)
        if key[:2] in measured and (key not in newest or newest[key][0] < rank):
            newest[key] = (rank, kw)
    for asset, start, version, kw in query(
        home,
        "select asset_id, delivery_start_utc, tradeable_version_utc, tradeable_forecast_kw "
        "from marts.fct_asset_forecasts where tradeable_version_utc is not null",
    ):
        if (asset, start) in measured:
            newest[asset, start, "gate closure"] = ((version,), kw)
    persistence = Persistence(home)
    result = []
    for (asset, start, bucket), ((version, *_), kw) in newest.items():
        day, infeed, capacity = measured[asset, start]
        before = persistence.at(asset, version)
        result.append(
            Sample(
                asset, start, day, bucket, infeed - mwh(kw), Fraction(energy_mwh(Fraction(str(capacity)) / 4)),
                None if before is None else infeed - mwh(before),
            )
        )  # fmt: skip
    return [sample for sample in result if sample.capacity > 0]


def root_of_sum(errors: Iterable[Fraction]) -> float:
    """Root of the sum of squares."""
    return math.sqrt(sum(error * error for error in errors))


def accuracy(group: list[Sample], cost_of: Callable[[Sample], Decimal | None]) -> tuple[Any, ...]:
    """FC-4 for one asset, day and bucket."""
    capacity = sum(sample.capacity for sample in group)
    compared = [sample for sample in group if sample.persistence_error is not None]
    persistence = root_of_sum(s.persistence_error for s in compared if s.persistence_error is not None)
    costs = [cost_of(sample) for sample in group]
    known = [cost for cost in costs if cost is not None]
    return (
        len(group),
        float(sum(abs(sample.error) for sample in group) / capacity),
        root_of_sum(sample.error for sample in group) * math.sqrt(len(group)) / float(capacity),
        float(sum(sample.error for sample in group) / capacity),
        1 - root_of_sum(sample.error for sample in compared) / persistence if persistence else None,
        len(compared),
        sum(known, Decimal(0)) if known else None,
        len(costs) - len(known),
    )


def test_every_forecast_accuracy(built: tuple[Path, Path]) -> None:
    """FC-4: each row of fct_forecast_accuracy, and no other row."""
    _, home = built
    sides = mart(
        home, "fct_imbalance_prices", "delivery_start_utc", ("short_price_eur_per_mwh", "long_price_eur_per_mwh")
    )

    def cost_of(sample: Sample) -> Decimal | None:
        price = sides.get(sample.start, (None, None))[0 if sample.error < 0 else 1]
        return None if price is None else euros(-sample.error * Fraction(price))

    groups: dict[tuple[str, str, str], list[Sample]] = defaultdict(list)
    for sample in samples(home):
        groups[sample.asset, sample.day.isoformat(), sample.bucket].append(sample)
    expected = {key: accuracy(group, cost_of) for key, group in groups.items()}
    columns = ("samples", "nmae", "nrmse", "nbias", "skill", "skill_samples", "error_cost_eur", "unpriced_samples")
    actual = mart(home, "fct_forecast_accuracy", "asset_id, delivery_date, lead_time_bucket", columns)
    assert len({bucket for _, _, bucket in expected}) >= 4

    assert actual.keys() == expected.keys()
    for key, row in expected.items():
        for found, wanted in zip(actual[key], row, strict=True):
            assert found == (pytest.approx(wanted, abs=1e-8) if isinstance(wanted, float) else wanted), key


class Quarter(NamedTuple):
    """A measured quarter-hour of an asset with its prices."""

    asset: str
    start: datetime
    day: date
    infeed: Decimal
    vwap: Decimal | None
    opportunity: Decimal | None


def quarters(home: Path) -> list[Quarter]:
    """The measured infeed with market VWAP and the asset's imbalance opportunity cost."""
    rows = query(
        home,
        "select i.asset_id, i.delivery_start_utc, i.delivery_date, i.infeed_mwh, t.market_vwap_eur_per_mwh, "
        "b.imbalance_opportunity_cost_eur from marts.fct_asset_infeed as i "
        "left join marts.fct_trading_quarter_hours as t using (delivery_start_utc) "
        "left join marts.fct_asset_imbalance as b using (asset_id, delivery_start_utc) "
        "where i.infeed_source in ('final', 'live')",
    )
    return [Quarter(*row) for row in rows]


def total(values: Iterable[Decimal | None]) -> Decimal | None:
    """Sum of what is known; None where nothing is."""
    known = [value for value in values if value is not None]
    return sum(known, Decimal(0)) if known else None


def period_of(kind: str, day: date) -> str:
    """The first day of the period."""
    return (day if kind == "day" else day.replace(day=1)).isoformat()


@pytest.mark.parametrize("kind", ["day", "month"])
def test_every_asset_performance(built: tuple[Path, Path], kind: str) -> None:
    """PF-1: volumes, market value, capture price and the margin's parts of each asset and period."""
    _, home = built
    groups: dict[tuple[str, str], list[Quarter]] = defaultdict(list)
    for quarter in quarters(home):
        groups[quarter.asset, period_of(kind, quarter.day)].append(quarter)
    expected = {}
    for key, group in groups.items():
        valued = [quarter for quarter in group if quarter.vwap is not None]
        exact = [Fraction(q.infeed) * Fraction(q.vwap) for q in valued if q.vwap is not None]
        volume = sum((quarter.infeed for quarter in valued), Decimal(0))
        expected[key] = (
            len(group),
            sum((quarter.infeed for quarter in group), Decimal(0)),
            euros(sum(exact, Fraction(0))) if exact else None,
            euros(sum(exact) / Fraction(volume)) if volume else None,
            total(quarter.opportunity for quarter in group),
        )
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as con:
        rows = con.execute(
            "select asset_id, cast(period_start_date as varchar), measured_quarter_hours, measured_mwh, "
            "market_value_eur, capture_price_eur_per_mwh, imbalance_opportunity_cost_eur, margin_eur, margin_reason, "
            "margin_subtotal_eur, owner_lines_eur, claim_eur from reports.rpt_asset_performance where period = ?",
            [kind],
        ).fetchall()
    assert differences({(a, p): tuple(rest[:5]) for a, p, *rest in rows if rest[0] > 0}, expected) == []
    for asset, start, _, _, value, _, opportunity, margin, reason, subtotal, lines, claim in rows:
        parts = (value or 0) - (lines or 0) - (opportunity or 0) + (claim or 0)
        assert subtotal == parts, (asset, start)
        assert (margin is None) == (reason is not None), (asset, start)
        assert margin is None or margin == parts, (asset, start)


@pytest.mark.parametrize("kind", ["day", "month"])
def test_both_sides_of_every_portfolio_margin(built: tuple[Path, Path], kind: str) -> None:
    """PF-2: the two sides up to owner lines and claims, which are the same in both, and a residual of 0."""
    _, home = built
    revenue: dict[str, list[Decimal]] = defaultdict(list)
    value: dict[str, list[Fraction]] = defaultdict(list)
    trading = query(
        home,
        "select t.delivery_start_utc, t.delivery_date, revenue_eur, alpha_eur, market_vwap_eur_per_mwh, net_sold_mwh, "
        "short_price_eur_per_mwh, long_price_eur_per_mwh, position_imbalance_cost_eur "
        "from marts.fct_trading_quarter_hours as t join marts.fct_portfolio_imbalance using (delivery_start_utc) "
        "left join marts.fct_imbalance_prices using (delivery_start_utc)",
    )
    infeed: dict[datetime, Decimal] = defaultdict(Decimal)
    for quarter in quarters(home):
        infeed[quarter.start] += quarter.infeed
    for start, day, earned, alpha, vwap, net_sold, short, long, cost in trading:
        if vwap is None or cost is None:
            continue
        position = infeed[start] - net_sold
        price = short if position < 0 else long
        opportunity = Fraction(position) * (Fraction(vwap) - Fraction(price))
        revenue[period_of(kind, day)].append((earned or Decimal(0)) - cost)
        at_market = Fraction(infeed[start]) * Fraction(vwap)
        value[period_of(kind, day)].append(at_market + Fraction(alpha or 0) - opportunity)
    assert revenue
    found = query(
        home,
        "select cast(period_start_date as varchar), margin_from_trades_eur, margin_from_assets_eur, "
        f"owner_lines_eur, claim_eur, residual_eur from reports.rpt_portfolio_performance where period = '{kind}'",
    )
    assert {start for start, *_ in found} >= set(revenue)
    for start, from_trades, from_assets, lines, claim, residual in found:
        common = -(lines or Decimal(0)) + (claim or Decimal(0))
        assert from_trades == sum(revenue[start], Decimal(0)) + common, start
        assert abs(from_assets - euros(sum(value[start], Fraction(0)) + Fraction(common))) <= MICRO_EURO, start
        assert residual == 0, start


def test_a_month_is_its_days_and_the_rounding(built: tuple[Path, Path]) -> None:
    """PF-3: where every accrued day has come, a month's lines are its days plus rounding_difference_eur."""
    _, home = built
    accrued = {
        tuple(key): count
        for *key, count in query(
            home,
            "select asset_id, cast(date_trunc('month', delivery_date) as date), count(*) "
            "from intermediate.int_contract_accruals group by all",
        )
    }
    days: dict[tuple[str, date], list[Decimal]] = defaultdict(list)
    months: dict[tuple[str, date], tuple[Decimal, Decimal]] = {}
    for asset, kind, start, lines, rounding, blocked in query(
        home,
        "select asset_id, period, period_start_date, owner_lines_eur, rounding_difference_eur, is_blocked "
        "from marts.fct_asset_margins",
    ):
        if kind == "day" and lines is not None:
            days[asset, start.replace(day=1)].append(lines)
        elif kind == "month" and lines is not None and not blocked:
            months[asset, start] = (lines, rounding)
    assert months
    for key, (lines, rounding) in months.items():
        if accrued[key] == len(days[key]):
            assert abs(lines - sum(days[key]) - rounding) <= MICRO_EURO * len(days[key]), key
