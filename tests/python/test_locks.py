"""One writer at a time: others wait or fail, and a dead process holds nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from home import PROJECT
from serve.locks import BusyError, writing

HOLDER = """
import subprocess, sys
from pathlib import Path
from serve.locks import writing
with writing(Path(sys.argv[1]), "rtm run", wait=True, say=print) as lock:
    child = subprocess.Popen(["sleep", "60"], pass_fds=[lock] if sys.argv[2] == "child" else [])
    print(child.pid, flush=True)
    sys.stdin.read()
    child.kill()
    child.wait()
"""


class Holder:
    """A process that holds the lock until it is told to end, with a child as `rtm` has dbt."""

    def __init__(self, lock: Path, *, child: bool = False) -> None:
        command = [sys.executable, "-c", HOLDER, str(lock), "child" if child else "alone"]
        self.process = subprocess.Popen(command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.child = int(self.process.stdout.readline())

    def end(self) -> None:
        self.process.communicate("")

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def kill_child(self) -> None:
        os.kill(self.child, signal.SIGKILL)


@pytest.fixture
def lock(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / ".lock"


def rtm(home: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(PROJECT / "rtm.py"), *arguments],
        env={**os.environ, "RTM_HOME": str(home), "COLUMNS": "160", "TERM": "dumb"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


COMMANDS = (("ingest", "."), ("build",), ("run", "."), ("publish",), ("publish", "--rollback"), ("rebuild",),
            ("backup", "elsewhere"), ("restore", "."), ("docs", "--build"))  # fmt: skip


def test_every_command_that_writes_fails_with_no_wait_and_says_who_writes(lock: Path) -> None:
    holder = Holder(lock)
    waiting = [(command, rtm(lock.parent, *command, "--no-wait")) for command in COMMANDS]
    for command, process in waiting:
        _, said = process.communicate(timeout=60)
        assert (command, process.returncode) == (command, 1)
        assert f"`rtm run` (process {holder.process.pid}, since" in said
    assert not (lock.parent / "raw.duckdb").exists()
    holder.end()


def test_a_command_waits_with_a_message_and_then_goes_on(lock: Path, tmp_path: Path) -> None:
    holder = Holder(lock)
    (tmp_path / "source").mkdir()
    process = rtm(lock.parent, "ingest", str(tmp_path / "source"))
    assert process.stderr is not None
    assert f"waiting for `rtm run` (process {holder.process.pid}" in process.stderr.readline()
    time.sleep(0.5)
    assert process.poll() is None
    holder.end()
    out, err = process.communicate(timeout=60)
    assert (process.returncode, "nothing to land" in out, err.strip()) == (0, True, "")
    assert lock.read_text() == ""


def test_the_lock_of_a_dead_process_is_none(lock: Path) -> None:
    holder = Holder(lock)
    holder.kill()
    holder.kill_child()
    said: list[str] = []
    with writing(lock, "rtm build", wait=False, say=said.append):
        assert len(said) == 1
        assert f"`rtm run` (process {holder.process.pid}, since" in said[0]
        assert "ended before it was done" in said[0]
    with writing(lock, "rtm build", wait=False, say=said.append):
        assert len(said) == 1


def test_what_a_killed_process_started_still_counts_as_writing(lock: Path) -> None:
    holder = Holder(lock, child=True)
    holder.kill()
    with pytest.raises(BusyError), writing(lock, "rtm build", wait=False, say=print):
        pass
    holder.kill_child()
    time.sleep(0.2)
    with writing(lock, "rtm build", wait=False, say=print):
        pass


def test_the_lock_is_free_again_after_an_error(lock: Path) -> None:
    with pytest.raises(ZeroDivisionError), writing(lock, "rtm build", wait=False, say=print):
        raise ZeroDivisionError
    said: list[str] = []
    with writing(lock, "rtm build", wait=False, say=said.append):
        assert said == []


def test_two_loads_at_once_both_land(tmp_path: Path) -> None:
    home = tmp_path / "home"
    processes = []
    for name in ("A", "B", "C"):
        path = tmp_path / name / f"final_production_{name}_20250609.csv"
        path.parent.mkdir()
        path.write_text(f"delivery_start__utc_,{name}__kw_\n2025-06-08 00:00:00.000000 UTC,1\n")
        processes.append(rtm(home, "ingest", str(path)))
    for process in processes:
        out, err = process.communicate(timeout=120)
        assert (process.returncode, "final_production" in out) == (0, True), err
