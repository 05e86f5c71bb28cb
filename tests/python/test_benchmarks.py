"""The benchmarks' opponents give what the pipeline gives, and the comparison would see it if they did not."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from benchmarks import building, loading, results
from benchmarks.equality import must_be_equal, must_have_the_same_rows
from benchmarks.measuring import BenchmarkError, Run, run, taken_apart
from benchmarks.opponents.bare_ingest import STATEMENTS
from benchmarks.worlds import SIZES, landed, simulated


@pytest.fixture(scope="module")
def by_script(built: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The marts by the hand-written script."""
    out = tmp_path_factory.mktemp("script") / "by_script.duckdb"
    found = run(["-m", "benchmarks.opponents.run_script", built[1] / "raw.duckdb", out])
    assert 0 < found.said["seconds"] < found.seconds
    assert found.peak_mib > 10
    return out


def test_the_script_makes_the_same_marts(built: tuple[Path, Path], by_script: Path) -> None:
    must_be_equal(built[1] / "warehouse.duckdb", by_script, building.MARTS)


def test_the_script_makes_what_the_build_is_asked_for(by_script: Path) -> None:
    with duckdb.connect(str(by_script), read_only=True) as con:
        made = con.execute("select table_name from information_schema.tables where table_schema = 'marts'").fetchall()
    assert {name for (name,) in made} == set(building.MARTS)


def test_pandas_makes_the_same_products(built: tuple[Path, Path], tmp_path: Path) -> None:
    out = tmp_path / "products.duckdb"
    run(["-m", "benchmarks.opponents.pandas_program", built[1] / "raw.duckdb", out])
    must_be_equal(built[1] / "warehouse.duckdb", out, building.PRODUCTS, keys=building.KEYS)


@pytest.mark.slow
def test_bare_statements_land_the_same_rows(tmp_path: Path) -> None:
    size = replace(SIZES["small"], assets=2, days=1, single_files=20)
    files = simulated(tmp_path / "files", size.assets, size.days)
    (work := tmp_path / "work").mkdir()
    found = list(loading.compare(size, files, work, lambda _: None))  # fails loudly where rows differ
    assert {result.case.split(",")[0].replace(" ", "_") for result in found} == set(STATEMENTS)
    assert all(result.value and result.ours_mib and result.theirs_seconds for result in found)
    weight = loading.weigh(landed(tmp_path / "home", files) / "raw.duckdb", files)
    assert weight.value is not None
    assert 1 < weight.value < 100


def test_missing_and_other_rows_are_seen(tmp_path: Path) -> None:
    paths = []
    for name, rows in (
        ("ours", "(1, 2.5), (2, null)"),
        ("theirs", "(2, null), (1, 2.5)"),
        ("other", "(1, 2.5), (2, 0)"),
    ):
        paths.append(tmp_path / f"{name}.duckdb")
        with duckdb.connect(str(paths[-1])) as con:
            con.execute(f"create table prices as select * from (values {rows}) as v(place, price)")
    must_have_the_same_rows(paths[0], paths[1], "prices")
    with pytest.raises(BenchmarkError, match="their values differ"):
        must_have_the_same_rows(paths[0], paths[2], "prices")


DELETED = "delete from marts.fct_positions where hour(delivery_start_utc) = 7"
RAISED = "update marts.fct_asset_imbalance set imbalance_cost_eur = imbalance_cost_eur + 0.01 where imbalance_mwh > 0"
DROPPED = "alter table marts.fct_trading_days drop column alpha_eur"
DOUBLED = "insert into marts.fct_positions from marts.fct_positions"


@pytest.mark.parametrize(
    ("change", "keys"),
    [(DELETED, ()), (RAISED, ()), (DROPPED, ()), (DOUBLED, ()), (DELETED, building.KEYS), (RAISED, building.KEYS)],
)
def test_a_difference_is_seen(
    built: tuple[Path, Path], by_script: Path, tmp_path: Path, change: str, keys: tuple[str, ...]
) -> None:
    changed = tmp_path / "changed.duckdb"
    shutil.copy(by_script, changed)
    with duckdb.connect(str(changed)) as con:
        con.execute(change)
    mart = next(name for name in building.MARTS if name in change)
    with pytest.raises(BenchmarkError, match=mart):
        must_be_equal(built[1] / "warehouse.duckdb", changed, [mart], keys=keys)


def test_dbt_is_taken_apart(tmp_path: Path) -> None:
    def node(name: str, seconds: float, start: int, end: int) -> dict[str, object]:
        moment = "2025-06-08T10:00:{:02}.000000Z"
        timing = {"name": "execute", "started_at": moment.format(start), "completed_at": moment.format(end)}
        return {"unique_id": name, "execution_time": seconds, "timing": [timing]}

    notes = {
        "elapsed_time": 22.0,
        "results": [
            node("operation.x.x-on-run-start-0", 2.0, 0, 2),
            node("model.x.fct_a", 10.0, 2, 12),
            node("model.x.fct_b", 20.0, 10, 20),
            node("test.x.unique_a", 10.0, 25, 30),
        ],
    }
    path = tmp_path / "run_results.json"
    path.write_text(json.dumps(notes), encoding="utf-8")
    found = taken_apart(Run(30.0, 40.0, 100.0, {}), path)
    assert (found.start_and_parse, found.run, found.change_detection) == (8.0, 22.0, 2.0)
    assert (found.models, found.tests) == (15.0, 5.0)  # 20 s, shared 30 to 10
    assert found.sql == 25.0  # 0 to 20, and 25 to 30
    assert next(iter(found.slowest)) == "fct_b"


def test_a_failing_side_is_told(tmp_path: Path) -> None:
    with pytest.raises(BenchmarkError, match="does_not_exist"):
        run(["-m", "benchmarks.opponents.run_script", tmp_path / "does_not_exist.duckdb", tmp_path / "out.duckdb"])


def test_results_say_whether_goals_are_met(tmp_path: Path) -> None:
    goal = results.Goal(1.5, at_most=True, size="large")
    result = results.Result("full build", "run", "5 points", 3.0, 2.5, 1.2, "times", goal=goal, parts={"models": 2.0})
    assert goal.is_met(1.2, "large")
    assert goal.is_met(1.2, "small") is None
    table = results.write([result], "large", {"cores": 2}, tmp_path)
    assert "| times 1.20 | at most 1.5 (large) ✓ |" in table.read_text(encoding="utf-8")
    kept = json.loads(table.with_suffix(".json").read_text(encoding="utf-8"))
    assert (kept["results"][0]["value"], kept["machine"]["cores"]) == (1.2, 2)


def test_sizes_grow() -> None:
    assert [size.assets for size in SIZES.values()] == sorted(size.assets for size in SIZES.values())
    assert max(SIZES["large"].histories) == 60
