"""The dbt project as `rtm` runs it: where its files lie, and whether they have changed."""

from __future__ import annotations

from pathlib import Path

from home import PROJECT


def arguments(command: list[str], folder: Path) -> list[str]:
    """A dbt command on this project, for a process that stands in the folder of its databases.

    Args:
        command: dbt's words, with their options behind them.
        folder: gets dbt's artifacts and logs.
    """
    places = ["--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)]
    places += ["--target-path", str(folder / "target"), "--log-path", str(folder / "logs")]
    places += [] if "--target" in command else ["--target", "here"]
    return [*command, *places, "--log-level-file", "info"]


def stamp() -> int:
    """A number that changes when a file of the project does."""
    folders = [PROJECT / name for name in ("models", "macros", "seeds", "tests/dbt")]
    paths = [PROJECT / "dbt_project.yml", PROJECT / "profiles.yml", *(path for f in folders for path in f.rglob("*.*"))]
    return hash(tuple(sorted((str(path), path.stat().st_mtime_ns, path.stat().st_size) for path in paths)))


def run_results(folder: Path) -> Path:
    """What dbt notes of each node that it ran, below the folder of its files."""
    return folder / "target" / "run_results.json"
