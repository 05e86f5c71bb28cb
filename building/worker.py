"""The process in which dbt makes what changed: `python worker.py SOCKET [OPTIONS OF DBT]`, started by `building.runs`.

It reads the project before it is told to go, so that a worker that waits ready starts at once. It is told by the file
descriptor of the writers' lock, which it then holds too, and ends when nobody can tell it any more.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path[0] = str(Path(__file__).resolve().parents[1])  # instead of this folder

from building.changes import Changes, Node, to_run  # noqa: E402
from building.project import arguments, run_results, stamp  # noqa: E402
from home import Home  # noqa: E402

_CHANGES = "what_changed: "
_TO_RUN = "to_run"
"""Selects what is to run: dbt compares each name that it is given with each of the project's."""


def main() -> int:
    """Wait for the word, then build; returns dbt's verdict as an exit code."""
    dbt = _Dbt(sys.argv[2:])
    with socket.socket(fileno=int(sys.argv[1])) as parent:
        word, _, _, _ = socket.recv_fds(parent, 1, 1)
    if not word:
        return 0
    code = 0 if dbt.build() else 1
    sys.stdout.flush()
    # At once, and with it the lock: to close the warehouse is to write its log into it, which takes a second when it is
    # large. `serve.files.settle` does so when nobody waits.
    os._exit(code)


class _Dbt:
    """dbt within this process, with the project as it was read last."""

    def __init__(self, options: list[str]) -> None:
        self._folder, self._options = Home().dbt, options
        self._read()

    def _read(self) -> None:
        self._stamp = stamp()
        self._manifest: Any = None
        self._manifest = self._run(["parse", "--no-write-json"]).result

    def build(self) -> bool:
        """Make what changed; whether all went well."""
        if self._stamp != stamp():
            self._read()
        changes = self._what_changed()
        if changes is None:
            return False
        if changes.last_whole_load == 0:
            return self._build()
        if changes.is_broken:
            return self._build("--exclude", "resource_type:unit_test")
        names = to_run(_nodes(self._manifest), changes)
        if not names:
            print("Nothing landed since the last build.")
            return True
        os.environ["RTM_SELECTED_FOR"] = f"{changes.last_whole_load} to {changes.newest_load}"
        for node in self._manifest.nodes.values():
            if node.name in names:
                node.tags.append(_TO_RUN)
        return self._build("--indirect-selection", "empty", "--select", f"tag:{_TO_RUN}")

    def _build(self, *selection: str) -> bool:
        """Run dbt, and keep its results alone: writing the whole project's state takes longer than some builds."""
        done = self._run(["build", "--no-write-json", *selection])
        if done.result is not None:
            done.result.write(str(run_results(self._folder)))
        return bool(done.success)

    def _what_changed(self) -> Changes | None:
        said: list[str] = []

        def listen(event: Any) -> None:
            if event.info.name == "PrintEvent" and event.data.msg.startswith(_CHANGES):
                said.append(event.data.msg.removeprefix(_CHANGES))

        if not self._run(["run-operation", "what_changed", "--quiet", "--no-write-json"], listen).success:
            return None
        found = json.loads(said[-1])
        return Changes(**{**found, "feeds": frozenset(found["feeds"])})

    def _run(self, command: list[str], listen: Callable[[Any], None] | None = None) -> Any:
        from dbt.cli.main import dbtRunner

        runner = dbtRunner(self._manifest, [listen] if listen else [])
        result = runner.invoke(arguments([*command, *self._options], self._folder))
        if result.exception is not None:
            print(result.exception)
        return result


def _nodes(manifest: Any) -> dict[str, Node]:
    return {
        key: Node(
            node.name, str(node.resource_type), node.fqn[1], frozenset(node.depends_on_nodes),
            is_view=node.config.materialized == "view", holds_all=_holds_all(node),
        )
        for key, node in manifest.nodes.items()
        if node.resource_type in ("model", "seed", "test")
    }  # fmt: skip


def _holds_all(node: Any) -> bool:
    if node.resource_type != "model" or node.config.materialized == "incremental":
        return True
    if node.config.materialized == "view":
        return bool(node.fqn[1] == "staging")
    return bool(node.config.meta.get("scope", "all") == "all")


if __name__ == "__main__":
    sys.exit(main())
