"""Files of one feed and one shape -> the temporary table `cells`: a row per record, all of it text.

Many files are read in one statement. Columns are found by name; a cell that a file lacks is NULL, blanks are NULL.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field

import duckdb

from ingest.feeds import Feed, Layout, normalise
from ingest.raw import insert_many
from ingest.sources import Inspected, is_metering_point


@dataclass(frozen=True)
class RejectedLine:
    """A line that gives no row: of a CSV file, one that cannot be cut into cells; of a packed file, a bad answer."""

    file_id: int
    line: int
    problem: str
    content: str | None


@dataclass
class Read:
    """What became of the files beside the table `cells`.

    Attributes:
        bad: file id -> why none of the file counts.
        rejected: lines that cannot be cut into cells.
        remarks: (file id, finding, example) for oddities of whole files.
        unknown_columns: file id -> columns that the feed does not know.
    """

    bad: dict[int, str] = field(default_factory=dict)
    rejected: list[RejectedLine] = field(default_factory=list)
    remarks: list[tuple[int, str, str]] = field(default_factory=list)
    unknown_columns: dict[int, list[str]] = field(default_factory=dict)


def group_key(file: Inspected) -> Hashable:
    """Files with an equal key can be read in one statement."""
    shape = file.shape
    if shape is None:
        return ()
    columns: Hashable = len(shape.labels) if file.candidate.feed.layout is Layout.WIDE_CSV else shape.header
    return (shape.delimiter, shape.skipped_lines, shape.has_trailing_delimiter, columns)


def read(con: duckdb.DuckDBPyConnection, feed: Feed, files: Sequence[tuple[int, Inspected]]) -> Read:
    """Read files of one feed and one `group_key` into `cells`.

    Args:
        con: a connection with the parsing macros.
        feed: the feed.
        files: (file id, file) of each.

    Raises:
        duckdb.Error: if the statement fails, which can be the fault of any of the files.
    """
    con.execute(
        "create or replace temp table batch (file_id integer, readable varchar, subject varchar, is_packed boolean)"
    )
    insert_many(con, "batch", [(i, str(f.readable), f.subject, f.candidate.is_packed) for i, f in files])
    paths = [str(file.readable) for _, file in files]
    match feed.layout:
        case Layout.CSV | Layout.WIDE_CSV:
            return _read_csv(con, feed, files, paths)
        case Layout.SERIES:
            return _read_series(con, feed, paths)
        case Layout.ASSETS:
            return _read_assets(con, paths)


def _read_csv(
    con: duckdb.DuckDBPyConnection, feed: Feed, files: Sequence[tuple[int, Inspected]], paths: list[str]
) -> Read:
    shape = files[0][1].shape
    if shape is None:
        raise TypeError("a CSV file was not inspected")
    width = len(shape.labels) + shape.has_trailing_delimiter
    names = {f"c{position}": "VARCHAR" for position in range(width)}
    con.execute("drop table if exists reject_lines; drop table if exists reject_files")
    con.execute(
        """
        create or replace temp table lines as
        select batch.file_id, batch.subject, row_number() over (partition by batch.file_id order by n) as row_number,
            lines.* exclude (n, filename)
        from (
            select *, row_number() over () as n
            from read_csv(
                $paths, columns = $names, auto_detect = false, header = false, delim = $delimiter, quote = '"',
                escape = '"', skip = $skip, filename = true,
                hive_partitioning = false, store_rejects = true, rejects_table = 'reject_lines',
                rejects_scan = 'reject_files'
            )
        ) as lines
        inner join batch on batch.readable = lines.filename
        """,
        {"paths": paths, "names": names, "delimiter": shape.delimiter, "skip": shape.skipped_lines},
    )
    result = Read(rejected=_rejected_lines(con, feed))
    if feed.layout is Layout.WIDE_CSV:
        _melt(con, files, result)
    else:
        _name_cells(con, feed, shape.header, result)
    return result


def _rejected_lines(con: duckdb.DuckDBPyConnection, feed: Feed) -> list[RejectedLine]:
    rows = con.execute(
        """
        select batch.file_id, lines.line, min(lines.error_message), min(lines.csv_line)
        from reject_lines as lines
        inner join reject_files as files using (scan_id, file_id)
        inner join batch on batch.readable = files.file_path
        group by all
        order by all
        """
    ).fetchall()
    hidden = "(not shown: may hold personal data)" if feed.personal else None
    return [
        RejectedLine(file_id, line, " ".join(problem.split("\n")[0].split()), hidden or (content or "").strip()[:500])
        for file_id, line, problem, content in rows
    ]


def _name_cells(con: duckdb.DuckDBPyConnection, feed: Feed, header: tuple[str, ...], result: Read) -> None:
    known = set(feed.known_cells)
    place = {name: f"c{position}" for position, name in enumerate(header) if name}
    unknown = [name for name in place if name not in known]
    cells = [
        f'{_trimmed(place[name])} as "{name}"' if name in place else f'cast(null as varchar) as "{name}"'
        for name in feed.known_cells
    ]
    con.execute(
        f"create or replace temp table cells as select file_id, row_number, subject, {', '.join(cells)}, "
        f"{_extra([(name, place[name]) for name in unknown])} as extra from lines"
    )
    if unknown:
        for (file_id,) in con.execute("select file_id from batch").fetchall():
            result.unknown_columns[file_id] = unknown


def _trimmed(cell: str) -> str:
    return f"nullif(trim({cell}, ' \t\r'), '')"


def _extra(cells: list[tuple[str, str]]) -> str:
    """Cells that the feed does not know, kept as one JSON object; NULL where all are blank."""
    if not cells:
        return "cast(null as varchar)"
    pairs = ", ".join(f"'{name.replace(chr(39), chr(39) * 2)}', {_trimmed(cell)}" for name, cell in cells)
    present = ", ".join(_trimmed(cell) for _, cell in cells)
    return f"case when coalesce({present}) is not null then cast(json_object({pairs}) as varchar) end"


def _melt(con: duckdb.DuckDBPyConnection, files: Sequence[tuple[int, Inspected]], result: Read) -> None:
    """One row per metering point and quarter-hour: headers differ from file to file, so cells go by position."""
    places: list[tuple[int, int, int, str]] = []
    for file_id, file in files:
        labels = file.shape.labels if file.shape else ()
        header = [normalise(label) for label in labels]
        start = header.index("delivery_start__utc_")
        for position, (name, label) in enumerate(zip(header, labels, strict=True)):
            if is_metering_point(name):
                places.append((file_id, start + 1, position + 1, label[: -len("__kw_")]))
            elif name and position != start:
                result.unknown_columns.setdefault(file_id, []).append(name)
    con.execute(
        "create or replace temp table places "
        "(file_id integer, start_position integer, position integer, metering_point_id varchar)"
    )
    insert_many(con, "places", places)
    width = len(files[0][1].shape.labels) if files[0][1].shape else 0
    cells = ", ".join(_trimmed(f"c{position}") for position in range(width))
    con.execute(
        f"""
        create or replace temp table cells as
        select lines.file_id, lines.subject,
            row_number() over (partition by lines.file_id order by lines.row_number, places.position) as row_number,
            lines.cells[places.start_position] as delivery_start__utc_,
            places.metering_point_id, lines.cells[places.position] as power, cast(null as varchar) as extra
        from (select file_id, row_number, subject, [{cells}] as cells from lines) as lines
        inner join places using (file_id)
        """
    )


_DOCUMENT = (
    '{"key": {"asset_id": "VARCHAR", "entity_id": "VARCHAR"}, "column_ids": ["VARCHAR"], "units": ["VARCHAR"], '
    '"values": [["VARCHAR"]]}'
)


def _load_documents(con: duckdb.DuckDBPyConnection, paths: list[str], shape: str) -> Read:
    """The JSON documents as `documents`: one a file, or one a line of a packed file; judges which are valid JSON."""
    con.execute(
        """
        create or replace temp table documents as
        with texts as (
            select batch.file_id, batch.subject, batch.is_packed, ltrim(texts.content, chr(65279)) as content
            from read_text($paths) as texts
            inner join batch on batch.readable = texts.filename
        ),
        pieces as (
            select file_id, subject, is_packed,
                unnest(case when is_packed then string_split(content, chr(10)) else [content] end) as content,
                unnest(generate_series(
                    1, case when is_packed then len(string_split(content, chr(10))) else 1 end
                )) as line
            from texts
        )
        select file_id, subject, is_packed, line, content, json_valid(content) as is_json,
            case when json_valid(content) then from_json(content, $shape) end as document
        from pieces where not is_packed or trim(content, chr(13) || chr(9) || ' ') <> ''
        """,
        {"paths": paths, "shape": shape},
    )
    return _judgement(
        con,
        """
        select file_id, line, is_packed,
            case when is_packed then 'the answer ' else 'the file ' end || case
                when left(trim(content, chr(10) || chr(13) || chr(9) || ' '), 1) in ('{', '[')
                    then 'is not valid JSON: it breaks off or is damaged after '
                        || cast(length(content) as varchar) || ' characters'
                else 'is not JSON'
            end,
            left(content, 500)
        from documents where not is_json
        """,
    )


def _judgement(con: duckdb.DuckDBPyConnection, sql: str) -> Read:
    """What is wrong with documents: a bad one spoils its file, but in a packed file only its own line.

    Args:
        con: the connection.
        sql: gives file id, line, whether the file is packed, the problem and the document's beginning.
    """
    result = Read()
    for file_id, line, is_packed, problem, content in con.execute(sql).fetchall():
        if is_packed:
            result.rejected.append(RejectedLine(file_id, line, problem, content))
        else:
            result.bad[file_id] = problem
    return result


def _read_series(con: duckdb.DuckDBPyConnection, feed: Feed, paths: list[str]) -> Read:
    result = _load_documents(con, paths, _DOCUMENT)
    con.execute(
        """
        create or replace temp table series as
        select file_id, subject, is_packed, line, content,
            coalesce(document.key.asset_id, document.key.entity_id) as asset_id,
            list_transform(document.column_ids, lambda name: lower(trim(name))) as names,
            document.units as units, document."values" as data
        from documents where is_json
        """
    )
    required = ", ".join(f"'{name}'" for name in feed.required)
    power = feed.required[-1]
    con.execute(
        f"""
        create or replace temp table judged as
        select *, case
            when asset_id is null or trim(asset_id) = '' then 'key names neither asset_id nor entity_id'
            when names is null then 'column_ids is missing or no list of names'
            when len(list_filter([{required}], lambda name: not list_contains(names, name))) > 0
                then 'the column ' || array_to_string(
                    list_filter([{required}], lambda name: not list_contains(names, name)), ', '
                ) || ' is missing; there is ' || array_to_string(names, ', ')
            when data is null then 'values is missing or no list of lists'
            when len(data) <> len(names)
                then format('column_ids names {{}} columns, but values holds {{}}', len(names), len(data))
            when len(list_distinct(list_transform(data, lambda part: coalesce(len(part), -1)))) > 1
                then 'the arrays differ in length: ' || array_to_string(
                    list_transform(data, lambda part: coalesce(len(part), 0)), ', '
                )
            when lower(coalesce(units[list_position(names, '{power}')], 'kW')) <> 'kw'
                then 'power is given in ' || units[list_position(names, '{power}')] || ', expected kW'
        end as reason
        from series
        """
    )
    judgement = _judgement(
        con, "select file_id, line, is_packed, reason, left(content, 500) from judged where reason is not null"
    )
    result.bad |= judgement.bad
    result.rejected += judgement.rejected
    known = ", ".join(f"'{name}'" for name in feed.known_cells)
    columns = ", ".join(
        f"""nullif(trim(data[list_position(names, '{name}')][i]), '') as "{name}\"""" for name in feed.known_cells
    )
    con.execute(
        f"""
        create or replace temp table cells as
        with numbered as (
            select * exclude (content), list_filter(names, lambda name: not list_contains([{known}], name)) as others,
                coalesce(sum(len(data[1])) over (
                    partition by file_id order by line rows between unbounded preceding and 1 preceding
                ), 0) as rows_before,
                unnest(generate_series(1, len(data[1]))) as i
            from judged where reason is null
        )
        select file_id, subject, line, cast(rows_before + i as bigint) as row_number, asset_id, {columns},
            case when len(others) > 0 then cast(to_json(map(
                others, list_transform(others, lambda name: data[list_position(names, name)][i])
            )) as varchar) end as extra
        from numbered
        """
    )
    for file_id, names in con.execute(
        f"""
        select file_id, list_sort(list_distinct(flatten(list(
            list_filter(names, lambda name: not list_contains([{known}], name))
        )))) as others
        from judged where reason is null group by file_id having len(others) > 0
        """
    ).fetchall():
        result.unknown_columns[file_id] = names
    time = feed.required[0]
    result.remarks += con.execute(
        f"""
        select cells.file_id, 'time_unit_mislabelled',
            'labelled ' || any_value(judged.units[list_position(judged.names, '{time}')])
            || ', but the values are ' || case when bool_or(is_milliseconds("{time}")) then 'ms' else 's' end
        from cells inner join judged using (file_id, line)
        where lower(judged.units[list_position(judged.names, '{time}')])
            <> case when is_milliseconds("{time}") then 'ms' else 's' end
        group by all
        """
    ).fetchall()
    return result


