"""Landing files in raw: exactly once, all or nothing per file, bad files set aside with their reason.

A file's rows and its line in the manifest commit together, so a load that is killed leaves whole files or nothing.
"""

from __future__ import annotations

import tempfile
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from itertools import cycle
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb

from ingest import readers
from ingest.contents import Content, Digests, digest, read
from ingest.feeds import Feed
from ingest.inspection import Bench, Inspected, group_key, inspect, judge_answers, unpack
from ingest.parsing import macros
from ingest.raw import insert_many, leave_in_log, open_raw
from ingest.reading import FAULTS_OF_A_FILE, Read
from ingest.sources import Candidate, as_text, find
from ingest.texts import BadFileError

_BATCH_FILES = 2000
_BATCH_BYTES = 128 << 20
_READ_AHEAD = 4  # files
_READ_AT_ONCE = 1 << 18  # bytes up to which no other thread reads a file
_PACKED_GROWTH = 12  # a packed file is so many times as long in plain text


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
    """A file that is to be read, with the id that its rows will carry; `sha256` if it had to be known before."""

    file_id: int
    candidate: Candidate
    size_bytes: int
    sha256: str | None


@dataclass
class _Batch:
    """Files of one feed that have been looked at.

    Attributes:
        feed: the feed.
        size: how many files.
        bench: what holds their answers and lines.
        files: those that could be read.
        unsettled: files that are gone, cannot be opened, or have changed.
    """

    feed: Feed
    size: int
    bench: Bench
    files: list[Inspected] = field(default_factory=list)
    unsettled: list[Path] = field(default_factory=list)


