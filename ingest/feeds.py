"""The table of feeds: how each is recognised, what it must contain and how its cells become raw columns.

Adding a feed is adding an entry to `FEEDS` (see docs/adding-a-feed.md). Layouts and oddities: docs/domain.md, Feeds.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from enum import StrEnum

from ingest.numbers import Plain, moments, numbers, powers, quarter_hours


class Layout(StrEnum):
    """How a file is laid out."""

    CSV = "csv"  # a header line and fields, `#` comments before it
    WIDE_CSV = "wide_csv"  # one column per metering point; each becomes rows
    SERIES = "series"  # columnar JSON: column_ids, units, values
    ASSETS = "assets"  # a JSON list of assets


@dataclass(frozen=True)
class Column:
    """One raw column.

    Attributes:
        name: its name in raw, with the unit at the end.
        type: its DuckDB type.
        sql: how it is made from the file's cells, which are text columns named as in the file (see `normalise`).
        cell: the file's column that is to blame where `sql` gives NULL; None: nothing to report.
        expected: what the cell should have held, for the message.
        blank_ok: whether an empty cell is in order.
        plain: the fast way: the value of `sql`, for cells as they nearly always come, and NULL wherever it could be
            another one. SQL over cells as they stand in a CSV file, or a function over the numbers of columnar JSON
            (`ingest.numbers`). None: the feed has no fast way.
    """

    name: str
    type: str
    sql: str
    cell: str | None = None
    expected: str = "a value"
    blank_ok: bool = False
    plain: str | Plain | None = None


@dataclass(frozen=True)
class Feed:
    """One feed.

    Attributes:
        name: its name, and that of its raw table.
        pattern: regular expression over the lower-case path below the source.
        layout: how its files are laid out.
        required: columns that a file must have, as in the file.
        columns: the raw columns.
        keys: raw columns without which a row cannot be kept at all.
        value: SQL over raw columns: whether the row carries a valid value.
        optional: columns that may be there and are used.
        needs_timestamp: whether a file without a timestamp in its name is of no use (TIME-3).
        personal: cells with personal data, kept apart from the other raw columns.
    """

    name: str
    pattern: str
    layout: Layout
    required: tuple[str, ...]
    columns: tuple[Column, ...]
    keys: tuple[str, ...]
    value: str
    optional: tuple[str, ...] = ()
    needs_timestamp: bool = True
    personal: tuple[str, ...] = field(default=())

    @property
    def known_cells(self) -> tuple[str, ...]:
        """Every cell that the feed makes use of, normalised."""
        return tuple(normalise(name) for name in (*self.required, *self.optional))

    @property
    def is_csv(self) -> bool:
        """Whether its files are lines of fields; else they are JSON."""
        return self.layout in (Layout.CSV, Layout.WIDE_CSV)

    @property
    def cells(self) -> tuple[str, ...]:
        """Every cell that its columns are made from or blame."""
        named = [column.cell for column in self.columns if column.cell is not None]
        return tuple(dict.fromkeys([*self.known_cells, *named]))

    @property
    def has_fast_way(self) -> bool:
        """Whether rows in which nothing is odd can be told, and read, without the careful SQL."""
        return all(column.plain is not None for column in self.columns)

    def recognises(self, path: str) -> bool:
        """Whether a path (with `/`, below the source) is a file of this feed."""
        return re.search(self.pattern, path.lower()) is not None


def normalise(header: str) -> str:
    """A header cell in the form that columns are matched by: lower case, without umlauts and outer blanks."""
    text = unicodedata.normalize("NFC", header).strip().strip("\ufeff").casefold()
    for umlaut, plain in (("ä", "ae"), ("ö", "oe"), ("ü", "ue")):
        text = text.replace(umlaut, plain)
    return text


def text(name: str, cell: str, *, blank_ok: bool = True, plain: str | None = None) -> Column:
    """A column of text."""
    return Column(name, "VARCHAR", f'"{cell}"', cell, blank_ok=blank_ok, plain=plain)


def number(name: str, cell: str, parser: str, *, blank_ok: bool = False) -> Column:
    """A column of numbers; `parser` is one of to_double, to_power (kW), to_price, to_volume (MWh or MW)."""
    types = {
        "to_double": ("DOUBLE", "a number"),
        "to_power": ("DOUBLE", "kW below 100 GW"),
        "to_price": ("DECIMAL(18,6)", "a number below a million"),
        "to_volume": ("DECIMAL(18,9)", "a number from 0 to a million"),
    }
    type_, expected = types[parser]
    plain = None if parser == "to_double" else f'{parser.replace("to_", "plain_")}("{cell}")'
    return Column(name, type_, f'{parser}("{cell}")', cell, expected, blank_ok, plain)


def moment(name: str, cell: str, sql: str, plain: str | Plain) -> Column:
    """A column of moments in UTC."""
    return Column(name, "TIMESTAMP", sql, cell, "a moment within the years 2000 to 2099", plain=plain)


def quarter_hour(cell: str, sql: str, plain: str | Plain | None = None) -> Column:
    """The quarter-hour's start, the key of everything (TIME-1)."""
    return Column(
        "delivery_start_utc", "TIMESTAMP", f"on_quarter_hour({sql})", cell, "the start of a quarter-hour", plain=plain
    )


