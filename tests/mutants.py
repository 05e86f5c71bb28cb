"""Change one rule at a time in a copy of the models, and see that a unit test fails for each.

`python tests/mutants.py` prints a line per mutant and exits with 1 if one survives: then a rule has a choice that no
test looks at. A mutant counts as caught only if tests fail on it; one that cannot even run proves nothing.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml

PROJECT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Mutant:
    """One wrong choice.

    Attributes:
        rule: id of the rule that it breaks (docs/domain.md).
        mistake: what it does instead, in words.
        path: the file that is changed, from the project's root.
        old: the text that is replaced wherever it occurs in the file; it must occur.
        new: what stands there instead.
        models: names of the models whose unit tests should notice, with spaces between.
    """

    rule: str
    mistake: str
    path: str
    old: str
    new: str
    models: str


MUTANTS = [
    Mutant(**mutant) for mutant in yaml.safe_load((PROJECT / "tests" / "mutants.yml").read_text(encoding="utf-8"))
]


class Bench:
    """A copy of the project with empty tables, in which unit tests run.

    dbt runs in this process: it is started fifty times.
    """

    def __init__(self, folder: Path) -> None:
        self.project = folder / "project"
        self.home = folder / "home"
        for name in ("models", "macros", "seeds"):
            shutil.copytree(PROJECT / name, self.project / name)
        shutil.copytree(PROJECT / "tests" / "dbt", self.project / "tests" / "dbt")
        for name in ("dbt_project.yml", "profiles.yml"):
            shutil.copy(PROJECT / name, self.project / name)
        os.environ |= {"RTM_HOME": str(self.home), "DO_NOT_TRACK": "1"}

    def prepare(self) -> None:
        """Make the tables that unit tests take their columns' types from."""
        from home import market_time_zone
        from ingest.landing import ingest

        self.home.mkdir()
        ingest(PROJECT / "tests" / "golden" / "source", self.home / "raw.duckdb", market_time_zone())
        for command in (["seed"], ["run", "--empty"]):
            statuses = self.dbt(*command)
            if set(statuses) - {"success"}:
                raise RuntimeError(f"dbt {command[0]} ended with {sorted(set(statuses))}")

    def dbt(self, *arguments: str) -> list[str]:
        """Run dbt and return the status of each node; `broken` alone where it cannot even start."""
        from dbt.cli.main import dbtRunner

        places = ["--project-dir", self.project, "--profiles-dir", self.project]
        places += ["--target-path", self.home / "target", "--log-path", self.home / "logs"]
        done = dbtRunner().invoke([*arguments, *map(str, places), "--log-level", "none"])
        results = getattr(done.result, "results", None)
        if results is None:
            return ["broken"]
        return [str(result.status) for result in results if result.node.resource_type != "operation"]

    def unit_tests(self, models: str) -> list[str]:
        """Status of the unit tests of these models."""
        return self.dbt("test", "--select", *(f"{model},test_type:unit" for model in models.split()))

    @contextmanager
    def with_mutant(self, mutant: Mutant) -> Iterator[None]:
        """The copy with the mutant's change, for a while."""
        path = self.project / mutant.path
        good = path.read_text(encoding="utf-8")
        if mutant.old not in good:
            raise RuntimeError(f"{mutant.rule}, {mutant.mistake}: {mutant.path} no longer holds {mutant.old!r}")
        path.write_text(good.replace(mutant.old, mutant.new), encoding="utf-8")
        try:
            yield
        finally:
            path.write_text(good, encoding="utf-8")


def verdicts(bench: Bench) -> Iterator[tuple[Mutant, str]]:
    """For each mutant `caught`, `survived`, or why the run says nothing."""
    for mutant in MUTANTS:
        with bench.with_mutant(mutant):
            statuses = set(bench.unit_tests(mutant.models))
        if not statuses:
            yield mutant, "no unit test"
        elif statuses - {"pass", "fail"}:
            yield mutant, "broken"
        else:
            yield mutant, "caught" if "fail" in statuses else "survived"


def main() -> int:
    """Print a line per mutant; 0 if all are caught."""
    sys.path.insert(0, str(PROJECT))
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        bench.prepare()
        models = {model for mutant in MUTANTS for model in mutant.models.split()}
        unchanged = set(bench.unit_tests(" ".join(sorted(models))))
        if unchanged != {"pass"}:
            print(f"the unit tests must pass before anything is changed, but ended with {sorted(unchanged)}")
            return 1
        missed = 0
        for mutant, verdict in verdicts(bench):
            missed += verdict != "caught"
            print(f"{verdict:12} {mutant.rule:6} {mutant.mistake}", flush=True)
    print(f"{len(MUTANTS) - missed} of {len(MUTANTS)} mutants caught")
    return int(missed > 0)


if __name__ == "__main__":
    raise SystemExit(main())
