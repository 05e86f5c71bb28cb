"""The simulator writes what the loader reads, the same at each call, and within the ranges that the field knows."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Mapping, Sized
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from conftest import Landing
from typer.testing import CliRunner, Result

from rtm import app
from simulator.incidents import Oddities
from simulator.noise import Flags, Floats, series
from simulator.portfolio import Portfolio, invent
from simulator.prices import prices
from simulator.simulation import Scenario, scenario, simulate
from simulator.times import MARKET_ZONE, index_of, local_day, moment_of
from simulator.weather import course

CLOCK_CHANGE = date(2025, 10, 25)  # the day before it, so that two days hold it


def _sparse(what: Scenario) -> Scenario:
    """Forecasts every six hours instead of every quarter-hour: enough for what is asked here."""
    versions = what.versions
    return replace(what, versions=lambda day: versions(day)[::24])


def _hashes(folder: Path) -> dict[str, str]:
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


@pytest.mark.parametrize("packed", [False, True])
def test_the_same_seed_gives_the_same_bytes(tmp_path: Path, packed: bool) -> None:
    for name, seed in (("one", 5), ("two", 5), ("other", 6)):
        simulate(tmp_path / name, _sparse(scenario(3, 1, date(2025, 3, 30), seed, packed=packed)))
    one, two, other = (_hashes(tmp_path / name) for name in ("one", "two", "other"))
    assert one == two
    assert len(one) > 12
    assert {name for name in one.keys() & other.keys() if one[name] == other[name]} == set()


def test_the_world_is_one_wherever_a_simulation_begins() -> None:
    """A day has the same weather when it is simulated alone; an asset has it in a portfolio of any size."""
    octaves = {96: 0.5, 4: 0.5}
    whole = series(1, "weather", 5, octaves, 1_000_000, 500)
    assert np.array_equal(whole[:2, 130:200], series(1, "weather", 2, octaves, 1_000_130, 70))
    assert whole.std() == pytest.approx(1, abs=0.15)
    long = series(1, "weather", 50, octaves, 0, 4000)
    assert long.var(axis=1).mean() == pytest.approx(1, abs=0.1)


@pytest.fixture(scope="module")
def two_days(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Landing]:
    """Three assets over the October clock change, landed: with all oddities, packed, and with none."""
    landings = {}
    for name, oddities, packed in (("all", None, False), ("packed", None, True), ("none", Oddities.none(), False)):
        landings[name] = Landing(tmp_path_factory.mktemp(name))
        simulate(landings[name].source, _sparse(scenario(3, 2, CLOCK_CHANGE, 3, oddities, packed=packed)))
        report = landings[name].load()
        assert report.quarantined == []
        assert report.unknown == []
    return landings


FEED_ROWS = {  # without oddities: rows of each feed
    "technical_data": 3,
    "contracts": 9,  # lists of three Sundays
    "live_measured_infeed": 3 * (96 + 100) * 15,
    "redispatch_compensation": 196,
    "imbalance_prices_final": 196,
    "imbalance_prices_estimated": 196,
    "forecasts": 3 * 9 * 193,
}


class TestWithoutOddities:
    def test_every_feed_lands_whole(self, two_days: Mapping[str, Landing]) -> None:
        rows = dict(two_days["none"].query("select feed, sum(rows)::int from manifest group by feed"))
        solar = sum("SOL" in name for (name,) in two_days["none"].query("select distinct asset_id from contracts"))
        final = solar * 2 * 96 + (3 - solar) * 196  # solar assets by UTC day, wind by local day
        assert {feed: rows[feed] for feed in FEED_ROWS} == FEED_ROWS
        assert rows["final_production"] == final
        assert "redispatch_flags" not in rows
        assert two_days["none"].query("select count(*) from bad_rows") == [(0,)]
        assert two_days["none"].query("select count(*) from file_remarks") == [(0,)]

    def test_trades_are_those_of_one_layout_and_unit(self, two_days: Mapping[str, Landing]) -> None:
        for feed in ("private_trades", "public_trades"):
            sql = f"select count(distinct volume_unit), count(*) - count(distinct (trade_id, side)) from {feed}"
            assert two_days["none"].query(sql) == [(1, 0)]
        sql = "select count(*) from private_trades semi join extra_cells using (file_id, row_number)"
        assert two_days["none"].query(sql) == [(0,)]


class TestWithOddities:
    def test_only_expected_findings(self, two_days: Mapping[str, Landing]) -> None:
        """Prices that are not available, blank powers, and seconds under the label ms: nothing else."""
        found = two_days["all"].query(
            "select distinct feed, column_name, problem from bad_rows inner join manifest using (file_id)"
        )
        expected = {
            ("imbalance_prices_final", "rebap unterdeckt", "not a number below a million"),
            ("imbalance_prices_final", "rebap ueberdeckt", "not a number below a million"),
            ("imbalance_prices_estimated", "aep-schaetzer", "not a number below a million"),
            ("final_production", "power", "blank"),
            ("live_measured_infeed", "value", "blank"),
            ("forecasts", "power", "blank"),
        }
        assert set(found) <= expected
        assert len(set(found)) >= 3
        assert two_days["all"].query("select distinct finding from file_remarks") == [("time_unit_mislabelled",)]

    def test_packed_forecasts_are_the_same_rows(self, two_days: Mapping[str, Landing]) -> None:
        sql = "select asset_id, delivery_start_utc, version_utc, power_kw from forecasts order by all"
        singly = two_days["all"].query(sql)
        assert two_days["packed"].query(sql) == singly
        assert len(singly) > 3 * 8 * 193
        files = "select count(*) from manifest where feed = 'forecasts'"
        assert two_days["packed"].query(files) < [(12,)] < two_days["all"].query(files)


DAYS = tuple(date(2025, 6, 1) + number * timedelta(days=1) for number in range(20))


def _drawn(oddities: Oddities) -> tuple[Scenario, dict[str, int]]:
    """How often each kind of incident is drawn for 150 assets in twenty days, and what is peculiar about assets."""
    what = scenario(150, len(DAYS), DAYS[0], 2, oddities)
    counts: dict[str, int] = {}
    for day in what.days:
        incidents = what.incidents(day)
        apart = ("trades", "imbalance_final", "imbalance_estimate", "flag_stamps")
        values = {name: value for name, value in vars(incidents).items() if name not in apart}
        numbers = {name: len(value) if isinstance(value, Sized) else int(value) for name, value in values.items()}
        numbers |= {f"trades.{name}": int(bool(value)) for name, value in incidents.trades._asdict().items()}
        final, estimate = incidents.imbalance_final, incidents.imbalance_estimate
        numbers |= {
            "holes": len(final.missing),
            "not_available": len(final.unknown) + len(estimate.unknown),
            "zones": final.zone.label != "UTC",
            "late_imbalance": final.stamp[:8] > f"{day + timedelta(days=1):%Y%m%d}",
        }
        counts = {name: counts.get(name, 0) + number for name, number in numbers.items()}
    assets = what.portfolio.assets
    newest = what.portfolio.contract_lists[-1][2]
    counts |= {
        "missing_final": sum(not asset.has_final for asset in assets),
        "missing_live": sum(not asset.has_live for asset in assets),
        "jitter": sum(asset.live_jitter_ms > 0 for asset in assets),
        "entity_ids": sum(asset.live_key == "entity_id" for asset in assets),
        "contract_changes": sum(line.contract_end is not None for line in newest),
        "unpriced_contracts": sum(line.price_model == "fixed" and not line.price for line in newest),
        "dropped_contracts": len(what.portfolio.contract_lists[0][2]) - len(newest),
        "changed_capacities": len(what.portfolio.technical_lists) - 1,
    }
    return what, counts


CAUSED_BY = {
    "late-final": ["late_final"], "restated-final": ["restated"], "blank-final": ["blank_final"],
    "missing-final": ["missing_final"], "missing-live": ["missing_live"], "irregular-live": ["jitter"],
    "live-outages": ["live_gaps"], "flat-live": ["flat_live"],
    "bad-quality": ["without_value", "bad_quality", "without_quality"], "negative-nights": ["negative_nights"],
    "entity-ids": ["entity_ids"], "redispatch": ["switched_off"],
    "unpriced-redispatch": ["unpriced", "negative_compensation"], "late-imbalance": ["late_imbalance"],
    "imbalance-holes": ["holes"], "imbalance-not-available": ["not_available"], "unequal-sides": ["unequal_sides"],
    "imbalance-zones": ["zones"], "contract-changes": ["contract_changes"], "dropped-contracts": ["dropped_contracts"],
    "unpriced-contracts": ["unpriced_contracts"], "changed-capacities": ["changed_capacities"],
    "recalled-trades": ["trades.recalled"], "duplicated-trades": ["trades.duplicated", "trades.repeated"],
    "mw-label": ["trades.private_in_mw"], "exchange-layout": ["trades.as_exchange"],
    "late-forecasts": ["late_forecasts"], "lost-forecasts": ["lost_forecasts"],
    "resent-forecasts": ["resent_forecasts"], "blank-forecasts": ["blank_forecasts", "unordered_forecasts"],
    "mislabelled-seconds": ["seconds_as_ms"],
}  # fmt: skip


@pytest.fixture(scope="module")
def all_oddities() -> dict[str, int]:
    return _drawn(Oddities())[1]


@pytest.mark.parametrize("name", Oddities.names())
def test_each_oddity_occurs_and_can_be_left_out(all_oddities: dict[str, int], name: str) -> None:
    assert [effect for effect in CAUSED_BY[name] if all_oddities[effect] == 0] == []
    _, without = _drawn(Oddities.without(name))
    assert [effect for effect in CAUSED_BY[name] if without[effect] != 0] == []
    others = {effect for effects in CAUSED_BY.values() for effect in effects} - set(CAUSED_BY[name])
    assert [effect for effect in others if without[effect] == 0] == []


def test_an_unknown_oddity_is_named_with_those_that_there_are() -> None:
    with pytest.raises(ValueError, match=r"'late' is no oddity; there are late-final, "):
        Oddities.without("late")


@pytest.mark.parametrize(("assets", "days", "seed"), [(0, 1, 1), (1, 0, 1), (1, 1, -1)])
def test_numbers_that_are_too_small(assets: int, days: int, seed: int) -> None:
    with pytest.raises(ValueError, match="it must be at least"):
        scenario(assets, days, date(2025, 6, 1), seed)


def test_a_recalled_trade_comes_again_with_no_volume(landing: Landing) -> None:
    what = _sparse(scenario(3, 1, date(2025, 6, 1), 1))
    incidents = what.incidents(what.days[0])
    later = incidents.trades._replace(later_export=local_day(what.days[0])[1], recalled=1, corrected=1, repeated=2)
    incidents = replace(incidents, trades=later._replace(private_in_mw=True, as_exchange=True, duplicated=2))
    simulate(landing.source, replace(what, incidents=lambda day: incidents))
    assert landing.load().quarantined == []
    again = landing.query(
        """
        select count(distinct trade_id), count(*) filter (volume = 0), count(distinct volume_unit),
            count(*) - count(distinct (file_id, trade_id)), count(*) filter (extra is null)
        from private_trades left join extra_cells using (file_id, row_number)
        where trade_id in (select trade_id from private_trades group by all having count(*) > 1)
        """
    )
    assert again == [(6, 1, 1, 2, 0)]


# What the field knows. Capacity factors: Fraunhofer ISE, energy-charts.info, Germany 2015-2024; day-ahead errors of
# portfolios: 4-8 % of capacity where the sun shines or the wind blows; prices: EPEX SPOT, hours below 0 in 2023-2024.


@pytest.fixture(scope="module")
def portfolio() -> Portfolio:
    return invent(60, (date(2025, 1, 1),), Oddities.none(), 4)


def _year(portfolio: Portfolio) -> tuple[Floats, Floats, Floats, Flags, int]:
    """What is available, the day-ahead and the one-hour forecast: every second month of a year, shares of capacity."""
    sites = portfolio.sites()
    parts = []
    for month in range(1, 13, 2):
        first, count = index_of(local_day(date(2025, month, 1))[0]), 28 * 96
        weather = course(sites, 4, first, count)
        moments = np.arange(first, first + count)
        parts.append((weather.available(), weather.forecast(first, moments - 96), weather.forecast(first, moments - 4)))
    truth, day_ahead, hour_ahead = (np.concatenate(arrays, axis=1) for arrays in zip(*parts, strict=True))
    return truth, day_ahead, hour_ahead, sites.is_solar, 28 * 96


def test_capacity_factors_and_forecast_errors(portfolio: Portfolio) -> None:
    truth, day_ahead, hour_ahead, is_solar, month = _year(portfolio)
    assert 0.0 <= truth.min() <= truth.max() <= 1.0
    assert 0.10 < truth[is_solar].mean() < 0.15
    assert 0.20 < truth[~is_solar].mean() < 0.35
    assert truth[is_solar][:, :month].mean() < 0.4 * truth[is_solar][:, 2 * month : 3 * month].mean()
    errors = {
        name: np.abs((forecast - truth).mean(axis=0)).mean()
        for name, forecast in (("day", day_ahead), ("hour", hour_ahead))
    }
    assert 0.035 < errors["day"] < 0.08
    assert 0.005 < errors["hour"] < 0.025
    assert 0.08 < np.abs(day_ahead - truth)[~is_solar].mean() < 0.18  # a single wind farm errs more than all together
    assert abs((day_ahead - truth).mean()) < 0.02


def test_neighbours_share_their_weather(portfolio: Portfolio) -> None:
    truth, _, _, is_solar, _ = _year(portfolio)
    sites = portfolio.sites()
    wind = np.flatnonzero(~is_solar)
    north, east = sites.latitude[wind] * 111, sites.longitude[wind] * 70
    distance_km = np.hypot(north[:, None] - north, east[:, None] - east)
    correlation: Floats = np.asarray(np.corrcoef(truth[wind]))
    near = correlation[(distance_km > 0) & (distance_km < 80)].mean()
    far = correlation[distance_km > 450].mean()
    assert near > 0.7
    assert far < 0.5
    an_hour_later = np.mean([np.corrcoef(row[:-4], row[4:])[0, 1] for row in truth[wind]])
    assert 0.9 < an_hour_later < 0.995


def test_the_sun_stands_in_the_south_at_noon_and_nowhere_at_night(portfolio: Portfolio) -> None:
    sites = portfolio.sites()
    first = index_of(local_day(date(2025, 6, 21))[0])
    clear = course(sites, 1, first, 96).clear[sites.is_solar & ~sites.is_tracking]
    local = [moment_of(first + place).astimezone(MARKET_ZONE).hour for place in clear.argmax(axis=1)]
    assert set(local) <= {12, 13}
    assert clear[:, :16].max() == 0
    assert 0.7 < clear.max() < 1.1


def test_prices_fall_with_sun_and_wind() -> None:
    first, count = index_of(local_day(date(2025, 4, 1))[0]), 120 * 96
    hours = (np.arange(count) % 96) / 4
    level = prices(1, first, hours, np.zeros(count))
    assert 35 < level.level.mean() < 90
    assert 0.02 < (level.level < 0).mean() < 0.2
    assert 1 < np.abs(level.level - level.expected).mean() < 20
    noon, evening = (level.level[(hours >= begin) & (hours < begin + 2)].mean() for begin in (12, 19))
    assert evening - noon > 40
    spread = level.imbalance - level.level
    assert 20 < spread.std() < 120
    assert np.corrcoef(level.imbalance, level.level)[0, 1] > 0.3


def test_the_desk_sells_its_forecast_in_small_trades(landing: Landing) -> None:
    what = _sparse(scenario(6, 1, date(2025, 6, 8), 1, Oddities.none()))
    simulate(landing.source, what)
    landing.load()
    ((sold, bought, trades, largest),) = landing.query(
        """
        select sum(volume) filter (side = 'SELL'), sum(volume) filter (side = 'BUY'), count(*), max(volume)
        from private_trades
        """
    )
    ((produced,),) = landing.query(
        """
        select sum(power_kw) / 4000 from final_production
        where delivery_start_utc >= '2025-06-07 22:00' and delivery_start_utc < '2025-06-08 22:00'
        """
    )
    assert 0 < bought < sold
    assert float(sold - bought) == pytest.approx(produced, rel=0.2)
    assert trades > 1000
    assert largest < 5
    ((spread,),) = landing.query(
        "select avg(deviation) from (select stddev(price_eur_per_mwh) as deviation from public_trades "
        "group by delivery_start_utc, delivery_end_utc)"
    )
    assert 2 < spread < 15


def test_live_files_name_assets_by_either_key(tmp_path: Path) -> None:
    simulate(tmp_path, _sparse(scenario(12, 1, date(2025, 6, 8), 1)))
    contents = [json.loads(path.read_text()) for path in (tmp_path / "vpp/live_measured_infeed").iterdir()]
    assert {next(iter(content["key"])) for content in contents} == {"asset_id", "entity_id"}
    assert min(kw for content in contents for kw in content["values"][1] if kw is not None) < 0


class TestCommand:
    @staticmethod
    def _run(*arguments: str) -> Result:
        return CliRunner().invoke(app, ["simulate", *arguments], env={"COLUMNS": "200"})

    def test_it_writes_and_says_what_comes_next(self, tmp_path: Path) -> None:
        out = tmp_path / "out"
        result = self._run(str(out), "--assets", "1", "--start", "2025-12-24", "--packed", "--without", "all")
        assert result.exit_code == 0
        assert (out / "vpp/forecasts/forecasts_20251223T2300Z.jsonl.gz").exists()

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (["--without", "late"], "'late' is no oddity; there are late-final"),
            (["--start", "soon"], "'soon' is no date like 2025-06-08"),
            (["--days", "0"], "--days"),
        ],
    )
    def test_wrong_usage(self, tmp_path: Path, arguments: list[str], message: str) -> None:
        result = self._run(str(tmp_path / "out"), *arguments)
        assert result.exit_code == 2
        assert message in result.output
        assert not (tmp_path / "out").exists()

    def test_a_folder_that_holds_files_is_left_alone(self, tmp_path: Path) -> None:
        (tmp_path / "mine.txt").write_text("mine")
        result = self._run(str(tmp_path))
        assert result.exit_code == 2
        assert "say --add" in result.output
        assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]

    def test_without_the_extra_it_says_what_to_install(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        for module in [name for name in sys.modules if name.startswith("simulator")]:
            monkeypatch.delitem(sys.modules, module)
        monkeypatch.setitem(sys.modules, "pvlib", None)
        assert self._run(str(tmp_path / "out")).exit_code == 1