def measured_power(cell: str) -> Column:
    """Power in kW, as columnar JSON has it."""
    sql = f'below(finite_double("{cell}"), 1e8)'
    return Column("power_kw", "DOUBLE", sql, cell, "kW below 100 GW", plain=powers(cell))


def chosen(name: str, cell: str, sql: str, expected: str, plain: str) -> Column:
    """A column of one word out of few."""
    return Column(name, "VARCHAR", sql, cell, expected, plain=plain)


def _checked_period(start: str, end: str, zone: str) -> str:
    """A start whose end, where it can be read without doubt, lies a quarter-hour later."""
    occurrence = f'row_number() over (partition by file_id, "{start}" order by row_number)'
    moment_of_start = f'text_to_utc("{start}", {zone}, {occurrence})'
    return (
        f'case when has_offset(iso_text("{end}")) and text_to_utc("{end}", {zone}, 1) '
        f"<> {moment_of_start} + interval 15 minute then null else {moment_of_start} end"
    )


def _trades(name: str, prefix: str) -> Feed:
    def trade_moment(column: str, cell: str) -> Column:
        # A trade says when it delivers in a line of its own: which of two equal local hours is meant cannot be told.
        sql = (
            f'case when has_offset(iso_text("{cell}")) or not is_ambiguous(try_cast(iso_text("{cell}") as timestamp), '
            f'market_zone()) then text_to_utc("{cell}", market_zone(), 1) end'
        )
        if column == "executed_at_utc":
            return moment(column, cell, sql, f'plain_moment("{cell}")')
        plain, expected = f'plain_quarter_hour("{cell}")', "the start or end of a quarter-hour"
        return Column(column, "TIMESTAMP", f"on_quarter_hour({sql})", cell, expected, plain=plain)

    return Feed(
        name=name,
        pattern=rf"(^|/){prefix}_trades[-_][^/]*\.csv$",
        layout=Layout.CSV,
        required=("TradeId", "Side", "DeliveryStart", "DeliveryEnd", "ExecutionTime", "Price", "Volume", "VolumeUnit"),
        optional=("Currency",),
        columns=(
            text("trade_id", "tradeid", blank_ok=False, plain="plain_text(tradeid)"),
            chosen("side", "side", 'to_side("side")', "BUY or SELL", "one_of(side, ['BUY', 'SELL'])"),
            trade_moment("delivery_start_utc", "deliverystart"),
            trade_moment("delivery_end_utc", "deliveryend"),
            trade_moment("executed_at_utc", "executiontime"),
            number("price_eur_per_mwh", "price", "to_price"),
            number("volume", "volume", "to_volume"),
            chosen(
                "volume_unit",
                "volumeunit",
                "case when upper(volumeunit) in ('MWH', 'MW') then upper(volumeunit) end",
                "MWH or MW",
                "one_of(volumeunit, ['MWH', 'MW'])",
            ),
            chosen(
                "currency",
                "currency",
                "case when upper(coalesce(currency, 'EUR')) = 'EUR' then 'EUR' end",
                "EUR",
                "one_of(coalesce(currency, 'EUR'), ['EUR'])",
            ),
        ),
        keys=("trade_id", "side"),
        value=(
            "delivery_start_utc is not null and delivery_end_utc > delivery_start_utc and executed_at_utc is not null "
            "and price_eur_per_mwh is not null and volume is not null and volume_unit is not null "
            "and currency is not null"
        ),
    )


