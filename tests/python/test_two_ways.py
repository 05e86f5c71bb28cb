"""The fast way and the careful way (`ingest.reading`) give the same raw, whatever arrives."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import Landing, forecast, series

from ingest import answers, contents
from ingest.feeds import FEEDS, Feed
from ingest.landing import _Load
from ingest.reading import Read

VERSION = 1_749_333_600  # 2025-06-07 22:00 UTC
FEEDS_WITH_BOTH = {
    "forecasts", "live_measured_infeed", "final_production", "private_trades", "public_trades",
    "imbalance_prices_final", "imbalance_prices_estimated",
}  # fmt: skip


def everything(landing: Landing) -> dict[str, list[tuple[Any, ...]]]:
    """All of raw but the clock's readings."""
    without = {"manifest": " exclude (loaded_at_utc)", "loads": " exclude (started_at_utc)"}
    tables = landing.query("select table_name from duckdb_tables() order by 1")
    return {
        name: landing.query(f"select *{without.get(name, '')} from {name} order by all")
        for (name,) in tables
    }  # fmt: skip


def must_be_one(landing: Landing, monkeypatch: pytest.MonkeyPatch, source: Path | None = None) -> int:
    """Land both ways and compare; gives how many rows went the fast way."""
    sound: list[int] = []
    commit = _Load._commit

    def counting(self: _Load, feed: Feed, files: Any, found: Read) -> None:
        sound.append(sum(found.sound.values()))
        commit(self, feed, files, found)

    monkeypatch.setattr(_Load, "_commit", counting)
    landing.load(source)
    fast, taken = everything(landing), sum(sound)
    landing.raw.unlink()
    monkeypatch.setattr(Feed, "has_fast_way", False)
    landing.load(source)
    careful = everything(landing)
    assert sum(sound) == taken, "nothing goes the fast way when it is closed"
    for name, rows in careful.items():
        assert fast[name] == rows, name
    return taken


def test_which_feeds_have_a_fast_way() -> None:
    assert {feed.name for feed in FEEDS if feed.has_fast_way} == FEEDS_WITH_BOTH


