"""`rtm watch`: what comes in goes out by itself, and what is wrong stops nothing."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from own_home import parsed

from home import PROJECT
from serve.published import read_manifest, reading

RECALLED = "select count(*) from marts.fct_trades where is_recall_candidate"


@pytest.fixture
def watched(built: tuple[Path, Path], tmp_path: Path) -> Iterator[tuple[Path, Path, Path]]:
    """(folder that is watched, home, what was printed); nothing in it is new."""
    source, home = tmp_path / "source", tmp_path / "home"
    shutil.copytree(built[0], source)
    shutil.copytree(built[1], home, symlinks=True)
    log = tmp_path / "log"
    with log.open("w") as printed:
        process = subprocess.Popen(
            [sys.executable, str(PROJECT / "rtm.py"), "watch", str(source), "--every", "0.2"],
            env={**os.environ, "RTM_HOME": str(home), "DBT_PARTIAL_PARSE_FILE_PATH": str(parsed())},
            stdout=printed,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield source, home, log
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0, log.read_text()
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)


def wait_for(log: Path, text: str) -> str:
    for _ in range(1200):
        said = log.read_text()
        if text in said:
            return said
        time.sleep(0.1)
    pytest.fail(f"{text!r} was not said: {log.read_text()}")


@pytest.mark.slow
@pytest.mark.parametrize("built", ["sample"], indirect=True)
def test_what_comes_in_goes_out(watched: tuple[Path, Path, Path]) -> None:
    source, home, log = watched
    wait_for(log, "0 files landed, copy 1 is published")
    with reading(home / "published") as con:
        ((before,),) = con.execute(RECALLED).fetchall()
    trades = sorted((source / "exchange").glob("Private_Trades-*.csv"))[-1]
    later = trades.with_name("Private_Trades-20251027-20251029T000516000Z.csv")
    header, columns, *lines = trades.read_text(encoding="utf-8").splitlines()
    later.write_text("\n".join([header, columns, *lines[:-1]]) + "\n", encoding="utf-8")
    wait_for(log, "1 files landed, copy 2 is published")
    (source / "exchange" / "Private_Trades-20251027-20251030T000516000Z.csv").write_text("no trades", encoding="utf-8")
    said = wait_for(log, "copy 3 is published")
    assert "quarantined Private_Trades-20251027-20251030T000516000Z.csv" in said
    with reading(home / "published") as con:
        assert read_manifest(con).copy_number == 3
        recalled = con.execute("select count(*) from marts.fct_trades where is_recall_candidate").fetchall()
    assert recalled == [(before + 1,)]
