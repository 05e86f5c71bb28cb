"""Which models and tests a build has to run: those that new files can have changed, and what those are made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_MONTHS = "int_delivery_spans"
_OF_FEED = {"contract_contacts": "contracts"}
_OF_EVERY_LOAD = ("manifest", "bad_rows", "file_remarks")


@dataclass(frozen=True)
class Changes:
    """What landed since the last whole good build (macros/changes.sql, `what_changed`).

    Attributes:
        last_whole_load: the load that the marts hold whole; 0: there is none, and everything is to be made.
        newest_load: the newest load with a file.
        feeds: of which files landed.
        has_new_months: they name delivery dates of months that the calendar does not have yet.
        is_broken: a build that failed, was killed or made a part only came after the good one.
    """

    last_whole_load: int
    newest_load: int
    feeds: frozenset[str]
    has_new_months: bool
    is_broken: bool


@dataclass(frozen=True)
class Node:
    """A model, seed or test, as far as it matters here.

    Attributes:
        name: its name, which dbt's selection knows.
        kind: `model`, `seed` or `test`.
        layer: `staging`, `intermediate`, `marts` or `reports`; of others empty.
        parents: ids of the nodes and sources that it reads.
        is_view: it holds no rows of its own.
        holds_all: its table holds all days, and not only those of the last build.
    """

    name: str
    kind: str
    layer: str
    parents: frozenset[str]
    is_view: bool
    holds_all: bool

    @property
    def is_staging_of_a_feed(self) -> bool:
        """It reads a feed, and of the list of files only that feed's."""
        return self.layer == "staging" and not self.name.startswith("stg_ingest__")


def to_run(nodes: Mapping[str, Node], changes: Changes) -> list[str]:
    """Names of the nodes that a build has to run, so that all marts are as if everything had run.

    A node is affected if something that it reads is. Beside those it takes the tables that affected ones read and that
    hold the days of one build alone: they have to hold those of this one.
    """
    if changes.newest_load == changes.last_whole_load:
        return []
    affected = _affected(nodes, changes)
    needed = {name for name in affected if not _is_standing_view(nodes[name])}
    waiting = list(affected)
    while waiting:
        for parent in nodes[waiting.pop()].parents:
            if parent in nodes and parent not in needed and not nodes[parent].holds_all:
                needed.add(parent)
                waiting.append(parent)
    return sorted(nodes[name].name for name in needed)


def _affected(nodes: Mapping[str, Node], changes: Changes) -> set[str]:
    affected: set[str] = set()

    def is_affected(node: Node) -> bool:
        if node.name == _MONTHS:  # it changes with the months alone, and all marts rest on it
            return changes.has_new_months
        if node.is_staging_of_a_feed:
            return any(_source_changed(parent, changes.feeds) for parent in node.parents)
        return any(parent in affected or _source_changed(parent, changes.feeds) for parent in node.parents)

    while found := {key for key, node in nodes.items() if key not in affected and is_affected(node)}:
        affected |= found
    return affected


def _source_changed(parent: str, feeds: Iterable[str]) -> bool:
    if not parent.startswith("source."):
        return False
    table = parent.rsplit(".", maxsplit=1)[-1]
    return table in _OF_EVERY_LOAD or _OF_FEED.get(table, table) in feeds


def _is_standing_view(node: Node) -> bool:
    """A view on raw: whatever landed, it shows it already."""
    return node.is_view and node.layer == "staging"
