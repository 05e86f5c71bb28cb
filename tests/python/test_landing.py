"""Exactly once, all or nothing, and bad files set aside with a reason (design decisions 1 and 2)."""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import duckdb
import pytest
from conftest import Landing, forecast, series
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from home import PROJECT, market_time_zone
from ingest import contents as reading
from ingest import inspection
from ingest import landing as loader
from ingest.contents import Content
from ingest.feeds import FEEDS
from ingest.landing import ingest
from ingest.sources import Candidate
from serve.files import settle

VERSION = 1749376800  # 2025-06-08 10:00 UTC
PRODUCTION = "distribution_system_operator/final_production_M_20250609.csv"


def production(kw: float) -> str:
    return f"delivery_start__utc_,M__kw_\n2025-06-08 00:00:00.000000 UTC,{kw}\n"


def values(landing: Landing) -> list[float]:
    return [kw for (kw,) in landing.query("select power_kw from final_production order by file_id")]


def test_the_same_file_never_lands_twice_wherever_it_lies(landing: Landing) -> None:
    landing.write(PRODUCTION, production(1))
    landing.write(f"copy/{PRODUCTION}", production(1))
    assert len(landing.load().outcomes) == 1
    assert landing.load().outcomes == []
    shutil.copytree(landing.source, landing.source.parent / "elsewhere")
    assert landing.load(landing.source.parent / "elsewhere").outcomes == []
    assert values(landing) == [1]


def test_a_changed_file_is_a_new_version_and_so_is_a_change_back(landing: Landing) -> None:
    for kw in (1, 2, 1):
        landing.write(PRODUCTION, production(kw))
        landing.load()
        landing.load()
    assert values(landing) == [1, 2, 1]


def test_a_change_back_that_is_delivered_in_folders_of_their_own(landing: Landing) -> None:
    for day, kw in enumerate((1, 2, 1)):
        landing.load(landing.write(PRODUCTION, production(kw), root=landing.source / str(day)).parent)
    assert values(landing) == [1, 2, 1]
    assert landing.load().outcomes == []


def test_one_name_with_two_contents_lands_both_once(landing: Landing) -> None:
    landing.write(f"a/{PRODUCTION}", production(1))
    landing.write(f"b/{PRODUCTION}", production(2))
    landing.load()
    landing.load()
    shutil.copytree(landing.source, landing.source.parent / "elsewhere")
    landing.load(landing.source.parent / "elsewhere")
    assert values(landing) == [1, 2]


def test_equal_bytes_under_another_timestamp_are_a_new_delivery(landing: Landing) -> None:
    landing.write(PRODUCTION, production(1))
    landing.write(PRODUCTION.replace("0609", "0610"), production(1))
    landing.load()
    assert values(landing) == [1, 1]


BAD: dict[str, tuple[str | bytes, str]] = {
    "vpp/live_measured_infeed/CUT_20250608.json": (forecast("A", VERSION, [1, 2])[:-30], "breaks off"),
    "vpp/forecasts/A/forecast_A_20250608T1000Z.json": ("", "empty"),
    "vpp/forecasts/A/forecast_A_20250608T1015Z.json": (" \n ", "empty"),
    "vpp/forecasts/A/forecast_A_20250608T1030Z.json": (b"\x00\x01\xff" * 50, "not text"),
    "vpp/forecasts/A/forecast_A_20250608T1045Z.json": ("rubbish", "not JSON"),
    "vpp/forecasts/A/forecast_A_20250608T1100Z.json": (
        forecast("A", VERSION, [1, 2]).replace("[1, 2]]", "[1]]"),
        "the arrays differ in length: 2, 2, 2, 1",
    ),
    "vpp/forecasts/A/forecast_A_20250608T1115Z.json": (forecast("A", VERSION, [None, None]), "no row can be used"),
    "vpp/forecasts/A/forecast_A_20250608T1130Z.json": (
        forecast("A", VERSION, [1]).replace('"power"', '"strength"'),
        "the column power is missing",
    ),
    "vpp/forecasts/A/forecast_A_20250608T1145Z.json": (forecast("A", VERSION, [1]).replace("kW", "MW"), "expected kW"),
    "vpp/forecasts/A/forecast_A_20250608T1200Z.json": ("[]", "key names neither"),
    "crm/asset_contracts_20250608_043831.csv": (
        "contract_id,asset_id,metering_point_id,capacity,contract_begin,contract_end,price_model,price,fee_model,fee,"
        "fee_percent\n",
        "the file has no rows",
    ),
    "crm/asset_contracts_20250609_043831.csv": ("contract_id,asset_id\n1,2\n", "lacks the column metering_point_id"),
    "dso/final_production_M.csv": (production(1), "no timestamp"),
    "dso/final_production_M_20250610.csv": ("delivery_start__utc_\n2025-06-08 00:00:00 UTC\n", "<metering point>"),
    "dso/final_production_M_20250611.csv": (
        production(1).replace(",1", ",N.A."),
        "row 1: power is not kW below 100 GW (N.A.)",
    ),
    "imbalance/imbalance_price_final_20250608_170800.csv": (b"\x81\x8d\x8f\n", "neither UTF-8 nor Windows-1252"),
    "vpp/technical_data/technical_data_2025-06-02T125000Z.json": ('{"plants": []}', "the list `assets` is missing"),
}