@dataclass(frozen=True)
class _ManifestLine:
    """One line of the manifest: what became of a file version."""

    file: Inspected
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
        self._names = {(feed, name) for feed, name, *_ in rows}

    def knows(self, candidate: Candidate) -> bool:
        """Whether a file of this name was read before: only then can its content be known."""
        return (candidate.feed.name, candidate.name) in self._names

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
        self._benches = [Bench(scratch / "a"), Bench(scratch / "b")]
        self._progress = progress
        self._retry = retry
        self._report = Report(load_id=0)

    def close(self) -> None:
        """Let go of the scratch files."""
        for bench in self._benches:
            bench.close()

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
        contents: dict[tuple[str, str], set[str]] = defaultdict(set)
        memory = _Memory(self._con, contents)
        names = Counter((candidate.feed.name, candidate.name) for candidate in known)
        seen: list[tuple[Candidate, int, str | None]] = []
        for done, candidate in enumerate(known, start=1):
            name = candidate.feed.name, candidate.name
            try:
                if names[name] == 1 and not memory.knows(candidate):  # it can only be new
                    seen.append((candidate, candidate.path.stat().st_size, None))
                    continue
                content, size = digest(candidate)
            except OSError:
                self._report.unsettled.append(candidate.path)
                continue
            seen.append((candidate, size, content))
            contents[name].add(content)
            self._progress("looking at files", done, len(known))
        next_id = self._one("select coalesce(max(file_id), 0) + 1 from manifest")
        deliveries: list[_Delivery] = []
        taken: set[tuple[str, str, str]] = set()
        copies: list[tuple[str, str, None]] = []
        for candidate, size, sha256 in seen:
            feed = candidate.feed.name
            if sha256 is not None:
                reason = None if self._retry else memory.reason_set_aside(candidate, sha256)
                if reason is not None:
                    self._report.still_bad.append(Outcome(candidate.path, feed, 0, 0, reason))
                    continue
                if (feed, candidate.name, sha256) in taken or not memory.is_new(candidate, sha256):
                    self._report.unchanged[feed] += 1
                    copies.append((candidate.place, sha256, None))
                    continue
                taken.add((feed, candidate.name, sha256))
            deliveries.append(_Delivery(next_id + len(deliveries), candidate, size, sha256))
        if copies:
            self._con.execute("begin")
            insert_many(self._con, "sightings", copies, replace=True)
            self._con.execute("commit")
        return deliveries

    def _land_some(self, batch: _Batch) -> None:
        self._report.unsettled += batch.unsettled
        groups: dict[Hashable, list[Inspected]] = defaultdict(list)
        for file in batch.files:
            if file.problem is None:
                groups[group_key(file)].append(file)
            else:
                self._set_aside(file, file.problem)
        for files in groups.values():
            self._land_group(batch.feed, files, batch.bench)

    def _land_group(self, feed: Feed, files: Sequence[Inspected], bench: Bench) -> None:
        """Land files that one statement can read; where that fails, halve until the culprit is alone."""
        if not files:
            return
        try:
            found = readers.read(self._con, feed, files, bench.answers)
            if found.has_cells:
                self._parse(feed)
        except FAULTS_OF_A_FILE as error:
            if files[0].pack is not None:
                self._land_group(feed, self._unpacked(files, bench), bench)
            elif len(files) > 1:
                middle = len(files) // 2
                self._land_group(feed, files[:middle], bench)
                self._land_group(feed, files[middle:], bench)
            else:
                self._set_aside(files[0], f"the file cannot be read: {_first_line(error)}")
            return
        self._commit(feed, files, found)

    def _unpacked(self, files: Sequence[Inspected], bench: Bench) -> list[Inspected]:
        """Files of a pack that cannot be read, ready to be read one by one."""
        ready: list[Inspected] = []
        for file in files:
            try:
                unpack(file, bench)
            except (OSError, BadFileError):
                self._report.unsettled.append(file.candidate.path)
            else:
                ready.append(file)
        return ready

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

    def _commit(self, feed: Feed, files: Sequence[Inspected], found: Read) -> None:
        rows, valid = Counter(found.sound), Counter(found.sound)
        valid.subtract(found.blanks)
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
        unreadable.update(found.blanks)
        bad = dict(found.bad)
        unsettled: list[Path] = []
        lines_of_manifest: list[_ManifestLine] = []
        for file in files:
            file_id = file.file_id
            if not file.is_unchanged():
                unsettled.append(file.candidate.path)
                continue
            if file_id not in bad and valid[file_id] == 0:
                bad[file_id] = self._why_no_rows(file, lines[file_id], has_cells=found.has_cells)
            unknown = ", ".join(found.unknown_columns.get(file_id, [])) or None
            lines_of_manifest.append(_ManifestLine(file, rows[file_id], unreadable[file_id], bad.get(file_id), unknown))
        self._con.execute("begin")
        try:
            self._insert(feed, [line.file.file_id for line in lines_of_manifest if line.reason is None], found)
            self._record(lines_of_manifest)
            self._con.execute("commit")
        except BaseException:
            with suppress(duckdb.Error):  # a commit that failed (a full disk, say) has rolled back already
                self._con.execute("rollback")
            raise
        self._report_on(lines_of_manifest)
        self._report.unsettled += unsettled

    def _insert(self, feed: Feed, good: list[int], found: Read) -> None:
        con = self._con
        con.execute(
            "create or replace temp table good as select unnest(cast($good as integer[])) as file_id", {"good": good}
        )
        names = ", ".join(column.name for column in feed.columns)
        kept = set(good)
        if found.sound:
            only = "" if found.sound.keys() <= kept else "where file_id in (from good)"
            con.execute(f"insert into {feed.name} select file_id, row_number, {names} from sound {only}")
            if found.unknown_columns:
                con.execute(
                    "insert into extra_cells select file_id, row_number, extra from sound "
                    "where extra is not null and file_id in (from good) order by file_id, row_number"
                )
        if found.blanks:
            con.execute(
                "insert into bad_rows select file_id, row_number, column_name, 'blank', null, true from sound_blanks "
                "where file_id in (from good) order by all"
            )
        if found.has_cells:
            self._insert_careful(feed, names)
        rejected = [
            (r.file_id, r.line, None, f"line {r.line}: {r.problem}", r.content, False)
            for r in found.rejected
            if r.file_id in kept
        ]
        insert_many(con, "bad_rows", rejected)
        insert_many(con, "file_remarks", [remark for remark in found.remarks if remark[0] in kept])

    def _insert_careful(self, feed: Feed, names: str) -> None:
        con = self._con
        con.execute(
            f"insert into {feed.name} select file_id, row_number, {names} from parsed "
            "where is_keyed and file_id in (from good) order by file_id, row_number"
        )
        if not feed.personal:
            con.execute(
                "insert into extra_cells select file_id, row_number, extra from parsed "
                "where extra is not null and is_keyed and file_id in (from good) order by file_id, row_number"
            )
        else:
            con.execute(
                "insert into contract_contacts select file_id, row_number, email, cells.extra from cells "
                "inner join parsed using (file_id, row_number) "
                "where parsed.is_keyed and file_id in (from good) order by all"
            )
        con.execute(
            "insert into bad_rows select * from cell_problems where file_id in (from good) "
            "order by file_id, row_number, column_name"
        )

    def _why_no_rows(self, file: Inspected, lines: int, *, has_cells: bool) -> str:
        problem = self._first_problem(file.file_id) if has_cells else None
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

    def _set_aside(self, file: Inspected, reason: str) -> None:
        line = _ManifestLine(file, 0, 0, reason, None)
        self._con.execute("begin")
        self._record([line])
        self._con.execute("commit")
        self._report_on([line])

    def _record(self, lines: Sequence[_ManifestLine]) -> None:
        rows = [
            (
                line.file.file_id, self._report.load_id, line.file.candidate.feed.name, line.file.candidate.place,
                line.file.candidate.name, line.file.size_bytes, line.file.sha256, line.file.timestamp,
                _now(), line.landed_rows, line.bad_rows, line.status, line.reason, line.unknown_columns,
            )
            for line in lines
        ]  # fmt: skip
        insert_many(self._con, "manifest", rows)
        sightings = [(line.file.candidate.place, line.file.sha256, line.file.file_id) for line in lines]
        insert_many(self._con, "sightings", sightings, replace=True)

    def _report_on(self, lines: Sequence[_ManifestLine]) -> None:
        self._report.outcomes += [
            Outcome(
                line.file.candidate.path, line.file.candidate.feed.name, line.landed_rows, line.bad_rows, line.reason
            )
            for line in lines
        ]

    def _one(self, sql: str) -> int:
        ((value,),) = self._con.execute(sql).fetchall()
        return int(value)


