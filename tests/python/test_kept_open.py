"""Databases that stay open: the next one who opens them gets their rows, and never those of a file that is gone."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from serve import kept_open
from serve.kept_open import connected


def database(path: Path, number: int) -> Path:
    unfinished = path.with_suffix(".unfinished")
    with duckdb.connect(str(unfinished)) as con:
        con.execute(f"create table numbers as select {number} as number")
    unfinished.replace(path)
    return path


def number_in(path: Path, config: kept_open.Config | None = None) -> int:
    with connected(path, config) as con:
        return int(con.execute("select number from numbers").fetchall()[0][0])


def open_files(folder: Path) -> list[str]:
    """Names of the files of a folder that this process has open."""
    names = []
    for descriptor in Path("/proc/self/fd").iterdir():
        try:
            found = descriptor.readlink()
        except FileNotFoundError:  # that of this very look
            continue
        if found.parent == folder:
            names.append(found.name)
    return sorted(set(names))


def test_a_database_stays_open(tmp_path: Path) -> None:
    path = database(tmp_path / "a.duckdb", 1)
    assert number_in(path) == 1
    assert open_files(tmp_path) == ["a.duckdb"]
    assert number_in(path) == 1


@pytest.mark.parametrize("config", [None, {"enable_external_access": "false", "lock_configuration": "true"}])
def test_another_file_of_that_name_is_read_anew(tmp_path: Path, config: kept_open.Config | None) -> None:
    path = database(tmp_path / "a.duckdb", 1)
    if config is not None:
        config = {"memory_limit": kept_open.MEMORY, **config}
    assert number_in(path, config) == 1
    database(path, 2)
    assert number_in(path, config) == 2
    assert open_files(tmp_path) == ["a.duckdb"], "the old one is let go"


def test_a_file_that_is_gone_is_let_go(tmp_path: Path) -> None:
    gone, other = database(tmp_path / "gone.duckdb", 1), database(tmp_path / "other.duckdb", 2)
    number_in(gone)
    gone.unlink()
    assert number_in(other) == 2
    assert open_files(tmp_path) == ["other.duckdb"]
    with pytest.raises(duckdb.Error):
        connected(gone)


def test_those_that_were_opened_last_stay_open(tmp_path: Path) -> None:
    paths = [database(tmp_path / f"{number}.duckdb", number) for number in range(6)]
    for path in [*paths, paths[2]]:
        number_in(path)
    assert open_files(tmp_path) == ["2.duckdb", "3.duckdb", "4.duckdb", "5.duckdb"]


def test_all_together_take_no_more_memory_than_one_would(tmp_path: Path) -> None:
    path = database(tmp_path / "a.duckdb", 1)
    with duckdb.connect() as con:
        alone = memory_limit(con)
    number_in(path)
    with connected(path) as con:
        assert memory_limit(con) == pytest.approx(alone / 4, rel=0.05)


def memory_limit(con: duckdb.DuckDBPyConnection) -> float:
    """In MiB."""
    size, unit = str(con.execute("select current_setting('memory_limit')").fetchall()[0][0]).split()
    return float(size) * {"MiB": 1, "GiB": 1024, "TiB": 1024**2}[unit]
