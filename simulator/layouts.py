"""One writer per feed: given the numbers, the bytes as they really arrive.

Every writer takes moments in UTC and makes the folders that its file needs.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Literal

from simulator.portfolio import Asset, Contract
from simulator.times import QUARTER_HOUR

_FORECAST_COLUMNS = ["start", "end", "version", "power"]
_TRADE_COLUMNS = [
    "TradeId",
    "Side",
    "DeliveryStart",
    "DeliveryEnd",
    "ExecutionTime",
    "Price",
    "Currency",
    "Volume",
    "VolumeUnit",
]
_EXCHANGE_COLUMNS = [
    "TradeId",
    "RemoteTradeId",
    "Side",
    "Product",
    "DeliveryStart",
    "DeliveryEnd",
    "ExecutionTime",
    "DeliveryArea",
    "TradePhase",
    "UserDefinedBlock",
    "SelfTrade",
    "Price",
    "Currency",
    "Volume",
    "VolumeUnit",
    "OrderID",
]
_CONTRACT_COLUMNS = [
    "contract_id",
    "asset_id",
    "metering_point_id",
    "capacity",
    "technology",
    "contract_begin",
    "contract_end",
    "price_model",
    "price",
    "fee_model",
    "fee",
    "fee_percent",
    "email",
]
_IMBALANCE_COLUMNS = ["Datum", "Zeitzone", "von", "bis", "Datenkategorie", "Datentyp", "Einheit"]

TradeScope = Literal["Private", "Public"]
VolumeUnit = Literal["MWH", "MW"]
Side = Literal["BUY", "SELL"]
KeyName = Literal["asset_id", "entity_id"]


@dataclass(frozen=True)
class ForecastPoint:
    """The forecast power of a quarter-hour in kW, None where there is none."""

    start: datetime
    power_kw: float | None


@dataclass(frozen=True)
class LiveSample:
    """A live measurement: power in kW, quality from 0 (bad) to 1 (good); None where one is missing."""

    measured_at: datetime
    power_kw: float | None
    quality: float | None


@dataclass(frozen=True)
class Trade:
    """One side of a trade: the price in EUR/MWh, the power in tenths of a MW."""

    trade_id: int
    side: Side
    start: datetime
    end: datetime
    executed_at: datetime
    price: float
    tenths_of_mw: int

    def volume(self, unit: VolumeUnit) -> float:
        """The energy over the delivery period in MWh, or the power in MW (TR-1)."""
        hours = (self.end - self.start).total_seconds() / 3600
        return round(self.tenths_of_mw * (hours if unit == "MWH" else 1) / 10, 3)


@dataclass(frozen=True)
class ImbalanceZone:
    """How an imbalance file names its time zone, and what that means."""

    label: str
    zone: tzinfo


def _write(path: Path, text: str, encoding: str = "utf-8") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode(encoding))


def _lines(rows: Iterable[Sequence[object]], delimiter: str) -> str:
    return "".join(delimiter.join(map(str, row)) + "\n" for row in rows)


def _operator_time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S.%f} UTC"


def _zulu(moment: datetime) -> str:
    fraction = f".{moment.microsecond // 1000:03d}" if moment.microsecond else ""
    return f"{moment:%Y-%m-%dT%H:%M:%S}{fraction}Z"


def write_forecast(
    path: Path, asset_id: str, version: datetime, points: Sequence[ForecastPoint], *, in_milliseconds: bool = False
) -> None:
    """Write one version of an asset's forecast: columns of start, end, version and power in kW.

    The times are seconds labelled `ms`, as the forecasts' interface has them, or true milliseconds.
    """
    factor = 1000.0 if in_milliseconds else 1.0
    content = {
        "key": {"asset_id": asset_id, "type_id": "pv-forecast-real"},
        "column_ids": _FORECAST_COLUMNS,
        "units": ["ms", "ms", "ms", "kW"],
        "values": [
            [point.start.timestamp() * factor for point in points],
            [(point.start + QUARTER_HOUR).timestamp() * factor for point in points],
            [version.timestamp() * factor] * len(points),
            [point.power_kw for point in points],
        ],
    }
    _write(path, json.dumps(content))


def write_live(path: Path, key_name: KeyName, asset_id: str, samples: Sequence[LiveSample]) -> None:
    """Write live measurements: columns of timestamp in ms, value in kW and quality."""
    content = {
        "key": {key_name: asset_id, "type_id": "power-measurement-live"},
        "column_ids": ["timestamp", "value", "quality"],
        "units": ["ms", "kW", "factor"],
        "values": [
            [round(sample.measured_at.timestamp() * 1000, 0) for sample in samples],
            [sample.power_kw for sample in samples],
            [sample.quality for sample in samples],
        ],
    }
    _write(path, json.dumps(content, indent=2) + "\n")


def write_technical_data(path: Path, assets: Sequence[Asset]) -> None:
    """Write a full list of assets, the capacity in kW."""
    entries = [
        {
            "asset_id": asset.asset_id,
            "name": asset.name,
            "type": asset.technology,
            "location": {"latitude": asset.latitude, "longitude": asset.longitude, "timezone": "Europe/Berlin"},
            "technical_attributes": {"capacity_kw": asset.capacity_kw, **asset.attributes},
            "status": "operational",
            "owner": {"name": asset.owner},
        }
        for asset in assets
    ]
    _write(path, json.dumps({"assets": entries}, indent=2, ensure_ascii=False) + "\n")


def write_final_production(
    path: Path, metering_points: Sequence[str], rows: Iterable[tuple[datetime, Sequence[float | None]]]
) -> None:
    """Write the mean power per quarter-hour in kW, a column per metering point, empty where a value is missing."""
    header = ["delivery_start__utc_", *(f"{point}__kw_" for point in metering_points)]
    body = [[_operator_time(start), *("" if kw is None else kw for kw in values)] for start, values in rows]
    _write(path, _lines([header, *body], ","))


def write_redispatch_flags(path: Path, flags: Iterable[tuple[datetime, int]]) -> None:
    """Write the flags of one metering point: 1 where the operator switched it off for the quarter-hour."""
    header = ["delivery_start", "delivery_end", "is_redispatched"]
    body = [[_zulu(start), _zulu(start + QUARTER_HOUR), flag] for start, flag in flags]
    _write(path, _lines([header, *body], ","))


def write_redispatch_compensation(path: Path, prices: Iterable[tuple[datetime, float]]) -> None:
    """Write the operator's compensation prices per quarter-hour in EUR/MWh."""
    header = ["delivery_start__utc_", "delivery_end__utc_", "price__euro_per_mwh_"]
    body = [[_operator_time(start), _operator_time(start + QUARTER_HOUR), price] for start, price in prices]
    _write(path, _lines([header, *body], ","))


