"""What a run of the benchmarks found: kept as JSON, shown as a table."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from home import project_commit

RESULTS = Path(__file__).with_name("results")


@dataclass(frozen=True)
class Goal:
    """What a ratio should be: at least or at most so much, at one size."""

    bound: float
    at_most: bool
    size: str
    unit: str = ""

    def in_words(self) -> str:
        """As the table has it."""
        return f"{'at most' if self.at_most else 'at least'} {self.bound:g}{self.unit} ({self.size})"

    def is_met(self, value: float, size: str) -> bool | None:
        """Whether a value meets it; None: the goal is for another size."""
        if size != self.size:
            return None
        return value <= self.bound if self.at_most else value >= self.bound


@dataclass(frozen=True)
class Result:
    """One line of the table.

    Attributes:
        benchmark: which.
        case: what of it.
        input: how much went in, in words.
        ours_seconds: wall time of our side, without what `parts` names as start or parsing.
        theirs_seconds: of the opponent; None: there is none.
        value: the number that the goal is about.
        value_name: what it is.
        ours_mib: peak memory of our side.
        theirs_mib: of the opponent.
        goal: what the value should be.
        parts: where our time goes, in seconds, or other numbers worth keeping.
    """

    benchmark: str
    case: str
    input: str
    ours_seconds: float
    theirs_seconds: float | None
    value: float | None
    value_name: str
    ours_mib: float | None = None
    theirs_mib: float | None = None
    goal: Goal | None = None
    parts: dict[str, Any] = field(default_factory=dict)


def machine() -> dict[str, str | int | float | None]:
    """What the run ran on."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    versions = {name: importlib.metadata.version(name) for name in ("duckdb", "dbt-core", "dbt-duckdb", "pandas")}
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gib": round(memory, 1),
        "load_at_start": round(os.getloadavg()[0], 1),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        **versions,
        "commit": project_commit(),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())


def _number(value: float | None, digits: int = 2) -> str:
    return "-" if value is None else f"{value:,.{digits}f}"


def row(result: Result, size: str) -> list[str]:
    """A result as cells of the table."""
    met = result.goal.is_met(result.value, size) if result.goal and result.value is not None else None
    judged = {True: " ✓", False: " ✗", None: ""}[met]
    return [
        result.benchmark,
        result.case,
        result.input,
        _number(result.ours_seconds),
        _number(result.theirs_seconds),
        "-" if result.value is None else f"{result.value_name} {_number(result.value)}",
        f"{result.goal.in_words()}{judged}" if result.goal else "-",
        f"{_number(result.ours_mib, 0)} / {_number(result.theirs_mib, 0)}",
    ]


HEADER = ("benchmark", "case", "input", "ours s", "opponent s", "value", "goal", "MiB ours / opponent")


def markdown(results: Sequence[Result], size: str, on: dict[str, Any]) -> str:
    """The table, what it ran on, and where the time went."""
    lines = [f"# Benchmarks, {size}", "", ", ".join(f"{name} {value}" for name, value in on.items()), ""]
    lines += [f"| {' | '.join(HEADER)} |", f"|{'---|' * len(HEADER)}"]
    lines += [f"| {' | '.join(row(result, size))} |" for result in results]
    lines += ["", "## Where the time goes", ""]
    for result in results:
        if result.parts:
            parts = ", ".join(f"{name} {_worded(value)}" for name, value in result.parts.items())
            lines.append(f"- {result.benchmark}, {result.case}: {parts}")
    return "\n".join(lines) + "\n"


def _worded(value: object) -> str:
    if isinstance(value, float):
        return f"{value:,.2f}"
    if isinstance(value, dict):
        return ", ".join(f"{name} {_worded(part)}" for name, part in value.items())
    return f"{value:,}" if isinstance(value, int) else str(value)


def write(
    results: Sequence[Result], size: str, on: dict[str, Any], folder: Path = RESULTS, only: Sequence[str] = ()
) -> Path:
    """Keep the results as `<date>-<size>.json`, with the benchmarks' names behind it if it was not all, and the table.

    Returns:
        The table.
    """
    folder.mkdir(parents=True, exist_ok=True)
    name = "-".join([f"{datetime.now(UTC):%Y-%m-%d}", size, *only])
    kept = {"size": size, "machine": on, "results": [asdict(result) for result in results]}
    (folder / f"{name}.json").write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")
    table = folder / f"{name}.md"
    table.write_text(markdown(results, size, on), encoding="utf-8")
    return table
