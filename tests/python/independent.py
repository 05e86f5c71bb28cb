"""Rules written a second time in pandas, straight from the files: what several independent computations need."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from home import market_time_zone
from ingest.clocks import file_timestamp

ZONE = market_time_zone()


def contracts(source: Path) -> pd.DataFrame:
    """One row per contract: asset, first day, first day no longer covered (CON-1, CON-2)."""
    files = sorted(source.rglob("asset_contracts_*.csv"), key=lambda path: (timestamp(path), path.name))
    lists = [pd.read_csv(path, dtype=str, keep_default_na=False) for path in files]
    rows: dict[str, dict[str, Any]] = {}
    for position, listed in enumerate(lists):
        for record in listed.to_dict("records"):
            rows[record["contract_id"]] = {**record, "last": position}
    result = []
    for row in rows.values():
        ends = [date for date in [row["contract_end"]] if date]
        if row["last"] + 1 < len(files):
            dropped = timestamp(files[row["last"] + 1]).tz_localize("UTC").tz_convert(ZONE)
            ends.append(dropped.strftime("%Y-%m-%d"))
        result.append((row["asset_id"], row["contract_begin"], min(ends) if ends else "9999-12-31"))
    return pd.DataFrame(result, columns=["asset_id", "first_day", "end_day"])


def timestamp(path: Path) -> pd.Timestamp:
    """The moment in a file's name, naive UTC (TIME-3)."""
    moment = file_timestamp(path.stem, ZONE)
    assert moment is not None
    return pd.Timestamp(moment)
