"""Lines of many small CSV files in one scratch file, each behind the id of its file.

DuckDB takes as long to open a small file as to read some hundred lines of one that is open.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ingest.raw import RawError


class Pack:
    """A scratch file for the lines of files that DuckDB can read together.

    Attributes:
        path: where it is.
    """

    def __init__(self, path: Path, delimiter: str) -> None:
        self.path = path
        self._delimiter = delimiter.encode()
        with _told(path):
            self._file = path.open("wb")

    def add(self, file_id: int, lines: bytes) -> None:
        """Append a file's lines, as `packable` gives them.

        Raises:
            RawError: if the pack cannot be written.
        """
        if lines:
            before = b"%d%s" % (file_id, self._delimiter)
            with _told(self.path):
                self._file.write(b"%s%s\n" % (before, lines.replace(b"\n", b"\n" + before)))

    def flush(self) -> None:
        """Make everything readable by others.

        Raises:
            RawError: as `add`.
        """
        with _told(self.path):
            self._file.flush()

    def remove(self) -> None:
        """Forget it."""
        with suppress(OSError):  # what was not written any more is of no use either
            self._file.close()
        self.path.unlink(missing_ok=True)


def packable(lines: bytes) -> bytes | None:
    """The lines behind a CSV file's header in the form that a pack holds them, or None: they need more than that.

    A line is then a row: there are no quotes that an end of line could stand in, no blank lines, and ends of one kind.
    """
    lines = lines.replace(b"\r\n", b"\n").rstrip(b"\n")
    is_plain = b'"' not in lines and b"\r" not in lines and b"\n\n" not in lines and not lines.startswith(b"\n")
    return lines if is_plain else None


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Tells a scratch file that cannot be written from a source file that cannot be read."""
    try:
        yield
    except OSError as error:
        raise RawError(f"{path.parent} cannot be written: {error}") from error
