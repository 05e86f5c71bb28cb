"""Change one rule at a time in a copy of the models, and see that a unit test fails for each.

`python tests/mutants.py` prints a line per mutant and exits with 1 if one survives: then a rule has a choice that no
test looks at. A mutant counts as caught only if tests fail on it; one that cannot even run proves nothing.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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

    dbt runs in this process: it is started many times.
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
            statuses = {status for _, status in self.dbt(*command)}
            if statuses != {"success"}:
                raise RuntimeError(f"dbt {command[0]} ended with {sorted(statuses)}")

    def dbt(self, *arguments: str) -> list[tuple[str, str]]:
        """Run dbt and return name (of a unit test: its model's) and status of each node; none if dbt cannot start."""
        from dbt.cli.main import dbtRunner

        places = ["--project-dir", self.project, "--profiles-dir", self.project]
        places += ["--target-path", self.home / "target", "--log-path", self.home / "logs"]
        done = dbtRunner().invoke([*arguments, *map(str, places), "--log-level", "none"])
        results = getattr(done.result, "results", None) or []
        return [
            (_model_of(result.node), str(result.status))
            for result in results
            if result.node.resource_type != "operation"
        ]

    def unit_tests(self, models: Iterable[str]) -> dict[str, set[str]]:
        """Statuses of the unit tests of each of these models; those that could not run are missing."""
        found: dict[str, set[str]] = defaultdict(set)
        for model, status in self.dbt("test", "--select", *(f"{model},test_type:unit" for model in models)):
            found[model].add(status)
        return found

    @contextmanager
    def with_mutants(self, mutants: list[Mutant]) -> Iterator[None]:
        """The copy with these mutants' changes, for a while."""
        good = {mutant.path: (self.project / mutant.path).read_text(encoding="utf-8") for mutant in mutants}
        for mutant in mutants:
            if mutant.old not in good[mutant.path]:
                raise RuntimeError(f"{mutant.rule}, {mutant.mistake}: {mutant.path} no longer holds {mutant.old!r}")
            changed = good[mutant.path].replace(mutant.old, mutant.new)
            (self.project / mutant.path).write_text(changed, encoding="utf-8")
        try:
            yield
        finally:
            for path, content in good.items():
                (self.project / path).write_text(content, encoding="utf-8")


def _model_of(node: Any) -> str:
    """The model that a unit test tests, else the node's own name."""
    return str(getattr(node, "tested_node_unique_id", None) or node.name).rsplit(".", maxsplit=1)[-1]


def groups(mutants: Iterable[Mutant]) -> list[list[Mutant]]:
    """Mutants that can be looked at together: each in a model of its own, none noticed by the other's tests.

    A macro is used by many models, so a mutant of one stays alone.
    """
    found: list[list[Mutant]] = []
    for mutant in mutants:
        for group in found:
            if all(_are_apart(mutant, other) for other in group):
                group.append(mutant)
                break
        else:
            found.append([mutant])
    return found


def _are_apart(one: Mutant, other: Mutant) -> bool:
    in_models = one.path.startswith("models/") and other.path.startswith("models/")
    return in_models and one.path != other.path and not set(one.models.split()) & set(other.models.split())


def verdicts(bench: Bench) -> Iterator[tuple[Mutant, str]]:
    """For each mutant `caught`, `survived`, or why the run says nothing."""
    for group in groups(MUTANTS):
        with bench.with_mutants(group):
            found = bench.unit_tests(model for mutant in group for model in mutant.models.split())
        for mutant in group:
            statuses = set().union(*(found.get(model, {"broken"}) for model in mutant.models.split()))
            if statuses - {"pass", "fail"}:
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
        unchanged = set().union(*bench.unit_tests(sorted(models)).values())
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
