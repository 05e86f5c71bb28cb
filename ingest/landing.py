"""Landing files in raw: exactly once, all or nothing per file, bad files set aside with their reason.

A file's rows and its line in the manifest commit together, so a load that is killed leaves whole files or nothing.
"""

from __future__ import annotations

import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import cycle
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb

from ingest import readers
from ingest.clocks import file_timestamp
from ingest.feeds import Feed
from ingest.packs import Pack
from ingest.parsing import macros
from ingest.raw import insert_many, leave_in_log, open_raw
from ingest.reading import FAULTS_OF_A_FILE, Read
from ingest.sources import Candidate, Inspected, as_text, digest, find, inspect
from ingest.texts import BadFileError

_BATCH_FILES = 1000
_BATCH_BYTES = 128 << 20
_PACKED_GROWTH = 12  # a packed file is so many times as long in plain text

Seen = tuple[str, int, int]


@dataclass(frozen=True)
class Outcome:
    """What became of one file: `landed` or `quarantined`, and why."""

    path: Path
    feed: str
    rows: int
    bad_rows: int
    reason: str | None = None


@dataclass
class Report:
    """What a load did.

    Attributes:
        outcomes: files that were read in this load.
        unchanged: feed -> number of files that lie in raw already.
        still_bad: files of the source that an earlier load set aside, with the reason.
        unknown: files of no known feed.
        unsettled: files that changed while they were read; the next load takes them.
    """

    load_id: int
    outcomes: list[Outcome] = field(default_factory=list)
    unchanged: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    still_bad: list[Outcome] = field(default_factory=list)
    unknown: list[Path] = field(default_factory=list)
    unsettled: list[Path] = field(default_factory=list)

    @property
    def quarantined(self) -> list[Outcome]:
        """Files of the source that do not count, whenever that was found."""
        return [outcome for outcome in self.outcomes if outcome.reason is not None] + self.still_bad


@dataclass(frozen=True)
class _Delivery:
    """A file that is to be read, with the id that its rows will carry."""

    file_id: int
    candidate: Candidate
    seen: Seen


