"""Invoice lines and invoices against IV-1..IV-6 written a second time.

Contract prices and fees and compensation prices come straight from the files; what other tests check from the marts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from independent import ZONE, timestamp
from test_imbalance_independently import Fact, compensation, facts, number, query, rounded, table

CENTS, PRICE = 2, 6
QUARTER = timedelta(minutes=15)
# IV-6: line type -> supplier, VAT rate, category (S = standard rate, O = not a supply).
KINDS = {
    "infeed_payout": ("owner", Decimal("0.19"), "S"),
    "redispatch_payout": ("owner", Decimal(0), "O"),
    "fee": ("flexpower", Decimal("0.19"), "S"),
}


@dataclass(frozen=True)
class Terms:
    """What a contract's newest row says about money."""

    price_model: str
    price: Decimal | None
    fee_model: str
    fee: Decimal | None
    percent: Decimal | None
    capacity: Decimal | None

    def missing(self) -> list[str]:
        """IV-5: the parameters that the models need and do not have."""
        needed = {"fixed": {"price": self.price}, "market": {}}.get(self.price_model, {"price_model": None}) | {
            "fixed_as_produced": {"fee": self.fee},
            "fixed_for_capacity": {"fee": self.fee, "capacity": self.capacity},
            "percent_of_market": {"fee_percent": self.percent},
        }.get(self.fee_model, {"fee_model": None})
        return [name for name, value in needed.items() if value is None]


@dataclass(frozen=True)
class Line:
    """An invoice line before VAT: the sign sits on the quantity (IV-1)."""

    kind: str
    quantity: Decimal | None
    unit: str
    unit_price: Decimal | None
    net: Decimal | None

    @property
    def vat(self) -> Decimal | None:
        """IV-6: VAT of the rounded net, rounded likewise."""
        return None if self.net is None else rounded(self.net * KINDS[self.kind][1], CENTS)

    @property
    def gross(self) -> Decimal | None:
        """IV-6: net + VAT."""
        return None if self.net is None or self.vat is None else self.net + self.vat


def terms(source: Path) -> dict[str, Terms]:
    """Contract -> the terms of the newest list that names it."""
    found: dict[str, Terms] = {}
    for path in sorted(source.rglob("asset_contracts_*.csv"), key=lambda path: (timestamp(path), path.name)):
        for row in table(path):
            found[row["contract_id"]] = Terms(
                row["price_model"], number(row["price"]), row["fee_model"], number(row["fee"]),
                number(row["fee_percent"]), number(row["capacity"]),
            )  # fmt: skip
    return found


def month_of(day: date) -> str:
    """TIME-2: the local month."""
    return day.strftime("%Y-%m")


def local(start: datetime) -> date:
    """TIME-2: the local day at the quarter-hour's start."""
    return start.replace(tzinfo=UTC).astimezone(ZONE).date()


def days_of(month: str) -> list[date]:
    """The month's local days."""
    first = date.fromisoformat(f"{month}-01")
    return [day for day in (first + timedelta(days=n) for n in range(31)) if day.month == first.month]


def quarter_hours(day: date) -> int:
    """TIME-2: 96, or 92 or 100 where the clock changes."""
    midnights = [datetime(d.year, d.month, d.day, tzinfo=ZONE).astimezone(UTC) for d in (day, day + timedelta(days=1))]
    return (midnights[1] - midnights[0]) // QUARTER


def month_vwaps(trades: Iterable[tuple[datetime, datetime, Decimal, Decimal]]) -> dict[str, Decimal]:
    """TR-4, IV-4: month -> VWAP over its public trades, quarter-hour by quarter-hour (TR-3), rounded before use."""
    sums: dict[str, list[Fraction]] = defaultdict(lambda: [Fraction(0), Fraction(0)])
    for start, end, price, volume in trades:
        parts = (end - start) // QUARTER
        for part in range(parts):
            total = sums[month_of(local(start + part * QUARTER))]
            total[0] += Fraction(price) * Fraction(volume) / parts
            total[1] += Fraction(volume) / parts
    return {month: rounded(amount / volume, PRICE) for month, (amount, volume) in sums.items() if volume}


