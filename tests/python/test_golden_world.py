"""Two assets and ten quarter-hours worked out on paper (docs/golden-world.md), through real loaders and `dbt build`."""

from __future__ import annotations

import csv
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from home import PROJECT

GOLDEN = PROJECT / "tests" / "golden"
EXPECTED = sorted((GOLDEN / "expected").glob("*.csv"))
# Findings that the world is made to have: (finding, delivery date, rows).
FINDINGS = {
    ("contract_dropped", None, 1),
    ("contract_not_billable", None, 1),
    ("redispatch_price_missing", date(2025, 10, 26), 1),
    ("redispatch_forecast_after_flag", date(2025, 10, 26), 3),
    ("imbalance_price_missing", date(2025, 10, 26), 1),
    ("imbalance_price_estimated", date(2025, 10, 26), 3),
    ("imbalance_price_estimated", date(2025, 11, 1), 1),
    ("market_price_missing", date(2025, 11, 1), 1),
    ("measurement_without_contract", date(2025, 10, 31), 1),
    ("forecast_without_contract", date(2025, 10, 31), 1),
}


def as_written(value: Any) -> str:
    """A value of a mart as the CSVs have it: shortest form, minutes, empty for NULL."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case Decimal() | float() | int():
            return f"{Decimal(str(value)).normalize() + 0:f}"
        case datetime():
            return f"{value:%Y-%m-%d %H:%M}"
        case _:
            return str(value)


def plain(cell: str) -> str:
    """A cell of a CSV in the same form: 42.40 and 42.4 are one amount."""
    try:
        return as_written(Decimal(cell))
    except ArithmeticError:
        return cell


@pytest.mark.parametrize("expected", EXPECTED, ids=lambda path: path.stem)
def test_every_row_is_as_worked_out_on_paper(golden: Path, expected: Path) -> None:
    with expected.open(encoding="utf-8", newline="") as file:
        columns, *rows = list(csv.reader(file))
    with duckdb.connect(str(golden), read_only=True) as con:
        found = con.execute(f"select {', '.join(columns)} from marts.{expected.stem}").fetchall()
    assert sorted([as_written(value) for value in row] for row in found) == sorted(
        [plain(cell) for cell in row] for row in rows
    )


def test_what_is_odd_is_found(golden: Path) -> None:
    with duckdb.connect(str(golden), read_only=True) as con:
        found = set(con.execute("select finding, delivery_date, rows from marts.fct_data_findings").fetchall())
    assert FINDINGS - found == set()


def test_it_covers_the_marts_that_carry_money() -> None:
    assert {"fct_asset_imbalance", "fct_redispatch", "fct_invoice_lines", "fct_invoices", "fct_trades"} <= {
        path.stem for path in EXPECTED
    }
