"""The bundled sample is the same at every call, small, and holds each oddity that the feeds are known for."""

from __future__ import annotations

import csv
import hashlib
import json
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from simulator.sample import write_sample

BERLIN = ZoneInfo("Europe/Berlin")
ASSETS = {"SOL-NI-101", "SOL-BY-102", "SOL-SN-103", "WIND-SH-201", "WIND-NI-202", "WIND-BB-203"}
CUT_OFF = "SOL103_20251027.json"
QUARTER_HOURS = {date(2025, 10, 25): 96, date(2025, 10, 26): 100, date(2025, 10, 27): 96}
ALL_QUARTER_HOURS = [datetime(2025, 10, 24, 22, tzinfo=UTC) + n * timedelta(minutes=15) for n in range(292)]

Row = dict[str, str]


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample, written once."""
    folder = tmp_path_factory.mktemp("sample")
    write_sample(folder)
    return folder


def _hashes(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def _rows(path: Path, delimiter: str = ",", encoding: str = "utf-8") -> list[Row]:
    lines = path.read_text(encoding).splitlines()
    return list(csv.DictReader((line for line in lines if not line.startswith("#")), delimiter=delimiter))


def _operator_time(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S.%f UTC").replace(tzinfo=UTC)


def _forecasts(sample: Path) -> dict[Path, dict[str, Any]]:
    return {path: json.loads(path.read_text()) for path in sorted((sample / "vpp/forecasts").rglob("*.json"))}


def _live(sample: Path) -> dict[str, dict[str, Any]]:
    files = sorted((sample / "vpp/live_measured_infeed").glob("*.json"))
    return {path.name: json.loads(path.read_text()) for path in files if path.name != CUT_OFF}


def _live_samples(sample: Path, asset_id: str) -> list[tuple[float, float | None, float | None]]:
    """Timestamp in ms, power in kW and quality of every sample, in the files' order."""
    contents = [content for content in _live(sample).values() if asset_id in content["key"].values()]
    return [row for content in contents for row in zip(*content["values"], strict=True)]


def _trade_files(sample: Path, scope: str) -> dict[str, list[Row]]:
    files = sorted((sample / "exchange").glob(f"{scope}_Trades-*.csv"))
    return {path.name: _rows(path, "," if "Trades-20251027" in path.name else ";") for path in files}


def _encoding(path: Path) -> str:
    if path.read_bytes().startswith(b"\xef\xbb\xbf"):
        return "utf-8-sig"
    try:
        path.read_bytes().decode()
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def _imbalance(sample: Path, kind: str) -> dict[tuple[str, str], list[Row]]:
    """The rows of each imbalance file, by its time zone and encoding."""
    found = {}
    for path in sorted((sample / "imbalance").glob(f"imbalance_price_{kind}_*.csv")):
        rows = _rows(path, ";", _encoding(path))
        found[rows[0]["Zeitzone"], _encoding(path)] = rows
    return found


def _contract_lists(sample: Path) -> list[list[Row]]:
    return [_rows(path) for path in sorted((sample / "crm").glob("asset_contracts_*.csv"))]


def _flags(sample: Path) -> dict[str, list[datetime]]:
    """The quarter-hours in which each metering point was switched off, by the file's name."""
    files = sorted((sample / "distribution_system_operator").glob("redispatch_flag_*.csv"))
    return {
        path.stem: [
            datetime.fromisoformat(row["delivery_start"]) for row in _rows(path) if row["is_redispatched"] == "1"
        ]
        for path in files
    }


def test_two_calls_write_the_same_bytes(sample: Path, tmp_path: Path) -> None:
    write_sample(tmp_path)
    assert _hashes(tmp_path) == _hashes(sample)


def test_it_is_small(sample: Path) -> None:
    assert sum(path.stat().st_size for path in sample.rglob("*") if path.is_file()) < 15_000_000


def test_the_folders_are_those_of_the_feeds(sample: Path) -> None:
    folders = {str(path.parent.relative_to(sample)) for path in sample.rglob("*") if path.is_file()}
    assert folders == {
        "crm",
        "distribution_system_operator",
        "exchange",
        "imbalance",
        "vpp",
        "vpp/live_measured_infeed",
        "vpp/technical_data",
        *(f"vpp/forecasts/{asset_id}" for asset_id in ASSETS),
    }


