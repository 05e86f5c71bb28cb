"""CSV files of one feed and one shape -> rows, see `ingest.reading`.

Columns are found by name; a cell that a file lacks is NULL. In `cells` blanks are NULL, and none stand around a text.
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from ingest.csv_shape import CsvShape, is_metering_point
from ingest.feeds import Feed, Layout, normalise
from ingest.inspection import Inspected
from ingest.raw import insert_many
from ingest.reading import FAULTS_OF_A_FILE, Read, RejectedLine, judged

# Its rows come in the order of the files and their lines. `file_index` counts the files, or is a pack's first column,
# the file's id.
_LINES = """
    read_csv(
        $paths, columns = $names, auto_detect = false, header = false, delim = $delimiter, quote = '"', escape = '"',
        skip = $skip, hive_partitioning = false
    )
"""
# The same, but lines that cannot be cut into cells are set aside instead of failing. It takes twice as long.
_GOOD_LINES = _LINES.replace(
    "hive_partitioning = false",
    "hive_partitioning = false, store_rejects = true, rejects_table = 'reject_lines', rejects_scan = 'reject_files'",
)

Files = Sequence[Inspected]


def read(con: duckdb.DuckDBPyConnection, feed: Feed, files: Files) -> Read:
    """Read CSV files into `sound` and `cells`.

    Args:
        con: a connection with the parsing macros.
        feed: the feed.
        files: the files, all with one `group_key`.

    Raises:
        duckdb.Error: if a statement fails, which can be the fault of any of the files.
    """
    result = Read()
    if feed.layout is Layout.WIDE_CSV:
        _read_wide(con, feed, files, result)
        _part(con, feed, result, from_header="metering_point_id")
    else:
        _read_narrow(con, feed, files, result)
        _part(con, feed, result)
    return result


def _read_narrow(con: duckdb.DuckDBPyConnection, feed: Feed, files: Files, result: Read) -> None:
    """One row a line, as `numbered`."""
    shape = _shape(files[0])
    known = set(feed.known_cells)
    place = {name: f"c{position}" for position, name in enumerate(shape.header) if name}
    unknown = [name for name in place if name not in known]
    cells = ", ".join(f'{place.get(name, "cast(null as varchar)")} as "{name}"' for name in feed.known_cells)
    extra = _extra([(name, place[name]) for name in unknown])
    fields = judged(feed, f"select file_index, {cells}, {extra} as extra from {_LINES}", "file_index", "extra")
    result.rejected = _cut(con, feed, f"create or replace temp table fields as {fields}", files)
    _note_first_rows(con, "fields", files)
    con.execute(
        "create or replace temp view numbered as select file_id, subject, fields.rowid - first_row + 1 as row_number, "
        "fields.* exclude (file_index) from fields inner join first_rows using (file_index)"
    )
    if unknown:
        result.unknown_columns = {file.file_id: unknown for file in files}


def _read_wide(con: duckdb.DuckDBPyConnection, feed: Feed, files: Files, result: Read) -> None:
    """A row for each line and metering point, as `numbered`; headers differ, so cells are found by position."""
    shape = _shape(files[0])
    places: list[tuple[int, int, int, int, int, str]] = []
    for index, file in zip(_indexes(files), files, strict=True):
        labels = _shape(file).labels
        header = [normalise(label) for label in labels]
        start = header.index("delivery_start__utc_")
        points = [position for position, name in enumerate(header) if is_metering_point(name)]
        places += [
            (index, start + 1, position + 1, nth, len(points), labels[position][: -len("__kw_")])
            for nth, position in enumerate(points, start=1)
        ]
        others = [name for at, name in enumerate(header) if name and at != start and at not in points]
        if others:
            result.unknown_columns[file.file_id] = others
    con.execute(
        "create or replace temp table places (file_index bigint, start_position integer, position integer, "
        "nth integer, points integer, metering_point_id varchar)"
    )
    insert_many(con, "places", places)
    cells = ", ".join(f"c{position}" for position in range(len(shape.labels)))
    lines = f"create or replace temp table lines as select file_index, [{cells}] as cells from {_LINES}"
    result.rejected = _cut(con, feed, lines, files)
    _note_first_rows(con, "lines", files)
    melted = """
        select file_id, subject, (lines.rowid - first_row) * points + nth as row_number,
            cells[start_position] as delivery_start__utc_, metering_point_id, cells[position] as power,
            cast(null as varchar) as extra
        from lines inner join first_rows using (file_index) inner join places using (file_index)
    """
    con.execute(
        "create or replace temp table melted as " + judged(feed, melted, "file_id", "subject", "row_number", "extra")
    )
    con.execute("create or replace temp view numbered as from melted")


def _shape(file: Inspected) -> CsvShape:
    if file.shape is None:
        raise TypeError("a CSV file was not inspected")
    return file.shape


def _cut(con: duckdb.DuckDBPyConnection, feed: Feed, sql: str, files: Files) -> list[RejectedLine]:
    """Run a statement that reads `_LINES`.

    Returns:
        Lines that cannot be cut into cells, which it leaves out.
    """
    shape = _shape(files[0])
    width = len(shape.labels) + shape.has_trailing_delimiter
    names = {f"c{position}": "VARCHAR" for position in range(width)}
    pack = files[0].pack
    if pack is not None:
        pack.flush()
        names = {"file_index": "INTEGER", **names}
    reading = {
        "paths": [str(file.readable) for file in files] if pack is None else [str(pack.path)],
        "names": names,
        "delimiter": shape.delimiter,
        "skip": shape.skipped_lines if pack is None else 0,
    }
    try:
        con.execute(sql, reading)
    except FAULTS_OF_A_FILE:
        if pack is not None:
            raise
        con.execute("drop table if exists reject_lines; drop table if exists reject_files")
        con.execute(sql.replace(_LINES, _GOOD_LINES), reading)
        return _rejected_lines(con, feed, files)
    return []


def _indexes(files: Files) -> list[int]:
    """What `file_index` is for each file."""
    return list(range(len(files))) if files[0].pack is None else [file.file_id for file in files]


def _note_first_rows(con: duckdb.DuckDBPyConnection, table: str, files: Files) -> None:
    """Where each file's rows begin in a table that was filled from `_LINES`, as `first_rows`."""
    con.execute(
        f"""
        create or replace temp table first_rows as
        select file_index, file_id, subject, first_row
        from (select file_index, min(rowid) as first_row from {table} group by file_index)
        inner join (
            select unnest($indexes) as file_index, unnest($ids) as file_id, unnest($subjects) as subject
        ) using (file_index)
        """,
        {
            "indexes": _indexes(files),
            "ids": [file.file_id for file in files],
            "subjects": [file.subject for file in files],
        },
    )


