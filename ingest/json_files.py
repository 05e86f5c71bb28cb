"""JSON documents, one a file or one a line of a packed file, -> rows, see `ingest.reading`.

The fast way, for columnar JSON: numbers, as `ingest.answers` has them. A document in which anything is odd goes the
careful way, as text, with all of its rows.
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from ingest.answers import Answers
from ingest.feeds import Feed, Layout
from ingest.inspection import Inspected
from ingest.raw import insert_many
from ingest.reading import Read, RejectedLine

Files = Sequence[Inspected]

_DOCUMENT = (
    '{"key": {"asset_id": "VARCHAR", "entity_id": "VARCHAR"}, "column_ids": ["VARCHAR"], "units": ["VARCHAR"], '
    '"values": [["VARCHAR"]]}'
)


def read(con: duckdb.DuckDBPyConnection, feed: Feed, files: Files, answers: Answers) -> Read:
    """Read JSON files into `sound` and `cells`.

    Args:
        con: a connection with the parsing macros.
        feed: the feed.
        files: the files.
        answers: those of them, and perhaps of other files, that have nothing odd.

    Raises:
        duckdb.Error: if a statement fails, which can be the fault of any of the files.
    """
    result = Read()
    if feed.layout is Layout.ASSETS:
        _read_texts(con, files, '{"assets": ["JSON"]}', result)
        _read_assets(con, result)
        return result
    answers.show(con)
    con.execute(
        "create or replace temp table taken as from answers where file_id in (select unnest(cast($ids as integer[])))",
        {"ids": [file.file_id for file in files]},
    )
    has_odd = any(file.odd for file in files)
    if has_odd:
        _read_texts(con, files, _DOCUMENT, result)
        _judge_answers(con, feed, result)
    _number_rows(con, has_odd=has_odd)
    if has_odd:
        _cut_answers(con, feed, result)
    _show_sound(con, feed, result)
    result.remarks = _remarks(con, feed, has_odd=has_odd)
    return result


def _part(name: str | None) -> str:
    """The array of a column; NULL where an answer has none."""
    return f"data[list_position(names, '{name}')]"


def _unit(name: str) -> str:
    return f"units[list_position(names, '{name}')]"


def _reason(feed: Feed) -> str:
    """Why an answer cannot be used; NULL: it can."""
    required = ", ".join(f"'{name}'" for name in feed.required)
    missing = f"list_filter([{required}], lambda name: not list_contains(names, name))"
    power = _unit(feed.required[-1])
    return f"""
        case
            when asset_id is null or trim(asset_id) = '' then 'key names neither asset_id nor entity_id'
            when names is null then 'column_ids is missing or no list of names'
            when len({missing}) > 0
                then 'the column ' || array_to_string({missing}, ', ') || ' is missing; there is '
                    || array_to_string(names, ', ')
            when data is null then 'values is missing or no list of lists'
            when len(data) <> len(names)
                then format('column_ids names {{}} columns, but values holds {{}}', len(names), len(data))
            when len(list_distinct(list_transform(data, lambda part: coalesce(len(part), -1)))) > 1
                then 'the arrays differ in length: ' || array_to_string(
                    list_transform(data, lambda part: coalesce(len(part), 0)), ', '
                )
            when lower(coalesce({power}, 'kW')) <> 'kw' then 'power is given in ' || {power} || ', expected kW'
        end
    """


def _read_texts(con: duckdb.DuckDBPyConnection, files: Files, shape: str, result: Read) -> None:
    """JSON as text, as `documents`; judges which are valid."""
    result.has_cells = True
    texts = [(file.file_id, line, text) for file in files for line, text in file.odd.items()]
    file_ids, lines, contents = zip(*texts, strict=True)
    con.execute("create or replace temp table batch (file_id integer, subject varchar, is_packed boolean)")
    insert_many(con, "batch", [(file.file_id, file.subject, file.candidate.is_packed) for file in files if file.odd])
    con.execute(
        """
        create or replace temp table documents as
        select file_id, subject, is_packed, line, content, json_valid(content) as is_json,
            case when json_valid(content) then from_json(content, $shape) end as document
        from (select unnest($file_ids) as file_id, unnest($lines) as line, unnest($contents) as content)
        inner join batch using (file_id)
        where not is_packed or trim(content, chr(13) || chr(9) || ' ') <> ''
        """,
        {"file_ids": list(file_ids), "lines": list(lines), "contents": list(contents), "shape": shape},
    )
    _set_aside(
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
        result,
    )


def _set_aside(con: duckdb.DuckDBPyConnection, sql: str, result: Read) -> None:
    """Note what is wrong with documents: a bad one spoils its file, but in a packed file only its own line.

    Args:
        con: the connection.
        sql: gives file id, line, whether the file is packed, the problem and the document's beginning.
        result: where it is noted.
    """
    for file_id, line, is_packed, problem, content in con.execute(sql).fetchall():
        if is_packed:
            result.rejected.append(RejectedLine(file_id, line, problem, content))
        else:
            result.bad[file_id] = problem


def _judge_answers(con: duckdb.DuckDBPyConnection, feed: Feed, result: Read) -> None:
    """The careful way: `documents` -> `judged`, with the reason why an answer cannot be used."""
    con.execute(
        f"""
        create or replace temp table judged as
        select *, {_reason(feed)} as reason
        from (
            select file_id, subject, is_packed, line, content,
                coalesce(document.key.asset_id, document.key.entity_id) as asset_id,
                list_transform(document.column_ids, lambda name: lower(trim(name))) as names,
                document.units as units, document."values" as data
            from documents where is_json
        )
        """
    )
    _set_aside(
        con, "select file_id, line, is_packed, reason, left(content, 500) from judged where reason is not null", result
    )


def _number_rows(con: duckdb.DuckDBPyConnection, *, has_odd: bool) -> None:
    """How many rows of a file come before each of its answers, as `numbering`."""
    odd = "union all select file_id, line, len(data[1]) from judged where reason is null" if has_odd else ""
    con.execute(
        f"""
        create or replace temp table numbering as
        select file_id, line, cast(coalesce(sum(rows) over (
            partition by file_id order by line rows between unbounded preceding and 1 preceding
        ), 0) as bigint) as rows_before
        from (select file_id, line, rows from taken {odd})
        """
    )


def _cut_answers(con: duckdb.DuckDBPyConnection, feed: Feed, result: Read) -> None:
    """The careful way: `judged` -> `cells`."""
    known = ", ".join(f"'{name}'" for name in feed.known_cells)
    columns = ", ".join(f"nullif(trim({_part(name)}[i]), '') as \"{name}\"" for name in feed.known_cells)
    con.execute(
        f"""
        create or replace temp table cells as
        with numbered as (
            select * exclude (content), list_filter(names, lambda name: not list_contains([{known}], name)) as others,
                unnest(generate_series(1, len(data[1]))) as i
            from judged inner join numbering using (file_id, line) where reason is null
        )
        select file_id, subject, line, rows_before + i as row_number, asset_id, {columns},
            case when len(others) > 0 then cast(to_json(map(
                others, list_transform(others, lambda name: data[list_position(names, name)][i])
            )) as varchar) end as extra
        from numbered
        """
    )
    result.unknown_columns = dict(
        con.execute(
            f"""
            select file_id, list_sort(list_distinct(flatten(list(
                list_filter(names, lambda name: not list_contains([{known}], name))
            )))) as others
            from judged where reason is null group by file_id having len(others) > 0
            """
        ).fetchall()
    )


def _show_sound(con: duckdb.DuckDBPyConnection, feed: Feed, result: Read) -> None:
    """The fast way: `taken` -> `sound`."""
    result.sound = dict(con.execute("select file_id, sum(rows) from taken group by file_id").fetchall())
    if not result.sound:
        return
    con.execute(
        "create or replace temp view placed as select *, rows_before - first_place + 1 as first_row "
        "from taken inner join numbering using (file_id, line)"
    )
    columns = ", ".join(column.name for column in feed.columns)
    con.execute(
        f"create or replace temp view sound as select file_id, first_row + place as row_number, {columns}, "
        "cast(null as varchar) as extra from points inner join placed using (answer)"
    )
    con.execute(
        "create or replace temp view sound_blanks as select file_id, first_row + place as row_number, "
        "cast(column_name as varchar) as column_name from blanks inner join placed using (answer)"
    )
    result.blanks = dict(con.execute("select file_id, count(*) from sound_blanks group by file_id").fetchall())


def _remarks(con: duckdb.DuckDBPyConnection, feed: Feed, *, has_odd: bool) -> list[tuple[int, str, str]]:
    """Which files name another unit of time than they use."""
    time = feed.required[0]
    odd = f"""
        union all
        select file_id, line, any_value({_unit(time)}), bool_or(coalesce(is_milliseconds("{time}"), false)),
            bool_or(not coalesce(is_milliseconds("{time}"), false))
        from cells inner join judged using (file_id, line) group by all
    """
    return con.execute(
        f"""
        select file_id, 'time_unit_mislabelled', 'labelled ' || arg_min(label, line) || ', but the values are '
            || case when bool_or(has_ms and lower(label) <> 'ms') then 'ms' else 's' end
        from (select file_id, line, label, has_ms, has_s from taken {odd if has_odd else ""})
        where (has_ms and lower(label) <> 'ms') or (has_s and lower(label) <> 's')
        group by file_id
        """
    ).fetchall()


def _read_assets(con: duckdb.DuckDBPyConnection, result: Read) -> None:
    """`documents` -> `cells`."""
    _set_aside(
        con,
        "select file_id, line, is_packed, 'the list `assets` is missing', null "
        "from documents where is_json and document.assets is null",
        result,
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
