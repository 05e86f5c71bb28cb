"""The infeed of the pipeline against the same rules written a second time, straight from the files, in fractions."""

from __future__ import annotations

import json
from collections import defaultdict
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import pytest
from independent import (
    QUARTER_HOUR,
    contract_terms,
    csv_rows,
    differences,
    energy_mwh,
    in_order,
    local_day,
    mart,
    moment,
    number,
    portfolio,
    text_of,
)
from test_forecasts_independently import points

from ingest.clocks import without_timestamp

Key = tuple[str, pd.Timestamp]  # asset or metering point, quarter-hour

QUARTER_HOUR_US = 900_000_000
LONGEST_HOLD_US = 300_000_000


class Infeed(NamedTuple):
    """A row of fct_asset_infeed beside its key."""

    contract_id: str
    infeed_source: str
    infeed_kw: float
    infeed_mwh: Decimal
    final_kw: float | None
    live_kw: float | None
    live_coverage: float
    latest_forecast_kw: float | None
    is_redispatched: bool
    delivery_date: str


class PortfolioInfeed(NamedTuple):
    """A row of fct_portfolio_infeed beside its key."""

    infeed_mwh: Decimal
    final_mwh: Decimal
    live_mwh: Decimal
    forecast_mwh: Decimal
    assets_expected: int
    assets_present: int
    is_complete: bool
    delivery_date: str


def final_production(source: Path) -> dict[Key, Fraction]:
    """(metering point, quarter-hour) -> the newest kW that is a value."""
    result: dict[Key, Fraction] = {}
    for path in in_order(source, "final_production_*.csv"):
        for row in csv_rows(path):
            start = moment(row["delivery_start__utc_"])
            for column, cell in row.items():
                kw = number(cell) if column.endswith("__kw_") else None
                if kw is not None:
                    result[column.removesuffix("__kw_"), start] = kw
    return result


def redispatched(source: Path) -> set[Key]:
    """(metering point, quarter-hour) whose newest flag is 1."""
    flags: dict[Key, bool] = {}
    for path in in_order(source, "redispatch_flag_*.csv"):
        metering_point = without_timestamp(path.stem).removeprefix("redispatch_flag_")
        for row in csv_rows(path):
            flag = number(row["is_redispatched"])
            if flag is not None:
                flags[metering_point, moment(row["delivery_start"])] = flag == 1
    return {key for key, flag in flags.items() if flag}


def live_samples(source: Path) -> dict[str, dict[int, tuple[Fraction, bool]]]:
    """Asset -> microsecond -> the newest kW there and whether its quality lets it count (IN-1)."""
    result: dict[str, dict[int, tuple[Fraction, bool]]] = defaultdict(dict)
    for path in in_order(source, "live_measured_infeed/*.json"):
        try:
            answer: dict[str, Any] = json.loads(text_of(path), parse_float=Fraction, parse_int=Fraction)
        except ValueError:
            continue  # a bad file: none of it counts
        columns = dict(zip(answer["column_ids"], answer["values"], strict=True))
        times, powers = columns["timestamp"], columns["value"]
        asset = answer["key"].get("asset_id") or answer["key"]["entity_id"]
        for time, kw, quality in zip(times, powers, columns.get("quality") or [None] * len(times), strict=True):
            if time is not None and kw is not None:
                microsecond = round(time * (1000 if time >= 10**11 else 1_000_000))
                result[asset][microsecond] = (kw, quality is None or quality > 0)
    return result


def held(samples: dict[int, tuple[Fraction, bool]]) -> dict[pd.Timestamp, tuple[Fraction, Fraction]]:
    """IN-1: quarter-hour -> kW x covered microseconds and covered microseconds of one asset's samples."""
    good = sorted((time, kw) for time, (kw, counts) in samples.items() if counts)
    ends = [time for time, _ in good[1:]] + [good[-1][0] + LONGEST_HOLD_US] if good else []
    result: dict[int, tuple[Fraction, Fraction]] = defaultdict(lambda: (Fraction(0), Fraction(0)))
    for (time, kw), following in zip(good, ends, strict=True):
        end = min(following, time + LONGEST_HOLD_US)
        for start in range(time - time % QUARTER_HOUR_US, end, QUARTER_HOUR_US):
            overlap = min(end, start + QUARTER_HOUR_US) - max(time, start)
            weighted, covered = result[start]
            result[start] = (weighted + kw * overlap, covered + overlap)
    return {pd.Timestamp(start, unit="us"): sums for start, sums in result.items()}


def live_means(source: Path) -> dict[Key, tuple[Fraction | None, Fraction]]:
    """IN-1: (asset, quarter-hour) -> time-weighted mean kW, None below half of it covered, and the covered share."""
    return {
        (asset, start): (
            weighted / covered if covered * 2 >= QUARTER_HOUR_US else None,
            covered / QUARTER_HOUR_US,
        )
        for asset, samples in live_samples(source).items()
        for start, (weighted, covered) in held(samples).items()
    }