def _trades_path(folder: Path, scope: TradeScope, day: str, exported_at: datetime) -> Path:
    return folder / f"{scope}_Trades-{day.replace('-', '')}-{exported_at:%Y%m%dT%H%M%S}000Z.csv"


def _trades_comment(scope: TradeScope, day: str, exported_at: datetime) -> str:
    return f"# {scope} Trades - {day} - {exported_at:%Y-%m-%dT%H:%M:%S}.000Z"


def write_trades(
    folder: Path, scope: TradeScope, day: str, exported_at: datetime, trades: Iterable[Trade], unit: VolumeUnit = "MWH"
) -> None:
    """Write the trades of a delivery day (`yyyy-mm-dd`) with `;` between nine columns."""
    comment = _trades_comment(scope, day, exported_at) + ";" * (len(_TRADE_COLUMNS) - 1) + "\n"
    body = [
        [t.trade_id, t.side, t.start, t.end, t.executed_at, t.price, "EUR", t.volume(unit), unit]
        for t in trades
    ]  # fmt: skip
    _write(_trades_path(folder, scope, day, exported_at), comment + _lines([_TRADE_COLUMNS, *body], ";"))


def _exchange_row(scope: TradeScope, trade: Trade, unit: VolumeUnit) -> list[object]:
    product = "XBID_Quarter_Hour_Power" if trade.end - trade.start == QUARTER_HOUR else "XBID_Hour_Power"
    delivery = [_zulu(trade.start), _zulu(trade.end), _zulu(trade.executed_at)]
    market = ["10YDE-EON------1", "CONT", "N", "N" if scope == "Private" else "U"]
    money = [trade.price, "EUR", trade.volume(unit), unit]
    order_id = trade.trade_id + 400_000_000 if scope == "Private" else ""
    return [trade.trade_id, trade.trade_id + 70_000, trade.side, product, *delivery, *market, *money, order_id]


