"""Write, audit, publish: what goes out, what does not, and what readers see meanwhile (design decision 4)."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from conftest import Landing
from prepared import MARTS, known_until, prepare

from home import PROJECT
from serve.publish import in_advance, publish, roll_back, verify
from serve.published import (
    Attempt,
    Manifest,
    PublishError,
    age,
    changes,
    copies,
    current,
    last_attempt,
    note_attempt,
    reading,
)
from serve.warehouse import WarehouseError

NOW = datetime(2025, 6, 8, 12)


class Place:
    """A warehouse and a folder of copies."""

    def __init__(self, folder: Path) -> None:
        self.warehouse = folder / "warehouse.duckdb"
        self.published = folder / "published"

    def publish(self, keep: int = 5) -> Manifest:
        return publish(self.warehouse, self.published, keep=keep, now=NOW)

    def value(self, column: str = "value_mwh", mart: str = MARTS[0]) -> object:
        with reading(self.published) as con:
            return con.execute(f"select distinct {column} from {mart}").fetchall()[0][0]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def rtm(
    home: Path, *arguments: str, before: Callable[[], None] | None = None, wrapper: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[str]:
    result = subprocess.run(
        [*wrapper, sys.executable, str(PROJECT / "rtm.py"), *arguments],
        env={**os.environ, "RTM_HOME": str(home), "COLUMNS": "160", "TERM": "dumb"},
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=before,
    )
    assert "Traceback" not in result.stdout + result.stderr
    return result


def test_a_good_build_is_published_with_its_manifest(place: Place) -> None:
    prepare(place.warehouse, 1)
    manifest = place.publish()
    assert (manifest.copy_number, manifest.previous_copy_number, manifest.tests_passed) == (1, None, 7)
    assert (manifest.published_at_utc, manifest.known_until_utc) == (NOW, known_until(1))
    assert (manifest.commit_id, manifest.dbt_version, manifest.last_load_id) == ("abc", "1.11", 1)
    assert [place.value(mart=mart) for mart in MARTS] == [1, 1, 1]
    with reading(place.published) as con:
        assert con.execute("select comment from duckdb_tables() where table_name = 'fct_ones'").fetchall() == [
            ("it's described",)
        ]
        assert changes(con) == []


def test_a_copy_says_what_changed_against_the_copy_before(place: Place) -> None:
    prepare(place.warehouse, 1, rows=10)
    place.publish()
    prepare(place.warehouse, 2, rows=11)
    with duckdb.connect(str(place.warehouse)) as con:  # one mart is gone
        for table in ("promises", "mart_access", "column_access"):
            con.execute(f"delete from main.{table} where mart_name = 'rpt_threes'")
    manifest = place.publish()
    assert (manifest.previous_copy_number, manifest.previous_load_id) == (1, 1)
    with reading(place.published) as con:
        found = [(change.mart, change.measure, change.value, change.before) for change in changes(con)]
    both = [("rows", Decimal(11), Decimal(10)), ("sum(value_mwh)", Decimal(22), Decimal(10))]
    gone = [("rows", None, Decimal(10)), ("sum(value_mwh)", None, Decimal(10))]
    assert found == [
        (mart, *of) for mart, many in (("fct_ones", both), ("fct_twos", both), ("rpt_threes", gone)) for of in many
    ]
    place.publish()
    with reading(place.published) as con:
        assert changes(con) == []
        assert con.execute("select distinct is_changed from publication.marts").fetchall() == [(False,)]


@pytest.mark.parametrize(
    ("outcome", "as_of", "said"),
    [
        ("failed", None, "a test failed"),
        ("killed", None, "did not end"),
        ("partial", None, "of a part only"),
        ("good", "2025-06-01 00:00:00", "what was known at 2025-06-01"),
    ],
)
def test_no_other_build_goes_out(place: Place, outcome: str, as_of: str | None, said: str) -> None:
    prepare(place.warehouse, 1)
    place.publish()
    prepare(place.warehouse, 2, outcome=outcome, as_of=as_of)
    with pytest.raises(PublishError, match=said):
        place.publish()
    assert place.value() == 1
    prepare(place.warehouse, 3)
    place.publish()
    assert place.value() == 3


def test_a_warehouse_that_says_nothing_of_a_build_is_not_published(place: Place) -> None:
    with pytest.raises(WarehouseError, match="does not exist"):
        place.publish()
    duckdb.connect(str(place.warehouse)).close()
    with pytest.raises(WarehouseError, match="run `rtm build`"):
        place.publish()


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        ("alter table marts.fct_ones alter value_mwh type double", "value_mwh DOUBLE"),
        ("alter table marts.fct_ones drop column text", "text VARCHAR"),
        ("alter table marts.fct_ones add column more integer", "more INTEGER"),
        ("delete from main.promises", "promised no marts"),
    ],
)
def test_a_copy_that_breaks_the_contract_does_not_go_out(place: Place, spoil: str, said: str) -> None:
    prepare(place.warehouse, 1)
    place.publish()
    prepare(place.warehouse, 2)
    with duckdb.connect(str(place.warehouse)) as con:
        con.execute(spoil)
    with pytest.raises(PublishError, match=said):
        place.publish()
    assert place.value() == 1
    assert sorted(path.name for path in place.published.iterdir()) == ["copy_000001.duckdb", "current.duckdb"]


def test_a_copy_with_other_rows_than_the_warehouse_is_found_out(place: Place) -> None:
    prepare(place.warehouse, 1)
    place.publish()
    copy = copies(place.published)[0]
    copy.chmod(0o644)
    with duckdb.connect(str(copy)) as con:  # as many rows, and the same sum
        con.execute(
            "update marts.fct_ones set value_mwh = value_mwh + case row_id when 1 then 1 when 2 then -1 else 0 end"
        )
    with pytest.raises(PublishError, match="fct_ones: the copy does not hold the rows"):
        verify(copy)


def test_only_what_a_build_set_out_to_make_is_taken_anew(place: Place) -> None:
    """What somebody wrote into the warehouse by hand is no number of a build."""
    prepare(place.warehouse, 1)
    place.publish()
    with duckdb.connect(str(place.warehouse)) as con:
        for mart in MARTS:
            con.execute(f"update {mart} set value_mwh = 5")
        con.execute("update main.mart_makers set build_id = 'a later one' where mart_name = 'fct_twos'")
    place.publish()
    assert [place.value(mart=mart) for mart in MARTS] == [1, 5, 1]
    with reading(place.published) as con:
        assert con.execute("select mart_name from publication.marts where is_changed").fetchall() == [("fct_twos",)]
        assert {(change.mart, change.measure) for change in changes(con)} == {("fct_twos", "sum(value_mwh)")}


def test_without_a_note_of_who_made_them_all_marts_are_looked_at(place: Place) -> None:
    prepare(place.warehouse, 1)
    place.publish()
    for forget in ("delete from main.mart_makers", "drop table main.mart_makers"):
        with duckdb.connect(str(place.warehouse)) as con:
            con.execute(forget)
            con.execute(f"update {MARTS[0]} set value_mwh = value_mwh + 1")
        place.publish()
    assert place.value() == 3


def test_the_last_copies_are_kept_and_never_reused(place: Place) -> None:
    for number in range(1, 5):
        prepare(place.warehouse, number)
        place.publish(keep=2)
    assert [path.name for path in copies(place.published)] == ["copy_000003.duckdb", "copy_000004.duckdb"]
    with reading(place.published) as con:  # a reader keeps its copy while it is pushed out
        for number in range(5, 8):
            prepare(place.warehouse, number)
            place.publish(keep=1)
        assert con.execute("select distinct value_mwh from marts.fct_ones").fetchall() == [(4,)]
    assert place.value() == 7


def test_rollback_goes_back_copy_by_copy_and_the_next_publication_forward(place: Place) -> None:
    with pytest.raises(PublishError, match="holds no copy yet"):
        roll_back(place.published)
    for number in range(1, 4):
        prepare(place.warehouse, number)
        place.publish()
    assert [roll_back(place.published).copy_number for _ in range(2)] == [2, 1]
    assert place.value() == 1
    with pytest.raises(PublishError, match="no copy before"):
        roll_back(place.published)
    assert place.publish().copy_number == 4
    assert place.value() == 3


def test_rollback_refuses_a_damaged_copy(place: Place) -> None:
    for number in (1, 2):
        prepare(place.warehouse, number)
        place.publish()
    first = copies(place.published)[0]
    first.chmod(0o644)
    first.write_bytes(b"damaged" * 5000)
    with pytest.raises(PublishError, match="damaged"):
        roll_back(place.published)
    assert place.value() == 2


def test_a_copy_damaged_inside_is_replaced_by_a_good_one(place: Place) -> None:
    """Its list of marts can still be read, so that the next copy would begin with it."""
    prepare(place.warehouse, 1, rows=300_000)
    place.publish()
    first = copies(place.published)[0]
    with duckdb.connect(str(first), read_only=True) as con:
        block = con.execute("select max(block_id) from pragma_storage_info('marts.fct_ones')").fetchall()[0][0]
    first.chmod(0o644)
    content = bytearray(first.read_bytes())
    content[3 * 4096 + block * (256 << 10) + 1000] ^= 0xFF  # headers, then blocks
    first.write_bytes(content)
    with duckdb.connect(str(first), read_only=True) as con:
        assert con.execute("select count(*) from publication.marts").fetchall() == [(3,)]
        with pytest.raises(duckdb.Error):
            con.execute("select sum(row_id), sum(value_mwh), max(text) from marts.fct_ones").fetchall()
    prepare(place.warehouse, 1, rows=300_000)
    assert place.publish().copy_number == 2
    assert place.value() == 1


def test_a_publication_that_is_killed_leaves_the_copy_before(place: Place) -> None:
    prepare(place.warehouse, 1)
    place.publish()
    prepare(place.warehouse, 2, rows=400_000)
    code = (
        "from pathlib import Path; from datetime import datetime; from serve.publish import publish\n"
        f"publish(Path({str(place.warehouse)!r}), Path({str(place.published)!r}), keep=5, now=datetime(2025, 6, 8))"
    )
    for _ in range(6):
        process = subprocess.Popen([sys.executable, "-c", code], cwd=PROJECT)
        deadline = time.monotonic() + 30
        while not (place.published / ".unfinished" / "copy.duckdb").exists() and time.monotonic() < deadline:
            time.sleep(0.002)
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert place.value() in (1, 2)
    made = place.publish().copy_number
    assert (place.value(), current(place.published)) == (2, place.published / f"copy_{made:06}.duckdb")
    assert not list(place.published.glob(".*"))


def test_the_next_copy_is_begun_while_something_else_is_done(place: Place) -> None:
    with in_advance(place.published):  # there is nothing yet
        prepare(place.warehouse, 1)
    place.publish()
    with in_advance(place.published):
        prepare(place.warehouse, 2)
    assert [path.name for path in (place.published / ".unfinished").iterdir()] == ["copy_000001.duckdb"]
    place.publish()
    assert place.value() == 2
    with pytest.raises(KeyboardInterrupt), in_advance(place.published):
        raise KeyboardInterrupt
    assert sorted(path.name for path in place.published.iterdir()) == [
        "copy_000001.duckdb", "copy_000002.duckdb", "current.duckdb",
    ]  # fmt: skip
    with in_advance(place.published):
        pass
    roll_back(place.published)  # so that the copy begun is of another than the current one
    prepare(place.warehouse, 3)
    place.publish()
    assert (place.value(), list(place.published.glob(".*"))) == (3, [])


def test_age_and_reason_are_told(place: Place) -> None:
    prepare(place.warehouse, 1)
    manifest = place.publish()
    later = datetime(2025, 6, 9, 18)
    note_attempt(place.published, Attempt("rtm run", "2025-06-09 17:59", "failed", "fct_x: it is broken"))
    lines = age(manifest, last_attempt(place.published), later)
    assert lines == [
        "Copy 1: data known until 2025-06-08 00:01 UTC, published 2025-06-08 12:00 UTC (30 hours ago).",
        "Nothing newer: `rtm run` of 2025-06-09 17:59 UTC failed: fct_x: it is broken",
    ]
    note_attempt(place.published, Attempt("rtm run", "2025-06-09 18:10", "published"))
    assert len(age(manifest, last_attempt(place.published), later)) == 1


def test_show_reads_the_published_copy_whatever_holds_the_warehouse(tmp_path: Path) -> None:
    prepare(tmp_path / "warehouse.duckdb", 1)
    assert rtm(tmp_path, "publish").returncode == 0
    note_attempt(tmp_path / "published", Attempt("rtm build", "2025-06-09 17:59", "failed", "[red]broken"))
    with duckdb.connect(str(prepare(tmp_path / "warehouse.duckdb", 2))):
        shown = rtm(tmp_path, "show", "fct_ones", "--limit", "1")
    assert (shown.returncode, "it's 1" in shown.stdout) == (0, True)
    assert "data known until 2025-06-08 00:01 UTC" in shown.stderr
    assert "failed: [red]broken" in shown.stderr


def test_publish_and_rollback_on_the_command_line(tmp_path: Path) -> None:
    nothing = rtm(tmp_path, "publish")
    assert (nothing.returncode, "rtm run" in nothing.stderr) == (1, True)
    for number in (1, 2):
        prepare(tmp_path / "warehouse.duckdb", number)
        published = rtm(tmp_path, "publish")
        assert (published.returncode, f"copy {number}" in published.stdout) == (0, True)
    assert "2,000" in published.stdout  # the sum before
    assert rtm(tmp_path, "publish", "--rollback").returncode == 0
    shown = rtm(tmp_path, "show", "fct_ones", "--limit", "1")
    assert ("it's 1" in shown.stdout, "earlier copy by choice" in shown.stderr) == (True, True)
    assert rtm(tmp_path, "publish", "--rollback").returncode == 1
    prepare(tmp_path / "warehouse.duckdb", 3, outcome="failed")
    refused = rtm(tmp_path, "publish")
    assert (refused.returncode, "a test failed" in refused.stderr) == (1, True)


def test_the_number_of_copies_is_a_setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RTM_PUBLISHED_COPIES", "2")
    for number in range(1, 4):
        prepare(tmp_path / "warehouse.duckdb", number)
        rtm(tmp_path, "publish")
    assert len(copies(tmp_path / "published")) == 2
    monkeypatch.setenv("RTM_PUBLISHED_COPIES", "none")
    wrong = rtm(tmp_path, "publish")
    assert (wrong.returncode, "RTM_PUBLISHED_COPIES" in wrong.stderr) == (2, True)


def full_disk() -> None:
    """In this process no file grows beyond 300 kB: to whoever writes, the same as a disk without room."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))


