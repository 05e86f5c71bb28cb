"""The command line: what it says and how it exits."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from home import PROJECT

CONTRACTS = (
    "contract_id,asset_id,metering_point_id,capacity,contract_begin,contract_end,price_model,price,fee_model,fee,"
    "fee_percent\nC1,A,MA,1,2025-01-01,,fixed,1,fixed_as_produced,1,\nC2,B,MB,1,2025-01-01,2025-06-08,fixed,1,"
    "fixed_as_produced,1,\nC3,C,MC,1,2025-01-01,2025-06-01,fixed,1,fixed_as_produced,1,\n"
)
CLIENT = """
import json
def get_forecast(asset_id, version):
    assert version.timezone_name == "UTC", version
    if version.hour == 1 and asset_id == "A":
        raise RuntimeError("no model for this hour")
    if version.minute == 45:
        return {"not": "text"}
    start = version.timestamp()
    return json.dumps({"key": {"asset_id": asset_id}, "column_ids": ["start", "end", "version", "power"],
        "units": ["ms", "ms", "ms", "kW"],
        "values": [[start, start + 900], [start + 900, start + 1800], [start] * 2, [1.0, 2.0]]})
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def rtm(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    result = subprocess.run(
        [sys.executable, str(PROJECT / "rtm.py"), *arguments],
        env={**os.environ, "RTM_HOME": str(home), "COLUMNS": "160", "TERM": "dumb"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in result.stdout + result.stderr
    return result


def write(folder: Path, name: str, content: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")
    return path


def test_help_reads_well(home: Path) -> None:
    text = rtm(home, "--help").stdout
    assert "Exit codes" in text
    for command in ("ingest", "build", "run", "forecasts", "doctor"):
        assert command in text
        assert rtm(home, command, "--help").returncode == 0


def test_exit_codes_of_ingest(home: Path, tmp_path: Path) -> None:
    assert rtm(home, "ingest", str(tmp_path / "nowhere")).returncode == 2
    source = tmp_path / "source"
    source.mkdir()
    empty = rtm(home, "ingest", str(source))
    assert (empty.returncode, "nothing to land" in empty.stdout) == (0, True)
    write(source, "crm/asset_contracts_20250608_043831.csv", CONTRACTS)
    assert rtm(home, "ingest", str(source)).returncode == 0
    write(source, "crm/asset_contracts_20250609_043831.csv", "")
    write(source, "notes.txt", "x")
    for _ in range(2):
        result = rtm(home, "ingest", str(source))
        assert result.returncode == 3
        assert "asset_contracts_20250609_043831.csv: the file is empty" in result.stdout
        assert "1 unknown files ignored: notes.txt" in result.stdout


def test_raw_that_is_locked_or_no_database(home: Path, tmp_path: Path) -> None:
    source = write(tmp_path, "crm/asset_contracts_20250608_043831.csv", CONTRACTS)
    home.mkdir()
    with duckdb.connect(str(home / "raw.duckdb")):
        result = rtm(home, "ingest", str(source))
    assert (result.returncode, "in use by another process" in result.stderr) == (1, True)
    (home / "raw.duckdb").write_text("no database at all, but long enough to be looked into" * 100)
    result = rtm(home, "ingest", str(source))
    assert (result.returncode, "cannot be opened" in result.stderr) == (1, True)
    assert rtm(home, "doctor").returncode == 1


def test_build_without_raw_says_what_to_do(home: Path) -> None:
    result = rtm(home, "build")
    assert (result.returncode, "rtm ingest SOURCE" in result.stderr) == (1, True)


def test_doctor(home: Path, tmp_path: Path) -> None:
    assert rtm(home, "doctor").returncode == 0
    rtm(home, "ingest", str(write(tmp_path, "asset_contracts_20250608_043831.csv", CONTRACTS)))
    result = rtm(home, "doctor")
    assert result.returncode == 0
    assert "2025-06-08 02:38" in result.stdout
    assert duckdb.__version__ in result.stdout


def test_a_forecast_function_is_asked_in_utc_for_every_contracted_asset(home: Path, tmp_path: Path) -> None:
    client = write(tmp_path, "client.py", CLIENT)
    span = ("--from", "2025-06-08T00:00Z", "--to", "2025-06-08T03:15+02:00")
    nothing = rtm(home, "forecasts", "--client", f"{client}:get_forecast", *span)
    assert (nothing.returncode, "rtm ingest SOURCE" in nothing.stderr) == (1, True)
    rtm(home, "ingest", str(write(tmp_path, "crm/asset_contracts_20250608_043831.csv", CONTRACTS)))
    result = rtm(home, "forecasts", "--client", f"{client}:get_forecast", *span)
    # 00:00 to 01:15 UTC for A and B; C's contract is over. A has no answer at 01:00 and 01:15, nobody at 00:45.
    assert result.returncode == 3
    assert "8 of 12 answers for 2 assets" in result.stdout
    assert "no model for this hour" in result.stdout
    assert "expected JSON text" in result.stdout
    with duckdb.connect(str(home / "raw.duckdb"), read_only=True) as con:
        rows = con.execute(
            "select asset_id, strftime(version_utc, '%H:%M'), count(*) from forecasts group by all order by all"
        ).fetchall()
    assert rows == [
        (asset, version, 2)
        for asset, versions in {
            "A": ["00:00", "00:15", "00:30"],
            "B": ["00:00", "00:15", "00:30", "01:00", "01:15"],
        }.items()
        for version in versions
    ]
    saved = home / "received" / "vpp" / "forecasts" / "A" / "forecast_A_20250608T0015Z.json"
    assert json.loads(saved.read_text())["key"] == {"asset_id": "A"}


@pytest.mark.parametrize(
    ("client", "first", "message"),
    [
        ("nowhere.py:f", "2025-06-08T00:00Z", "does not exist"),
        ("{client}:f", "2025-06-08T00:00Z", "has no function f"),
        ("{client}", "2025-06-08T00:00Z", "FILE.py:FUNCTION"),
        ("{client}:get_forecast", "2025-06-08T00:00", "has no offset"),
        ("{client}:get_forecast", "2025-06-08T00:07Z", "no start of a quarter-hour"),
    ],
)
def test_wrong_usage_of_forecasts(home: Path, tmp_path: Path, client: str, first: str, message: str) -> None:
    name = client.format(client=write(tmp_path, "client.py", CLIENT))
    result = rtm(home, "forecasts", "--client", name, "--from", first, "--to", "2025-06-08T01:00Z")
    assert result.returncode == 2
    assert message in " ".join(result.stderr.replace("│", " ").split())


@pytest.mark.slow
def test_an_empty_raw_builds_empty_marts(home: Path, tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    rtm(home, "ingest", str(tmp_path / "source"))
    result = rtm(home, "build")
    assert result.returncode == 0, result.stderr
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as con:
        assert con.execute("select count(*) from marts.fct_asset_forecasts").fetchall() == [(0,)]
        assert con.execute("select count(*) from marts.dim_quarter_hours").fetchall() == [(0,)]


def test_names_and_reasons_are_never_taken_for_markup(home: Path, tmp_path: Path) -> None:
    write(tmp_path, "source/[red]notes.txt", "x")
    content = "delivery_start__utc_,M__kw_\n2025-06-08 00:00:00 UTC,[/red]\n"
    write(tmp_path, "source/final_production_M_20250609.csv", content)
    result = rtm(home, "ingest", str(tmp_path / "source"))
    assert result.returncode == 3
    assert "power is not kW below 100 GW ([/red])" in result.stdout
    assert "ignored: [red]notes.txt" in result.stdout
    client = write(tmp_path, "client.py", "def get_forecast(asset_id, version):\n    raise KeyError('[/x]')\n")
    rtm(home, "ingest", str(write(tmp_path, "crm/asset_contracts_20250608_043831.csv", CONTRACTS)))
    span = ("--from", "2025-06-07T00:00Z", "--to", "2025-06-07T00:00Z")
    result = rtm(home, "forecasts", "--client", f"{client}:get_forecast", *span)
    assert result.returncode == 1  # no answer at all
    assert "KeyError: '[/x]'" in result.stdout


def test_doctor_tells_a_lock_from_damage(home: Path, tmp_path: Path) -> None:
    rtm(home, "ingest", str(write(tmp_path, "asset_contracts_20250608_043831.csv", CONTRACTS)))
    with duckdb.connect(str(home / "raw.duckdb")), duckdb.connect(str(home / "warehouse.duckdb")):
        locked = rtm(home, "doctor")
    assert locked.returncode == 0
    assert locked.stderr.count("in use by another process") == 2
    assert str(os.getpid()) in locked.stderr
    assert "delete" not in locked.stderr
    (home / "warehouse.duckdb").write_text("damaged" * 3000)
    damaged = rtm(home, "doctor")
    assert (damaged.returncode, "delete it" in damaged.stderr) == (1, True)


def test_a_raw_of_somebody_else_is_refused_without_a_stack_trace(home: Path, tmp_path: Path) -> None:
    home.mkdir()
    with duckdb.connect(str(home / "raw.duckdb")) as con:
        con.execute("create table x (i integer)")
    client = write(tmp_path, "client.py", CLIENT)
    span = ("--from", "2025-06-08T00:00Z", "--to", "2025-06-08T00:00Z")
    result = rtm(home, "forecasts", "--client", f"{client}:get_forecast", *span)
    assert (result.returncode, "failed:" in result.stderr) == (1, True)


@pytest.mark.slow
def test_a_build_that_fails_early_does_not_repeat_an_older_failure(home: Path, tmp_path: Path) -> None:
    rtm(home, "ingest", str(write(tmp_path, "asset_contracts_20250608_043831.csv", CONTRACTS)))
    stale = {"results": [{"status": "error", "unique_id": "model.of_yesterday", "message": "long mended"}]}
    write(home, "dbt/target/run_results.json", json.dumps(stale))
    result = rtm(home, "build", "--no-such-option")
    assert result.returncode == 1
    assert "long mended" not in result.stderr
    assert "--no-such-option" in result.stderr


@pytest.mark.slow
def test_show_prints_and_writes_a_mart(built: tuple[Path, Path], tmp_path: Path) -> None:
    _, home = built
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as con:
        asset, day, rows = con.execute(
            "select asset_id, delivery_date, count(*) from marts.fct_asset_infeed "
            "where infeed_source = 'final' group by all having count(*) > 80 order by all limit 1"
        ).fetchall()[0]
        expected = con.execute(
            "select asset_id, delivery_start_utc, infeed_mwh from marts.fct_asset_infeed "
            "where asset_id = ? and delivery_date = ? order by all",
            [asset, day],
        ).fetchall()
    filters = ("--asset", asset, "--day", str(day), "--columns", "asset_id,delivery_start_utc,infeed_mwh")
    shown = rtm(home, "show", "fct_asset_infeed", *filters, "--limit", "3")
    assert shown.returncode == 0
    assert f"3 of {len(expected)} rows" in shown.stdout
    assert f"{expected[0][1]:%Y-%m-%d %H:%M}" in shown.stdout
    for ending in ("csv", "parquet"):
        path = tmp_path / f"infeed.{ending}"
        written = rtm(home, "show", "fct_asset_infeed", *filters, "--out", str(path))
        assert (written.returncode, f"{len(expected)} rows" in written.stdout) == (0, True)
        columns = "asset_id, delivery_start_utc, cast(infeed_mwh as decimal(18, 9))"
        assert duckdb.execute(f"select {columns} from '{path}' order by all").fetchall() == expected
    assert len(expected) >= rows
    everything = rtm(home, "show", "fct_asset_infeed", "--limit", "0")
    assert "infeed_reason" in everything.stdout
    assert "…" not in everything.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("nothing",), 2, "fct_positions"),
        (("dim_contracts", "--day", "2025-10-26"), 2, "no column 'delivery_date'"),
        (("dim_contracts", "--columns", "contract_id, owner"), 2, "no column 'owner'"),
        (("fct_positions", "--day", "26.10.2025"), 2, "no date like"),
        (("fct_positions", "--asset", "x' or 1=1 --"), 2, "no column 'asset_id'"),
        (("fct_positions", "--out", "{tmp}/x.txt"), 2, "expected .csv or .parquet"),
        (("fct_positions", "--out", "{tmp}/nowhere/x.csv"), 1, "failed:"),
    ],
)
@pytest.mark.slow
def test_wrong_usage_of_show(
    built: tuple[Path, Path], tmp_path: Path, arguments: tuple[str, ...], code: int, message: str
) -> None:
    result = rtm(built[1], "show", *(argument.format(tmp=tmp_path) for argument in arguments))
    assert (result.returncode, message in " ".join(result.stderr.replace("│", " ").split())) == (code, True)


def test_show_without_a_warehouse(home: Path) -> None:
    result = rtm(home, "show", "fct_positions")
    assert (result.returncode, "rtm run" in result.stderr) == (1, True)


def test_quality_says_what_lacks_and_stops_a_scheduler(built: tuple[Path, Path]) -> None:
    _, home = built
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as con:
        day, missing, arrived = con.execute(
            "select delivery_date, missing, arrived from reports.rpt_data_quality "
            "where feed = 'final_production' and missing > 0 and arrived > 0 order by delivery_date limit 1"
        ).fetchall()[0]
        found = con.execute(
            "select finding, what_to_do from marts.fct_data_findings where delivery_date = ? or delivery_date is null",
            [day],
        ).fetchall()
        assets = con.execute("select asset_id from marts.fct_asset_arrivals where delivery_date = ?", [day]).fetchall()
    result = rtm(home, "quality", "--day", str(day))
    assert result.returncode == 1, result.stderr  # both worlds have a contract that cannot be billed
    line = next(line for line in result.stdout.splitlines() if line.startswith("final_production"))
    assert line.split()[2:4] == [f"{arrived:,}", f"{missing:,}"]
    assert all(asset in result.stdout for (asset,) in assets)
    assert all(finding in result.stdout and what_to_do in result.stdout for finding, what_to_do in found)
    assert "--fail-on" in result.stderr


def test_quality_passes_where_nothing_is_as_bad(home: Path, tmp_path: Path) -> None:
    write(tmp_path / "source", "crm/asset_contracts_20250601T000000Z.csv", CONTRACTS)
    starts = ("00:00", "00:15", "00:30", "00:45")
    rows = "".join(f"2025-06-08 {start}:00 UTC,400\n" for start in starts)
    write(tmp_path / "source", "dso/final_production_MA_20250609.csv", "delivery_start__utc_,MA__kw_\n" + rows)
    assert rtm(home, "ingest", str(tmp_path / "source")).returncode == 0
    assert rtm(home, "build", "--exclude", "resource_type:unit_test").returncode == 0
    assert rtm(home, "publish").returncode == 0
    assert rtm(home, "quality").returncode == 0
    assert rtm(home, "quality", "--fail-on", "info").returncode == 1
    other_day = rtm(home, "quality", "--day", "2030-01-01")
    assert (other_day.returncode, "2025-06-08" in other_day.stderr) == (2, True)