def _look(deliveries: Sequence[_Delivery], bench: Bench, zone: ZoneInfo) -> _Batch:
    feed = deliveries[0].candidate.feed
    bench.clear(feed)
    batch = _Batch(feed, len(deliveries), bench)
    with ThreadPoolExecutor(max_workers=1) as other:
        digests = Digests(other)
        for delivery, reading in _ahead(other, deliveries):
            try:
                content = reading()
                file = inspect(delivery.file_id, content, zone, bench)
            except OSError:
                batch.unsettled.append(delivery.candidate.path)
            else:
                digests.add(file.file_id, content)
                batch.files.append(file)
        sha256 = digests.all()
    for file in batch.files:
        file.sha256 = sha256[file.file_id]
    found_new = {delivery.file_id: delivery.sha256 for delivery in deliveries if delivery.sha256 is not None}
    changed = {file.file_id for file in batch.files if found_new.get(file.file_id, file.sha256) != file.sha256}
    changed |= judge_answers(batch.files, bench)
    batch.unsettled += [file.candidate.path for file in batch.files if file.file_id in changed]
    batch.files = [file for file in batch.files if file.file_id not in changed]
    return batch


def _ahead(
    other: ThreadPoolExecutor, deliveries: Iterable[_Delivery]
) -> Iterator[tuple[_Delivery, Callable[[], Content]]]:
    """Files, and what gives their content: if it is worth it, another thread reads them, some files ahead.

    Hashing and decompressing leave Python's lock alone; a small file is read in less time than that lock takes.
    """
    waiting: deque[tuple[_Delivery, Callable[[], Content]]] = deque()
    for delivery in deliveries:
        if delivery.size_bytes < _READ_AT_ONCE and not delivery.candidate.is_packed:
            waiting.append((delivery, partial(read, delivery.candidate, with_digest=False)))
        else:
            waiting.append((delivery, other.submit(read, delivery.candidate).result))
        if len(waiting) > _READ_AHEAD:
            yield waiting.popleft()
    yield from waiting


def _batches(deliveries: Iterable[_Delivery]) -> Iterator[list[_Delivery]]:
    """Slices of a bounded number of files and bytes."""
    batch: list[_Delivery] = []
    size = 0
    for delivery in deliveries:
        bytes_to_read = delivery.size_bytes * (_PACKED_GROWTH if delivery.candidate.is_packed else 1)
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
