"""Every feed's layout and its oddities, from small files to raw."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from conftest import Landing, forecast, series

from ingest.feeds import FEEDS, recognise

FINAL = "Datum;Zeitzone;von;bis;Datenkategorie;Datentyp;Einheit;reBAP unterdeckt;reBAP ueberdeckt\n"
ESTIMATE = "Datum;Zeitzone;von;bis;Datenkategorie;Datentyp;Einheit;AEP-Schätzer;Status\n"
TRADES = "TradeId;Side;DeliveryStart;DeliveryEnd;ExecutionTime;Price;Currency;Volume;VolumeUnit\n"
CONTRACTS = (
    "contract_id,asset_id,metering_point_id,capacity,technology,contract_begin,contract_end,price_model,price,"
    "fee_model,fee,fee_percent,email\n"
)


STARTS = "select delivery_start_utc from imbalance_prices_final order by row_number"


def at(text: str) -> datetime:
    """A moment, naive UTC."""
    return datetime.fromisoformat(text)


def test_forecast_points_in_seconds_and_milliseconds_in_any_order(landing: Landing) -> None:
    version = int(datetime(2025, 6, 8, 10, tzinfo=UTC).timestamp())
    landing.write("vpp/forecasts/A/forecast_A_20250608T1000Z.json", forecast("A", version, [1.5, None, float("nan")]))
    landing.write("vpp/forecasts/B/forecast_B_20250608T1000Z.json", forecast("B", version, [2.5], scale=1000))
    landing.write(
        "vpp/forecasts/C/forecast_C_20250608T1000Z.json",
        series(
            "C",
            {"power": ["7", "N.A."], "start": [version + 900, version], "version": [version] * 2},
            ["kW", "s", "s"],
        ),
    )
    assert not landing.load().quarantined
    rows = landing.query("select asset_id, delivery_start_utc, version_utc, power_kw from forecasts order by all")
    ten, quarter_past, half_past = at("2025-06-08T10:00"), at("2025-06-08T10:15"), at("2025-06-08T10:30")
    assert rows == [
        ("A", ten, ten, 1.5),
        ("A", quarter_past, ten, None),
        ("A", half_past, ten, None),
        ("B", ten, ten, 2.5),
        ("C", ten, ten, None),
        ("C", quarter_past, ten, 7.0),
    ]
    assert landing.query("select file_name, bad_rows from manifest where bad_rows > 0 order by all") == [
        ("forecast_A_20250608T1000Z.json", 2),
        ("forecast_C_20250608T1000Z.json", 1),
    ]
    remarks = landing.query("select example from file_remarks")
    assert remarks == [("labelled ms, but the values are s",)]  # A; B is in ms, C says s and is


def test_a_point_off_the_grid_or_of_another_length_is_a_bad_row(landing: Landing) -> None:
    version = int(datetime(2025, 6, 8, 10, tzinfo=UTC).timestamp())
    columns: dict[str, list[float]] = {
        "start": [version, version + 60, version + 1800, 4e12],
        "end": [version + 900, version + 960, version + 5400, 5e12],
        "version": [version] * 4,
        "power": [1, 2, 3, 4],
    }
    landing.write("forecasts/x_20250608T1000Z.json", series("A", columns, ["s", "s", "s", "kW"]))
    landing.load()
    assert landing.query("select power_kw from forecasts") == [(1.0,)]
    assert landing.query("select row_number, is_landed from bad_rows order by 1") == [
        (2, False),
        (3, False),
        (4, False),
    ]


def test_live_samples(landing: Landing) -> None:
    start = 1749333600000.0
    live: dict[str, list[Any]] = {
        "timestamp": [start, start + 60000, start + 90500],
        "value": [-0.25, None, 3],
        "quality": [1, 1, None],
    }
    landing.write(
        "vpp/live_measured_infeed/A_20250608.json", series("A", live, ["ms", "kW", "factor"], key="entity_id")
    )
    live = {"timestamp": [start], "value": [4], "flavour": ["sweet"]}
    landing.write("vpp/live_measured_infeed/B_20250608.json", series("B", live, ["ms", "kW", ""]))
    assert not landing.load().quarantined
    assert landing.query(
        "select asset_id, measured_at_utc, power_kw, quality, extra from live_measured_infeed "
        "left join extra_cells using (file_id, row_number) order by file_id, row_number"
    ) == [
        ("A", at("2025-06-07T22:00:00"), -0.25, 1.0, None),
        ("A", at("2025-06-07T22:01:00"), None, 1.0, None),
        ("A", at("2025-06-07T22:01:30.5"), 3.0, None, None),
        ("B", at("2025-06-07T22:00:00"), 4.0, None, '{"flavour":"sweet"}'),
    ]
    assert landing.query("select file_name, bad_rows, unknown_columns from manifest order by 1") == [
        ("A_20250608.json", 1, None),
        ("B_20250608.json", 0, "flavour"),
    ]


def test_technical_data(landing: Landing) -> None:
    landing.write(
        "vpp/technical_data/technical_data_2025-06-02T125000Z.json",
        '{"assets": [{"asset_id": "A", "name": "Höhe", "type": "Wind", "location": {"latitude": 54.1, "longitude": 8},'
        ' "technical_attributes": {"capacity_kw": 5600.5, "turbine_count": 2}, "status": "operational",'
        ' "owner": {"name": "X"}}]}',
    )
    landing.load()
    assert landing.query("select * exclude (file_id) from technical_data") == [
        (1, "A", "Höhe", "wind", "operational", 5600.5, 54.1, 8.0, '{"capacity_kw":5600.5,"turbine_count":2}'),
    ]  # fmt: skip
    assert landing.query("select row_number, extra from extra_cells") == [(1, '{"owner":{"name":"X"},"location":{}}')]


def test_final_production_with_several_metering_points_and_restated_blanks(landing: Landing) -> None:
    landing.write(
        "distribution_system_operator/final_production_GROUP_20250609.csv",
        "delivery_start__utc_,MP-Sol-1__kw_,MP-2__kw_,comment\n"
        '2025-06-08 00:00:00.000000 UTC,1.25,,x\n2025-06-08 00:15:00.000000 UTC,"2,5",N.A.,\n',
    )
    landing.load()
    assert landing.query(
        "select metering_point_id, delivery_start_utc, power_kw from final_production order by row_number"
    ) == [
        ("MP-Sol-1", at("2025-06-08T00:00"), 1.25),
        ("MP-2", at("2025-06-08T00:00"), None),
        ("MP-Sol-1", at("2025-06-08T00:15"), 2.5),
        ("MP-2", at("2025-06-08T00:15"), None),
    ]
    assert landing.query("select rows, bad_rows, unknown_columns from manifest") == [(4, 2, "comment")]
    assert landing.query("select problem, content from bad_rows order by row_number") == [
        ("blank", None),
        ("not kW below 100 GW", "N.A."),
    ]


def test_redispatch(landing: Landing) -> None:
    landing.write(
        "dso/redispatch_flag_MP-3_20250609_1201.csv",
        "delivery_start,delivery_end,is_redispatched\n2025-06-08T10:15:00Z,2025-06-08T10:30:00Z,1\n"
        "2025-06-08T12:30:00+02:00,2025-06-08T12:45:00+02:00,0\n2025-06-08T11:00:00Z,2025-06-08T12:00:00Z,1\n"
        "2025-06-08 14:00:00,2025-06-08 14:15:00,1\n",
    )
    landing.write(
        "dso/redispatch_compensation_2025-06-20.csv",
        "delivery_start__utc_,delivery_end__utc_,price__euro_per_mwh_\n"
        "2025-06-08 10:15:00.000000 UTC,2025-06-08 10:30:00.000000 UTC,-95.7\n"
        "2025-06-08 10:30:00.000000 UTC,2025-06-08 10:45:00.000000 UTC,\n",
    )
    landing.load()
    assert landing.query("select metering_point_id, delivery_start_utc, is_redispatched from redispatch_flags") == [
        ("MP-3", at("2025-06-08T10:15"), True),
        ("MP-3", at("2025-06-08T10:30"), False),
        ("MP-3", at("2025-06-08T12:00"), True),  # no offset: local time
    ]
    assert landing.query("select delivery_start_utc, price_eur_per_mwh from redispatch_compensation") == [
        (at("2025-06-08T10:15"), Decimal("-95.7")),
        (at("2025-06-08T10:30"), None),
    ]


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("comment", ["# Private Trades - 2025-06-08;;;;;;;;\n", "", "# a\n# b\n"])
def test_trades_in_our_layout(landing: Landing, newline: str, comment: str) -> None:
    rows = (
        "7;SELL;2025-06-08 00:00:00+00:00;2025-06-08 01:00:00+00:00;2025-06-07 15:03:44.509000+00:00;"
        "81.29;EUR;0.1;MWH\n"
        "7;BUY;2025-06-08 00:00:00+00:00;2025-06-08 01:00:00+00:00;2025-06-07 15:03:44+00:00;-3;EUR;0.025;mw\n"
        "8;SELL;2025-06-08 00:00:00+00:00;2025-06-08 01:00:00+00:00;2025-06-07 15:03:44+00:00;N.A.;EUR;0.1;MWH\n"
        "9;HOLD;2025-06-08 00:00:00+00:00;2025-06-08 01:00:00+00:00;2025-06-07 15:03:44+00:00;1;EUR;0.1;MWH\n"
        "10;SELL;2025-06-08 00:00:00+00:00;2025-06-08 01:00:00+00:00\n"
        "11;SELL;2025-06-08 00:00:00+00:00;2025-06-08 01:00:00+00:00;2025-06-07 15:03:44+00:00;1;GBP;0.1;MWH"
    )
    content = (comment + TRADES + rows).replace("\n", newline)
    landing.write("exchange/Private_Trades-20250608-20250609T000516000Z.csv", content)
    landing.load()
    assert landing.query(
        "select trade_id, side, executed_at_utc, price_eur_per_mwh, volume, volume_unit, currency from private_trades"
    ) == [
        ("7", "SELL", at("2025-06-07T15:03:44.509"), Decimal("81.29"), Decimal("0.1"), "MWH", "EUR"),
        ("7", "BUY", at("2025-06-07T15:03:44"), Decimal(-3), Decimal("0.025"), "MW", "EUR"),
        ("8", "SELL", at("2025-06-07T15:03:44"), None, Decimal("0.1"), "MWH", "EUR"),
        ("11", "SELL", at("2025-06-07T15:03:44"), Decimal(1), Decimal("0.1"), "MWH", None),
    ]
    line = 6 + comment.count("\n")
    bad = landing.query("select problem, content, is_landed from bad_rows order by is_landed, content")
    assert ("not a number below a million", "N.A.", True) in bad
    assert ("not EUR", "GBP", True) in bad
    assert ("not BUY or SELL", "HOLD", False) in bad
    assert any(f"line {line}:" in problem and not landed for problem, _, landed in bad)
    assert landing.query("select rows, bad_rows from manifest") == [(4, 4)]


def test_numbers_and_moments_that_cannot_be_true(landing: Landing) -> None:
    rows = [
        "1;SELL;2025-06-08 00:00:00Z;2025-06-08 01:00:00Z;2025-06-07 15:03:44Z;1;EUR;-0.1;MWH",
        "2;SELL;2025-06-08 00:00:00Z;2025-06-08 01:00:00Z;2025-06-07 15:03:44Z;1;EUR;1000000;MWH",
        "3;SELL;2025-06-08 00:00:00Z;2025-06-08 01:00:00Z;2025-06-07 15:03:44Z;-1e6;EUR;1;MWH",
        "4;SELL;2025-06-08 00:00:00Z;2025-06-08 00:20:00Z;2025-06-07 15:03:44Z;1;EUR;1;MWH",
        "5;SELL;2025-06-08 00:05:00Z;2025-06-08 00:30:00Z;2025-06-07 15:03:44Z;1;EUR;1;MWH",
        "6;SELL;2025-06-08 00:00:00Z;2025-06-08 01:00:00Z;2025-06-07 15:03:44Z;-999999;EUR;999999;MWH",
    ]
    landing.write("exchange/Private_Trades-20250608-20250609T000516000Z.csv", TRADES + "\n".join(rows))
    landing.write(
        "dso/final_production_M_20250609.csv",
        "delivery_start__utc_,M__kw_\n2025-06-08 00:00:00 UTC,1e8\n2025-06-08 00:15:00 UTC,-99999999\n",
    )
    landing.write("vpp/forecasts/forecast_A_20250608T1000Z.json", forecast("A", 1749376800, [1e300, 1.0]))
    landing.load()
    assert landing.query(
        "select feed, count(*) from bad_rows join manifest using (file_id) group by all order by all"
    ) == [
        ("final_production", 1),
        ("forecasts", 1),
        ("private_trades", 5),
    ]
    assert landing.query("select power_kw from final_production where power_kw is not null") == [(-99999999.0,)]


def test_trades_in_the_exchanges_layout(landing: Landing) -> None:
    landing.write(
        "exchange/Public_Trades-20250608-20250609T000516000Z.csv",
        "TradeId,RemoteTradeId,Side,Product,DeliveryStart,DeliveryEnd,ExecutionTime,DeliveryArea,Price,Currency,Volume,"
        "VolumeUnit\n1,9,SELL,XBID_Hour_Power,2025-06-08T00:00:00Z,2025-06-08T01:00:00Z,2025-06-07T15:03:44.509Z,"
        "10YDE-RWENET---I,5,EUR,1.5,MW\n",
    )
    landing.load()
    assert landing.query("select trade_id, delivery_end_utc, volume_unit, extra from public_trades "
                         "left join extra_cells using (file_id, row_number)") == [
        ("1", at("2025-06-08T01:00"), "MW",
         '{"remotetradeid":"9","product":"XBID_Hour_Power","deliveryarea":"10YDE-RWENET---I"}'),
    ]  # fmt: skip
    assert landing.query("select unknown_columns from manifest") == [("remotetradeid, product, deliveryarea",)]


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ("UTC", "2025-06-08T12:00"),
        ("CET", "2025-06-08T11:00"),
        ("CEST", "2025-06-08T10:00"),
        ("Europe/Berlin", "2025-06-08T10:00"),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_imbalance_prices_in_every_zone_and_encoding(landing: Landing, zone: str, expected: str, encoding: str) -> None:
    rest = "AEP-Schätzer;Betrieblich;EUR/MWh"
    text = f"{ESTIMATE}08.06.2025;{zone};12:00;12:15;{rest};1.144,24;0,00\n08.06.2025;{zone};12:15;12:30;{rest};N.A.;\n"
    landing.write("imbalance/imbalance_price_estimation_2025-06-07T041800Z.csv", text.encode(encoding))
    text = f"{FINAL}08.06.2025;{zone};12:00;12:15;reBAP;Qualitätsgesichert;EUR/MWh;87,11;-87,12;\n"
    landing.write("imbalance/imbalance_price_final_20250608_170800.csv", text.encode(encoding))
    assert not landing.load().quarantined
    assert landing.query("select delivery_start_utc, estimate_eur_per_mwh from imbalance_prices_estimated") == [
        (at(expected), Decimal("1144.24")),
        (at(expected) + timedelta(minutes=15), None),
    ]
    assert landing.query(
        "select delivery_start_utc, short_price_eur_per_mwh, long_price_eur_per_mwh, data_type "
        "from imbalance_prices_final"
    ) == [(at(expected), Decimal("87.11"), Decimal("-87.12"), "Qualitätsgesichert")]


def _local_day(day: str, hours: list[str]) -> str:
    rest = "reBAP;Qualitätsgesichert;EUR/MWh;1,00;1,00"
    return FINAL + "".join(
        f"{day};Europe/Berlin;{hour}:{minute:02d};;{rest}\n" for hour in hours for minute in (0, 15, 30, 45)
    )


def test_the_hour_that_comes_twice(landing: Landing) -> None:
    """TIME-5: the first occurrence in the file is summer time, the second winter time."""
    hours = [f"{hour:02d}" for hour in [0, 1, 2, 2, *range(3, 24)]]
    landing.write("imbalance/imbalance_price_final_20251027_120000.csv", _local_day("26.10.2025", hours))
    landing.load()
    starts = [
        start for (start,) in landing.query("select delivery_start_utc from imbalance_prices_final order by row_number")
    ]
    assert starts == [at("2025-10-25T22:00") + timedelta(minutes=15 * step) for step in range(100)]


def test_the_hour_that_the_clock_skips(landing: Landing) -> None:
    hours = [f"{hour:02d}" for hour in range(24)]
    landing.write("imbalance/imbalance_price_final_20250331_120000.csv", _local_day("30.03.2025", hours))
    landing.load()
    starts = [
        start for (start,) in landing.query("select delivery_start_utc from imbalance_prices_final order by row_number")
    ]
    assert starts == [at("2025-03-29T23:00") + timedelta(minutes=15 * step) for step in range(92)]
    assert landing.query("select count(*) from bad_rows where not is_landed") == [(4,)]


def test_contracts_keep_addresses_apart(landing: Landing) -> None:
    landing.write(
        "crm/asset_contracts_20250608_043831.csv",
        CONTRACTS.replace("email", "email,phone")
        + "C1,A,M,1.088,solar,2024-03-01,,fixed,85.0,fixed_as_produced,2.5,,ann@example.com,0123\n"
        "C2,B,N,4.0,wind,01.05.2025,2029-09-01,Market,,percent_of_market,,7.0,ben@example.com,\n"
        "C3,D,O,x,wind,,soon,fixed,,fixed_as_produced,,,cleo@example.com,\n"
        "C4,E,dora@example.com\n",
    )
    landing.load()
    assert landing.query(
        "select contract_id, capacity_mw, contract_begin, contract_end, has_readable_end, price_model, "
        "price_eur_per_mwh, fee_eur, fee_percent from contracts order by 1"
    ) == [
        ("C1", Decimal("1.088"), at("2024-03-01").date(), None, True, "fixed", Decimal(85), Decimal("2.5"), None),
        (
            "C2",
            Decimal(4),
            at("2025-05-01").date(),
            at("2029-09-01").date(),
            True,
            "market",
            None,
            None,
            Decimal(7),
        ),
        ("C3", None, None, None, False, "fixed", None, None, None),
    ]
    assert landing.query("select count(*) from extra_cells") == [(0,)]
    assert landing.query("select email, extra from contract_contacts order by 1") == [
        ("ann@example.com", '{"phone":"0123"}'),
        ("ben@example.com", None),
        ("cleo@example.com", None),
    ]
    tables = landing.query(
        "select table_name, column_name from information_schema.columns "
        "where data_type = 'VARCHAR' and table_name <> 'contract_contacts'"
    )
    assert len(tables) > 30
    for table, column in tables:
        assert landing.query(f'select "{column}" from {table} where contains("{column}", \'@\')') == []
    assert landing.query("select count(*) from bad_rows where problem like 'line 5:%'") == [(1,)]


def test_feeds_are_told_apart_by_folder_and_name() -> None:
    expected = {
        "a/vpp/live_measured_infeed/SOL02_20250608.json": "live_measured_infeed",
        "forecasts/SOL/x.json": "forecasts",
        "x/forecast_A_20250607T1115Z.json": "forecasts",
        "x/Public_Trades-20250608-20250609T000516000Z.csv": "public_trades",
        "imbalance_price_estimation_2025-06-07T041800Z.csv": "imbalance_prices_estimated",
        "README.md": None,
        "vpp/x.json": None,
        "my_final_production_x.csv": None,
    }
    assert {path: (feed.name if (feed := recognise(path)) else None) for path in expected} == expected
    assert len({feed.name for feed in FEEDS}) == len(FEEDS)


def test_the_real_day(landing: Landing, challenge: Path) -> None:
    """Every feed of one real delivery day lands whole."""
    report = landing.load(challenge)
    assert report.quarantined == []
    counts = {feed: (files, rows, bad) for feed, files, rows, bad in landing.query(
        "select feed, count(*), sum(rows), sum(bad_rows) from manifest group by feed"
    )}  # fmt: skip
    assert counts == {
        "technical_data": (3, 14, 0),
        "forecasts": (960, 185_280, 0),
        "live_measured_infeed": (4, 5_747, 0),
        "final_production": (4, 384, 0),
        "redispatch_flags": (1, 4, 0),
        "redispatch_compensation": (1, 385, 0),
        "private_trades": (1, 3_349, 0),
        "public_trades": (1, 49_333, 0),
        "imbalance_prices_final": (1, 86, 0),
        "imbalance_prices_estimated": (1, 556, 0),
        "contracts": (3, 14, 0),
    }
    assert landing.query("select count(distinct trade_id) from public_trades") == [(27_444,)]
    assert landing.query("select count(*), count(distinct example) from file_remarks") == [(960, 1)]
