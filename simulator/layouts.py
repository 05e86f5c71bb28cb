"""One function per feed: given the numbers, the text or file as it really arrives. All moments are UTC."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Literal

from simulator.desk import Trades
from simulator.incidents import ImbalanceZone
from simulator.portfolio import Asset, Contract, KeyName
from simulator.times import QUARTER_HOUR, moment_of

_FORECAST_COLUMNS = ["start", "end", "version", "power"]
_TRADE_COLUMNS = [
    "TradeId", "Side", "DeliveryStart", "DeliveryEnd", "ExecutionTime", "Price", "Currency", "Volume", "VolumeUnit",
]  # fmt: skip
_EXCHANGE_COLUMNS = [
    "TradeId", "RemoteTradeId", "Side", "Product", "DeliveryStart", "DeliveryEnd", "ExecutionTime", "DeliveryArea",
    "TradePhase", "UserDefinedBlock", "SelfTrade", "Price", "Currency", "Volume", "VolumeUnit", "OrderID",
]  # fmt: skip
_CONTRACT_COLUMNS = [
    "contract_id", "asset_id", "metering_point_id", "capacity", "technology", "contract_begin", "contract_end",
    "price_model", "price", "fee_model", "fee", "fee_percent", "email",
]  # fmt: skip
_IMBALANCE_COLUMNS = ["Datum", "Zeitzone", "von", "bis", "Datenkategorie", "Datentyp", "Einheit"]
_GZIP_LEVEL = 4  # six takes twice as long for a twentieth less

TradeScope = Literal["Private", "Public"]
VolumeUnit = Literal["MWH", "MW"]


def write(path: Path, text: str, encoding: str = "utf-8") -> None:
    """Write a text, and the folders that it needs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode(encoding))


def write_packed(path: Path, answers: Iterable[str]) -> None:
    """Write JSON answers packed, a line each; equal answers give equal bytes, for no time is written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as plain, gzip.GzipFile("", "wb", _GZIP_LEVEL, plain, mtime=0) as packed:
        for answer in answers:
            packed.write(answer.encode() + b"\n")


def _lines(rows: Iterable[Sequence[object]], delimiter: str) -> str:
    return "".join(delimiter.join(map(str, row)) + "\n" for row in rows)


def operator_time(moment: datetime) -> str:
    """A moment as grid operators write it."""
    return f"{moment:%Y-%m-%d %H:%M:%S.%f} UTC"


def _zulu(moment: datetime) -> str:
    fraction = f".{moment.microsecond // 1000:03d}" if moment.microsecond else ""
    return f"{moment:%Y-%m-%dT%H:%M:%S}{fraction}Z"


def forecast_times(starts: Sequence[datetime], version: datetime, *, in_milliseconds: bool) -> str:
    """The columns start, end and version of a forecast's answer, for `forecast`.

    The times are seconds, as the forecasts' interface has them under the label ms, or true milliseconds.
    """
    factor = 1000.0 if in_milliseconds else 1.0
    columns = [
        [start.timestamp() * factor for start in starts],
        [(start + QUARTER_HOUR).timestamp() * factor for start in starts],
        [version.timestamp() * factor] * len(starts),
    ]
    return json.dumps(columns)[1:-1]


def forecast(asset_id: str, times: str, powers_kw: Sequence[float | None]) -> str:
    """One answer of the forecasts' interface: columns of start, end, version and power in kW.

    Args:
        asset_id: the asset.
        times: the first three columns, made once for all assets by `forecast_times`.
        powers_kw: None where there is none.
    """
    key = json.dumps({"asset_id": asset_id, "type_id": "pv-forecast-real"})
    columns, units = json.dumps(_FORECAST_COLUMNS), json.dumps(["ms", "ms", "ms", "kW"])
    values = f"[{times}, {json.dumps(powers_kw)}]"
    return f'{{"key": {key}, "column_ids": {columns}, "units": {units}, "values": {values}}}'


def live(
    key_name: KeyName,
    asset_id: str,
    times_ms: Sequence[float],
    powers_kw: Sequence[float | None],
    qualities: Sequence[float | None],
) -> str:
    """Live measurements: columns of timestamp in ms, value in kW and quality from 0 to 1, indented."""
    head = {
        "key": {key_name: asset_id, "type_id": "power-measurement-live"},
        "column_ids": ["timestamp", "value", "quality"],
        "units": ["ms", "kW", "factor"],
    }
    # The encoder that indents is slow: the long columns are indented by their separators.
    separators = (",\n      ", ": ")
    columns = [json.dumps(column, separators=separators)[1:-1] for column in (times_ms, powers_kw, qualities)]
    values = ",\n".join(f"    [\n      {column}\n    ]" if column else "    []" for column in columns)
    return f'{json.dumps(head, indent=2)[:-2]},\n  "values": [\n{values}\n  ]\n}}\n'


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
    write(path, json.dumps({"assets": entries}, indent=2, ensure_ascii=False) + "\n")


def write_final_production(
    path: Path, metering_points: Sequence[str], rows: Iterable[tuple[str, Sequence[float | None]]]
) -> None:
    """Write the mean power per quarter-hour in kW, a column per metering point, empty where a value is missing.

    Args:
        path: the file.
        metering_points: their names.
        rows: `operator_time` of each start, and a value per metering point.
    """
    header = ["delivery_start__utc_", *(f"{point}__kw_" for point in metering_points)]
    body = [[start, *("" if kw is None else kw for kw in values)] for start, values in rows]
    write(path, _lines([header, *body], ","))


def write_redispatch_flags(path: Path, flags: Iterable[tuple[datetime, int]]) -> None:
    """Write the flags of one metering point: 1 where the operator switched it off for the quarter-hour."""
    header = ["delivery_start", "delivery_end", "is_redispatched"]
    body = [[_zulu(start), _zulu(start + QUARTER_HOUR), flag] for start, flag in flags]
    write(path, _lines([header, *body], ","))


def write_redispatch_compensation(path: Path, prices: Iterable[tuple[datetime, float]]) -> None:
    """Write the operator's compensation prices per quarter-hour in EUR/MWh."""
    header = ["delivery_start__utc_", "delivery_end__utc_", "price__euro_per_mwh_"]
    body = [[operator_time(start), operator_time(start + QUARTER_HOUR), price] for start, price in prices]
    write(path, _lines([header, *body], ","))