class TestTechnicalData:
    def test_the_later_list_adds_an_asset_and_changes_a_capacity(self, sample: Path) -> None:
        files = sorted((sample / "vpp/technical_data").glob("technical_data_*.json"))
        earlier, later = (
            {asset["asset_id"]: asset["technical_attributes"] for asset in json.loads(path.read_text())["assets"]}
            for path in files
        )
        assert later.keys() - earlier.keys() == {"WIND-BB-203"}
        assert later.keys() == ASSETS
        changed = [key for key in earlier if earlier[key]["capacity_kw"] != later[key]["capacity_kw"]]
        assert changed == ["SOL-SN-103"]
        assert set(later["SOL-NI-101"]) != set(later["WIND-SH-201"])


class TestForecasts:
    def test_every_answer_has_193_quarter_hours(self, sample: Path) -> None:
        for content in _forecasts(sample).values():
            assert content["column_ids"] == ["start", "end", "version", "power"]
            assert {len(column) for column in content["values"]} == {193}

    def test_some_times_are_seconds_and_some_milliseconds_under_one_label(self, sample: Path) -> None:
        contents = _forecasts(sample).values()
        assert all(content["units"] == ["ms", "ms", "ms", "kW"] for content in contents)
        in_seconds = Counter(content["values"][2][0] < 1e11 for content in contents)
        assert in_seconds[True] > in_seconds[False] > 0

    def test_the_points_of_one_file_are_out_of_order(self, sample: Path) -> None:
        unordered = [c for c in _forecasts(sample).values() if c["values"][0] != sorted(c["values"][0])]
        assert len(unordered) == 1

    def test_a_version_comes_twice_with_other_powers(self, sample: Path) -> None:
        (resent,) = (sample / "vpp/forecasts").rglob("*_resent_*Z.json")
        first = resent.with_name(resent.name.partition("_resent_")[0] + ".json")
        one, two = json.loads(first.read_text())["values"], json.loads(resent.read_text())["values"]
        assert one[:3] == two[:3]
        assert one[3] != two[3]

    def test_a_few_powers_are_null(self, sample: Path) -> None:
        assert sum(content["values"][3].count(None) for content in _forecasts(sample).values()) == 4

    def test_one_version_of_one_asset_is_missing(self, sample: Path) -> None:
        versions = defaultdict(set)
        for content in _forecasts(sample).values():
            version = content["values"][2][0]
            versions[content["key"]["asset_id"]].add(version if version < 1e11 else version / 1000)
        complete = set.union(*versions.values())
        missing = {(asset, version) for asset, has in versions.items() for version in complete - has}
        assert missing == {("WIND-SH-201", datetime(2025, 10, 26, 5, tzinfo=UTC).timestamp())}


class TestLive:
    def test_files_hold_a_local_day(self, sample: Path) -> None:
        for name, content in _live(sample).items():
            moments = [datetime.fromtimestamp(ms / 1000, BERLIN) for ms in content["values"][0]]
            assert {f"{moment:%Y%m%d}" for moment in moments} == {name.removesuffix(".json")[-8:]}

    def test_one_asset_has_no_live_data(self, sample: Path) -> None:
        keys = [content["key"] for content in _live(sample).values()]
        assert {key.get("asset_id", key.get("entity_id")) for key in keys} == ASSETS - {"SOL-BY-102"}
        assert {"entity_id" in key for key in keys} == {True, False}

    def test_samples_come_about_once_a_minute(self, sample: Path) -> None:
        samples = _live_samples(sample, "WIND-BB-203")
        assert 4_300 < len(samples) < 4_380
        assert any(ms % 60_000 for ms, _, _ in samples)

    @pytest.mark.parametrize(("asset_id", "minutes"), [("WIND-SH-201", (6, 8)), ("WIND-NI-202", (240, 243))])
    def test_gaps(self, sample: Path, asset_id: str, minutes: tuple[int, int]) -> None:
        moments = [ms for ms, _, _ in _live_samples(sample, asset_id)]
        longest = max(after - before for before, after in pairwise(moments)) / 60_000
        assert minutes[0] <= longest <= minutes[1]

    def test_solar_is_slightly_negative_at_night(self, sample: Path) -> None:
        powers = [power for _, power, _ in _live_samples(sample, "SOL-NI-101") if power is not None]
        assert -5 < min(powers) < 0 < max(powers)

    def test_values_and_qualities_can_be_missing_or_bad(self, sample: Path) -> None:
        samples = [row for asset_id in ASSETS for row in _live_samples(sample, asset_id)]
        assert any(power is None for _, power, _ in samples)
        assert {quality for _, _, quality in samples} == {1.0, 0.0, None}

    def test_one_file_is_cut_off(self, sample: Path) -> None:
        broken = []
        for path in sorted(sample.rglob("*.json")):
            try:
                json.loads(path.read_text())
            except json.JSONDecodeError:
                broken.append(path.name)
        assert broken == [CUT_OFF]

    def test_one_file_belongs_to_no_feed(self, sample: Path) -> None:
        others = [path for path in sample.rglob("*") if path.is_file() and path.suffix not in {".csv", ".json"}]
        assert others == [sample / "vpp/notes.txt"]


