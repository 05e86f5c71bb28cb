"""What readers get: the published copy, what it is, and how old it is.

`published/` holds files `copy_000001.duckdb` and so on, which never change, and the link `current.duckdb` to the one
that counts. Schema `publication` of each copy says what it is.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import duckdb

from serve.files import in_words, replace_text
from serve.kept_open import connected

CURRENT = "current.duckdb"
_ATTEMPT = "attempt.json"
_NAME = re.compile(r"copy_(\d{6,})\.duckdb")
_TRIES = 50


class PublishError(Exception):
    """Nothing was published, and what was published before still counts; the text says why."""


@dataclass(frozen=True)
class Manifest:
    """What a copy is.

    Attributes:
        copy_number: copies are counted from 1.
        published_at_utc: when it was written.
        previous_copy_number: the copy that it followed; None: it was the first.
        build_id: dbt's invocation that made the numbers.
        built_at_utc: when that ended.
        tests_passed: how many tests passed on them.
        commit_id: the project's commit; None: not known.
        dbt_version: of that build.
        duckdb_version: that wrote the file.
        last_load_id: every load up to this one is in it; None: raw was empty.
        previous_load_id: the same of the copy before.
        files_landed: how many files that is.
        known_until_utc: the newest file's own timestamp: how new the data is, whenever it was built or published.
    """

    copy_number: int
    published_at_utc: datetime
    previous_copy_number: int | None
    build_id: str
    built_at_utc: datetime
    tests_passed: int
    commit_id: str | None
    dbt_version: str
    duckdb_version: str
    last_load_id: int | None
    previous_load_id: int | None
    files_landed: int
    known_until_utc: datetime | None


@dataclass(frozen=True)
class Attempt:
    """The last time that somebody tried to make newer numbers, whether or not they went out.

    Attributes:
        command: what was called.
        at_utc: when it was called, as text.
        outcome: `started` (still runs, or was killed), `failed`, `built`, `published` or `rolled back`.
        reason: why it failed.
    """

    command: str
    at_utc: str
    outcome: str
    reason: str | None = None


@dataclass(frozen=True)
class Change:
    """Rows or a column's sum of a mart that differ from the copy before."""

    mart: str
    measure: str
    value: Decimal | None
    before: Decimal | None


def copies(folder: Path) -> list[Path]:
    """The copies in a folder, the oldest first."""
    return sorted((path for path in folder.glob("copy_*.duckdb") if _NAME.fullmatch(path.name)), key=number_of)


def followed(folder: Path) -> Iterator[Path]:
    """The copies that the current one followed and that still lie there, the newest first, itself left out.

    One that was published and then rolled back from is none of them.
    """
    number = None
    copy = current(folder)
    while copy is not None:
        if number is not None:
            yield copy
        number = number_of(copy)
        try:
            with duckdb.connect(str(copy), read_only=True) as con:
                before = read_manifest(con).previous_copy_number
        except duckdb.Error:  # it is damaged, or it has gone meanwhile
            return
        earlier = [one.resolve() for one in copies(folder) if number_of(one) == before and number_of(one) < number]
        copy = next(iter(earlier), None)


def current(folder: Path) -> Path | None:
    """The copy that counts, as the file itself; None: nothing was published yet."""
    link = folder / CURRENT
    return link.resolve() if link.exists() else None


