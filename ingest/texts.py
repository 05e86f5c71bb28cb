"""Whether a file's bytes are text, and in which encoding."""

from __future__ import annotations

import codecs

CHUNK = 1 << 24


class BadFileError(Exception):
    """A file that cannot be used; its text says why, for people."""


class TextCheck:
    """Takes in a file piece by piece, then says what it is."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._is_ascii = self._is_utf8 = True
        self._has_begun = self._has_zeros = self._has_text = False

    def take(self, piece: bytes) -> bytes:
        """Take in the next bytes of the file; gives them back without byte order mark."""
        if not self._has_begun:
            self._has_begun = True
            piece = without_mark(piece)
        self._has_zeros = self._has_zeros or b"\0" in piece
        self._has_text = self._has_text or not (piece.isspace() or not piece)
        self._is_ascii = self._is_ascii and piece.isascii()
        if not self._is_ascii:
            self._decode(piece)
        return piece

    def is_utf8(self) -> bool:
        """Whether all of it was UTF-8; else it can only be Windows-1252.

        Raises:
            BadFileError: if it holds zero bytes, or nothing but blanks.
        """
        if self._has_zeros:
            raise BadFileError("the file is not text: it contains zero bytes")
        if not self._has_text:
            raise BadFileError("the file is empty: it holds nothing but blanks")
        self._decode(b"", final=True)
        return self._is_utf8

    def _decode(self, piece: bytes, *, final: bool = False) -> None:
        if not self._is_utf8:
            return
        try:
            self._decoder.decode(piece, final)
        except UnicodeDecodeError:
            self._is_utf8 = False


def without_mark(content: bytes) -> bytes:
    """A file's first bytes without byte order mark."""
    while content.startswith(codecs.BOM_UTF8):
        content = content.removeprefix(codecs.BOM_UTF8)
    return content


def as_utf8(content: bytes) -> bytes:
    """A whole file's bytes in UTF-8, without byte order mark.

    Raises:
        BadFileError: if they are no text, or nothing but blanks.
    """
    check = TextCheck()
    text = check.take(content)
    if check.is_utf8():
        return text
    try:
        return text.decode("cp1252").encode()
    except UnicodeDecodeError as error:
        raise BadFileError("the file is text in neither UTF-8 nor Windows-1252") from error
