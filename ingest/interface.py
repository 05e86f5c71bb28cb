"""The forecast interface as a Python function: asks it for every contracted asset and version, saves the answers.

The function takes an asset and a version (a pendulum datetime, always in UTC) and gives an answer as JSON text.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pendulum

_QUARTER_HOUR = timedelta(minutes=15)
_HORIZON = timedelta(hours=48)

Client = Callable[[str, pendulum.DateTime], Any]


class ClientError(Exception):
    """The client cannot be used as it is named; the text says why."""


@dataclass(frozen=True)
class Failure:
    """A question that the function did not answer with JSON text."""

    asset_id: str
    version: datetime
    reason: str


def load_client(name: str) -> Client:
    """Load `FILE.py:FUNCTION`, with the file's folder on the import path.

    Raises:
        ClientError: if there is no such file or function, or the file cannot be imported.
    """
    file, _, function = name.rpartition(":")
    path = Path(file).expanduser().resolve()
    if not file or not function:
        raise ClientError(f"{name!r} is not of the form FILE.py:FUNCTION")
    if not path.is_file():
        raise ClientError(f"{path} does not exist")
    # A name that hides no other module; registered, because dataclasses look their module up.
    spec = importlib.util.spec_from_file_location(f"rtm_client_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise ClientError(f"{path} is not a Python file")
    sys.path.insert(0, str(path.parent))
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        raise ClientError(f"{path} cannot be imported: {type(error).__name__}: {error}") from error
    client = getattr(module, function, None)
    if not callable(client):
        raise ClientError(f"{path} has no function {function}")
    return client  # type: ignore[no-any-return]


def contracted_assets(con: duckdb.DuckDBPyConnection, first: datetime, last: datetime) -> list[str]:
    """Assets with a contract, in any list, for a day that versions from first to last can speak of.

    Args:
        con: raw, open for reading.
        first: first version, naive UTC.
        last: last version, naive UTC.
    """
    rows = con.execute(
        """
        select distinct asset_id from contracts
        where asset_id is not null and contract_begin <= ? and (contract_end is null or contract_end >= ?)
        order by asset_id
        """,
        [(last + _HORIZON).date(), first.date()],
    ).fetchall()
    return [asset_id for (asset_id,) in rows]


def versions(first: datetime, last: datetime) -> Iterator[datetime]:
    """Every quarter-hour from first to last, both included."""
    moment = first
    while moment <= last:
        yield moment
        moment += _QUARTER_HOUR


def ask(client: Client, asset_id: str, version: datetime, folder: Path) -> Failure | None:
    """Ask for one forecast and save the answer as a file, as if it had been delivered as one.

    Args:
        client: the function.
        asset_id: the asset.
        version: the version, naive UTC.
        folder: `vpp/forecasts` and the asset's folder are made below it.

    Returns:
        None, or why there is no answer.
    """
    try:
        answer = client(asset_id, pendulum.instance(version, tz="UTC"))
    except (Exception, SystemExit) as error:  # whatever a foreign function raises
        return Failure(asset_id, version, f"{type(error).__name__}: {error}")
    if not isinstance(answer, str | bytes):
        return Failure(asset_id, version, f"the answer is {type(answer).__name__}, expected JSON text")
    content = answer if isinstance(answer, bytes) else answer.encode("utf-8", errors="backslashreplace")
    safe = _as_name(asset_id)
    place = folder / "vpp" / "forecasts" / safe / f"forecast_{safe}_{version:%Y%m%dT%H%MZ}.json"
    place.parent.mkdir(parents=True, exist_ok=True)
    unfinished = place.with_name(f".{place.name}")
    unfinished.write_bytes(content)
    os.replace(unfinished, place)  # noqa: PTH105 - replaces what an interrupted run left
    return None


def _as_name(asset_id: str) -> str:
    """An asset's id as the name of a folder: no separators, not hidden, and never that of another asset."""
    safe = re.sub(r"[^\w.-]", "_", asset_id).lstrip(".")
    return safe if safe == asset_id else f"{safe}-{hashlib.sha256(asset_id.encode()).hexdigest()[:8]}"
