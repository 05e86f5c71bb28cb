"""What solutions of this problem are known to get wrong, each with a test that fails on it.

Most look at the golden world (docs/golden-world.md), whose figures were worked out by hand: what the mistake would give
is named beside what is right.
"""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from conftest import Landing, forecast

from home import PROJECT

Q1, Q2, Q3, Q4 = (f"2025-10-26 00:{minute}" for minute in ("00", "15", "30", "45"))


@pytest.fixture
def ask(golden: Path) -> Any:
    """A function that gives the one value of a query on the golden world's marts."""

    def value(sql: str) -> Any:
        with duckdb.connect(str(golden), read_only=True) as con:
            ((found,),) = con.execute(sql).fetchall()
        return found

    return value


def test_forecast_versions_are_not_summed(ask: Any) -> None:
    # three versions speak of it: 1000 + 120 + 160 kW would be 0.32 MWh
    assert ask(f"select latest_forecast_mwh from marts.fct_asset_forecasts where asset_id = 'GA' and "
               f"delivery_start_utc = '{Q2}'") == Decimal("0.04")  # fmt: skip


def test_no_single_version_serves_the_whole_day(ask: Any) -> None:
    assert ask("select count(distinct latest_version_utc) from marts.fct_asset_forecasts "
               "where asset_id = 'GA' and delivery_date = '2025-10-26'") == 2  # fmt: skip


def test_assets_without_live_or_final_data_are_not_dropped(ask: Any) -> None:
    # GA has only a forecast at 00:45, and at 01:15 nothing but a flag
    assert (
        ask("select count(*) from marts.fct_asset_infeed where asset_id = 'GA' and delivery_date = '2025-10-26'") == 8
    )
    assert ask(f"select assets_present from marts.fct_portfolio_infeed where delivery_start_utc = '{Q4}'") == 2


def test_the_infeed_is_not_the_greater_of_forecast_and_measurement(ask: Any) -> None:
    assert ask(f"select infeed_mwh from marts.fct_asset_infeed where asset_id = 'GA' and "
               f"delivery_start_utc = '{Q1}'") == Decimal("0.1")  # fmt: skip  # the forecast is 0.12


def test_not_a_number_does_not_become_zero(landing: Landing) -> None:
    content = forecast("A", 1749376800, [5.0, 7.0]).replace("7.0", "NaN")
    landing.write("vpp/forecasts/forecast_A_20250608T1000Z.json", content)
    landing.load()
    assert landing.query("select power_kw from forecasts where power_kw is not null") == [(5.0,)]


def test_kilowatts_are_not_summed_as_megawatt_hours(ask: Any) -> None:
    assert ask(f"select infeed_mwh from marts.fct_asset_infeed where asset_id = 'GB' and "
               f"delivery_start_utc = '{Q1}'") == Decimal("0.075")  # fmt: skip  # 300 kW for a quarter of an hour


def test_an_hourly_trades_energy_is_divided(ask: Any) -> None:
    # 2 MWh sold for an hour, and 0.8 MW bought
    assert ask(f"select sold_mwh from marts.fct_trading_quarter_hours where delivery_start_utc = '{Q3}'") == Decimal(
        "0.5"
    )


def test_prices_are_joined_on_the_quarter_hour(ask: Any) -> None:
    # joined on the date alone, each of the twelve rows of the day would come once per price of the day
    assert ask("select count(*) from marts.fct_asset_imbalance where delivery_date = '2025-10-26'") == 12


def test_the_estimate_stands_in_only_where_the_final_price_lacks(ask: Any) -> None:
    price = "select short_price_eur_per_mwh from marts.fct_imbalance_prices where delivery_start_utc ="
    assert ask(f"{price} '{Q1}'") == 120  # the estimate is 99
    assert ask(f"{price} '{Q3}'") == 65  # N.A. in the final file


def test_contract_lists_are_not_added_up(ask: Any) -> None:
    assert ask("select count(*) from marts.dim_contracts where contract_id = 'GA1'") == 1
    assert (
        ask("select assets_expected from marts.fct_portfolio_infeed where delivery_start_utc = '2025-10-31 23:00'") == 2
    )


def test_the_capacity_fee_is_charged_once_a_month(ask: Any) -> None:
    assert (
        ask("select net_eur from marts.fct_invoice_lines where invoice_id = 'GB1_2025-10' and line_type = 'fee'")
        == -200
    )


def test_a_percentage_is_divided_by_100(ask: Any) -> None:
    assert ask("select unit_price_eur from marts.fct_invoice_lines where invoice_id = 'GA2_2025-10' and "
               "line_type = 'fee'") == Decimal("1.702857")  # fmt: skip


def test_a_missing_price_is_not_invoiced_as_zero(ask: Any) -> None:
    assert ask("select net_eur from marts.fct_invoice_lines where invoice_id = 'GB2_2025-11' and "
               "line_type = 'infeed_payout'") is None  # fmt: skip
    assert ask("select status from marts.fct_invoices where invoice_id = 'GB2_2025-11'") == "blocked"


def test_an_hourly_trade_counts_in_each_of_its_quarter_hours(ask: Any) -> None:
    assert ask("select count(*) from marts.fct_trading_quarter_hours where revenue_eur = 14") == 3  # and 19.5 at 00:15


def test_a_vwap_is_not_signed(ask: Any) -> None:
    # (20 - 6) / (0.5 + 0.2) would be 20
    assert ask(f"select private_vwap_eur_per_mwh from marts.fct_trading_quarter_hours where "
               f"delivery_start_utc = '{Q1}'") == Decimal("37.142857")  # fmt: skip


def test_buying_costs_and_selling_earns(ask: Any) -> None:
    assert ask("select revenue_eur from marts.fct_trades where trade_id = '2'") == -24
    assert ask("select revenue_eur from marts.fct_trades where trade_id = '1'") == 80


def test_a_stage_that_fails_does_not_exit_0(tmp_path: Path) -> None:
    from test_cli import rtm

    (tmp_path / "raw.duckdb").write_text("no database", encoding="utf-8")
    source = PROJECT / "tests" / "golden" / "source"
    assert [
        rtm(tmp_path, *command).returncode for command in (["ingest", str(source)], ["build"], ["run", str(source)])
    ] == [1, 1, 1]


def test_tests_do_not_skip_where_a_file_is_missing() -> None:
    # only the real day may be absent, and its fixture says so; the golden world and the sample are always there
    tests = (PROJECT / "tests" / "python").glob("*.py")
    skips = [
        path.name
        for path in tests
        for _ in re.finditer(r"pytest\.(skip|importorskip)\(|mark\.skip", path.read_text("utf-8"))
    ]
    assert [name for name in skips if name != Path(__file__).name] == ["conftest.py"]