class TestFinalProduction:
    @staticmethod
    def _files(sample: Path) -> dict[str, list[Row]]:
        folder = sample / "distribution_system_operator"
        return {path.name: _rows(path) for path in sorted(folder.glob("final_production_*.csv"))}

    def test_one_asset_has_none_and_one_file_holds_two_metering_points(self, sample: Path) -> None:
        headers = {name: list(rows[0])[1:] for name, rows in self._files(sample).items()}
        columns = {column for header in headers.values() for column in header}
        assert columns == {f"MP-{asset_id}__kw_" for asset_id in ASSETS - {"WIND-NI-202"}}
        assert {len(header) for header in headers.values()} == {1, 2}

    def test_files_hold_utc_days_or_local_days(self, sample: Path) -> None:
        starts = [_operator_time(rows[0]["delivery_start__utc_"]) for rows in self._files(sample).values()]
        assert {start.hour for start in starts} == {0, 22, 23}
        assert {len(rows) for rows in self._files(sample).values()} == {96, 100}

    def test_a_later_file_restates_one_and_has_a_blank(self, sample: Path) -> None:
        files = self._files(sample)
        first = files["final_production_MP-WIND-SH-201_20251027.csv"]
        second = files["final_production_MP-WIND-SH-201_20251103.csv"]
        pairs = [
            (a["MP-WIND-SH-201__kw_"], b["MP-WIND-SH-201__kw_"], a["delivery_start__utc_"] == b["delivery_start__utc_"])
            for a, b in zip(first, second, strict=True)
        ]
        assert all(same_key for _, _, same_key in pairs)
        assert [(bool(a), bool(b)) for a, b, _ in pairs].count((True, False)) == 1
        assert 0 < sum(a != b for a, b, _ in pairs) < len(pairs)

    def test_a_value_is_blank(self, sample: Path) -> None:
        rows = self._files(sample)["final_production_MP-SOL-SN-103_20251027.csv"]
        assert [row["MP-SOL-SN-103__kw_"] for row in rows].count("") == 1


