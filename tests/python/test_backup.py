"""What cannot be made again survives: backup and restore, damaged and older files, and all of it from raw alone."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from conftest import Landing
from prepared import prepare

from home import PROJECT, market_time_zone
from ingest import raw as raw_module
from ingest.feeds import FEEDS
from ingest.parsing import macros
from ingest.raw import RawError, open_raw, upgrade_raw
from serve.published import current

CSV = "delivery_start__utc_,{name}__kw_\n2025-06-08 00:00:00.000000 UTC,{kw}\n"


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


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, but for the lock."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != ".lock")
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """RTM_HOME with a raw, registers that people keep, and things that can be made again."""
    home, source = tmp_path / "home", tmp_path / "source"
    source.mkdir()
    (source / "final_production_M_20250609.csv").write_text(CSV.format(name="M", kw=1))
    assert rtm(home, "ingest", str(source)).returncode == 0
    for name in ("roles.yml", "invoices/register.duckdb", "received/vpp/a.json", "dbt/x", "published/x", "sample/x"):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(name)
    prepare(home / "warehouse.duckdb", 1)
    return home


KEPT = {"raw.duckdb", "roles.yml", "invoices/register.duckdb", "received/vpp/a.json"}


def test_all_is_destroyed_and_restored(home: Path, tmp_path: Path) -> None:
    before = contents(home)
    result = rtm(home, "backup", str(tmp_path / "backups"))
    assert result.returncode == 0, result.stderr
    (made,) = (tmp_path / "backups").iterdir()
    assert set(contents(made)) == KEPT | {"backup.json"}
    shutil.rmtree(home)
    assert rtm(home, "restore", str(tmp_path / "backups")).returncode == 0
    assert contents(home) == {name: before[name] for name in KEPT}
    again = rtm(home, "ingest", str(tmp_path / "source"))
    assert [line.split() for line in again.stdout.splitlines() if line.startswith("final_production")] == [
        ["final_production", "0", "0", "0", "1", "0"]  # there already
    ]


def test_the_newest_of_several_backups_is_taken_and_an_older_one_by_name(home: Path, tmp_path: Path) -> None:
    for text in ("first", "second"):
        (home / "roles.yml").write_text(text)
        rtm(home, "backup", str(tmp_path / "backups"))
    first, _ = sorted((tmp_path / "backups").iterdir())
    rtm(tmp_path / "new", "restore", str(tmp_path / "backups"))
    assert (tmp_path / "new" / "roles.yml").read_text() == "second"
    rtm(tmp_path / "old", "restore", str(first))
    assert (tmp_path / "old" / "roles.yml").read_text() == "first"


def test_restore_overwrites_nothing(home: Path, tmp_path: Path) -> None:
    rtm(home, "backup", str(tmp_path / "backups"))
    (home / "roles.yml").write_text("newer")
    before = contents(home)
    refused = rtm(home, "restore", str(tmp_path / "backups"))
    assert (refused.returncode, "--replace" in refused.stderr) == (1, True)
    assert contents(home) == before
    assert rtm(home, "restore", "--replace", str(tmp_path / "backups")).returncode == 0
    (aside,) = home.glob("replaced_*")
    assert contents(aside) == {name: before[name] for name in KEPT}
    assert (home / "roles.yml").read_text() == "roles.yml"
    assert not (home / "warehouse.duckdb").exists()  # it was made from another raw
    rtm(home, "backup", str(tmp_path / "more"))
    assert set(contents(next((tmp_path / "more").iterdir()))) == KEPT | {"backup.json"}


@pytest.mark.parametrize("damage", ["byte", "missing", "list", "outside"])
def test_a_damaged_backup_changes_nothing(home: Path, tmp_path: Path, damage: str) -> None:
    rtm(home, "backup", str(tmp_path / "backups"))
    (made,) = (tmp_path / "backups").iterdir()
    raw = made / "raw.duckdb"
    match damage:
        case "byte":
            content = bytearray(raw.read_bytes())
            content[len(content) // 2] ^= 1
            raw.write_bytes(content)
        case "missing":
            raw.unlink()
        case "list":
            (made / "backup.json").write_text("{")
        case _:
            (made / "backup.json").write_text(
                json.dumps({"format": 1, "files": {"../../x": {"sha256": "0", "size_bytes": 1}}})
            )
    result = rtm(tmp_path / "new", "restore", str(made))
    assert (result.returncode, str(made) in result.stderr) == (1, True)
    assert contents(tmp_path / "new") == {}


def test_wrong_places_of_backups(home: Path, tmp_path: Path) -> None:
    inside = rtm(home, "backup", str(home / "backups"))
    assert (inside.returncode, "outside" in inside.stderr) == (1, True)
    nothing = rtm(tmp_path / "nowhere", "backup", str(tmp_path / "backups"))
    assert (nothing.returncode, "nothing to back up" in nothing.stderr) == (1, True)
    (tmp_path / "empty").mkdir()
    none = rtm(tmp_path / "new", "restore", str(tmp_path / "empty"))
    assert (none.returncode, "is no backup" in none.stderr) == (1, True)
    assert rtm(tmp_path / "new", "restore", str(tmp_path / "not_there")).returncode == 2


def test_a_raw_that_is_being_written_is_not_backed_up(home: Path, tmp_path: Path) -> None:
    with duckdb.connect(str(home / "raw.duckdb")):
        result = rtm(home, "backup", str(tmp_path / "backups"))
    assert (result.returncode, "in use by another process" in result.stderr) == (1, True)
    assert list((tmp_path / "backups").glob("*")) == []


def test_an_upgrade_takes_cells_that_no_feed_knows_out_of_the_feeds_tables(landing: Landing) -> None:
    landing.write("final_production_M_20250609.csv", CSV.format(name="M", kw=1))
    header = "TradeId;Side;DeliveryStart;DeliveryEnd;ExecutionTime;Price;Volume;VolumeUnit;Note\n"
    hour = "2025-06-08 00:00:00+00:00;2025-06-08 01:00:00+00:00;2025-06-07 12:00:00+00:00"
    lines = f"1;BUY;{hour};50;1;MW;\n2;SELL;{hour};60;2;MW;a note\n"
    landing.write("exchange/Private_Trades-20250609T000516000Z.csv", header + lines)
    landing.load()
    tables = ("private_trades", "final_production", "extra_cells")
    after = [landing.query(f"select * from {table} order by all") for table in tables]
    assert [len(rows) for rows in after] == [2, 1, 1]
    with duckdb.connect(str(landing.raw)) as con:
        for feed in FEEDS:
            con.execute(f"alter table {feed.name} add column extra varchar")
        con.execute("update private_trades set extra = (from (select e.extra from extra_cells e "
                    "where e.row_number = private_trades.row_number))")  # fmt: skip
        con.execute("drop table extra_cells")
        con.execute("update about set schema_version = 1")
    zone = macros(market_time_zone())
    upgrade_raw(landing.raw, zone)
    assert [landing.query(f"select * from {table} order by all") for table in tables] == after
    assert landing.query("select schema_version from about") == [(2,)]
    landing.write("final_production_M_20250610.csv", CSV.format(name="M", kw=2))
    assert not landing.load().quarantined


def test_an_upgrade_keeps_raw(landing: Landing, monkeypatch: pytest.MonkeyPatch) -> None:
    landing.write("final_production_M_20250609.csv", CSV.format(name="M", kw=1))
    landing.load()
    zone = macros(market_time_zone())
    monkeypatch.setattr(raw_module, "SCHEMA_VERSION", 4)
    steps = {
        2: lambda con: con.execute("alter table manifest add column mime varchar"),
        3: lambda con: con.execute("update manifest set mime = 'text/csv'"),
    }
    monkeypatch.setattr(raw_module, "_MIGRATIONS", steps)
    upgrade_raw(landing.raw, zone)
    assert landing.query("select schema_version from about") == [(4,)]
    assert landing.query("select file_name, mime from manifest") == [("final_production_M_20250609.csv", "text/csv")]
    assert landing.query("select power_kw from final_production") == [(1,)]
    upgrade_raw(landing.raw, zone)  # once


def test_an_upgrade_that_fails_leaves_the_layout_before(landing: Landing, monkeypatch: pytest.MonkeyPatch) -> None:
    landing.write("final_production_M_20250609.csv", CSV.format(name="M", kw=1))
    landing.load()
    monkeypatch.setattr(raw_module, "SCHEMA_VERSION", 3)
    step = "drop table final_production; alter table nothing add column x int"
    monkeypatch.setattr(raw_module, "_MIGRATIONS", {2: lambda con: con.execute(step)})
    with pytest.raises(duckdb.Error):
        upgrade_raw(landing.raw, macros(market_time_zone()))
    assert landing.query("select schema_version from about") == [(2,)]
    assert landing.query("select power_kw from final_production") == [(1,)]


def test_a_raw_of_a_newer_version_or_of_somebody_else_is_left_alone(landing: Landing) -> None:
    zone = macros(market_time_zone())
    open_raw(landing.raw, zone).close()
    with duckdb.connect(str(landing.raw)) as con:
        con.execute("update about set schema_version = 99")
    with pytest.raises(RawError, match="newer version"):
        open_raw(landing.raw, zone)
    landing.raw.unlink()
    with duckdb.connect(str(landing.raw)) as con:
        con.execute("create table theirs (i integer)")
    before = landing.raw.read_bytes()
    with pytest.raises(RawError, match="theirs"):
        open_raw(landing.raw, zone)
    assert landing.raw.read_bytes() == before


def foreign(path: Path) -> None:
    with duckdb.connect(str(path)) as con:
        con.execute("create table theirs as select 1 as i")


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("damaged", "cannot be opened"),
        ("foreign", "tables of something else"),
        ("older", "an older version"),
        ("newer", "a newer version"),
    ],
)
def test_a_warehouse_that_cannot_be_built_upon_is_left_alone_and_explained(home: Path, kind: str, said: str) -> None:
    warehouse = home / "warehouse.duckdb"
    warehouse.unlink()
    match kind:
        case "damaged":
            warehouse.write_bytes(b"damaged" * 3000)
        case "foreign":
            foreign(warehouse)
        case "older":
            prepare(warehouse, 1)
            with duckdb.connect(str(warehouse)) as con:  # as warehouses were before builds were noted
                con.execute("drop table main.builds")
        case _:
            prepare(warehouse, 1, layout=99)
    before = contents(home)
    result = rtm(home, "build")
    assert (result.returncode, said in result.stderr, "rtm rebuild" in result.stderr) == (1, True, True)
    after = contents(home)
    assert after.pop("published/attempt.json", None)
    assert after == before


@pytest.mark.slow
@pytest.mark.parametrize("built", ["sample"], indirect=True)
def test_raw_is_enough_to_rebuild_all(built: tuple[Path, Path], tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    shutil.copy(built[1] / "raw.duckdb", home)
    foreign(home / "warehouse.duckdb")
    theirs = (home / "warehouse.duckdb").read_bytes()
    result = rtm(home, "rebuild")
    assert result.returncode == 0, result.stderr
    (aside,) = home.glob("warehouse.set-aside-*.duckdb")
    assert aside.read_bytes() == theirs
    question = "select mart_name, measure, value from publication.changes where value is not null order by all"
    figures = []
    for folder in (built[1], home):
        with duckdb.connect(str(current(folder / "published")), read_only=True) as con:
            figures.append(con.execute(question).fetchall())
    assert len(figures[0]) > 50
    assert figures[0] == figures[1]