def test_bad_files_are_set_aside_with_a_reason_and_stop_no_other(landing: Landing) -> None:
    for name, (content, _) in BAD.items():
        landing.write(name, content)
    for step in range(60):
        name = f"vpp/forecasts/B/forecast_B_2025060{1 + step // 24}T{step % 24:02d}00Z.json"
        landing.write(name, forecast("B", VERSION + step * 3600, [1.0]))
    landing.write(PRODUCTION, production(5))
    report = landing.load()
    reasons = landing.reasons()
    assert set(reasons) == {Path(name).name for name in BAD}
    for name, (_, reason) in BAD.items():
        assert reason in reasons[Path(name).name]
    assert landing.query("select count(*) from forecasts") == [(60,)]
    assert values(landing) == [5]
    assert len(report.quarantined) == len(BAD)
    again = landing.load()
    assert again.outcomes == []
    assert len(again.quarantined) == len(BAD)
    assert landing.query("select count(*) from bad_rows") == [(0,)]


def test_a_file_that_was_set_aside_can_be_mended_or_read_again(landing: Landing) -> None:
    landing.write(PRODUCTION, "delivery_start__utc_\n")
    assert len(landing.load().quarantined) == 1
    assert len(landing.load(retry=True).outcomes) == 1
    landing.write(PRODUCTION, production(3))
    assert landing.load().quarantined == []
    assert values(landing) == [3]


CONTENT = {
    f"{folder}/{name}": content
    for folder in "ab"
    for name, content in {
        "final_production_M_20250609.csv": production(1 if folder == "a" else 2),
        "final_production_M_20250610.csv": production(3),
        "forecast_A_20250608T1000Z.json": forecast("A", VERSION, [1.0, 2.0]),
        "imbalance_price_final_20250608_170800.csv": "broken",
    }.items()
}


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=st.lists(st.lists(st.sampled_from(sorted(CONTENT)), max_size=6), max_size=4))
def test_no_order_of_arrival_doubles_a_file(tmp_path_factory: pytest.TempPathFactory, batches: list[list[str]]) -> None:
    landing = Landing(tmp_path_factory.mktemp("landing"))
    for batch in batches:
        for name in batch:
            landing.write(name, CONTENT[name])
        landing.load()
    landing.load()
    arrived = {name for batch in batches for name in batch}
    kinds = {(Path(name).name, CONTENT[name]) for name in arrived}
    landed = landing.query("select file_name, sha256, rows from manifest")
    assert len(landed) == len({(name, sha) for name, sha, _ in landed}) == len(kinds)
    counted = landing.query("select (select count(*) from forecasts), (select count(*) from final_production)")
    expected = (
        sum(2 for name, _ in kinds if name.startswith("forecast")),
        sum(1 for n, _ in kinds if n.startswith("final")),
    )
    assert counted == [expected]


def contents(landing: Landing) -> dict[str, list[tuple[object, ...]]]:
    """Every raw table, with files by name instead of by id."""
    return {
        feed.name: landing.query(
            f"select manifest.file_name, data.* exclude (file_id) from {feed.name} as data "
            "inner join manifest using (file_id) order by all"
        )
        for feed in FEEDS
    }


