"""Each rule has a test that notices when the rule is broken (tests/mutants.py)."""

from __future__ import annotations

import subprocess
import sys

from home import PROJECT


def test_no_mutant_survives() -> None:
    result = subprocess.run(
        [sys.executable, str(PROJECT / "tests" / "mutants.py")], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stdout.count("\ncaught") + 1 >= 20