def test_the_real_day_takes_the_fast_way(landing: Landing, challenge: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    taken = must_be_one(landing, monkeypatch, challenge)
    assert taken == sum(
        rows for feed, rows in landing.query("select feed, rows from manifest") if feed in FEEDS_WITH_BOTH
    )


# ------------------------------------------------------------------------------------------------- columnar JSON

NUMBERS: list[Any] = [
    0, -0.0, 1, -1, 0.1, 1e-320, 5e-324, 0.30000000000000004, 123456.789, 99999999.99999999, 1e8, -1e8, 1e300, 2**63,
    2**64, 10**30, float("nan"), float("inf"), -float("inf"), None, True, False, "7", " 7 ", "7\n", "1e3", "1_000",
    "1,5", "0x10", "+5", ".5", "5.", "", " ", "N.A.", "nan", "-inf", [], [1], {}, {"a": 1},
]  # fmt: skip
MOMENTS: list[Any] = [
    VERSION, VERSION + 1, VERSION + 60, VERSION * 1000, VERSION * 1000 + 1, VERSION * 1000 + 900, VERSION + 0.5,
    VERSION + 1e-6, VERSION * 1000 + 0.4, VERSION * 1000 + 0.0005, 946684800, 946684799, 946684800000, 946684799999,
    4102444799, 4102444800, 4102444799.9999999, 4102444799999, 4102444800000, 4102444799999.9999, 1e11, 1e11 - 1,
    99999999900, 1e15, 1e18, -900, 0, 900, *NUMBERS,
]  # fmt: skip


LAYOUTS = {
    "forecasts": [
        ["start", "version", "power"], ["power", "version", "start", "end"], ["start", "end", "version"],
        ["start", "version", "power", "flavour"], ["start", "start", "version", "power"],
        [" Start ", "VERSION", "power"],
    ],
    "live_measured_infeed": [
        ["timestamp", "value"], ["quality", "value", "timestamp"], ["timestamp", "quality"],
        ["timestamp", "value", "flavour"], [],
    ],
}  # fmt: skip
USUAL = {"forecasts": ["start", "end", "version", "power"], "live_measured_infeed": ["timestamp", "value", "quality"]}
KEYS: list[Any] = [
    {"entity_id": "Höhe"}, {"asset_id": None, "entity_id": "B"}, {"asset_id": 5}, {"asset_id": " "},
    {"asset_id": "A\tB"}, {}, "A", None,
]  # fmt: skip


def documents(chance: random.Random, feed: str) -> str:
    """An answer or a series of samples; about half of them with something odd."""
    size, scale = chance.choice([1, 2, 3, 8]), chance.choice([1, 1000])
    steps = [VERSION + 900 * step for step in range(size)]
    columns: dict[str, list[Any]] = {
        "start": [step * scale for step in steps],
        "end": [(step + 900) * scale for step in steps],
        "version": [VERSION * scale] * size,
        "power": [chance.choice([0.0, 1, round(chance.uniform(-5, 5e5), 3)]) for _ in steps],
        "timestamp": [step * 1000 + 250 for step in steps],
        "value": [chance.uniform(-1, 1) * 10 ** chance.randint(-9, 9) for _ in steps],
        "quality": [1 for _ in steps],
        "flavour": ["sweet" for _ in steps],
    }
    names = chance.choice(LAYOUTS[feed]) if chance.random() < 0.2 else USUAL[feed]
    values = [list(columns[name.strip().lower()]) for name in names]
    document: dict[str, Any] = {
        "key": chance.choice(KEYS) if chance.random() < 0.1 else {"asset_id": "A"},
        "column_ids": names,
        "units": chance.choice([["ms", "ms", "ms", "kW"], ["ms", "kW", "factor"], ["s"] * 4, [None] * 4, None, "kW"]),
        "values": values,
    }
    for _ in range(chance.choice([0, 0, 0, 1, 2])):
        if values:
            column, name = chance.choice(list(zip(values, names, strict=True)))
            is_moment = name.strip().lower() in ("start", "end", "version", "timestamp")
            column[chance.randrange(size)] = chance.choice(MOMENTS if is_moment else NUMBERS)
    match chance.choice(["plain"] * 40 + ["short", "empty", "null", "scalar", "more", "key", "list", "flag"]):
        case "short" if values:
            values[0].pop()
        case "empty":
            document["values"] = [[] for _ in values]
        case "null" if values:
            document["values"][0] = None
        case "scalar":
            document["values"] = chance.choice([None, "x", 5, {}, [1, 2]])
        case "more":
            values.append([])
        case "key":
            del document[chance.choice(["key", "column_ids", "values", "units"])]
        case "list":
            return json.dumps([document])
        case "flag":
            document["is_final"] = True
    return json.dumps(document, indent=chance.choice([None, None, None, 1]), ensure_ascii=chance.random() < 0.5)


DAMAGE: list[Callable[[str], str]] = [
    lambda text: text[:-3],
    lambda text: text + text,
    lambda text: text + ",",
    lambda text: text + "}",
    lambda text: "\ufeff" + text,
    lambda text: "\ufeff\ufeff" + text,
    lambda text: "  \n\t" + text + "\n\n",
    lambda text: text.replace(",", ",\n"),
    lambda text: text.replace(",", ",\r\n"),
    lambda text: text.replace(",", ",\r"),
    lambda text: text.replace('"A"', '"A\nB"'),
    lambda text: text.replace("]]", ",]]"),
    lambda text: text.replace("null", "NULL"),
    lambda text: text + " // a comment",
    lambda text: "no answer",
    lambda text: "   ",
]


def odd_text(chance: random.Random, feed: str) -> str:
    text = documents(chance, feed)
    return chance.choice(DAMAGE)(text) if chance.random() < 0.15 else text


def encoded(chance: random.Random, text: str) -> bytes:
    return text.encode(chance.choice(["utf-8"] * 9 + ["cp1252"]), errors="replace")


@pytest.mark.parametrize(("seed", "block"), [(0, None), (1, None), (2, 2)], ids=["0", "1", "in small blocks"])
def test_documents_one_a_file(landing: Landing, monkeypatch: pytest.MonkeyPatch, seed: int, block: int | None) -> None:
    if block is not None:
        monkeypatch.setattr(answers, "_BLOCK", block)
    chance = random.Random(seed)
    for number in range(400):
        feed = chance.choice(list(USUAL))
        landing.write(f"vpp/{feed}/x{number}_20250608.json", encoded(chance, odd_text(chance, feed)))
    assert must_be_one(landing, monkeypatch) > 200


@pytest.mark.parametrize(("seed", "large"), [(0, None), (1, None), (2, 0)], ids=["0", "1", "piece by piece"])
def test_documents_one_a_line(landing: Landing, monkeypatch: pytest.MonkeyPatch, seed: int, large: int | None) -> None:
    if large is not None:
        monkeypatch.setattr(contents, "LARGE_PACK", large)
    chance = random.Random(seed)
    for number in range(40):
        lines = [odd_text(chance, "forecasts").replace("\n", " ") for _ in range(chance.randint(1, 20))]
        lines += chance.choice([[], ["", " "]])
        chance.shuffle(lines)
        content = chance.choice(["\n", "\r\n"]).join(lines) + chance.choice(["\n", ""])
        landing.write(f"vpp/forecasts/forecasts_{number}.jsonl.gz", gzip.compress(encoded(chance, content), mtime=0))
    assert must_be_one(landing, monkeypatch) > 200


def test_one_odd_answer_sends_no_other_the_careful_way(landing: Landing, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [forecast(f"A{number}", VERSION, [1.0, 2.0]) for number in range(50)]
    lines[6] = forecast("A6", VERSION, [1e9, 2.0])
    lines[7] = forecast("A7", VERSION, [None, None])
    lines[8] = "busy, try again"
    landing.write("vpp/forecasts/forecasts_1.jsonl.gz", gzip.compress("\n".join(lines).encode(), mtime=0))
    assert must_be_one(landing, monkeypatch) == 2 * 47


def test_a_blank_sends_no_answer_the_careful_way(landing: Landing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "_BLOCK", 2)
    landing.write("vpp/forecasts/forecast_A.json", forecast("A", VERSION, [None, 2.0, None]))
    landing.write("vpp/forecasts/forecast_B.json", forecast("B", VERSION, [None] * 5))
    live: dict[str, list[Any]] = {
        "timestamp": [VERSION * 1000.0] * 3,
        "value": [1.0, None, 3.0],
        "quality": [None, 1.0, 1.0],
    }
    landing.write("live_measured_infeed/B.json", series("B", live, ["ms", "kW", "factor"]))
    assert must_be_one(landing, monkeypatch) == 6, "all but the answer that has no value"
    assert landing.query("select feed, rows, bad_rows.row_number, column_name, problem, is_landed from bad_rows "
                         "inner join manifest using (file_id) where status = 'landed' order by all") == [
        ("forecasts", 3, 1, "power", "blank", True),
        ("forecasts", 3, 3, "power", "blank", True),
        ("live_measured_infeed", 3, 2, "value", "blank", True),
    ]  # fmt: skip


LAST_ARRAYS = [
    "[1.0, 2.0]", "[1, -2e3]", "[1.0, null]", " [1.0,\t2.0] ", "[1.0]", "[1.0, 2.0, 3.0]", "[]", "[1.0, [2.0]]",
    "[[1.0, 2.0]]", "[1.0, 2.0], [3.0, 4.0]", "[1.0, 2.0], []", "5", "1.0, 2.0", "null", "{}", "[1.0, true]",
    '[1.0, "2.0"]', "[1.0 2.0]", "[1.0, 2.0,]", "[1.0, 2.0", "1.0, 2.0]", "[1.0, 2.0]]", "", "[null, null]",
    "[1.0, 1e8]", '[1.0, 2.0]], "values": [[1]',
]  # fmt: skip


def test_the_last_array_of_answers_that_share_the_others(landing: Landing, monkeypatch: pytest.MonkeyPatch) -> None:
    before, last, end = forecast("A", VERSION, [1.0, 2.0]).partition("[1.0, 2.0]")
    lines = [before + last + end]  # every second is sound: whatever comes, what is shared is known
    for array in LAST_ARRAYS:
        lines += [before + array + end, before + last + end]
    lines += [before + last + end + text for text in (" ", "\t", "}", "]", ",", "[1]", "{}")]
    lines += [line.replace('"A"', '"B"') for line in lines]
    document = json.loads(lines[0])
    narrow = {part: document[part][:1] + document[part][2:] for part in ("column_ids", "units", "values")}
    too_many = {**narrow, "values": document["values"]}
    lines += [json.dumps({**document, **narrow}), lines[0], json.dumps({**document, **too_many})]
    landing.write("vpp/forecasts/forecasts_1.jsonl.gz", gzip.compress("\n".join(lines).encode(), mtime=0))
    odd_but_taken = 4 + 2  # the first four arrays, and blanks after the end
    assert must_be_one(landing, monkeypatch) == 2 * 2 * (1 + len(LAST_ARRAYS) + odd_but_taken) + 2 * 2


def test_a_truth_is_no_number(landing: Landing, monkeypatch: pytest.MonkeyPatch) -> None:
    live: dict[str, list[Any]] = {"timestamp": [VERSION * 1000.0] * 2, "value": [True, 2.0], "quality": [1.0, False]}
    landing.write("live_measured_infeed/a.json", series("A", live, ["ms", "kW", "factor"]))
    assert must_be_one(landing, monkeypatch) == 0
    assert landing.query("select power_kw, quality from live_measured_infeed order by row_number") == [
        (None, 1.0),
        (2.0, None),
    ]


# ------------------------------------------------------------------------------------------------------------ CSV

AMOUNTS = [
    "1", "-1", "0", "-0", "1.5", "1,5", "-87,12", "1.144,24", "1,144.24", "1,144,000.5", "+5", ".5", ",5", "5.", "5,",
    "1e3", "1E-2", "1_000", "0x10", "nan", "inf", "N.A.", "", " ", " 7 ", "\t7", "999999.999999", "999999.9999995",
    "1000000", "-999999.9999999", "0.1234567", "0.123456789", "0.1234567891", "99999999", "100000000", "-99999999.9",
    "007", "1 000", "٧", "--1", "1-", "1.2.3", "12.345,6", "1" * 30, "0." + "1" * 40, "5\u00a0",
]  # fmt: skip
TEXTS = ["", "x", " x", "x ", "\tx", "x\t", " ", "ä", " ä", "!", "x y", "\u00a0x", "\x01x"]
CLOCKS = [
    "2025-06-08 00:00:00+00:00", "2025-06-08T00:15:00Z", "2025-06-08 00:30:00.000000 UTC", "2025-06-08 00:45:00 UTC",
    "2025-06-08 00:00:00.5+00:00", "2025-06-08 00:00:00.123456+00:00", "2025-06-08 00:00:00.1234567+00:00",
    "2025-06-08 02:00:00+02:00", "2025-06-08 02:00:00+02", "2025-06-08 00:00:00-00:00", "2025-06-08 00:00:00",
    "2025-06-08 00:00Z", "2025-06-08 00:00", "2025-06-08", "2025-06-08Z", "2025-10-26 02:30:00", "2025-10-26 02:30:00Z",
    "2025-03-30 02:30:00", "08.06.2025 00:00:00", "08.06.2025 00:00:00 UTC", "2025-06-08 24:00:00Z",
    "2025-06-08 23:59:60Z", "2025-06-08 00:60:00Z", "2025-02-29 00:00:00Z", "2025-13-01 00:00:00Z",
    "1999-12-31 23:45:00Z", "2000-01-01 00:00:00Z", "2099-12-31 23:45:00Z", "2100-01-01 00:00:00Z", "20250608T000000Z",
    "2025-06-08 00:05:00Z", "2025-06-08 00:15:01Z", "2025-06-08 00:15:00.000Z", "2025-06-08 00:15:00.001Z",
    "2025-06-08t00:15:00z", "2025-06-08  00:15:00Z", "2025-06-08 00:15:00 Z", "2025-06-08 00:15:00 GMT", "now", "",
    "infinity", "2025-06-08 0:15:00Z", "2025-06-08 00:15:00.Z", "2025-06-08 01:00:00+00:00",
    "2025-06-08 00:15:00 +00:00", "2025-06-08 1 :15:00+00:00", "2025-06-08  1:15:00+00:00", "20 5-06-08 00:15:00+00:00",
    "2025- 6-08 00:15:00+00:00", "2025-06-0x 00:15:00+00:00", "2025-06-08 00:15:0x+00:00", "2025-06-08 25:15:00+00:00",
    "2025-06-08 00:15:00.12345x+00:00", "2025-06-08 00:15:00.123456+00:00", "2025-06-08 00:15:00.000000+00:00",
    "2025-06-08 00:15:00.000000 UTC", "2025-06-08 00:15:01.000000 UTC", "2025-06-08 00:16:00.000000 UTC",
    "2025-06-08 0é:15:00+00:00", "2025-06-08 +1:15:00+00:00", "2025-06-08 00:15:00+01:00+00:00", "2025-06-08 +00:00",
    "2025-06-08 00:15:00 UTC+00:00", "20250608-000000 00:15:00+00:00",
]  # fmt: skip
DAYS = ["08.06.2025", "8.6.2025", "2025-06-08", "26.10.2025", "30.03.2025", "29.02.2025", "31.12.1999", "01.01.2000",
        "31.12.2099", "01.01.2100", "", "x"]  # fmt: skip
TIMES = ["00:00", "00:15", "02:00", "02:30", "02:30", "23:45", "24:00", "2:30", "02:31", "02:30:00", "", "x"]
ZONES = ["UTC", "CET", "CEST", "Europe/Berlin", "utc", "MEZ", "MESZ", "europe/berlin", "Europe/Paris", "", "Z"]


def table(chance: random.Random, header: list[str], usual: list[Callable[[], str]], odd: list[list[str]]) -> str:
    """A CSV file; about every fifth cell is odd."""
    delimiter = chance.choice(";;,")

    def cell(column: int) -> str:
        text = chance.choice(odd[column]) if chance.random() < 0.2 else usual[column]()
        return f'"{text}"' if delimiter in text else text

    order = list(range(len(header)))
    if chance.random() < 0.3:
        chance.shuffle(order)
    lines = [delimiter.join(header[column] for column in order)]
    for _ in range(chance.randint(1, 30)):
        lines.append(delimiter.join(cell(column) for column in order))
        if chance.random() < 0.03:
            lines.append(chance.choice(["", "1" + delimiter, delimiter * 40, '"', "# no comment"]))
    text = chance.choice(["\n", "\n", "\r\n"]).join(lines) + chance.choice(["\n", ""])
    return chance.choice(["", "", "# a comment\n", "\ufeff"]) + text


def trades(chance: random.Random) -> str:
    words = ["SELL", "BUY", "sell", "B", "HOLD", "", "MWH", "MW", "mwh", "kWh", "EUR", "eur", "GBP", 'it\'s, "odd"']
    header = ["TradeId", "Side", "DeliveryStart", "DeliveryEnd", "ExecutionTime", "Price", "Volume", "VolumeUnit"]
    usual: list[Callable[[], str]] = [
        lambda: str(chance.randint(1, 99)),
        lambda: chance.choice(["BUY", "SELL"]),
        lambda: chance.choice(CLOCKS[:4]),
        lambda: "2025-06-08 01:00:00+00:00",
        lambda: chance.choice(CLOCKS[:6]),
        lambda: f"{chance.uniform(-500, 500):.2f}",
        lambda: f"{chance.uniform(0, 50):.3f}",
        lambda: chance.choice(["MWH", "MW"]),
    ]
    odd = [TEXTS, words, CLOCKS, CLOCKS, CLOCKS, AMOUNTS, AMOUNTS, words]
    if chance.random() < 0.7:
        header, usual, odd = [*header, "Currency"], [*usual, lambda: "EUR"], [*odd, words]
    if chance.random() < 0.3:
        header, usual, odd = [*header, "Product's"], [*usual, lambda: "XBID"], [*odd, [""]]
    return table(chance, header, usual, odd)


def prices(chance: random.Random, cells: list[str]) -> str:
    header = ["Datum", "Zeitzone", "von", "bis", "Datentyp", *cells]
    usual: list[Callable[[], str]] = [
        lambda: chance.choice(["08.06.2025", "26.10.2025"]),
        lambda: chance.choice(ZONES[:4]),
        lambda: chance.choice(TIMES[:6]),
        lambda: "",
        lambda: "Qualitätsgesichert",
        *[lambda: f"{chance.uniform(-500, 500):.2f}".replace(".", ",")] * len(cells),
    ]
    return table(chance, header, usual, [DAYS, ZONES, TIMES, ["x"], TEXTS, *[AMOUNTS] * len(cells)])


def production(chance: random.Random) -> str:
    points = [f"{chance.choice(['MP-', 'MP '])}{number}__kw_" for number in range(chance.choice([1, 1, 1, 2, 4]))]
    points[0] = chance.choice([points[0], "MP __kw_"])
    usual: list[Callable[[], str]] = [
        lambda: chance.choice(CLOCKS[:4]), *[lambda: f"{chance.uniform(-1, 9999):.3f}"] * len(points)
    ]  # fmt: skip
    header, odd = ["delivery_start__utc_", *points], [CLOCKS, *[AMOUNTS] * len(points)]
    if chance.random() < 0.2:
        header, usual, odd = [*header, "comment"], [*usual, lambda: "x"], [*odd, [""]]
    return table(chance, header, usual, odd)


SIDES = ("reBAP unterdeckt", "reBAP ueberdeckt")


@pytest.mark.parametrize(("seed", "large"), [(0, None), (1, None), (2, 0)], ids=["0", "1", "each by itself"])
def test_tables(landing: Landing, monkeypatch: pytest.MonkeyPatch, seed: int, large: int | None) -> None:
    if large is not None:
        monkeypatch.setattr(contents, "LARGE_CSV", large)
    chance = random.Random(seed)
    for number in range(12):
        for name, content in {
            "exchange/Private_Trades-{}-20250609T000516000Z.csv": trades(chance),
            "exchange/Public_Trades-{}-20250609T000516000Z.csv": trades(chance),
            "imbalance/imbalance_price_final_{}_20250608_170800.csv": prices(chance, list(SIDES)),
            "imbalance/imbalance_price_estimation_{}_2025-06-07T041800Z.csv": prices(chance, ["AEP-Schätzer"]),
            "dso/final_production_{}_20250609.csv": production(chance),
        }.items():  # fmt: skip
            landing.write(name.format(number), encoded(chance, content))
    assert must_be_one(landing, monkeypatch) > 150
