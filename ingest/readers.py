"""Files of one feed and one shape -> rows (see `ingest.reading`), many files in few statements."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import duckdb

from ingest import csv_files, json_files
from ingest.feeds import Feed, Layout
from ingest.packs import Pack
from ingest.reading import Read
from ingest.sources import Inspected


def group_key(file: Inspected) -> Hashable:
    """Files with an equal key can be read together."""
    shape = file.shape
    if shape is None:
        return ()
    columns: Hashable = len(shape.labels) if file.candidate.feed.layout is Layout.WIDE_CSV else shape.header
    return (shape.delimiter, shape.skipped_lines, shape.has_trailing_delimiter, columns)


def read(con: duckdb.DuckDBPyConnection, feed: Feed, files: Sequence[tuple[int, Inspected]], pack: Pack) -> Read:
    """Read files of one feed and one `group_key` into `sound` and `cells`.

    Args:
        con: a connection with the parsing macros.
        feed: the feed.
        files: (file id, file) of each.
        pack: what holds JSON files.

    Raises:
        duckdb.Error: if a statement fails, which can be the fault of any of the files.
    """
    if feed.is_csv:
        return csv_files.read(con, feed, files)
    return json_files.read(con, feed, files, pack)
