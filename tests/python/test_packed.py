"""Many forecast answers packed into one file land as they would one by one."""

from __future__ import annotations

import gzip

import pytest
from conftest import Landing, forecast

VERSION = 1_749_333_600  # 2025-06-07 22:00 UTC
PACKED = "vpp/forecasts/forecasts_20250607T2200Z.jsonl.gz"
ROWS = "select asset_id, delivery_start_utc, version_utc, power_kw from forecasts order by all"
ANSWERS = {
    "A": forecast("A", VERSION, [1.0, None, 3.5]),
    "B": forecast("B", VERSION, [4.0, 5.0], scale=1000),
    "C": forecast("C", VERSION, [6.0]),
}


def packed(*lines: str) -> bytes:
    return gzip.compress("".join(f"{line}\n" for line in lines).encode(), mtime=0)


def test_the_rows_are_those_of_single_files(landing: Landing) -> None:
    for asset, answer in ANSWERS.items():
        landing.write(f"vpp/forecasts/{asset}/forecast_{asset}_20250607T2200Z.json", answer)
    landing.load()
    singly = landing.query(ROWS)
    landing.raw.unlink()
    landing.load(landing.write(PACKED, packed(*ANSWERS.values())))
    assert landing.query(ROWS) == singly
    assert len(singly) == 6
    assert landing.query("select row_number from forecasts order by row_number") == [(n,) for n in range(1, 7)]
    assert landing.query("select cast(file_timestamp_utc as varchar), bad_rows from manifest") == [
        ("2025-06-07 22:00:00", 1)
    ]
    assert landing.query("select row_number, column_name from bad_rows") == [(2, "power")]
    assert landing.query("select finding from file_remarks") == [("time_unit_mislabelled",)]


@pytest.mark.parametrize(
    ("bad_line", "problem"),
    [
        ('{"key": {"asset_id": "X"}, "column_ids": [', "line 2: the answer is not valid JSON: it breaks off"),
        ("busy, try again", "line 2: the answer is not JSON"),
        ('{"key": {}, "column_ids": [], "values": []}', "line 2: key names neither asset_id nor entity_id"),
        (ANSWERS["B"].replace("[4.0, 5.0]", "[4.0]"), "line 2: the arrays differ in length: 2, 2, 2, 1"),
    ],
)
def test_a_bad_line_is_a_bad_row_and_the_others_land(landing: Landing, bad_line: str, problem: str) -> None:
    landing.write(PACKED, packed(ANSWERS["A"], bad_line, "", ANSWERS["C"]))
    assert landing.load().quarantined == []
    assert landing.query("select distinct asset_id from forecasts order by 1") == [("A",), ("C",)]
    assert landing.query("select rows, bad_rows from manifest") == [(4, 2)]
    ((shown, content),) = landing.query("select problem, content from bad_rows where not is_landed")
    assert shown.startswith(problem)
    assert content == bad_line[:500]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (packed(*ANSWERS.values())[:-20], "the file cannot be decompressed"),
        (packed(*ANSWERS.values())[:-8] + b"\0" * 8, "the file cannot be decompressed: CRC check failed"),
        (b"no gzip at all", "the file cannot be decompressed: Not a gzipped file"),
        (packed("", " "), "the file is empty"),
        (packed("one", "two"), "no row can be used: none of the 2 lines holds a sound answer"),
        (gzip.compress(b"\xff\x00\xfe", mtime=0), "the file is not text"),
    ],
    ids=["broken off", "damaged", "not packed", "empty", "no answers", "not text"],
)
def test_a_file_that_cannot_be_used_is_set_aside_whole(landing: Landing, content: bytes, reason: str) -> None:
    landing.write(PACKED, content)
    landing.write("vpp/forecasts/forecasts_20250607T2215Z.jsonl.gz", packed(ANSWERS["C"]))
    landing.load()
    ((name, why),) = landing.reasons().items()
    assert PACKED.endswith(name)
    assert why.startswith(reason)
    assert landing.query("select asset_id from forecasts") == [("C",)]


def test_damage_anywhere_sets_the_file_aside_and_stops_no_other(landing: Landing) -> None:
    sound = packed(*ANSWERS.values())
    header, checksums = 10, 8
    for at in range(header, len(sound) - checksums):
        damaged = bytes([*sound[:at], sound[at] ^ 0xFF, *sound[at + 1 :]])
        landing.write(f"vpp/forecasts/forecasts_{at}.jsonl.gz", damaged)
    landing.write(PACKED, sound)
    landing.load()
    assert {reason.split(":")[0] for reason in landing.reasons().values()} == {"the file cannot be decompressed"}
    assert landing.query("select file_name from manifest where status = 'landed'") == [
        ("forecasts_20250607T2200Z.jsonl.gz",)
    ]