def latest_forecasts(source: Path) -> dict[Key, Fraction]:
    """FC-1: (asset, quarter-hour) -> kW of the greatest version issued by its start."""
    issued = points(source)
    issued = issued[issued["version"] <= issued["start"]].sort_values(["version", "order"], kind="stable")
    return {(row.asset_id, row.start): Fraction(repr(float(row.power))) for row in issued.itertuples()}


@cache
def best_of_infeed(source: Path) -> dict[Key, Infeed]:
    """IN-1 to IN-3, IN-5: (asset, quarter-hour) -> best of infeed of the assets under contract."""
    finals, flags = final_production(source), redispatched(source)
    means, forecasts = live_means(source), latest_forecasts(source)
    terms = contract_terms(source)
    result = {}
    for start in {start for _, start in [*finals, *flags, *means, *forecasts]}:
        day = local_day(start)
        for asset, contract in portfolio(terms, day).items():
            final = finals.get((contract.metering_point_id, start))
            live, coverage = means.get((asset, start), (None, Fraction(0)))
            flag = (contract.metering_point_id, start) in flags
            forecast = forecasts.get((asset, start))
            ranked = {"final": final, "live": live, "redispatch": Fraction(0) if flag else None, "forecast": forecast}
            best = next(((name, kw) for name, kw in ranked.items() if kw is not None), None)
            if best is None:
                continue
            kw = max(Fraction(0), best[1])
            result[asset, start] = Infeed(
                contract_id=contract.contract_id,
                infeed_source=best[0],
                infeed_kw=float(kw),
                infeed_mwh=energy_mwh(kw / 4000),
                final_kw=_as_float(final),
                live_kw=_as_float(live),
                live_coverage=float(coverage),
                latest_forecast_kw=_as_float(forecast),
                is_redispatched=flag,
                delivery_date=day,
            )
    return result


def _as_float(exact: Fraction | None) -> float | None:
    return None if exact is None else float(exact)


@cache
def portfolio_infeed(source: Path) -> dict[pd.Timestamp, PortfolioInfeed]:
    """IN-4: quarter-hour -> sums over the assets in the portfolio, where any of them has an infeed."""
    assets: dict[pd.Timestamp, list[Infeed]] = defaultdict(list)
    for (_, start), infeed in best_of_infeed(source).items():
        assets[start].append(infeed)
    terms = contract_terms(source)

    def total(infeeds: list[Infeed], *sources: str) -> Decimal:
        return sum((each.infeed_mwh for each in infeeds if each.infeed_source in sources), Decimal(0))

    result = {}
    for start, infeeds in assets.items():
        day = local_day(start)
        expected = len(portfolio(terms, day))
        result[start] = PortfolioInfeed(
            infeed_mwh=total(infeeds, "final", "live", "redispatch", "forecast"),
            final_mwh=total(infeeds, "final"),
            live_mwh=total(infeeds, "live"),
            forecast_mwh=total(infeeds, "forecast"),
            assets_expected=expected,
            assets_present=len(infeeds),
            is_complete=len(infeeds) == expected,
            delivery_date=day,
        )
    return result


def test_every_infeed_equals_the_independent_one(built: tuple[Path, Path]) -> None:
    """IN-1, IN-2, IN-3, IN-5: each row of fct_asset_infeed, and no other row."""
    source, home = built
    actual = mart(home, "fct_asset_infeed", "asset_id, delivery_start_utc", Infeed._fields)
    assert differences(actual, best_of_infeed(source)) == []


def test_the_portfolios_infeed_is_the_sum_of_its_assets(built: tuple[Path, Path]) -> None:
    """IN-4, FC-3: each row of fct_portfolio_infeed, and no other row."""
    source, home = built
    actual = mart(home, "fct_portfolio_infeed", "delivery_start_utc", PortfolioInfeed._fields)
    assert differences(actual, portfolio_infeed(source)) == []


@pytest.mark.parametrize(
    ("samples", "weighted", "covered"),
    [
        ({0: (6, True), 60: (0, True)}, 6 * 60, 60 + 300),  # each holds until the next, the last five minutes
        ({0: (6, True), 60: (9, False), 120: (0, True)}, 6 * 120, 120 + 300),  # bad quality: the one before holds on
        (
            {-120: (8, True), 600: (4, True)},
            8 * 180 + 4 * 300,
            180 + 300,
        ),  # from before the quarter-hour, and to its end
    ],
)
def test_a_sample_holds_until_the_next(samples: dict[int, tuple[int, bool]], weighted: int, covered: int) -> None:
    """IN-1, on cases made by hand: seconds from a quarter-hour's start -> kW and whether it counts."""
    origin = pd.Timestamp("2025-06-08 10:00")
    first = origin.value // 1000
    sums = held({first + second * 10**6: (Fraction(kw), good) for second, (kw, good) in samples.items()})
    assert sums[origin] == (Fraction(weighted * 10**6), Fraction(covered * 10**6))
    assert set(sums) <= {origin - QUARTER_HOUR, origin}
