"""Rules written a second time in pandas, straight from the files: what several independent computations need."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pandas as pd
import pytest

from home import market_time_zone
from ingest.clocks import file_timestamp

ZONE = market_time_zone()
QUARTER_HOUR = pd.Timedelta(minutes=15)


class Contract(NamedTuple):
    """Who is paid for an asset, on the local days from `first_day` to before `end_day` (`yyyy-mm-dd`)."""

    contract_id: str
    asset_id: str
    metering_point_id: str
    first_day: str
    end_day: str


def contract_terms(source: Path) -> list[Contract]:
    """Every contract of the lists (CON-1, CON-2), the one that began last at the end."""
    files = in_order(source, "asset_contracts_*.csv")
    rows: dict[str, dict[str, Any]] = {}
    for position, path in enumerate(files):
        for record in csv_rows(path):
            rows[record["contract_id"]] = {**record, "last": position}
    result = []
    for row in rows.values():
        ends = [date for date in [row["contract_end"]] if date]
        if row["last"] + 1 < len(files):
            ends.append(local_day(timestamp(files[row["last"] + 1])))
        keys = (row["contract_id"], row["asset_id"], row["metering_point_id"])
        result.append(Contract(*keys, row["contract_begin"], min(ends) if ends else "9999-12-31"))
    return sorted(result, key=lambda contract: (contract.first_day, contract.contract_id))


def contracts(source: Path) -> pd.DataFrame:
    """One row per contract: asset, first day, first day no longer covered (CON-1, CON-2)."""
    return pd.DataFrame(contract_terms(source))[["asset_id", "first_day", "end_day"]]


def portfolio(terms: list[Contract], day: str) -> dict[str, Contract]:
    """FC-3: the assets that a contract covers on a local day; of two contracts the one that began last counts."""
    return {contract.asset_id: contract for contract in terms if contract.first_day <= day < contract.end_day}


def timestamp(path: Path) -> pd.Timestamp:
    """The moment in a file's name, naive UTC (TIME-3)."""
    moment = file_timestamp(path.stem, ZONE)
    assert moment is not None
    return pd.Timestamp(moment)


def in_order(source: Path, pattern: str) -> list[Path]:
    """The files of a feed, those that win over the others last."""
    return sorted(source.rglob(pattern), key=lambda path: (timestamp(path), path.name))


def text_of(path: Path) -> str:
    """A file's text: UTF-8 with or without a byte order mark, else Windows-1252."""
    content = path.read_bytes()
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252")


def csv_rows(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file by the header's names: after the `#` comments, `;` or `,` between fields."""
    lines = [line for line in text_of(path).splitlines() if line.strip() and not line.startswith("#")]
    delimiter = ";" if lines[0].count(";") > lines[0].count(",") else ","
    header, *body = ([cell.strip() for cell in row] for row in csv.reader(lines, delimiter=delimiter))
    return [dict(zip(header, row, strict=False)) for row in body]


@cache
def number(text: str | None) -> Fraction | None:
    """A number with a decimal point or comma, exactly; None where there is none."""
    plain = (text or "").strip().replace(",", ".")
    return Fraction(plain) if re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", plain) else None


@cache
def moment(text: str) -> pd.Timestamp:
    """A moment with `Z`, `UTC` or an offset, with or without a fraction of a second, as naive UTC; else local time."""
    read = datetime.fromisoformat(re.sub(r"\s*(UTC|Z)$", "+00:00", text.strip()))
    aware = read if read.tzinfo else read.replace(tzinfo=ZONE)
    return pd.Timestamp(aware.astimezone(UTC).replace(tzinfo=None))


@cache
def local_day(start: pd.Timestamp) -> str:
    """The market's local date of a moment in naive UTC (TIME-2)."""
    day: str = start.tz_localize("UTC").tz_convert(ZONE).strftime("%Y-%m-%d")
    return day


def rounded(exact: Fraction, digits: int) -> Decimal:
    """Rounded to so many digits, half away from zero."""
    units = (abs(exact) * 10**digits + Fraction(1, 2)).__floor__()
    return Decimal(units if exact >= 0 else -units).scaleb(-digits)


def energy_mwh(exact: Fraction) -> Decimal:
    """MWh as marts hold them (IN-5)."""
    return rounded(exact, 9)


def euros(exact: Fraction) -> Decimal:
    """EUR and EUR/MWh as marts hold them (IV-6, TR-4)."""
    return rounded(exact, 6)


def mart(home: Path, table: str, keys: str, columns: tuple[str, ...]) -> dict[Any, tuple[Any, ...]]:
    """Key -> values of every row of a mart; a single key stands alone, several are a tuple."""
    names = [key.strip() for key in keys.split(",")]
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as con:
        rows = con.execute(f"select {', '.join([*names, *columns])} from marts.{table}").fetchall()
    width = len(names)
    result = {
        _plain(row[:width] if width > 1 else row[0]): tuple(_plain(value) for value in row[width:]) for row in rows
    }
    assert len(result) == len(rows), f"{table}: {len(rows) - len(result)} keys occur twice"
    return result


def _plain(value: Any) -> Any:
    """Moments as pandas has them, days as text."""
    if isinstance(value, tuple):
        return tuple(_plain(part) for part in value)
    if isinstance(value, datetime):
        return pd.Timestamp(value)
    return value.isoformat() if hasattr(value, "isoformat") else value


def differences(actual: Mapping[Any, tuple[Any, ...]], expected: Mapping[Any, tuple[Any, ...]]) -> list[str]:
    """Rows that only one side has or whose values differ, the first ten in words; floats may differ by 1 in 10^12."""
    assert expected
    found = [
        f"{key}: {actual.get(key, 'no row')}, expected {expected.get(key, 'no row')}"
        for key in {**expected, **actual}
        if key not in actual or key not in expected or not _same(actual[key], expected[key])
    ]
    return [*found[:10], f"{len(found)} of {len(expected)} rows"] if found else []


def _same(actual: tuple[Any, ...], expected: tuple[Any, ...]) -> bool:
    return len(actual) == len(expected) and all(
        a == pytest.approx(e, rel=1e-12) if isinstance(a, float) and isinstance(e, float) else a == e
        for a, e in zip(actual, expected, strict=True)
    )
