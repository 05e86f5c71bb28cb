"""The bundled sample: six invented assets over three local delivery days, the clock change among them.

It is a call of the simulator with a portfolio and incidents that are placed by hand: small, with every oddity of the
feeds at least once, and always the same.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

from simulator.desk import Desk
from simulator.incidents import (
    LOCAL_TIME,
    SUMMER_TIME,
    WINTER_TIME,
    ImbalanceFile,
    Incidents,
    Restatement,
    Spell,
    TradeFiles,
)
from simulator.portfolio import Asset, Contract, Portfolio
from simulator.simulation import Scenario, simulate
from simulator.times import local_day, quarter_hours, utc

SEED = 7
FIRST_DAY, CLOCK_CHANGE, LAST_DAY = DAYS = (date(2025, 10, 25), date(2025, 10, 26), date(2025, 10, 27))
_NOTES = "Meter at Geestrand read by hand on Sunday; the live link was down in the morning.\n"
_GROUP = "MP-SOL-GROUP-7"  # two metering points in one file


def _solar(panel: str, tracking: str, commissioned: str) -> dict[str, str | int]:
    return {"panel_type": panel, "tracking_type": tracking, "commissioning_date": commissioned}


def _wind(model: str, count: int, hub_height_meters: int, commissioned: str) -> dict[str, str | int]:
    return {
        "turbine_model": model,
        "turbine_count": count,
        "hub_height_meters": hub_height_meters,
        "commissioning_date": commissioned,
    }


SOL_NI = Asset(
    "SOL-NI-101", "Solarpark Wiesenmoor", "solar", 53.3921, 7.7412, 4200.0,
    _solar("monocrystalline", "fixed", "2021-06-14"), "Moorlicht Energie GmbH",
    meter_group=_GROUP, live_key="entity_id",
)  # fmt: skip
SOL_BY = Asset(
    "SOL-BY-102", "Sonnenfeld Altmühl", "solar", 49.0187, 11.0533, 2750.5,
    _solar("thin_film", "single_axis", "2023-04-03"), "Bürgerenergie Altmühl eG",
    meter_group=_GROUP, has_live=False,
)  # fmt: skip
SOL_SN = Asset(
    "SOL-SN-103", "Solarhang Lausitz", "solar", 51.2406, 14.3811, 1640.0,
    _solar("polycrystalline", "fixed", "2019-09-27"), "Lausitzer Hangsonne KG",
)  # fmt: skip
WIND_SH = Asset(
    "WIND-SH-201", "Windpark Süderhörn", "wind", 54.5518, 9.1127, 12600.0,
    _wind("Nordwerk N126", 3, 134, "2020-11-19"), "Süderhörn Wind GmbH", meters_local_days=True,
)  # fmt: skip
WIND_NI = Asset(
    "WIND-NI-202", "Windpark Geestrand", "wind", 53.0714, 9.3642, 8400.0,
    _wind("Nordwerk N117", 4, 120, "2017-03-08"), "Geestrand Windkraft KG", has_final=False,
)  # fmt: skip
WIND_BB = Asset(
    "WIND-BB-203", "Windfeld Prignitz", "wind", 53.0931, 12.0385, 6900.0,
    _wind("Havelwind H115", 3, 149, "2025-08-25"), "Windfeld Prignitz GmbH",
    meters_local_days=True, live_jitter_ms=9_000,
)  # fmt: skip

ASSETS = (SOL_NI, SOL_BY, SOL_SN, WIND_SH, WIND_NI, WIND_BB)

_CONTRACTS = (
    Contract("CON1_SOL-NI-101", SOL_NI, date(2021, 7, 1), None, "fixed", "82.5",
             "fixed_as_produced", "2.4", "", "buero.moorlicht@example.com"),
    Contract("CON1_SOL-BY-102", SOL_BY, date(2023, 5, 1), date(2028, 5, 1), "market", "",
             "percent_of_market", "", "5.5", "vorstand.altmuehl@example.org"),
    Contract("CON1_SOL-SN-103", SOL_SN, date(2024, 1, 1), None, "fixed", "",
             "fixed_as_produced", "3.1", "", "kontakt.hangsonne@example.com"),
    Contract("CON1_WIND-SH-201", WIND_SH, date(2023, 10, 26), date(2025, 10, 26), "fixed", "71.9",
             "fixed_for_capacity", "310.0", "", "abrechnung.suederhoern@example.com"),
    Contract("CON2_WIND-SH-201", WIND_SH, date(2025, 10, 26), date(2027, 10, 26), "market", "",
             "percent_of_market", "", "4.0", "abrechnung.suederhoern@example.com"),
    Contract("CON1_WIND-NI-202", WIND_NI, date(2024, 10, 27), date(2025, 10, 27), "market", "",
             "fixed_for_capacity", "275.0", "", "post.geestrand@example.org"),
)  # fmt: skip

PORTFOLIO = Portfolio(
    ASSETS,
    technical_lists=(
        ("technical_data_2025-10-20T124600Z", ASSETS[:-1]),
        (
            "technical_data_2025-10-24T125000Z",
            [replace(asset, capacity_kw=1725.0) if asset is SOL_SN else asset for asset in ASSETS],
        ),
    ),
    contract_lists=(
        (date(2025, 10, 12), "043417", _CONTRACTS),
        (date(2025, 10, 19), "044106", _CONTRACTS),
        # The newest list no longer holds the contract of SOL-BY-102; WIND-BB-203 has none in any list.
        (CLOCK_CHANGE, "043852", [contract for contract in _CONTRACTS if contract.asset is not SOL_BY]),
    ),
)


def _spell(asset: Asset, first: str, end: str) -> Spell:
    return Spell(asset.asset_id, utc(first), utc(end))


_MISSING_FINAL = frozenset({9, 10, 11, 12, 52, 53, 70})
_UNKNOWN_FINAL = frozenset({20, 60})
_IN_MS = frozenset({(WIND_NI.asset_id, utc("2025-10-27T06:00")), (WIND_NI.asset_id, utc("2025-10-27T12:00"))})
_INCIDENTS = {
    FIRST_DAY: Incidents(
        TradeFiles(later_export=utc("2025-10-27T00:04:12"), corrected=1, repeated=4),
        ImbalanceFile("20251025_170800", SUMMER_TIME, "utf-8", _MISSING_FINAL, _UNKNOWN_FINAL),
        ImbalanceFile("2025-10-26T041800Z", unknown=frozenset({33})),
        switched_off=(_spell(SOL_NI, "2025-10-25T10:00", "2025-10-25T10:45"),),
        flag_stamps={SOL_NI.asset_id: "20251026_0230"},  # in the hour that occurs twice (TIME-5)
        live_gaps=(_spell(WIND_SH, "2025-10-25T13:20", "2025-10-25T13:26"),),
        without_value=(_spell(WIND_BB, "2025-10-25T09:05", "2025-10-25T09:08"),),
        resent_forecasts={(SOL_NI.asset_id, utc("2025-10-25T10:00")): utc("2025-10-25T10:42")},
    ),
    CLOCK_CHANGE: Incidents(
        TradeFiles(),
        ImbalanceFile("20251110_091500", missing=_MISSING_FINAL, unknown=_UNKNOWN_FINAL),
        ImbalanceFile("2025-10-27T041800Z", LOCAL_TIME, "utf-8-sig", unknown=frozenset({44})),
        switched_off=(_spell(WIND_NI, "2025-10-26T10:00", "2025-10-26T11:00"),),
        flag_stamps={WIND_NI.asset_id: "20251027_0915"},
        live_gaps=(_spell(WIND_NI, "2025-10-26T08:30", "2025-10-26T12:30"),),
        bad_quality=(_spell(SOL_NI, "2025-10-26T10:30", "2025-10-26T10:37"),),
        blank_final=frozenset({(SOL_SN.asset_id, utc("2025-10-26T11:15"))}),
        restated=(Restatement(WIND_SH.asset_id, 0.97, utc("2025-10-26T06:00"), utc("2025-10-26T05:00"), 8),),
        negative_compensation=frozenset({utc("2025-10-26T10:30")}),
        lost_forecasts=frozenset({(WIND_SH.asset_id, utc("2025-10-26T05:00"))}),
        unordered_forecasts=frozenset({(WIND_NI.asset_id, utc("2025-10-26T09:00"))}),
        blank_forecasts=frozenset({(WIND_BB.asset_id, utc("2025-10-26T12:00"))}),
    ),
    LAST_DAY: Incidents(
        TradeFiles(as_exchange=True, private_in_mw=True),
        ImbalanceFile("20251110_092000", WINTER_TIME, "cp1252", _MISSING_FINAL, _UNKNOWN_FINAL),
        # Those of 52 and 53 have no price at all (IM-2).
        ImbalanceFile("2025-10-28T041800Z", unknown=frozenset({52, 53})),
        switched_off=(_spell(WIND_SH, "2025-10-27T11:00", "2025-10-27T12:30"),),
        flag_stamps={WIND_SH.asset_id: "20251028_1201"},
        without_quality=(_spell(WIND_SH, "2025-10-27T03:00", "2025-10-27T03:04"),),
        unpriced=frozenset({utc("2025-10-27T11:45")}),
        forecasts_in_ms=_IN_MS,
    ),
}


def _versions(day: date) -> list[datetime]:
    """Every hour, and every quarter-hour in the night of the clock change."""
    frequent = (utc("2025-10-25T20:00"), utc("2025-10-26T04:00"))
    starts = quarter_hours(*local_day(day))
    return [start for start in starts if start.minute == 0 or frequent[0] <= start <= frequent[1]]


SAMPLE = Scenario(
    PORTFOLIO,
    DAYS,
    SEED,
    _INCIDENTS.__getitem__,
    versions=_versions,
    desk=Desk(lot_tenths_of_mw=25, leads_quarter_hours=(4,), market_trades=2.6),
)


def write_sample(out: Path) -> None:
    """Write every feed of the sample, in folders as the real feeds have them.

    One file is broken (a live file that is cut off) and one belongs to no feed (`vpp/notes.txt`).

    Args:
        out: the folder to write into; files of the same names are replaced, others stay.
    """
    simulate(out, SAMPLE)
    broken = out / "vpp" / "live_measured_infeed" / f"{SOL_SN.short_name}_{LAST_DAY:%Y%m%d}.json"
    broken.write_bytes(broken.read_bytes()[:20_000])
    (out / "vpp" / "notes.txt").write_bytes(_NOTES.encode())