def _part(con: duckdb.DuckDBPyConnection, feed: Feed, result: Read, *, from_header: str | None = None) -> None:
    """`numbered` -> `sound` and `cells`; a cell that comes from the header is taken as it is."""
    counts = con.execute(
        "select file_id, count(*) filter (is_sound), count(*) filter (not is_sound) from numbered group by file_id"
    ).fetchall()
    result.sound = {file_id: sound for file_id, sound, _ in counts if sound}
    result.has_cells = any(others for _, _, others in counts)
    columns = ", ".join(column.name for column in feed.columns)
    con.execute(
        "create or replace temp view sound as "
        f"select file_id, row_number, {columns}, extra from numbered where is_sound"
    )
    if result.has_cells:
        cells = ", ".join(
            f'cell."{name}"' if name == from_header else f'trimmed(cell."{name}") as "{name}"' for name in feed.cells
        )
        con.execute(
            "create or replace temp table cells as "
            f"select file_id, row_number, subject, {cells}, extra from numbered where not is_sound"
        )


def _rejected_lines(con: duckdb.DuckDBPyConnection, feed: Feed, files: Files) -> list[RejectedLine]:
    """Lines that cannot be cut into cells."""
    rows = con.execute(
        """
        select files.file_path, lines.line, min(lines.error_message), min(lines.csv_line)
        from reject_lines as lines inner join reject_files as files using (scan_id, file_id)
        group by all
        """
    ).fetchall()
    file_ids = {str(file.readable): file.file_id for file in files}
    hidden = "(not shown: may hold personal data)" if feed.personal else None
    return sorted(
        (
            RejectedLine(
                file_ids[path], line, " ".join(problem.split("\n")[0].split()), hidden or (content or "").strip()[:500]
            )
            for path, line, problem, content in rows
        ),
        key=lambda rejected: (rejected.file_id, rejected.line),
    )


def _extra(cells: list[tuple[str, str]]) -> str:
    """Cells that the feed does not know, kept as one JSON object; NULL where all are blank."""
    if not cells:
        return "cast(null as varchar)"
    pairs = ", ".join(f"'{name.replace(chr(39), chr(39) * 2)}', trimmed({cell})" for name, cell in cells)
    present = ", ".join(f"trimmed({cell})" for _, cell in cells)
    return f"case when coalesce({present}) is not null then cast(json_object({pairs}) as varchar) end"