def priced_line(kind: str, parts: list[tuple[Decimal, Decimal]]) -> Line:
    """IV-3, RD-1: a payout over the priced quarter-hours (MWh, price); NULL where there are none."""
    if not parts:
        return Line(kind, None, "MWh", None, None)
    quantity = sum((mwh for mwh, _ in parts), Decimal(0))
    amount = sum((Fraction(mwh) * Fraction(price) for mwh, price in parts), Fraction(0))
    mean = rounded(amount / Fraction(quantity), PRICE) if quantity else None
    return Line(kind, quantity, "MWh", mean, rounded(amount, CENTS))


def simple_line(kind: str, quantity: Decimal | None, unit: str, price: Fraction | Decimal | None) -> Line:
    """Quantity x unit price = net, rounded once (IV-6)."""
    unit_price = None if price is None else rounded(price, PRICE)
    known = quantity is not None and price is not None
    net = rounded(Fraction(quantity or 0) * Fraction(price or 0), CENTS) if known else None
    return Line(kind, quantity, unit, unit_price, net)


def fee_line(agreed: Terms, volume: Decimal | None, vwap: Decimal | None) -> Line:
    """IV-4: the fee, negative for the owner."""
    owed = None if volume is None else -volume
    if agreed.fee_model == "fixed_for_capacity":
        return simple_line("fee", None if agreed.capacity is None else -agreed.capacity, "MW", agreed.fee)
    if agreed.fee_model == "percent_of_market":
        known = vwap is not None and agreed.percent is not None
        price = Fraction(vwap or 0) * Fraction(agreed.percent or 0) / 100 if known else None
        return simple_line("fee", owed, "MWh", price)
    return simple_line("fee", owed, "MWh", agreed.fee if agreed.fee_model == "fixed_as_produced" else None)


@dataclass(frozen=True)
class Invoice:
    """A contract's local month (IV-1)."""

    contract: str
    month: str
    agreed: Terms
    given: list[Fact]  # the month's rows of the contract's asset
    expected: int
    vwap: Decimal | None
    paid: dict[datetime, Decimal]

    @property
    def measured(self) -> list[Fact]:
        """IV-2: final, else live."""
        return [fact for fact in self.given if fact.measured]

    @property
    def priced(self) -> list[tuple[Decimal, Decimal]]:
        """IV-2: MWh and price of what is measured and has a price under the contract's model."""
        fixed = self.agreed.price_model == "fixed"
        pairs = [(fact.infeed, self.agreed.price if fixed else fact.vwap) for fact in self.measured]
        return [(mwh, price) for mwh, price in pairs if price is not None]

    @property
    def redispatched(self) -> list[tuple[Decimal | None, Decimal | None]]:
        """RD-1: forecast and compensation price of the flagged quarter-hours."""
        return [(fact.latest, self.paid.get(fact.start)) for fact in self.given if fact.flagged]

    @property
    def volume(self) -> Decimal | None:
        """IV-2: the measured MWh."""
        return sum((fact.infeed for fact in self.measured), Decimal(0)) if self.measured else None

    def lines(self) -> list[Line]:
        """IV-1, IV-3, IV-4, RD-1: a payout and a fee, and redispatch where there was any."""
        payable = [(mwh, price) for mwh, price in self.redispatched if mwh is not None and price is not None]
        if self.agreed.price_model == "fixed":
            payout = simple_line("infeed_payout", self.volume, "MWh", self.agreed.price)
        else:
            payout = priced_line("infeed_payout", self.priced)
        extra = [priced_line("redispatch_payout", payable)] if self.redispatched else []
        return [payout, fee_line(self.agreed, self.volume, self.vwap), *extra]

    def status(self) -> str:
        """IV-2, IV-5: blocked outranks provisional."""
        if self.agreed.missing():
            return "blocked"
        is_final = (
            all(fact.source == "final" for fact in self.measured)
            and self.expected == len(self.measured) == len(self.priced)
            and all(mwh is not None and price is not None for mwh, price in self.redispatched)
        )
        return "final" if is_final else "provisional"

    def totals(self) -> tuple[Decimal | None, ...]:
        """IV-5, IV-6: net, VAT and gross of all lines, gross of each supplier; no total where it is blocked."""
        if self.status() == "blocked":
            return (None,) * 5
        lines = self.lines()
        mine = [[line.gross for line in lines if KINDS[line.kind][0] == who] for who in ("owner", "flexpower")]
        columns = [[line.net for line in lines], [line.vat for line in lines], [line.gross for line in lines], *mine]
        known = [[value for value in column if value is not None] for column in columns]
        return tuple(sum(column, Decimal(0)) if column else None for column in known)


