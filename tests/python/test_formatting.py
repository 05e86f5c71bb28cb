"""How the dashboard writes numbers, times and gaps."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

import pandas as pd
import pytest

from dashboard import formatting
from home import market_time_zone


def test_labels_carry_their_unit() -> None:
    assert formatting.label_of("private_vwap_eur_per_mwh") == "Private VWAP, EUR/MWh"
    assert formatting.label_of("measured_quarter_hours") == "Measured, QH"
    assert formatting.label_of("quarter_hours") == "Quarter-hours"
    assert formatting.label_of("nmae") == "nMAE, %"
    assert formatting.label_of("asset_name") == "Asset name"


@pytest.mark.parametrize(
    ("value", "digits", "signed", "text"),
    [(1234.5, 1, False, "1,234.5"), (-0.04, 1, False, "0.0"), (-3, 0, True, "−3"), (0, 0, True, "0"),
     (None, 0, False, "–"), (float("nan"), 2, True, "–"), (pd.NA, 0, False, "–")],
)  # fmt: skip
def test_numbers(value: Any, digits: int, signed: bool, text: str) -> None:
    assert formatting.number(value, digits, signed=signed) == text


def test_the_hour_that_comes_twice_is_told_apart() -> None:
    zone = market_time_zone()
    assert formatting.clock(datetime(2025, 10, 26, 0, 30), zone) == "2025-10-26 02:30 CEST"
    assert formatting.clock(datetime(2025, 10, 26, 1, 30), zone) == "2025-10-26 02:30 CET"
    assert formatting.clock(datetime(2025, 10, 26, 1, 30), UTC) == "2025-10-26 01:30 UTC"


@pytest.mark.parametrize("zone", [market_time_zone(), UTC])
@pytest.mark.parametrize("seconds", [False, True])
def test_a_column_of_times_is_written_as_each_would_be(zone: tzinfo, seconds: bool) -> None:
    moments = pd.Series(pd.to_datetime(["2025-10-26 00:30:07", "2025-10-26 01:30:00", None, "2025-06-08 10:00:00"]))
    each = [formatting.clock(moment, zone, seconds=seconds) for moment in moments]
    assert formatting.clocks(moments, zone, seconds=seconds).tolist() == each
    assert formatting.clocks(moments.head(0), zone).tolist() == []


def test_gaps_are_named_as_spans() -> None:
    start = datetime(2025, 10, 27, 1)
    missing = [start + pd.Timedelta(minutes=15 * step) for step in (0, 1, 2, 8)]
    assert formatting.gaps(missing, UTC) == "01:00 to 01:45 (3), 03:00 to 03:15 (1)"
    assert formatting.gaps([], UTC) == ""
    twice = [datetime(2025, 10, 26, 0, 15) + pd.Timedelta(minutes=15 * step) for step in range(4)]
    assert formatting.gaps(twice, market_time_zone()) == "02:15 CEST to 02:15 CET (4)"
    days = [datetime(2025, 10, day) for day in (25, 27, 28, 29)]
    assert formatting.gaps(days, UTC, timedelta(days=1)) == "25 Oct, 27 Oct to 29 Oct (3)"
    assert "and 2 more spans (2)" in formatting.gaps([start + pd.Timedelta(hours=h) for h in range(6)], UTC)


def test_tiles_escape_what_data_say() -> None:
    page = formatting.tiles([formatting.Tile("<b>", "1", "MWh", definition='"x" <script>', status="provisional")])
    assert "<script>" not in page and "&lt;script&gt;" in page
    assert "provisional" in page and 'tabindex="0"' in page


def test_digits_follow_the_unit() -> None:
    columns = ("infeed_kw", "infeed_mwh", "net_eur", "price_eur_per_mwh", "final_quarter_hours", "completeness", "nmae",
               "quantity")  # fmt: skip
    assert [formatting.digits_of(column) for column in columns] == [1, 3, 2, 2, 0, 1, 2, 6]


def test_a_table_shows_shares_in_percent_and_moments_on_the_clock() -> None:
    frame = pd.DataFrame({"executed_at_utc": [pd.Timestamp(2025, 10, 26, 1, 30)], "nmae": [0.0166], "net_eur": [1.5]})
    shown = formatting.for_people(frame, market_time_zone())
    assert shown.to_dict("list") == {
        "executed_at": ["2025-10-26 02:30 CET"], "nmae": [pytest.approx(1.66)], "net_eur": [1.5]
    }  # fmt: skip
    assert frame["nmae"].iloc[0] == 0.0166  # downloads keep the share