def test_a_full_disk_loses_nothing(tmp_path: Path) -> None:
    prepare(tmp_path / "warehouse.duckdb", 1)
    rtm(tmp_path, "publish")
    prepare(tmp_path / "warehouse.duckdb", 2, rows=500_000)
    result = rtm(tmp_path, "publish", before=full_disk)
    assert (result.returncode, "no room is left on the disk" in result.stderr) == (1, True)
    shown = rtm(tmp_path, "show", "fct_ones", "--limit", "1")
    assert "it's 1" in shown.stdout
    assert len(copies(tmp_path / "published")) == 1
    assert rtm(tmp_path, "publish").returncode == 0


def test_a_load_onto_a_full_disk_keeps_what_it_had(tmp_path: Path, landing: Landing) -> None:
    content = "delivery_start__utc_,M__kw_\n2025-06-08 00:00:00.000000 UTC,1\n"
    home = tmp_path / "home"
    rtm(home, "ingest", str(landing.write("final_production_M_20250609.csv", content)))
    quarter_hours = [datetime(2025, 1, 1) + timedelta(minutes=15) * step for step in range(30_000)]
    many = "".join(f"{start:%Y-%m-%d %H:%M:%S.%f} UTC,{start.toordinal() ** 3 % 9973}.7\n" for start in quarter_hours)
    landing.write("final_production_M_20250610.csv", content.splitlines()[0] + "\n" + many)
    result = rtm(home, "ingest", str(landing.source), before=full_disk)
    assert (result.returncode, "no room is left on the disk" in result.stderr) == (1, True)
    with duckdb.connect(str(home / "raw.duckdb"), read_only=True) as con:
        assert con.execute("select count(*) from final_production").fetchall() == [(1,)]
    assert rtm(home, "ingest", str(landing.source)).returncode == 0