class TestRedispatch:
    def test_a_flagged_quarter_hour_has_no_price_and_one_a_negative_price(self, sample: Path) -> None:
        rows = _rows(sample / "distribution_system_operator/redispatch_compensation_2025-11-05.csv")
        prices = {_operator_time(row["delivery_start__utc_"]): float(row["price__euro_per_mwh_"]) for row in rows}
        flagged = [start for starts in _flags(sample).values() for start in starts]
        assert [start in prices for start in flagged].count(False) == 1
        assert [prices[start] < 0 for start in flagged if start in prices].count(True) == 1

    def test_a_file_is_named_in_the_hour_that_occurs_twice(self, sample: Path) -> None:
        stamps = ["_".join(stem.split("_")[-2:]) for stem in _flags(sample)]
        moments = [datetime.strptime(stamp, "%Y%m%d_%H%M").replace(tzinfo=BERLIN) for stamp in stamps]
        assert sum(moment.utcoffset() != moment.replace(fold=1).utcoffset() for moment in moments) == 1

    def test_an_asset_without_final_data_is_switched_off_in_a_live_gap(self, sample: Path) -> None:
        flagged = _flags(sample)["redispatch_flag_MP-WIND-NI-202_20251027_0915"]
        measured = {ms // 900_000 for ms, _, _ in _live_samples(sample, "WIND-NI-202")}
        assert len(flagged) == 4
        assert not {start.timestamp() // 900 for start in flagged} & measured


class TestTrades:
    def test_rows(self, sample: Path) -> None:
        assert 700 < sum(map(len, _trade_files(sample, "Private").values())) < 900
        assert 2_500 < sum(map(len, _trade_files(sample, "Public").values())) < 3_500

    def test_every_file_begins_with_a_comment(self, sample: Path) -> None:
        assert all(path.read_text().startswith("# ") for path in (sample / "exchange").iterdir())

    def test_the_last_day_has_the_layout_of_the_exchange(self, sample: Path) -> None:
        for scope in ("Private", "Public"):
            columns = {name.split("-")[1]: len(rows[0]) for name, rows in _trade_files(sample, scope).items()}
            assert columns == {"20251025": 9, "20251026": 9, "20251027": 16}
        row = _trade_files(sample, "Private")["Private_Trades-20251027-20251028T000516000Z.csv"][0]
        assert row["DeliveryStart"] == "2025-10-26T23:00:00Z"

    def test_hours_and_quarter_hours_are_bought_and_sold(self, sample: Path) -> None:
        rows = [row for rows in _trade_files(sample, "Private").values() for row in rows]
        lengths = [
            datetime.fromisoformat(row["DeliveryEnd"]) - datetime.fromisoformat(row["DeliveryStart"]) for row in rows
        ]
        assert set(lengths) == {timedelta(minutes=15), timedelta(hours=1)}
        assert {row["Side"] for row in rows} == {"BUY", "SELL"}

    def test_one_file_is_labelled_mw_and_its_label_is_true(self, sample: Path) -> None:
        files = _trade_files(sample, "Private") | _trade_files(sample, "Public")
        in_mw = [name for name, rows in files.items() if {row["VolumeUnit"] for row in rows} == {"MW"}]
        assert in_mw == ["Private_Trades-20251027-20251028T000516000Z.csv"]
        assert all(float(row["Volume"]) == round(float(row["Volume"]), 1) for row in files[in_mw[0]])
        others = {row["VolumeUnit"] for name, rows in files.items() if name not in in_mw for row in rows}
        assert others == {"MWH"}

    def test_execution_times_come_with_and_without_a_fraction(self, sample: Path) -> None:
        for rows in (*_trade_files(sample, "Private").values(), *_trade_files(sample, "Public").values()):
            if len(rows) > 100:
                assert {"." in row["ExecutionTime"] for row in rows} == {True, False}

    def test_trades_are_executed_before_delivery(self, sample: Path) -> None:
        for rows in _trade_files(sample, "Public").values():
            for row in rows:
                executed_at, start = (datetime.fromisoformat(row[name]) for name in ("ExecutionTime", "DeliveryStart"))
                assert executed_at < start

    def test_public_trades_are_listed_on_both_sides_or_on_one(self, sample: Path) -> None:
        for rows in _trade_files(sample, "Public").values():
            assert set(Counter(row["TradeId"] for row in rows).values()) == {1, 2}

    def test_private_trades_are_among_the_public_ones(self, sample: Path) -> None:
        public = {row["TradeId"] for rows in _trade_files(sample, "Public").values() for row in rows}
        private = {row["TradeId"] for rows in _trade_files(sample, "Private").values() for row in rows}
        assert private < public

    def test_a_later_export_repeats_trades_and_corrects_one_price(self, sample: Path) -> None:
        for scope in ("Private", "Public"):
            first, again = (
                {(row["TradeId"], row["Side"]): row for row in rows}
                for name, rows in _trade_files(sample, scope).items()
                if "Trades-20251025" in name
            )
            changed = {key[0] for key, row in again.items() if row != first[key]}
            assert len(changed) == 1
            assert len({key[0] for key in again}) == 5
            assert all(row | {"Price": ""} == first[key] | {"Price": ""} for key, row in again.items())

    def test_every_quarter_hour_is_traded_and_prices_are_negative_at_times(self, sample: Path) -> None:
        rows = [row for rows in _trade_files(sample, "Public").values() for row in rows]
        periods = {(row["DeliveryStart"].replace(" ", "T"), row["DeliveryEnd"].replace(" ", "T")) for row in rows}
        lengths = Counter(datetime.fromisoformat(end) - datetime.fromisoformat(start) for start, end in periods)
        quarter_hours = sum(QUARTER_HOURS.values())
        assert lengths == {timedelta(minutes=15): quarter_hours, timedelta(hours=1): quarter_hours // 4}
        assert any(float(row["Price"]) < 0 for row in rows)


class TestImbalance:
    def test_zones_and_encodings(self, sample: Path) -> None:
        assert set(_imbalance(sample, "final")) == {("CEST", "utf-8"), ("UTC", "utf-8"), ("CET", "cp1252")}
        assert set(_imbalance(sample, "estimation")) == {("UTC", "utf-8"), ("Europe/Berlin", "utf-8-sig")}

    def test_the_day_of_100_quarter_hours_is_covered_in_order(self, sample: Path) -> None:
        """The hour that occurs twice is summer time first, then winter time (TIME-5)."""
        rows = _imbalance(sample, "estimation")["Europe/Berlin", "utf-8-sig"]
        assert len(rows) == QUARTER_HOURS[date(2025, 10, 26)]
        assert {row["Datum"] for row in rows} == {"26.10.2025"}
        expected = [moment.astimezone(BERLIN) for moment in ALL_QUARTER_HOURS[96:196]]
        assert [row["von"] for row in rows] == [f"{moment:%H:%M}" for moment in expected]
        assert Counter(row["von"] for row in rows)["02:15"] == 2

    def test_numbers_are_german_and_some_are_not_available(self, sample: Path) -> None:
        for kind, column in (("final", "reBAP unterdeckt"), ("estimation", "AEP-Schätzer")):
            for rows in _imbalance(sample, kind).values():
                known = [row[column] for row in rows if row[column] != "N.A."]
                assert all("," in text and "." not in text for text in known)
                assert 0 < len(known) < len(rows)

    def test_final_files_lack_quarter_hours_and_sides_differ_at_times(self, sample: Path) -> None:
        files = _imbalance(sample, "final")
        assert [len(files[key]) for key in sorted(files)] == [96 - 7, 96 - 7, 100 - 7]
        sides = [row["reBAP unterdeckt"] == row["reBAP ueberdeckt"] for rows in files.values() for row in rows]
        assert 0 < sides.count(False) < sides.count(True)


class TestContracts:
    def test_two_of_three_weekly_lists_are_equal(self, sample: Path) -> None:
        first, second, newest = _contract_lists(sample)
        assert first == second != newest

    def test_every_model_occurs_and_a_price_is_missing(self, sample: Path) -> None:
        lists = _contract_lists(sample)
        rows = [row for rows in lists for row in rows]
        assert {row["price_model"] for row in rows} == {"fixed", "market"}
        assert {row["fee_model"] for row in rows} == {"fixed_as_produced", "fixed_for_capacity", "percent_of_market"}
        unpriced = [row["contract_id"] for row in lists[-1] if row["price_model"] == "fixed" and not row["price"]]
        assert unpriced == ["CON1_SOL-SN-103"]

    def test_contracts_end_follow_each_other_and_drop_out(self, sample: Path) -> None:
        first, _, newest = ({row["contract_id"]: row for row in rows} for rows in _contract_lists(sample))
        assert newest["CON1_WIND-NI-202"]["contract_end"] == "2025-10-27"
        assert newest["CON1_WIND-SH-201"]["contract_end"] == newest["CON2_WIND-SH-201"]["contract_begin"]
        assert newest["CON2_WIND-SH-201"]["contract_begin"] == "2025-10-26"
        assert first.keys() - newest.keys() == {"CON1_SOL-BY-102"}

    def test_one_asset_has_no_contract(self, sample: Path) -> None:
        contracted = {row["asset_id"] for rows in _contract_lists(sample) for row in rows}
        assert {"WIND-BB-203"} == ASSETS - contracted

    def test_addresses_are_invented(self, sample: Path) -> None:
        addresses = [row["email"] for rows in _contract_lists(sample) for row in rows]
        assert all(address.endswith(("@example.com", "@example.org")) for address in addresses)