def write_trades_as_exchange(
    folder: Path, scope: TradeScope, day: str, exported_at: datetime, trades: Iterable[Trade], unit: VolumeUnit = "MWH"
) -> None:
    """Write the trades of a delivery day (`yyyy-mm-dd`) in the exchange's own layout: `,` and more columns."""
    comment = _trades_comment(scope, day, exported_at) + "\n"
    body = [_exchange_row(scope, trade, unit) for trade in trades]
    _write(_trades_path(folder, scope, day, exported_at), comment + _lines([_EXCHANGE_COLUMNS, *body], ","))


def _german(price: float | None) -> str:
    return "N.A." if price is None else f"{price:.2f}".replace(".", ",")


def _imbalance_cells(start: datetime, zone: ImbalanceZone, category: str, kind: str) -> list[str]:
    local, local_end = start.astimezone(zone.zone), (start + QUARTER_HOUR).astimezone(zone.zone)
    return [f"{local:%d.%m.%Y}", zone.label, f"{local:%H:%M}", f"{local_end:%H:%M}", category, kind, "EUR/MWh"]


def write_imbalance_final(
    path: Path,
    prices: Iterable[tuple[datetime, float | None, float | None]],
    zone: ImbalanceZone,
    encoding: str = "utf-8",
) -> None:
    """Write final imbalance prices: start, short side, long side in EUR/MWh (IM-2), None as `N.A.`."""
    header = [*_IMBALANCE_COLUMNS, "reBAP unterdeckt", "reBAP ueberdeckt"]
    body = [
        [*_imbalance_cells(start, zone, "reBAP", "Qualitätsgesichert"), _german(short), _german(long)]
        for start, short, long in prices
    ]
    _write(path, _lines([header, *body], ";"), encoding)


def write_imbalance_estimation(
    path: Path, prices: Iterable[tuple[datetime, float | None, int]], zone: ImbalanceZone, encoding: str = "utf-8"
) -> None:
    """Write estimated imbalance prices: start, price in EUR/MWh (None as `N.A.`), status 0 to 2."""
    header = [*_IMBALANCE_COLUMNS, "AEP-Schätzer", "Status"]
    body = [
        [*_imbalance_cells(start, zone, "AEP-Schätzer", "Betrieblich"), _german(price), _german(status)]
        for start, price, status in prices
    ]
    _write(path, _lines([header, *body], ";"), encoding)


def write_contracts(path: Path, contracts: Iterable[Contract]) -> None:
    """Write a full list of contracts, the capacity in MW."""
    body = [
        [
            contract.contract_id, contract.asset.asset_id, contract.asset.metering_point_id,
            contract.asset.capacity_kw / 1000, contract.asset.technology,
            contract.contract_begin, contract.contract_end or "", contract.price_model, contract.price,
            contract.fee_model, contract.fee, contract.fee_percent, contract.email,
        ]
        for contract in contracts
    ]  # fmt: skip
    _write(path, _lines([_CONTRACT_COLUMNS, *body], ","))