def write_trades(
    folder: Path,
    scope: TradeScope,
    day: str,
    exported_at: datetime,
    trades: Trades,
    unit: VolumeUnit = "MWH",
    *,
    as_exchange: bool = False,
) -> None:
    """Write the trades of a delivery day (`yyyy-mm-dd`).

    Args:
        folder: for the file.
        scope: ours, or everybody's.
        day: the local day.
        exported_at: for the file's name and its comment.
        trades: what to write.
        unit: volumes are energy over the delivery in MWh, or power in MW (TR-1).
        as_exchange: `,` and sixteen columns as in the exchange's own layout; else `;` and nine.
    """
    path = folder / f"{scope}_Trades-{day.replace('-', '')}-{exported_at:%Y%m%dT%H%M%S}000Z.csv"
    comment = f"# {scope} Trades - {day} - {exported_at:%Y-%m-%dT%H:%M:%S}.000Z"
    if as_exchange:
        body = [_exchange_row(scope, row) for row in _trade_rows(trades, unit)]
        write(path, comment + "\n" + _lines([_EXCHANGE_COLUMNS, *body], ","))
    else:
        comment += ";" * (len(_TRADE_COLUMNS) - 1)
        write(path, comment + "\n" + _lines([_TRADE_COLUMNS, *_trade_rows(trades, unit)], ";"))


_TradeRow = tuple[int, str, datetime, datetime, datetime, float, str, float, VolumeUnit]


def _trade_rows(trades: Trades, unit: VolumeUnit) -> Iterable[_TradeRow]:
    for trade_id, is_sell, first, length, executed_ms, price, tenths in zip(
        *(column.tolist() for column in trades), strict=True
    ):
        volume = round(tenths / 10 * (length / 4 if unit == "MWH" else 1), 3)
        executed_at = datetime.fromtimestamp(executed_ms // 1000, moment_of(0).tzinfo)
        executed_at = executed_at.replace(microsecond=executed_ms % 1000 * 1000)
        delivery = moment_of(first), moment_of(first + length)
        yield trade_id, "SELL" if is_sell else "BUY", *delivery, executed_at, price, "EUR", volume, unit


def _exchange_row(scope: TradeScope, row: _TradeRow) -> list[object]:
    trade_id, side, start, end, executed_at, *money = row
    product = "XBID_Quarter_Hour_Power" if end - start == QUARTER_HOUR else "XBID_Hour_Power"
    delivery = [_zulu(start), _zulu(end), _zulu(executed_at)]
    market = ["10YDE-EON------1", "CONT", "N", "N" if scope == "Private" else "U"]
    order_id = trade_id + 400_000_000 if scope == "Private" else ""
    return [trade_id, trade_id + 70_000, side, product, *delivery, *market, *money, order_id]


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
    write(path, _lines([header, *body], ";"), encoding)


def write_imbalance_estimation(
    path: Path, prices: Iterable[tuple[datetime, float | None, int]], zone: ImbalanceZone, encoding: str = "utf-8"
) -> None:
    """Write estimated imbalance prices: start, price in EUR/MWh (None as `N.A.`), status 0 to 2."""
    header = [*_IMBALANCE_COLUMNS, "AEP-Schätzer", "Status"]
    body = [
        [*_imbalance_cells(start, zone, "AEP-Schätzer", "Betrieblich"), _german(price), _german(status)]
        for start, price, status in prices
    ]
    write(path, _lines([header, *body], ";"), encoding)


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
    write(path, _lines([_CONTRACT_COLUMNS, *body], ","))
