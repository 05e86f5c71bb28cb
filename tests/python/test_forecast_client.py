"""What a forecast function may do wrong, and where its answers are kept."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn

import pendulum
import pytest

from ingest.interface import ClientError, ask, load_client

VERSION = datetime(2025, 6, 8, 10)


def answer(asset_id: str, version: Any) -> str:
    return asset_id


def test_a_function_that_ends_the_process_only_fails_its_question(tmp_path: Path) -> None:
    def client(asset_id: str, version: Any) -> NoReturn:
        raise SystemExit("quota used up")

    failure = ask(client, "A", VERSION, tmp_path)
    assert failure is not None
    assert failure.reason == "SystemExit: quota used up"


def test_an_answer_in_bytes_is_kept_as_it_is(tmp_path: Path) -> None:
    assert ask(lambda asset_id, version: b"\xff{}", "A", VERSION, tmp_path) is None
    assert [path.read_bytes() for path in tmp_path.rglob("*.json")] == [b"\xff{}"]


def test_ids_that_make_no_folder_name_share_no_folder(tmp_path: Path) -> None:
    assets = ["a/b", "a:b", "a_b", "../a_b", ".a_b"]
    for asset in assets:
        assert ask(answer, asset, VERSION, tmp_path) is None
    assert sorted(path.read_text() for path in (tmp_path / "vpp").rglob("*.json")) == sorted(assets)
    assert not any(part.startswith(".") for path in tmp_path.rglob("*") for part in path.relative_to(tmp_path).parts)


@pytest.mark.parametrize("content", ["raise SystemExit(1)", "def f(:", "import no_such_module"])
def test_a_file_that_cannot_be_imported(tmp_path: Path, content: str) -> None:
    path = tmp_path / "json.py"
    path.write_text(content)
    with pytest.raises(ClientError, match="cannot be imported"):
        load_client(f"{path}:f")


def test_a_client_hides_no_other_module(tmp_path: Path) -> None:
    path = tmp_path / "email.py"
    path.write_text(
        "from __future__ import annotations\nfrom dataclasses import dataclass\n"
        "@dataclass\nclass Answer:\n    text: str\n"
        "def f(asset_id, version):\n    return Answer(asset_id).text\n"
    )
    assert load_client(f"{path}:f")("A", pendulum.instance(VERSION)) == "A"
    import email

    assert email.__file__ != str(path)