def invoices(source: Path, home: Path) -> dict[str, Invoice]:
    """IV-1: every contract and local month in which a quarter-hour was measured or redispatched."""
    agreed, paid = terms(source), compensation(source)
    columns = "delivery_start_utc, delivery_end_utc, price_eur_per_mwh, volume_mwh"
    vwaps = month_vwaps(query(home, f"select {columns} from marts.fct_market_trades"))
    contracts = query(home, "select contract_id, valid_from, valid_to from marts.dim_contracts")
    spans = {contract: (begin, end) for contract, begin, end in contracts}
    groups: dict[tuple[str, str], list[Fact]] = defaultdict(list)
    for fact in facts(home):
        groups[fact.contract, month_of(fact.day)].append(fact)
    result = {}
    for (contract, month), given in groups.items():
        if not any(fact.measured or fact.flagged for fact in given):
            continue
        begin, end = spans[contract]
        covered = [day for day in days_of(month) if begin <= day and (end is None or day < end)]
        expected = sum(quarter_hours(day) for day in covered)
        result[f"{contract}_{month}"] = Invoice(
            contract, month, agreed[contract], given, expected, vwaps.get(month), paid
        )
    return result


def test_every_invoice_line(built: tuple[Path, Path]) -> None:
    """IV-1, IV-3, IV-4, IV-6: each row of fct_invoice_lines, and no other row."""
    source, home = built
    expected: dict[tuple[str, str], tuple[Any, ...]] = {}
    for name, invoice in invoices(source, home).items():
        for line in invoice.lines():
            supplier, rate, category = KINDS[line.kind]
            expected[name, line.kind] = (
                invoice.contract, invoice.month, supplier, line.quantity, line.unit, line.unit_price, line.net, rate,
                category, category != "S", line.vat, line.gross,
            )  # fmt: skip
    rows = query(
        home,
        "select invoice_id, line_type, contract_id, invoicing_month, supplier, quantity, quantity_unit, "
        "unit_price_eur, net_eur, cast(vat_rate as decimal(9, 6)), vat_category, exemption_reason is not null, "
        "vat_eur, gross_eur from marts.fct_invoice_lines",
    )
    assert len(rows) == len(expected) >= 10
    assert {(name, kind): tuple(rest) for name, kind, *rest in rows} == expected


def test_every_invoice(built: tuple[Path, Path]) -> None:
    """IV-1, IV-2, IV-5, IV-6: each row of fct_invoices, and no other row; one that is not final says why."""
    source, home = built
    expected = {
        name: (
            invoice.contract, invoice.given[0].asset, invoice.month, invoice.status(), invoice.status() != "final",
            *invoice.totals(), invoice.expected, len(invoice.measured),
            sum(fact.source == "final" for fact in invoice.measured), len(invoice.priced), invoice.volume,
        )
        for name, invoice in invoices(source, home).items()
    }  # fmt: skip
    rows = query(
        home,
        "select invoice_id, contract_id, asset_id, invoicing_month, status, issues, net_eur, vat_eur, gross_eur, "
        "owner_gross_eur, flexpower_gross_eur, expected_quarter_hours, measured_quarter_hours, final_quarter_hours, "
        "priced_quarter_hours, volume_mwh from marts.fct_invoices",
    )
    actual = {row[0]: (*row[1:5], bool(row[5]), *row[6:]) for row in rows}
    assert len(rows) == len(expected) >= 5
    assert actual == expected


@pytest.mark.parametrize("column", ["net_eur", "vat_eur", "gross_eur"])
def test_the_lines_add_up_to_their_invoice(built: tuple[Path, Path], column: str) -> None:
    """IV-6: the mart's own totals are the sums of the mart's own lines, to the cent."""
    _, home = built
    wrong = query(
        home,
        f"select i.invoice_id from marts.fct_invoices as i join marts.fct_invoice_lines as l using (invoice_id) "
        f"where i.status <> 'blocked' group by i.invoice_id, i.{column} having sum(l.{column}) <> i.{column}",
    )
    assert wrong == []