@contextmanager
def reading(folder: Path, *, keep_open: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
    """The published copy, open for reading: whatever is published meanwhile, this connection sees one copy.

    Open it anew for each question, or for each look that must hang together, to see what is published later.

    Args:
        folder: where the copies lie.
        keep_open: for a process that answers many questions (`serve.kept_open`).

    Raises:
        PublishError: if nothing was published yet, or the copy cannot be opened.
    """
    for attempt in range(_TRIES):
        copy = current(folder)
        if copy is None:
            raise PublishError(f"nothing is published in {folder} yet: `rtm run` makes, tests and publishes the marts")
        try:
            con = connected(copy) if keep_open else duckdb.connect(str(copy), read_only=True)
            break
        except duckdb.Error as error:
            # between finding the copy and opening it, newer ones can have pushed it out
            if copy.exists() or attempt == _TRIES - 1:
                raise PublishError(
                    f"{copy} cannot be opened: {in_words(error)}; `rtm publish --rollback` goes back to the copy "
                    "before it, `rtm publish` makes a new one"
                ) from error
            time.sleep(0.01)
    with con:
        yield con


def read_manifest(con: duckdb.DuckDBPyConnection) -> Manifest:
    """What an open copy is."""
    names = ", ".join(Manifest.__dataclass_fields__)
    return Manifest(*con.execute(f"select {names} from publication.manifest").fetchall()[0])


def changes(con: duckdb.DuckDBPyConnection) -> list[Change]:
    """Rows and sums of an open copy that differ from the copy before; empty for the first copy."""
    rows = con.execute(
        """
        select changes.mart_name, changes.measure, changes.value, changes.value_before
        from publication.changes as changes cross join publication.manifest as manifest
        where manifest.previous_copy_number is not null and changes.value is distinct from changes.value_before
        order by changes.mart_name, changes.measure <> 'rows', changes.measure
        """
    ).fetchall()
    return [Change(*row) for row in rows]


def note_attempt(folder: Path, attempt: Attempt) -> None:
    """Note beside the copies what somebody tried, so that readers see why there is nothing newer."""
    with suppress(OSError):  # the disk is full or read-only, which the command itself says
        replace_text(folder / _ATTEMPT, json.dumps(asdict(attempt), indent=2))


def last_attempt(folder: Path) -> Attempt | None:
    """What was tried last; None: nothing, or it cannot be told."""
    try:
        return Attempt(**json.loads((folder / _ATTEMPT).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def age(manifest: Manifest, attempt: Attempt | None, now: datetime) -> list[str]:
    """How old the published numbers are, and why there are no newer ones; a sentence a line.

    Args:
        manifest: of the copy.
        attempt: what was tried last.
        now: this moment, naive UTC.
    """
    known = f"{manifest.known_until_utc:%Y-%m-%d %H:%M} UTC" if manifest.known_until_utc else "no moment: raw is empty"
    lines = [
        f"Copy {manifest.copy_number}: data known until {known}, published {manifest.published_at_utc:%Y-%m-%d %H:%M} "
        f"UTC ({_span((now - manifest.published_at_utc).total_seconds())} ago)."
    ]
    reason = why_nothing_newer(attempt)
    return [*lines, reason] if reason else lines


def why_nothing_newer(attempt: Attempt | None) -> str | None:
    """What came of the last try to make newer numbers; None: they were published, or nobody tried."""
    match attempt:
        case Attempt(outcome="failed"):
            return f"Nothing newer: `{attempt.command}` of {attempt.at_utc} UTC failed: {attempt.reason}"
        case Attempt(outcome="started"):
            return f"`{attempt.command}` of {attempt.at_utc} UTC still runs, or was killed."
        case Attempt(outcome="built"):
            return f"`{attempt.command}` of {attempt.at_utc} UTC made newer numbers: `rtm publish` publishes them."
        case Attempt(outcome="rolled back"):
            return f"This is an earlier copy by choice, rolled back to at {attempt.at_utc} UTC."
        case _:
            return None


def _span(seconds: float) -> str:
    """A span of time in the largest unit that it fills."""
    for unit, length in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{max(seconds, 0):.0f} seconds"


def number_of(path: Path) -> int:
    """A copy's number, by the name of its file."""
    found = _NAME.fullmatch(path.name)
    return int(found[1]) if found else 0


def utc_now() -> datetime:
    """This moment, naive UTC."""
    return datetime.now(UTC).replace(tzinfo=None)
