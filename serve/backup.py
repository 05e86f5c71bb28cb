"""Backup and restore of everything in `RTM_HOME` that cannot be made again: raw, and the registers that people keep.

A backup is a folder of plain files with `backup.json`, which names each with its size and hash. What can be made again
is left out by name, so that a register that comes later is in the backup from its first day.
"""

from __future__ import annotations

import fnmatch
import hashlib
import json
import os
import shutil
from datetime import datetime
from pathlib import Path

import duckdb

from serve.files import database_error, replace_text

_LIST = "backup.json"
_PREFIX = "rtm_"
_FORMAT = 1
# Names in RTM_HOME's top folder that can be made again, or that belong to nobody.
_MADE_AGAIN = (
    "warehouse*.duckdb", "warehouse*.duckdb.wal", "warehouse*.duckdb.tmp", "raw.duckdb.tmp", "published", "dbt", "docs",
    "sample", "reduced", ".*", "replaced_*",
)  # fmt: skip


class BackupError(Exception):
    """The backup or restore cannot be done, and nothing was changed; the text says why."""


def back_up(home: Path, folder: Path, now: datetime) -> Path:
    """Copy what cannot be made again to a new folder `rtm_<now>` below `folder`; no writer may be at work.

    Args:
        home: RTM_HOME.
        folder: where backups lie, outside RTM_HOME.
        now: this moment, naive UTC.

    Returns:
        The backup's folder.

    Raises:
        BackupError: if there is nothing to back up, raw cannot be read, or a copy differs from its original.
        OSError: if the backup cannot be written.
    """
    folder = folder.expanduser().resolve()
    if folder.is_relative_to(home):
        raise BackupError(f"{folder} lies in RTM_HOME itself: name a folder outside of it, best on another disk")
    raw = home / "raw.duckdb"
    if not raw.exists():
        raise BackupError(f"{raw} does not exist: there is nothing to back up")
    backup = folder / f"{_PREFIX}{now:%Y%m%dT%H%M%S%f}Z"
    unfinished = folder / f".{backup.name}"
    try:
        # held open for reading, which keeps everybody from writing it meanwhile
        con = duckdb.connect(str(raw), read_only=True)
    except duckdb.Error as error:
        raise BackupError(database_error(raw, error)) from error
    try:
        unfinished.mkdir(parents=True)
        files = {}
        for name in _kept(home):
            hashes = _copy(home / name, unfinished / name), _hash(unfinished / name)
            if hashes[0] != hashes[1]:
                raise BackupError(f"{name} changed while it was copied, or the disk is damaged: run it again")
            files[name] = {"size_bytes": (unfinished / name).stat().st_size, "sha256": hashes[0]}
        about = {"format": _FORMAT, "made_at_utc": f"{now:%Y-%m-%d %H:%M:%S}", "files": files}
        replace_text(unfinished / _LIST, json.dumps(about, indent=2))
        unfinished.rename(backup)
    finally:
        con.close()
        shutil.rmtree(unfinished, ignore_errors=True)
    return backup


def restore(home: Path, folder: Path, now: datetime, *, replace: bool = False) -> tuple[Path, Path | None]:
    """Put a backup's files into RTM_HOME, once all of them have proved whole; no writer may be at work.

    Args:
        home: RTM_HOME.
        folder: a backup, or a folder of backups, of which the newest is taken.
        now: this moment, naive UTC.
        replace: whether files that are there already give way; they are moved to `replaced_<now>` in RTM_HOME.

    Returns:
        (the backup that was taken, where files went that gave way; None: there were none).

    Raises:
        BackupError: if there is no backup, it is damaged, or files are there already and `replace` is false.
        OSError: if RTM_HOME cannot be written.
    """
    backup = _newest(folder.expanduser().resolve())
    files = _checked(backup)
    there = _kept(home)
    if there and not replace:
        raise BackupError(
            f"{home} holds {there[0]} already: set RTM_HOME to an empty folder, or say --replace, which moves what is "
            "there into a folder of its own"
        )
    unfinished = home / f".restoring-{os.getpid()}"
    aside = home / f"replaced_{now:%Y%m%dT%H%M%S%f}Z" if there else None
    try:
        for name, sha256 in files.items():
            if _copy(backup / name, unfinished / name) != sha256:
                raise BackupError(f"{backup / name} changed while it was read, or the disk is damaged: run it again")
        for name in there:
            assert aside is not None
            _move(home / name, aside / name)
        for name in files:
            _move(unfinished / name, home / name)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return backup, aside


def _kept(home: Path) -> list[str]:
    """Files that belong in a backup, as paths below RTM_HOME, raw first."""
    names = [
        str(path.relative_to(home))
        for top in sorted(home.iterdir() if home.is_dir() else [])
        if not any(fnmatch.fnmatch(top.name, pattern) for pattern in _MADE_AGAIN)
        for path in ([top] if top.is_file() else sorted(top.rglob("*")))
        if path.is_file()
    ]
    return sorted(names, key=lambda name: (not name.startswith("raw.duckdb"), name))


def _newest(folder: Path) -> Path:
    if (folder / _LIST).is_file():
        return folder
    backups = sorted(path.parent for path in folder.glob(f"{_PREFIX}*/{_LIST}"))
    if not backups:
        raise BackupError(f"{folder} is no backup and holds none (a backup is a folder with {_LIST})")
    return backups[-1]


def _checked(backup: Path) -> dict[str, str]:
    """Each file's hash, once all of them are as the list says."""
    try:
        about = json.loads((backup / _LIST).read_text(encoding="utf-8"))
        files = {name: str(entry["sha256"]) for name, entry in about["files"].items()}
        made_by = int(about["format"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BackupError(f"{backup / _LIST} cannot be read: the backup is damaged, take another") from error
    if made_by > _FORMAT:
        raise BackupError(f"{backup} was made by a newer version of this project: upgrade first")
    for name, sha256 in files.items():
        path = backup / name
        if not path.resolve().is_relative_to(backup):
            raise BackupError(f"{backup / _LIST} names {name}, which lies outside of the backup")
        if not path.is_file():
            raise BackupError(f"{path} is missing: the backup is damaged, take another")
        if _hash(path) != sha256:
            raise BackupError(f"{path} is not what was backed up: the backup is damaged, take another")
    return files


def _copy(source: Path, target: Path) -> str:
    """Copy a file with its times and permissions; returns the hash of what was read."""
    target.parent.mkdir(parents=True, exist_ok=True)
    hashing = hashlib.sha256()
    with source.open("rb") as reading, target.open("wb") as writing:
        while block := reading.read(1 << 20):
            hashing.update(block)
            writing.write(block)
        writing.flush()
        os.fsync(writing.fileno())
    shutil.copystat(source, target)
    return hashing.hexdigest()


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _move(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    source.replace(target)