class _Bench:
    """A folder for what is made of a batch's files so that DuckDB can read them."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder = folder
        self.pack = Pack(folder / "pack.jsonl")

    def clear(self) -> None:
        """Forget the batch before."""
        self.pack.clear()
        for copy in self.folder.glob("*.csv"):
            copy.unlink()


@dataclass
class _Batch:
    """Files of one feed that have been looked at.

    Attributes:
        feed: the feed.
        size: how many files.
        pack: what holds those that are JSON.
        groups: files that can be read together, with their ids.
        bad: files that cannot be used, and why.
        unreadable: files that are gone, or cannot be opened.
    """

    feed: Feed
    size: int
    pack: Pack
    groups: dict[Hashable, list[tuple[int, Inspected]]] = field(default_factory=lambda: defaultdict(list))
    bad: list[tuple[_Delivery, str]] = field(default_factory=list)
    unreadable: list[Path] = field(default_factory=list)


@dataclass(frozen=True)
class _ManifestLine:
    """One line of the manifest: what became of a file version."""

    file_id: int
    candidate: Candidate
    seen: Seen
    rows: int
    bad_rows: int
    reason: str | None
    unknown_columns: str | None

    @property
    def status(self) -> str:
        return "landed" if self.reason is None else "quarantined"

    @property
    def landed_rows(self) -> int:
        return self.rows if self.reason is None else 0


class _Memory:
    """What raw knows of files: decides whether a file is new (design decision 1)."""

    def __init__(self, con: duckdb.DuckDBPyConnection, source_contents: dict[tuple[str, str], set[str]]) -> None:
        rows = con.execute("select feed, file_name, sha256, status, reason from manifest order by file_id").fetchall()
        self._current = {(feed, name): sha for feed, name, sha, status, _ in rows if status == "landed"}
        self._landed = {(feed, name, sha) for feed, name, sha, status, _ in rows if status == "landed"}
        self._bad = {(feed, name, sha): reason for feed, name, sha, status, reason in rows if status == "quarantined"}
        self._sightings = dict(con.execute("select path, sha256 from sightings").fetchall())
        self._source_contents = source_contents

    def reason_set_aside(self, candidate: Candidate, sha256: str) -> str | None:
        """Why this very content was set aside earlier; None: it was not."""
        return self._bad.get((candidate.feed.name, candidate.name, sha256))

    def is_new(self, candidate: Candidate, sha256: str) -> bool:
        """Whether a file is to be landed.

        A name's current content is not landed again, wherever it lies. A content that the name had before is a change
        back, unless it has lain unchanged at its path, or the source holds the current content as well (a copy of
        both versions is no news).
        """
        key = (candidate.feed.name, candidate.name)
        current = self._current.get(key)
        if current == sha256:
            return False
        if (*key, sha256) not in self._landed:
            return True
        if self._sightings.get(candidate.place) == sha256:
            return False
        return current not in self._source_contents[key]


def ingest(
    source: Path,
    raw: Path,
    zone: ZoneInfo,
    *,
    exclude: Path | None = None,
    retry: bool = False,
    settle: bool = True,
    progress: Callable[[str, int, int], None] = lambda feed, done, total: None,
) -> Report:
    """Land every new file of a source.

    Args:
        source: a folder or a file.
        raw: the raw database, made if it is not there.
        zone: the market's time zone.
        exclude: a folder below the source to leave out.
        retry: read files again that an earlier load set aside.
        settle: whether all of it stands in raw itself at the end; else some may stand in the log beside it, and
            `serve.files.settle` is to be called when nobody waits.
        progress: called with (feed, files done, files to do).

    Raises:
        RawError: if raw cannot be opened.
    """
    source = source.resolve()
    con = open_raw(raw, macros(zone))
    try:
        if not settle:
            leave_in_log(con)
        with tempfile.TemporaryDirectory(prefix="rtm-") as scratch:
            load = _Load(con, zone, Path(scratch), progress, retry=retry)
            try:
                return load.run(source, exclude)
            finally:
                load.close()
    finally:
        con.close()


class _Load:
    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        zone: ZoneInfo,
        scratch: Path,
        progress: Callable[[str, int, int], None],
        *,
        retry: bool,
    ) -> None:
        self._con = con
        self._zone = zone
        self._benches = [_Bench(scratch / "a"), _Bench(scratch / "b")]
        self._progress = progress
        self._retry = retry
        self._report = Report(load_id=0)

    def close(self) -> None:
        """Let go of the scratch files."""
        for bench in self._benches:
            bench.pack.close()

    def run(self, source: Path, exclude: Path | None) -> Report:
        known, unknown = find(source, exclude)
        load_id = self._one("select coalesce(max(load_id), 0) + 1 from loads")
        self._con.execute("insert into loads values (?, ?, ?)", [load_id, _now(), as_text(source)])
        self._report = Report(load_id, unknown=unknown)
        deliveries = self._select_new(known)
        by_feed: dict[str, list[_Delivery]] = defaultdict(list)
        for delivery in deliveries:
            by_feed[delivery.candidate.feed.name].append(delivery)
        done: Counter[str] = Counter()
        for batch in self._looked_at(some for of_feed in by_feed.values() for some in _batches(of_feed)):
            self._land_some(batch)
            done[batch.feed.name] += batch.size
            self._progress(batch.feed.name, done[batch.feed.name], len(by_feed[batch.feed.name]))
        return self._report

    def _looked_at(self, batches: Iterable[list[_Delivery]]) -> Iterator[_Batch]:
        """Batches whose files have been looked at, each while the one before it was landed."""
        with ThreadPoolExecutor(max_workers=1) as other:
            waiting: Future[_Batch] | None = None
            for deliveries, bench in zip(batches, cycle(self._benches), strict=False):
                next_one = other.submit(_look, deliveries, bench, self._zone)
                if waiting is not None:
                    yield waiting.result()
                waiting = next_one
            if waiting is not None:
                yield waiting.result()

    def _select_new(self, known: Sequence[Candidate]) -> list[_Delivery]:
        """The files to read, in the order of their paths; of equal name and bytes only the first."""
        seen: list[tuple[Candidate, Seen]] = []
        contents: dict[tuple[str, str], set[str]] = defaultdict(set)
        for done, candidate in enumerate(known, start=1):
            try:
                seen.append((candidate, digest(candidate)))
            except OSError:
                self._report.unsettled.append(candidate.path)
                continue
            contents[candidate.feed.name, candidate.name].add(seen[-1][1][0])
            self._progress("looking at files", done, len(known))
        memory = _Memory(self._con, contents)
        next_id = self._one("select coalesce(max(file_id), 0) + 1 from manifest")
        deliveries: list[_Delivery] = []
        taken: set[tuple[str, str, str]] = set()
        copies: list[tuple[str, str, None]] = []
        for candidate, look in seen:
            feed, sha256 = candidate.feed.name, look[0]
            reason = None if self._retry else memory.reason_set_aside(candidate, sha256)
            if reason is not None:
                self._report.still_bad.append(Outcome(candidate.path, feed, 0, 0, reason))
            elif (feed, candidate.name, sha256) in taken or not memory.is_new(candidate, sha256):
                self._report.unchanged[feed] += 1
                copies.append((candidate.place, sha256, None))
            else:
                taken.add((feed, candidate.name, sha256))
                deliveries.append(_Delivery(next_id + len(deliveries), candidate, look))
        if copies:
            self._con.execute("begin")
            insert_many(self._con, "sightings", copies, replace=True)
            self._con.execute("commit")
        return deliveries

    def _land_some(self, batch: _Batch) -> None:
        self._report.unsettled += batch.unreadable
        for delivery, reason in batch.bad:
            self._set_aside(delivery.file_id, delivery.candidate, delivery.seen, reason)
        for files in batch.groups.values():
            self._land_group(batch.feed, files, batch.pack)

    def _land_group(self, feed: Feed, files: Sequence[tuple[int, Inspected]], pack: Pack) -> None:
        """Land files that one statement can read; where that fails, halve until the culprit is alone."""
        if not files:
            return
        try:
            found = readers.read(self._con, feed, files, pack)
            if found.has_cells:
                self._parse(feed)
        except FAULTS_OF_A_FILE as error:
            if len(files) > 1:
                middle = len(files) // 2
                self._land_group(feed, files[:middle], pack)
                self._land_group(feed, files[middle:], pack)
                return
            file_id, file = files[0]
            self._set_aside(file_id, file.candidate, _seen(file), f"the file cannot be read: {_first_line(error)}")
            return
        self._commit(feed, files, found)

    def _parse(self, feed: Feed) -> None:
        """The careful way: `cells` -> `parsed`, typed and named as in raw, and `cell_problems`."""
        columns = ", ".join(f'cast({column.sql} as {column.type}) as "new_{column.name}"' for column in feed.columns)
        names = ", ".join(f'"new_{column.name}" as {column.name}' for column in feed.columns)
        keyed = " and ".join(f"{key} is not null" for key in feed.keys)
        self._con.execute(
            f"""
            create or replace temp table parsed as
            select *, ({keyed}) as is_keyed, ({keyed}) and coalesce({feed.value}, false) as is_valid
            from (select file_id, row_number, {names}, extra from (select *, {columns} from cells))
            """
        )
        problems = [
            f"""
            select parsed.file_id, parsed.row_number, '{column.cell}' as column_name,
                case when cells."{column.cell}" is null then 'blank' else 'not {column.expected}' end as problem,
                left(cells."{column.cell}", 200) as content, parsed.is_keyed as is_landed
            from parsed inner join cells using (file_id, row_number)
            where parsed.{column.name} is null {f'and cells."{column.cell}" is not null' if column.blank_ok else ""}
            """
            for column in feed.columns
            if column.cell is not None
        ]
        self._con.execute(f"create or replace temp table cell_problems as {' union all '.join(problems)}")

    def _commit(self, feed: Feed, files: Sequence[tuple[int, Inspected]], found: Read) -> None:
        rows, valid = Counter(found.sound), Counter(found.sound)
        unreadable = Counter(rejected.file_id for rejected in found.rejected)
        lines = Counter(unreadable)
        if found.has_cells:
            for file_id, keyed, usable in self._con.execute(
                "select file_id, count(*) filter (is_keyed), count(*) filter (is_valid) from parsed group by all"
            ).fetchall():
                rows[file_id] += keyed
                valid[file_id] += usable
            unreadable.update(
                dict(
                    self._con.execute(
                        "select file_id, count(distinct row_number) from cell_problems group by all"
                    ).fetchall()
                )
            )
        bad = dict(found.bad)
        lines_of_manifest: list[_ManifestLine] = []
        for file_id, file in files:
            if not file.is_unchanged():
                self._report.unsettled.append(file.candidate.path)
                continue
            if file_id not in bad and valid[file_id] == 0:
                bad[file_id] = self._why_no_rows(file, file_id, lines[file_id], has_cells=found.has_cells)
            unknown = ", ".join(found.unknown_columns.get(file_id, [])) or None
            lines_of_manifest.append(
                _ManifestLine(
                    file_id, file.candidate, _seen(file), rows[file_id], unreadable[file_id], bad.get(file_id), unknown
                )
            )
        self._con.execute("begin")
        try:
            self._record(lines_of_manifest)
            self._insert(feed, [line.file_id for line in lines_of_manifest if line.reason is None], found)
            self._con.execute("commit")
        except BaseException:
            with suppress(duckdb.Error):  # a commit that failed (a full disk, say) has rolled back already
                self._con.execute("rollback")
            raise

    def _insert(self, feed: Feed, good: list[int], found: Read) -> None:
        con = self._con
        con.execute(
            "create or replace temp table good as select unnest(cast($good as integer[])) as file_id", {"good": good}
        )
        names = ", ".join(column.name for column in feed.columns)
        if found.sound:
            con.execute(
                f"insert into {feed.name} select file_id, row_number, {names}, extra from sound "
                "where file_id in (from good)"
            )
        if found.has_cells:
            self._insert_careful(feed, names)
        kept = set(good)
        rejected = [
            (r.file_id, r.line, None, f"line {r.line}: {r.problem}", r.content, False)
            for r in found.rejected
            if r.file_id in kept
        ]
        insert_many(con, "bad_rows", rejected)
        insert_many(con, "file_remarks", [remark for remark in found.remarks if remark[0] in kept])

    def _insert_careful(self, feed: Feed, names: str) -> None:
        con = self._con
        extra = "cast(null as varchar)" if feed.personal else "extra"
        con.execute(
            f"insert into {feed.name} select file_id, row_number, {names}, {extra} from parsed "
            "where is_keyed and file_id in (from good) order by file_id, row_number"
        )
        if feed.personal:
            con.execute(
                "insert into contract_contacts select file_id, row_number, email, cells.extra from cells "
                "inner join parsed using (file_id, row_number) "
                "where parsed.is_keyed and file_id in (from good) order by all"
            )
        con.execute(
            "insert into bad_rows select * from cell_problems where file_id in (from good) "
            "order by file_id, row_number, column_name"
        )

    def _why_no_rows(self, file: Inspected, file_id: int, lines: int, *, has_cells: bool) -> str:
        problem = self._first_problem(file_id) if has_cells else None
        if problem is not None:
            row, column, what, content = problem
            return f"no row can be used; for example row {row}: {column} is {what}" + (
                f" ({content})" if content else ""
            )
        if lines and file.candidate.is_packed:
            return f"no row can be used: none of the {lines} lines holds a sound answer"
        if lines:
            return f"no row can be used: none of the {lines} lines has as many fields as the header"
        return "the file has no rows"

    def _first_problem(self, file_id: int) -> tuple[int, str, str, str | None] | None:
        found: list[tuple[int, str, str, str | None]] = self._con.execute(
            "select row_number, column_name, problem, content from cell_problems where file_id = ? "
            "order by row_number, column_name limit 1",
            [file_id],
        ).fetchall()
        return found[0] if found else None

    def _set_aside(self, file_id: int, candidate: Candidate, seen: Seen, reason: str) -> None:
        self._con.execute("begin")
        self._record([_ManifestLine(file_id, candidate, seen, 0, 0, reason, None)])
        self._con.execute("commit")

    def _record(self, lines: Sequence[_ManifestLine]) -> None:
        rows = [
            (
                line.file_id, self._report.load_id, line.candidate.feed.name, line.candidate.place,
                line.candidate.name, line.seen[1], line.seen[0], file_timestamp(line.candidate.stem, self._zone),
                _now(), line.landed_rows, line.bad_rows, line.status, line.reason, line.unknown_columns,
            )
            for line in lines
        ]  # fmt: skip
        insert_many(self._con, "manifest", rows)
        sightings = [(line.candidate.place, line.seen[0], line.file_id) for line in lines]
        insert_many(self._con, "sightings", sightings, replace=True)
        self._report.outcomes += [
            Outcome(line.candidate.path, line.candidate.feed.name, line.landed_rows, line.bad_rows, line.reason)
            for line in lines
        ]

    def _one(self, sql: str) -> int:
        row = self._con.execute(sql).fetchone()
        return int(row[0]) if row else 0


def _seen(file: Inspected) -> Seen:
    return file.sha256, file.size_bytes, file.changed_ns


def _look(deliveries: Sequence[_Delivery], bench: _Bench, zone: ZoneInfo) -> _Batch:
    bench.clear()
    batch = _Batch(deliveries[0].candidate.feed, len(deliveries), bench.pack)
    for delivery in deliveries:
        try:
            file = inspect(delivery.candidate, delivery.seen, zone, bench.folder, bench.pack)
        except BadFileError as error:
            batch.bad.append((delivery, str(error)))
        except OSError:
            batch.unreadable.append(delivery.candidate.path)
        else:
            batch.groups[readers.group_key(file)].append((delivery.file_id, file))
    return batch


def _batches(deliveries: Iterable[_Delivery]) -> Iterator[list[_Delivery]]:
    """Slices of a bounded number of files and bytes."""
    batch: list[_Delivery] = []
    size = 0
    for delivery in deliveries:
        bytes_to_read = delivery.seen[1] * (_PACKED_GROWTH if delivery.candidate.is_packed else 1)
        if batch and (len(batch) >= _BATCH_FILES or size + bytes_to_read > _BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(delivery)
        size += bytes_to_read
    if batch:
        yield batch


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]
