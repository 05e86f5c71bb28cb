"""The forecasts of the pipeline against the same rules written a second time in pandas, straight from the files."""

from __future__ import annotations

import json
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from independent import ZONE, contracts, timestamp


def points(source: Path) -> pd.DataFrame:
    """Every forecast point that has a power, with the file's place in the order of revisions."""
    files = sorted(source.rglob("forecast_*.json"), key=lambda path: (timestamp(path), path.name))
    frames = []
    for order, path in enumerate(files):
        answer = json.loads(path.read_text(encoding="utf-8-sig"))
        frame = pd.DataFrame(dict(zip(answer["column_ids"], answer["values"], strict=True)))
        frame["asset_id"] = answer["key"].get("asset_id") or answer["key"].get("entity_id")
        frame["order"] = order
        frames.append(frame)
    everything = pd.concat(frames, ignore_index=True).dropna(subset=["power"])
    for column in ("start", "version"):
        values = everything[column].astype(float)
        everything[column] = pd.to_datetime(values.where(values < 1e11, values / 1000), unit="s").dt.floor("s")
    return everything


def chosen(source: Path, margin: pd.Timedelta) -> dict[tuple[str, pd.Timestamp], tuple[pd.Timestamp, Decimal]]:
    """(asset, quarter-hour) -> version and MWh of the greatest version issued `margin` before the start."""
    issued = points(source)
    issued = issued[issued["version"] <= issued["start"] - margin]
    issued = issued.sort_values(["version", "order"], kind="stable").groupby(["asset_id", "start"]).tail(1)
    issued["day"] = issued["start"].dt.tz_localize("UTC").dt.tz_convert(ZONE).dt.strftime("%Y-%m-%d")
    covered = issued.merge(contracts(source), on="asset_id")
    covered = covered[(covered["first_day"] <= covered["day"]) & (covered["day"] < covered["end_day"])]
    unit = Decimal("0.000000001")
    return {
        (row.asset_id, row.start): (
            row.version,
            (Decimal(repr(float(row.power))) * Decimal("0.25") / 1000).quantize(unit, ROUND_HALF_UP),
        )
        for row in covered.itertuples()
    }


@pytest.mark.parametrize(("kind", "minutes"), [("latest", 0), ("tradeable", 15)])
def test_every_forecast_equals_the_independent_one(built: tuple[Path, Path], kind: str, minutes: int) -> None:
    """FC-1, FC-2, FC-3, IN-5: each row of fct_asset_forecasts, and no other row."""
    source, home = built
    expected = chosen(source, pd.Timedelta(minutes=minutes))
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as con:
        rows = con.execute(
            f"select asset_id, delivery_start_utc, {kind}_version_utc, {kind}_forecast_mwh "
            f"from marts.fct_asset_forecasts where {kind}_version_utc is not null"
        ).fetchall()
    actual = {(asset, pd.Timestamp(start)): (pd.Timestamp(version), mwh) for asset, start, version, mwh in rows}
    assert len(rows) == len(actual) > 1000
    assert actual == expected


def test_the_portfolio_is_the_sum_of_its_assets(built: tuple[Path, Path]) -> None:
    """FC-3: sums and counts of fct_portfolio_forecasts."""
    source, home = built
    expected: dict[pd.Timestamp, tuple[Decimal, int]] = {}
    for (_, start), (_, mwh) in chosen(source, pd.Timedelta(0)).items():
        total, present = expected.get(start, (Decimal(0), 0))
        expected[start] = (total + mwh, present + 1)
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as con:
        rows = con.execute(
            "select delivery_start_utc, latest_forecast_mwh, assets_present from marts.fct_portfolio_forecasts"
        ).fetchall()
    assert {pd.Timestamp(start): (mwh, present) for start, mwh, present in rows} == expected


def test_no_address_leaves_the_table_of_contacts(built: tuple[Path, Path]) -> None:
    """The owner's e-mail address is in no model."""
    _, home = built
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as con:
        con.execute(f"attach '{home / 'raw.duckdb'}' as raw (read_only)")
        columns = con.execute(
            "select table_schema, table_name, column_name from information_schema.columns "
            "where table_catalog = 'warehouse' and data_type = 'VARCHAR'"
        ).fetchall()
        assert len(columns) > 50
        leaks = [
            (schema, table, column)
            for schema, table, column in columns
            if con.execute(
                f"select count(*) from {schema}.{table} as t, raw.contract_contacts as c "
                f'where c.email is not null and contains(lower(t."{column}"), lower(c.email))'
            ).fetchall()[0][0]
        ]
    assert leaks == []
