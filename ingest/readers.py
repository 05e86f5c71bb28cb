"""Files of one feed and one shape -> rows (see `ingest.reading`), many files in few statements."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from ingest import csv_files, json_files
from ingest.answers import Answers
from ingest.feeds import Feed
from ingest.inspection import Inspected
from ingest.reading import Read


def read(con: duckdb.DuckDBPyConnection, feed: Feed, files: Sequence[Inspected], answers: Answers) -> Read:
    """Read files of one feed and one `group_key` into `sound` and `cells`.

    Args:
        con: a connection with the parsing macros.
        feed: the feed.
        files: the files.
        answers: what holds JSON files' answers.

    Raises:
        duckdb.Error: if a statement fails, which can be the fault of any of the files.
    """
    if feed.is_csv:
        return csv_files.read(con, feed, files)
    return json_files.read(con, feed, files, answers)