@pytest.mark.slow
def test_a_load_that_is_killed_loses_and_doubles_nothing(tmp_path: Path) -> None:
    """Killed again and again at random moments; then one load to the end equals an undisturbed one."""
    (tmp_path / "calm").mkdir()
    calm = Landing(tmp_path / "calm")
    for step in range(2500):
        name = f"vpp/forecasts/A/forecast_A_20250{1 + step // 672}{1 + step // 24 % 28:02d}T{step % 24:02d}00Z.json"
        calm.write(name, forecast("A", VERSION + step * 900, [1.0, 2.0, None]))
        if step % 25 == 0:
            calm.write(f"dso/final_production_M{step}_20250609.csv", production(step))
    calm.load()
    small_batches = "import ingest.landing, rtm; ingest.landing._BATCH_FILES = 200; rtm.main()"
    command = [sys.executable, "-c", small_batches, "ingest", str(calm.source)]

    def start(home: str) -> subprocess.Popen[bytes]:
        environment = {**os.environ, "RTM_HOME": str(tmp_path / home)}
        return subprocess.Popen(
            command, cwd=PROJECT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    began = time.monotonic()
    assert start("undisturbed").wait() == 0
    lasts = time.monotonic() - began
    disturbed = Landing(tmp_path)
    disturbed.raw = tmp_path / "home" / "raw.duckdb"
    landed_before_death = []
    chance = random.Random(7)
    for _ in range(8):
        process = start("home")
        time.sleep(chance.uniform(0.3, 0.9) * lasts)
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            process.wait()
            with suppress(duckdb.Error):  # it died before raw had its tables
                landed_before_death += disturbed.query("select count(*) from manifest")
    assert start("home").wait() == 0
    assert any(0 < landed < 2600 for (landed,) in landed_before_death)
    assert contents(disturbed) == contents(calm)
    names = disturbed.query("select count(*), count(distinct file_name) from manifest")
    assert names == calm.query("select count(*), count(distinct file_name) from manifest")


def test_what_a_load_leaves_in_the_log_is_there_and_settles(landing: Landing) -> None:
    log = landing.raw.with_name("raw.duckdb.wal")
    settle(landing.raw)  # there is nothing yet
    for kw in (1, 2):
        landing.write(PRODUCTION, production(kw))
        ingest(landing.source, landing.raw, market_time_zone(), settle=False)
        assert (log.exists(), values(landing)[-1]) == (True, kw)
    with duckdb.connect(str(landing.raw), read_only=True):  # somebody has it open
        settle(landing.raw)
    assert (log.exists(), values(landing)) == (True, [1, 2])
    settle(landing.raw)
    assert (log.exists(), values(landing)) == (False, [1, 2])
    landing.write(PRODUCTION, production(3))
    landing.load()
    assert not log.exists()


def test_names_that_mean_something_to_the_database_or_are_not_text(landing: Landing) -> None:
    places = [f"day=2025-06-09/{PRODUCTION}", "odd *[1]?{a}/final_production_N_20250609.csv"]
    for place, kw in zip(places, (1, 2), strict=True):
        landing.write(place, production(kw))
    name = os.fsdecode(b"distribution_system_operator/final_production_\xff_20250609.csv")
    landing.write(name, production(3))
    assert [outcome.reason for outcome in landing.load().outcomes] == [None] * 3
    assert sorted(values(landing)) == [1, 2, 3]
    assert landing.load().outcomes == []
    assert landing.query("select count(*) from manifest where file_name like '%\ufffd%'") == [(1,)]


@pytest.mark.parametrize(
    "content",
    [
        b"# made by hand\r\n" + production(1).encode(),
        production(1).replace("\n", "\r\n", 1).encode(),
        production(1).replace("\n", "\r", 1).encode(),
    ],
    ids=["comment", "header", "old Mac"],
)
def test_lines_that_end_in_different_ways(landing: Landing, content: bytes) -> None:
    landing.write(PRODUCTION, content)
    landing.load()
    assert landing.reasons() == {}
    assert values(landing) == [1]


LIVE = "vpp/live_measured_infeed/A_20250608.json"
SAMPLES = series("A", {"timestamp": [VERSION * 1000.0], "value": [7.0], "quality": [1.0]}, ["ms", "kW", "factor"])


@pytest.mark.parametrize(
    ("name", "content", "longer"),
    [
        (LIVE, SAMPLES, SAMPLES + " "),
        (PRODUCTION, production(1), production(1) + "2025-06-08 00:15:00 UTC,2.5\n"),
    ],
    ids=["json", "csv"],
)
def test_a_file_that_changes_while_it_is_read_waits_for_the_next_load(
    landing: Landing, monkeypatch: pytest.MonkeyPatch, name: str, content: str, longer: str
) -> None:
    path = landing.write(name, content)
    inspect = inspection.inspect

    def inspect_and_grow(*arguments: Any) -> Any:
        file = inspect(*arguments)
        path.write_text(longer)
        return file

    with monkeypatch.context() as patch:
        patch.setattr(loader, "inspect", inspect_and_grow)
        report = landing.load()
    assert report.unsettled == [path]
    assert report.outcomes == []
    assert [outcome.path for outcome in landing.load().outcomes] == [path]
    assert landing.query("select count(*), max(sha256) from manifest") == [
        (1, hashlib.sha256(longer.encode()).hexdigest())
    ]


@pytest.mark.parametrize(("name", "content"), [(LIVE, SAMPLES), (PRODUCTION, production(1))], ids=["json", "csv"])
def test_a_file_that_changes_before_it_is_read_waits_for_the_next_load(
    landing: Landing, monkeypatch: pytest.MonkeyPatch, name: str, content: str
) -> None:
    landing.write(name, content)
    landing.load()
    path = landing.write(name, content + "\n")
    other = landing.write(name.replace(".", "_20250610T0000Z.").replace("_20250609", ""), content)
    digest = reading.digest

    def digest_and_grow(candidate: Candidate) -> tuple[str, int]:
        found = digest(candidate)
        path.write_text(content + "\n\n")
        return found

    with monkeypatch.context() as patch:
        patch.setattr(loader, "digest", digest_and_grow)
        report = landing.load()
    assert report.unsettled == [path]
    assert [outcome.path for outcome in report.outcomes] == [other]
    assert [outcome.path for outcome in landing.load().outcomes] == [path]


@pytest.mark.parametrize("at_once", [1, 1000, 1 << 20])
def test_each_file_has_its_own_digest(landing: Landing, monkeypatch: pytest.MonkeyPatch, at_once: int) -> None:
    monkeypatch.setattr(reading, "_DIGESTED_AT_ONCE", at_once)
    for number in range(60):
        text = forecast(f"A{number}", VERSION, [float(number)] * (1 + number % 7))
        landing.write(f"vpp/forecasts/forecast_A{number}.json", text)
        landing.write(f"distribution_system_operator/final_production_M_202506{number % 28 + 1:02}.csv", f"{number}")
    landing.load()
    assert landing.query("select distinct status from manifest order by all") == [("landed",), ("quarantined",)]
    for path, sha256 in landing.query("select path, sha256 from manifest"):
        assert hashlib.sha256(Path(path).read_bytes()).hexdigest() == sha256, path


def test_an_odd_answer_that_cannot_be_read_again_waits_for_the_next_load(
    landing: Landing, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = landing.write("vpp/forecasts/forecast_A.json", forecast("A", VERSION, [1.0, 1e9]))
    landing.write("vpp/forecasts/forecast_B.json", forecast("B", VERSION, [2.0]))

    def gone(candidate: Candidate, *, with_digest: bool) -> Content:
        raise FileNotFoundError(candidate.path)

    with monkeypatch.context() as patch:
        patch.setattr(inspection, "read", gone)
        report = landing.load()
    assert report.unsettled == [odd]
    assert landing.query("select asset_id from forecasts") == [("B",)]
    assert landing.load().unsettled == []
    assert landing.query("select asset_id, power_kw from forecasts order by all") == [
        ("A", 1.0),
        ("A", None),
        ("B", 2.0),
    ]


def test_a_small_file_with_a_bad_line_lands_beside_the_others(landing: Landing) -> None:
    for number in range(4):
        bad = "one,two,three\n" if number == 2 else ""
        landing.write(f"dso/final_production_M{number}_20250609.csv", production(number) + bad)
    assert landing.load().quarantined == []
    assert values(landing) == [0, 1, 2, 3]
    assert landing.query(
        "select file_name, row_number, is_landed from bad_rows inner join manifest using (file_id)"
    ) == [("final_production_M2_20250609.csv", 3, False)]


def test_a_small_file_with_an_end_of_line_within_a_cell_keeps_it(landing: Landing) -> None:
    header = "TradeId;Side;DeliveryStart;DeliveryEnd;ExecutionTime;Price;Volume;VolumeUnit;Note\n"
    hour = "2025-06-08 00:00:00+00:00;2025-06-08 01:00:00+00:00;2025-06-07 12:00:00+00:00"
    lines = f'1;BUY;{hour};50;1;MW;"two\nlines"\n2;SELL;{hour};60;2;MW;\n'
    landing.write("exchange/Private_Trades-1-20250609T000516000Z.csv", header + lines)
    landing.write("exchange/Private_Trades-2-20250609T000516000Z.csv", header + f"3;BUY;{hour};70;3;MW;one\n")
    landing.load()
    assert landing.query(
        "select trade_id, row_number, extra ->> '$.note' from private_trades "
        "left join extra_cells using (file_id, row_number) order by trade_id"
    ) == [
        ("1", 1, "two\nlines"),
        ("2", 2, None),
        ("3", 1, "one"),
    ]