def _imbalance_prices(name: str, pattern: str, prices: tuple[tuple[str, str], ...], optional: tuple[str, ...]) -> Feed:
    local = "try_cast(left(iso_text(datum), 10) || ' ' || von as timestamp)"
    occurrence = "row_number() over (partition by file_id, datum, von, upper(zeitzone) order by row_number)"
    return Feed(
        name=name,
        pattern=pattern,
        layout=Layout.CSV,
        required=("Datum", "Zeitzone", "von", *(cell for _, cell in prices)),
        optional=("bis", "Datenkategorie", "Datentyp", "Einheit", *optional),
        columns=(
            quarter_hour(
                "von",
                f"plausible(local_to_utc({local}, named_zone(zeitzone), {occurrence}))",
                "plain_settlement(datum, von, zeitzone)",
            ),
            *(number(column, normalise(cell), "to_price") for column, cell in prices),
            text("data_type", "datentyp", plain="plain_text(datentyp)"),
        ),
        keys=("delivery_start_utc",),
        value=" or ".join(f"{column} is not null" for column, _ in prices),
    )


FEEDS: tuple[Feed, ...] = (
    Feed(
        name="technical_data",
        pattern=r"(^|/)technical_data[-_][^/]*\.json$",
        layout=Layout.ASSETS,
        required=("assets",),
        columns=(
            text("asset_id", "asset_id", blank_ok=False),
            text("asset_name", "name"),
            text("technology", "type"),
            text("status", "status"),
            number("capacity_kw", "capacity_kw", "to_power"),
            number("latitude", "latitude", "to_double", blank_ok=True),
            number("longitude", "longitude", "to_double", blank_ok=True),
            text("technical_attributes", "technical_attributes"),
        ),
        keys=("asset_id",),
        value="asset_id is not null",
    ),
    Feed(
        name="forecasts",
        # Many answers can come in one file, a line each and compressed.
        pattern=r"(^|/)forecast[-_][^/]*\.json$|(^|/)forecasts/.*\.json$|(^|/)forecasts[-_/][^/]*\.jsonl\.gz$",
        layout=Layout.SERIES,
        required=("start", "version", "power"),
        optional=("end",),
        columns=(
            text("asset_id", "asset_id", blank_ok=False, plain="asset_id"),
            quarter_hour(
                "start",
                'case when epoch_to_utc("end") <> epoch_to_utc("start") + interval 15 minute then null '
                'else epoch_to_utc("start") end',
                quarter_hours("start", "end"),
            ),
            moment("version_utc", "version", 'epoch_to_utc("version")', moments("version")),
            measured_power("power"),
        ),
        keys=("asset_id", "delivery_start_utc", "version_utc"),
        value="power_kw is not null",
        needs_timestamp=False,
    ),
    Feed(
        name="live_measured_infeed",
        pattern=r"(^|/)live_measured_infeed/.*\.json$",
        layout=Layout.SERIES,
        required=("timestamp", "value"),
        optional=("quality",),
        columns=(
            text("asset_id", "asset_id", blank_ok=False, plain="asset_id"),
            moment("measured_at_utc", "timestamp", 'epoch_to_utc("timestamp")', moments("timestamp")),
            measured_power("value"),
            Column(
                "quality",
                "DOUBLE",
                "finite_double(quality)",
                "quality",
                "a number",
                blank_ok=True,
                plain=numbers("quality"),
            ),
        ),
        keys=("asset_id", "measured_at_utc"),
        value="power_kw is not null",
        needs_timestamp=False,
    ),
    Feed(
        name="final_production",
        pattern=r"(^|/)final_production[-_][^/]*\.csv$",
        layout=Layout.WIDE_CSV,
        required=("delivery_start__utc_",),
        columns=(
            text("metering_point_id", "metering_point_id", blank_ok=False, plain="metering_point_id"),
            quarter_hour(
                "delivery_start__utc_",
                "text_to_utc(delivery_start__utc_, 'UTC', 1)",
                "plain_quarter_hour(delivery_start__utc_)",
            ),
            number("power_kw", "power", "to_power"),
        ),
        keys=("metering_point_id", "delivery_start_utc"),
        value="power_kw is not null",
    ),
    Feed(
        name="redispatch_flags",
        pattern=r"(^|/)redispatch_flag[-_][^/]*\.csv$",
        layout=Layout.CSV,
        required=("delivery_start", "is_redispatched"),
        optional=("delivery_end",),
        columns=(
            Column("metering_point_id", "VARCHAR", "regexp_replace(subject, '^redispatch_flag[-_]', '', 'i')"),
            quarter_hour("delivery_start", _checked_period("delivery_start", "delivery_end", "market_zone()")),
            Column("is_redispatched", "BOOLEAN", "to_flag(is_redispatched)", "is_redispatched", "1 or 0"),
        ),
        keys=("metering_point_id", "delivery_start_utc"),
        value="is_redispatched is not null",
    ),
    Feed(
        name="redispatch_compensation",
        pattern=r"(^|/)redispatch_compensation[-_][^/]*\.csv$",
        layout=Layout.CSV,
        required=("delivery_start__utc_", "price__euro_per_mwh_"),
        optional=("delivery_end__utc_",),
        columns=(
            quarter_hour(
                "delivery_start__utc_", _checked_period("delivery_start__utc_", "delivery_end__utc_", "'UTC'")
            ),
            number("price_eur_per_mwh", "price__euro_per_mwh_", "to_price"),
        ),
        keys=("delivery_start_utc",),
        value="price_eur_per_mwh is not null",
    ),
    _trades("private_trades", "private"),
    _trades("public_trades", "public"),
    _imbalance_prices(
        "imbalance_prices_final",
        r"(^|/)imbalance_price_final[-_][^/]*\.csv$",
        (("short_price_eur_per_mwh", "reBAP unterdeckt"), ("long_price_eur_per_mwh", "reBAP ueberdeckt")),
        (),
    ),
    _imbalance_prices(
        "imbalance_prices_estimated",
        r"(^|/)imbalance_price_estimation[-_][^/]*\.csv$",
        (("estimate_eur_per_mwh", "AEP-Schaetzer"),),
        ("Status",),
    ),
    Feed(
        name="contracts",
        pattern=r"(^|/)asset_contracts[-_][^/]*\.csv$",
        layout=Layout.CSV,
        required=(
            "contract_id", "asset_id", "metering_point_id", "capacity", "contract_begin", "contract_end",
            "price_model", "price", "fee_model", "fee", "fee_percent",
        ),
        optional=("technology", "email"),
        columns=(
            text("contract_id", "contract_id", blank_ok=False),
            text("asset_id", "asset_id", blank_ok=False),
            text("metering_point_id", "metering_point_id", blank_ok=False),
            number("capacity_mw", "capacity", "to_volume", blank_ok=True),
            text("technology", "technology"),
            Column("contract_begin", "DATE", "to_day(contract_begin)", "contract_begin", "a day"),
            Column("contract_end", "DATE", "to_day(contract_end)", "contract_end", "a day", blank_ok=True),
            # An end that cannot be read is not an open end.
            Column("has_readable_end", "BOOLEAN", "contract_end is null or to_day(contract_end) is not null"),
            Column("price_model", "VARCHAR", "lower(price_model)", "price_model", "fixed or market", blank_ok=True),
            number("price_eur_per_mwh", "price", "to_price", blank_ok=True),
            Column("fee_model", "VARCHAR", "lower(fee_model)", "fee_model", "a fee model", blank_ok=True),
            number("fee_eur", "fee", "to_price", blank_ok=True),
            number("fee_percent", "fee_percent", "to_price", blank_ok=True),
        ),
        keys=("contract_id",),
        value="asset_id is not null and contract_begin is not null and has_readable_end",
        personal=("email",),
    ),
)  # fmt: skip

BY_NAME: dict[str, Feed] = {feed.name: feed for feed in FEEDS}


def recognise(path: str) -> Feed | None:
    """The feed that a path below the source belongs to, by folder and file name; None: no feed of ours."""
    return next((feed for feed in FEEDS if feed.recognises(path)), None)
