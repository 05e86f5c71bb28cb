"""What reading files gives: rows in two forms, and what is wrong with the files.

The fast way and the careful way: nearly every row is plain, with each cell in the one spelling that its feed has always
used. Such rows are `sound`: typed as in raw, by what is `plain` of each column. All other rows are `cells`: text, which
the loader then reads with the `sql` of each column, and whose faults it names. Both ways give the same values for the
same text (tests/python/test_two_ways.py), so that which way a row takes shows in nothing but the time.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import duckdb

from ingest.feeds import Feed

# What the content of a file can be guilty of; anything else (a full disk, an error of ours) stops the load.
FAULTS_OF_A_FILE = (duckdb.InvalidInputException, duckdb.ConversionException, duckdb.OutOfRangeException)


@dataclass(frozen=True)
class RejectedLine:
    """A line that gives no row: of a CSV file, one that cannot be cut into cells; of a packed file, a bad answer."""

    file_id: int
    line: int
    problem: str
    content: str | None


@dataclass
class Read:
    """What became of files beside the temporary relations `sound` and `cells`.

    Attributes:
        sound: file id -> number of its rows in `sound`. Without any there may be no such relation.
        blanks: file id -> number of rows in `sound` that lack a value, which is reported; `sound_blanks` has file_id,
            row_number and column_name of each. Without any there may be no such relation.
        has_cells: whether there are rows in `cells`. Without any there may be no such relation.
        bad: file id -> why none of the file counts.
        rejected: lines that give no row.
        remarks: (file id, finding, example) for oddities of whole files.
        unknown_columns: file id -> columns that the feed does not know.
    """

    sound: dict[int, int] = field(default_factory=dict)
    blanks: dict[int, int] = field(default_factory=dict)
    has_cells: bool = False
    bad: dict[int, str] = field(default_factory=dict)
    rejected: list[RejectedLine] = field(default_factory=list)
    remarks: list[tuple[int, str, str]] = field(default_factory=list)
    unknown_columns: dict[int, list[str]] = field(default_factory=dict)


def judged(feed: Feed, source: str, *others: str) -> str:
    """SQL that gives rows of CSV cells their raw columns the fast way, and says where that was possible.

    Args:
        feed: the feed.
        source: SQL that gives the feed's cells, and `others`.
        others: columns to keep as they are.

    Returns:
        SQL that gives `others`, the raw columns, `is_sound`, and `cell` with all the feed's cells where it is not.
    """
    cells = ", ".join(f'"{cell}" := "{cell}"' for cell in feed.cells)
    columns = ", ".join(
        f'cast({column.plain if feed.has_fast_way else "null"} as {column.type}) as "{column.name}"'
        for column in feed.columns
    )
    is_sound = " and ".join(
        f'("{column.name}" is not null' + (f' or cell."{column.cell}" is null)' if column.blank_ok else ")")
        for column in feed.columns
    )
    sound = f"{is_sound} and coalesce({feed.value}, false)" if feed.has_fast_way else "false"
    return f"""
        select * replace (case when not is_sound then cell end as cell)
        from (
            select *, {sound} as is_sound
            from (select {", ".join(others)}, {columns}, struct_pack({cells}) as cell from ({source}))
        )
    """