def _read_assets(con: duckdb.DuckDBPyConnection, paths: list[str]) -> Read:
    result = _load_documents(con, paths, '{"assets": ["JSON"]}')
    result.bad |= dict(
        con.execute(
            "select file_id, 'the list `assets` is missing' from documents where is_json and document.assets is null"
        ).fetchall()
    )
    con.execute(
        """
        create or replace temp table cells as
        with assets as (
            select file_id, subject, unnest(document.assets) as asset,
                unnest(generate_series(1, len(document.assets))) as row_number
            from documents where document.assets is not null
        )
        select file_id, row_number, subject, nullif(trim(asset ->> '$.asset_id'), '') as asset_id,
            asset ->> '$.name' as "name", lower(trim(asset ->> '$.type')) as "type", asset ->> '$.status' as status,
            asset ->> '$.technical_attributes.capacity_kw' as capacity_kw,
            asset ->> '$.location.latitude' as latitude, asset ->> '$.location.longitude' as longitude,
            asset ->> '$.technical_attributes' as technical_attributes, cast(json_merge_patch(asset,
                '{"asset_id": null, "name": null, "type": null, "status": null, "technical_attributes": null,
                  "location": {"latitude": null, "longitude": null}}') as varchar) as extra
        from assets
        """
    )
    return result
