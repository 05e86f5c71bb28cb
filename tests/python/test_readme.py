"""The README's commands, as a newcomer types them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from home import PROJECT

README = (PROJECT / "README.md").read_text(encoding="utf-8")


def run(home: Path, *command: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "RTM_HOME": str(home), "COLUMNS": "110", "TERM": "dumb"}
    return subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_make_run_and_then_dbt_build(tmp_path: Path) -> None:
    """It succeeds on the sample although a file is quarantined, prints what the README shows, and dbt follows."""
    result = run(tmp_path, "make", "run")
    assert result.returncode == 0, result.stdout + result.stderr
    shown = README.split("`make run` prints:")[1].split("```")[1]
    figures = [line.strip() for line in shown.splitlines() if re.search(r"\d", line) and "data/" not in line]
    assert len(figures) > 15
    assert [line for line in figures if line not in result.stdout] == []
    dbt = run(tmp_path, str(Path(sys.executable).parent / "dbt"), "build")
    assert dbt.returncode == 0, dbt.stdout


def test_the_map_names_what_there_is() -> None:
    section = README.split("## Map")[1].split("```")[1]
    names = [name for line in section.strip().splitlines() for name in line[:30].split()]
    assert len(names) > 8
    assert [name for name in names if not (PROJECT / name).exists()] == []
