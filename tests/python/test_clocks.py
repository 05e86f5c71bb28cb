"""TIME-3, TIME-5: the timestamp in a file's name."""

from __future__ import annotations

from datetime import datetime

import pytest

from home import market_time_zone
from ingest.clocks import file_timestamp, without_timestamp


@pytest.mark.parametrize(
    ("stem", "expected"),
    [
        ("technical_data_2025-06-02T125000Z", "2025-06-02T12:50:00"),
        ("forecast_WND-DE-002_20250607T1115Z", "2025-06-07T11:15:00"),
        ("asset_contracts_20250608_043831", "2025-06-08T02:38:31"),
        ("asset_contracts_20250105_043831", "2025-01-05T03:38:31"),
        ("Private_Trades-20250608-20250609T000516000Z", "2025-06-09T00:05:16"),
        ("Private_Trades-20250608-20250609T000516123Z", "2025-06-09T00:05:16.123"),
        ("redispatch_flag_MP-WND-003_20250609_1201", "2025-06-09T10:01:00"),
        ("redispatch_compensation_2025-06-20", "2025-06-19T22:00:00"),
        ("SOL02_20250608", "2025-06-07T22:00:00"),
        ("SOL02_20251027", "2025-10-26T23:00:00"),
        ("final_production_DE00012345678901_20250609", "2025-06-08T22:00:00"),
        ("redispatch_flag_MP_20251026_0230", "2025-10-26T00:30:00"),  # twice that night: summer time
        ("redispatch_flag_MP_20251026_0330", "2025-10-26T02:30:00"),
    ],
)
def test_timestamp_in_a_name(stem: str, expected: str) -> None:
    assert file_timestamp(stem, market_time_zone()) == datetime.fromisoformat(expected)


@pytest.mark.parametrize("stem", ["SOL02", "final_production_MP-1_20251341", "x_20250609_2561", "notes_2025"])
def test_no_timestamp(stem: str) -> None:
    assert file_timestamp(stem, market_time_zone()) is None


def test_what_a_file_is_about() -> None:
    assert without_timestamp("redispatch_flag_MP-WND-003_20250609_1201") == "redispatch_flag_MP-WND-003"