def as_anybody() -> tuple[str, ...]:
    """What to put before a command so that folders without write permission hold even for the superuser."""
    if os.geteuid() != 0:
        return ()
    return ("setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-dac_override,-dac_read_search")


def test_a_read_only_folder_can_be_read_and_says_why_it_is_not_written(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    prepare(home / "warehouse.duckdb", 1)
    rtm(home, "publish")
    for folder in (home / "published", home):
        folder.chmod(0o555)
    (home / ".lock").unlink() if os.geteuid() == 0 else None
    try:
        shown = rtm(home, "show", "fct_ones", "--limit", "1", wrapper=as_anybody())
        assert (shown.returncode, "it's 1" in shown.stdout) == (0, True)
        for command in (("publish",), ("ingest", str(PROJECT / "docs"))):
            result = rtm(home, *command, wrapper=as_anybody())
            assert (result.returncode, "read-only" in result.stderr) == (1, True)
    finally:
        for folder in (home, home / "published"):
            folder.chmod(0o755)


READER = """
import sys, time
from pathlib import Path
import duckdb
from serve.published import read_manifest, reading

folder, stop, by_link = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3] == "link"
seen, reads = [], 0
while not stop.exists():
    con = duckdb.connect(str(folder / "current.duckdb"), read_only=True) if by_link else None
    with con or reading(folder) as con:
        numbers = set()
        for mart in ("marts.fct_ones", "marts.fct_twos", "reports.rpt_threes"):
            rows = con.execute(f"select count(*), min(value_mwh), max(value_mwh), max(text) from {mart}").fetchall()[0]
            assert rows[0] == 2000 and rows[3] == f"it's {int(rows[1])}", rows
            numbers |= {int(rows[1]), int(rows[2])}
            time.sleep(0.1)
        manifest = read_manifest(con)
        numbers.add(manifest.last_load_id)
    assert len(numbers) == 1, numbers
    number = numbers.pop()
    assert number % 4 != 0, f"{number} comes from a build that failed"
    assert not seen or number >= seen[-1], (seen, number)
    seen += [number] if not seen or number != seen[-1] else []
    reads += 1
print(reads, len(seen))
"""


@pytest.mark.slow
def test_soak_ten_readers_while_loads_builds_and_publications_go_on(tmp_path: Path, landing: Landing) -> None:
    """No reader has an error, sees two copies at once, goes back in time, or meets a build that failed."""
    place = Place(tmp_path)
    prepare(place.warehouse, 1)
    place.publish()
    stop = tmp_path / "stop"
    readers = [
        subprocess.Popen(
            [sys.executable, "-c", READER, str(place.published), str(stop), "link" if reader < 3 else "library"],
            cwd=PROJECT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for reader in range(10)
    ]
    try:
        number, failed, started = 1, 0, time.monotonic()
        while number < 9 or time.monotonic() < started + 20:
            assert time.monotonic() < started + 120, "readers hold up the loads"
            number += 1
            content = f"delivery_start__utc_,M{number}__kw_\n2025-06-08 00:00:00.000000 UTC,{number}\n"
            landing.write(f"final_production_M{number}_20250609.csv", content)
            assert len(landing.load().outcomes) == 1
            prepare(place.warehouse, number, outcome="failed" if number % 4 == 0 else "good")
            if number % 4 == 0:
                with pytest.raises(PublishError):
                    place.publish(keep=3)
                failed += 1
            else:
                place.publish(keep=3)
    finally:
        stop.touch()
    ended = [reader.communicate(timeout=30) for reader in readers]
    assert [error for _, error in ended if error] == []
    assert [reader.returncode for reader in readers] == [0] * 10
    counts = [tuple(int(word) for word in said.split()) for said, _ in ended]
    assert min(reads for reads, _ in counts) >= 5, counts
    assert max(copies_seen for _, copies_seen in counts) >= 3, counts
    assert failed >= 2


@pytest.mark.slow
@pytest.mark.parametrize("built", ["sample"], indirect=True)
def test_the_pipeline_publishes_all_marts_as_promised(built: tuple[Path, Path]) -> None:
    home = built[1]
    manifest = verify(current(home / "published") or Path())
    assert manifest.tests_passed is not None
    assert manifest.tests_passed > 100
    assert manifest.dbt_version.startswith("1.11")
    with reading(home / "published") as con, duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as made:
        tables = (
            "select table_schema, table_name from information_schema.tables where table_schema in ('marts', 'reports')"
        )
        assert set(con.execute(tables).fetchall()) == set(made.execute(tables).fetchall())
        comment = (
            "select comment from duckdb_columns() where table_name = 'fct_asset_infeed' and column_name = 'infeed_mwh'"
        )
        assert con.execute(comment).fetchall() == made.execute(comment).fetchall() != [(None,)]
        secrets = con.execute("select count(*) from duckdb_columns() where column_name like '%email%'").fetchall()
        assert secrets == [(0,)]


@pytest.mark.slow
@pytest.mark.parametrize("built", ["sample"], indirect=True)
def test_killed_and_failing_builds_leave_the_last_good_copy(built: tuple[Path, Path], tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(built[1], home, symlinks=True)
    before = current(home / "published")
    build = subprocess.Popen(
        [sys.executable, str(PROJECT / "rtm.py"), "build", "--exclude", "resource_type:unit_test"],
        env={**os.environ, "RTM_HOME": str(home)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    log, deadline = home / "dbt" / "logs" / "dbt.log", time.monotonic() + 120
    size = log.stat().st_size
    while "START sql table model" not in log.read_text(encoding="utf-8")[size:] and time.monotonic() < deadline:
        time.sleep(0.1)
    os.killpg(build.pid, signal.SIGKILL)
    build.wait()
    refused = rtm(home, "publish")
    assert (refused.returncode, "did not end" in refused.stderr) == (1, True)
    assert "ended before it was done" in refused.stderr
    shown = rtm(home, "show", "dim_assets", "--limit", "1")
    assert (shown.returncode, "still runs, or was killed" in shown.stderr) == (0, True)

    with duckdb.connect(str(home / "raw.duckdb")) as con:
        con.execute("alter table technical_data rename to mislaid")
        con.execute("create table technical_data as select file_id, row_number from mislaid")
    (tmp_path / "empty").mkdir()
    failed = rtm(home, "run", str(tmp_path / "empty"))
    assert (failed.returncode, "Binder Error: Cannot extract field 'asset_id'" in failed.stderr) == (1, True)
    assert rtm(home, "publish").returncode == 1
    shown = rtm(home, "show", "dim_assets", "--limit", "1")
    assert (shown.returncode, "Nothing newer: `rtm run`" in shown.stderr) == (0, True)
    assert "Cannot extract field 'asset_id'" in shown.stderr
    assert current(home / "published") == (before and home / "published" / before.name)
