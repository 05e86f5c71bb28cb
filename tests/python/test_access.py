"""Who may see what: every role, mart and column on the sample, and attacks on each way in.

In the sample one asset has two contracts after each other; here they are two owners', so that the asset was sold: that
is where a filter by asset alone would leak.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest
import yaml

from home import PROJECT
from serve.access import (
    AccessDenied,
    Entry,
    Person,
    RegisterError,
    Role,
    at_hand,
    grants,
    note,
    opened,
    read_log,
    rights,
    share,
)
from serve.permissions import MARKS, declared, matrix
from serve.published import PublishError, current
from serve.reduced import write_reduced

KEY = "a key of the tests, long enough"
SOLD = "WIND-SH-201"
SELLER = "owner_5e11e45e11e45e11"

pytestmark = [pytest.mark.slow, pytest.mark.parametrize("built", ["sample"], indirect=True)]
Row = dict[str, Any]


@dataclass
class World:
    """A home with a published copy, and what the tests know of it without asking the code under test.

    Attributes:
        home: RTM_HOME.
        copy: the published copy.
        contracts: rows of dim_contracts.
        seller: owner_id of who had the asset first.
        buyer: owner_id of who has it now.
    """

    home: Path
    copy: Path
    contracts: list[Row]
    seller: str
    buyer: str

    def register(self, *lines: dict[str, Any]) -> None:
        (self.home / "access.yml").write_text(yaml.safe_dump({"grants": list(lines)}), encoding="utf-8")

    def log(self) -> list[dict[str, str]]:
        path = self.home / "access_log.jsonl"
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


def rows_of(con: duckdb.DuckDBPyConnection, sql: str) -> list[Row]:
    found = con.execute(sql)
    names = [column[0] for column in found.description]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


@pytest.fixture(scope="module")
def sold(built: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a published copy in which an asset was sold; with fewer forecasts, as tests look at each row."""
    folder = tmp_path_factory.mktemp("sold") / "published"
    folder.mkdir()
    copy = current(built[1] / "published")
    assert copy is not None
    shutil.copyfile(copy, folder / copy.name)
    (folder / "current.duckdb").symlink_to(copy.name)
    with duckdb.connect(str(folder / copy.name)) as con:
        con.execute(f"update marts.dim_contracts set owner_id = '{SELLER}' where contract_id = 'CON1_{SOLD}'")
        con.execute("delete from marts.fct_forecast_versions where extract(hour from version_utc) % 6 <> 0")
        con.execute("delete from marts.fct_forecast_versions where extract(minute from version_utc) <> 0")
    return folder


@pytest.fixture
def world(sold: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setenv("RTM_ACCESS_KEY", KEY)
    home = tmp_path / "home"
    shutil.copytree(sold, home / "published", symlinks=True)
    copy = current(home / "published")
    assert copy is not None
    with duckdb.connect(str(copy), read_only=True) as con:
        contracts = rows_of(con, "from marts.dim_contracts order by asset_id, valid_from")
    seller, buyer = [row["owner_id"] for row in contracts if row["asset_id"] == SOLD]
    assert seller != buyer
    return World(home, copy, contracts, seller, buyer)


def person(role: str) -> Person:
    return Person(f"{role}@example.com")


def line(role: str, *customers: str, **more: Any) -> dict[str, Any]:
    own = {"customers": list(customers)} if customers else {}
    return {"person": f"{role}@example.com", "role": str(role), **own, **more}


@contextmanager
def looking(world: World, role: str, *customers: str, **more: Any) -> Iterator[duckdb.DuckDBPyConnection]:
    world.register(line(role, *customers, **more))
    with opened(world.home, person(role), role) as con:
        yield con


# --- the matrix -----------------------------------------------------------------------------------------------------

# What docs/permissions.md says in words, written down a second time: sensitivity -> the roles that see it.
SEES = {
    "commercial.contract": {"sales", "finance", "asset_owner", "auditor"},
    "commercial.trading": {"trader", "finance", "auditor"},
    "commercial.position": {"trader", "portfolio_ops", "auditor"},
    "commercial.settlement": {"trader", "portfolio_ops", "sales", "finance", "auditor", "data_engineer"},
    "commercial.margin": {"sales", "finance", "auditor"},
    "personal": {"portfolio_ops", "sales", "finance", "asset_owner"},
}
HASHED = {"auditor", "data_engineer"}
NEVER = {
    "trader": {
        "owner_id", "metering_point_id", "asset_name", "latitude", "fee_percent", "fee_eur_per_mwh", "owner_lines_eur",
        "price_model", "fee_charged_eur", "margin_eur", "margin_from_trades_eur", "gross_eur", "example",
    },
    "portfolio_ops": {"revenue_eur", "alpha_eur", "private_vwap_eur_per_mwh", "cumulative_revenue_eur", "margin_eur"},
    "finance": {"open_position_mwh", "net_sold_mwh", "sold_mwh", "cumulative_net_sold_mwh"},
    "asset_owner": {"margin_eur", "imbalance_cost_eur", "revenue_eur", "net_sold_mwh", "error_cost_eur"},
    "sales": {"revenue_eur", "net_sold_mwh", "open_position_mwh"},
    "data_engineer": {"revenue_eur", "gross_eur", "fee_percent", "margin_eur"},
    "auditor": set(),
}  # fmt: skip
NOT_READ = {
    "finance": {"fct_positions", "fct_position_paths", "fct_trades", "fct_trading_quarter_hours"},
    "asset_owner": {"fct_portfolio_infeed", "rpt_portfolio_performance", "fct_trades", "fct_data_findings"},
    "sales": {"fct_portfolio_infeed", "rpt_portfolio_performance", "fct_trades", "fct_positions"},
    "trader": {"fct_invoices", "fct_invoice_lines"},
    "portfolio_ops": {"fct_trades", "fct_trading_days", "fct_invoices"},
    "auditor": set(),
    "data_engineer": set(),
}


def owners_on(world: World, asset: str, first: date, last: date) -> set[str]:
    """Owners whose contract covers a day from first to last."""
    return {
        contract["owner_id"]
        for contract in world.contracts
        if contract["asset_id"] == asset
        and contract["valid_from"] <= last
        and (contract["valid_to"] is None or contract["valid_to"] > first)
    }


def is_own(world: World, row: Row, owner: str) -> bool:
    """Whether a row is an owner's, worked out row by row in Python."""
    if "valid_from" not in row and "technology" in row:  # dim_assets
        return any(one["owner_id"] == owner for one in world.contracts if one["asset_id"] == row["asset_id"])
    if "contract_id" in row:
        return any(one["owner_id"] == owner for one in world.contracts if one["contract_id"] == row["contract_id"])
    if "asset_id" not in row:
        return True
    first = last = row.get("delivery_date") or row["period_start_date"]
    if row.get("period") == "month":
        last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return owners_on(world, row["asset_id"], first, last) == {owner}


def is_final(row: Row, known: date) -> bool:
    """Whether nothing in a row says that it may still change."""
    month = row.get("period") == "month"
    last = row.get("delivery_date") or row.get("period_start_date")
    if month and last is not None:
        last = (last + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return (
        row.get("infeed_source", "final") == "final"
        and row.get("price_status", "final") == "final"
        and (row.get("status", "final") != "provisional" and row.get("status") != "blocked")
        and (last is None or last < known)
    )


@pytest.mark.parametrize("role", list(Role))
def test_every_role_gets_these_marts_columns_and_rows(world: World, role: Role) -> None:
    """Each mart and column of each role against the copy itself, filtered row by row in Python."""
    owner = world.buyer if role == "asset_owner" else world.seller
    with duckdb.connect(str(world.copy), read_only=True) as whole:
        marts = {f"{mart.schema}.{mart.name}": mart for mart in declared(whole)}
        compiled = rights(whole, role)
        known = whole.execute("select cast(known_until_utc as date) from publication.manifest").fetchall()[0][0]
        rows = {name: rows_of(whole, f"from {name}") for name, mart in marts.items() if role in mart.readers}
    bound = role in ("sales", "asset_owner")
    with looking(world, role, *([owner] if bound else [])) as con:
        got = {
            f"{schema}.{name}": rows_of(con, f"from {schema}.{name}")
            for schema, name in con.execute(
                "select schema_name, table_name from duckdb_tables() where schema_name <> 'publication'"
            ).fetchall()
        }
        columns = con.execute(
            "select schema_name || '.' || table_name, column_name from duckdb_columns() "
            "where schema_name in ('marts', 'reports')"
        ).fetchall()
        promised = con.execute(
            "select schema_name || '.' || mart_name, column_name from publication.contract"
        ).fetchall()
    assert set(got) == set(rows) == set(compiled)
    assert {name.split(".")[1] for name in got} & NOT_READ[role] == set()
    assert {column for _, column in columns} & NEVER[role] == set()
    assert (
        sorted(columns) == sorted(promised) == sorted((name, column) for name in compiled for column in compiled[name])
    )
    for name, mart in marts.items():
        expected = {
            column: (
                "shown"
                if level in ("public", "internal") or role in SEES[level]
                else ("hashed" if column.endswith("_id") else "masked")
                if level == "personal" and role in HASHED
                else None
            )
            for column, level in mart.columns.items()
        }
        assert compiled.get(name, {}) == (
            {column: how for column, how in expected.items() if how} if role in mart.readers else {}
        )

    def reduced(row: Row, name: str) -> Row:
        cells = {}
        for column, how in compiled[name].items():
            value = row[column]
            if how == "hashed" and value is not None:
                value = (
                    "hashed_" + hmac.new(KEY.encode(), f"{column}\0{value}".encode(), hashlib.sha256).hexdigest()[:16]
                )
            is_newest = column in ("contract_id", "metering_point_id", "capacity_kw", "status")
            if bound and name == "marts.dim_assets" and is_newest:
                mine = {one["contract_id"] for one in world.contracts if one["owner_id"] == owner}
                value = value if row["contract_id"] in mine else None
            cells[column] = None if how == "masked" else value
        return cells

    for name, all_rows in rows.items():
        kept = [row for row in all_rows if not bound or is_own(world, row, owner)]
        if name in ("marts.fct_data_findings", "marts.fct_revisions") and role in ("portfolio_ops", "data_engineer"):
            kept = [row for row in kept if row["feed"] != "private_trades"]
        if role == "auditor" and marts[name].final_when != "true":
            assert all(is_final(row, known) for row in got[name]), name
            wanted = [str(reduced(row, name)) for row in kept]
            assert {str(row) for row in got[name]} <= set(wanted), name
        else:
            assert sorted(map(str, got[name])) == sorted(str(reduced(row, name)) for row in kept), name
    if bound:
        assert len(got["marts.fct_asset_infeed"]) > 50
        assert got["marts.fct_forecast_versions"]


def test_seller_and_buyer_see_their_own_time_only(world: World) -> None:
    days: dict[str, set[date]] = {}
    months = []
    for owner in (world.seller, world.buyer):
        with looking(world, "asset_owner", owner) as con:
            found = con.execute(
                "select distinct period_start_date from reports.rpt_asset_performance "
                f"where asset_id = '{SOLD}' and period = 'day'"
            ).fetchall()
            days[owner] = {day for (day,) in found}
            months += con.execute(
                f"from marts.fct_forecast_quality where asset_id = '{SOLD}' and period = 'month'"
            ).fetchall()
    assert days[world.seller] and days[world.buyer]
    assert max(days[world.seller]) + timedelta(days=1) == min(days[world.buyer])
    assert months == []  # the month of the sale is neither's: one share would follow from the other


def test_nothing_of_others_moves_what_an_owner_gets(world: World) -> None:
    """With all rows of others and of the portfolio gone, an owner gets the same: nothing follows from totals."""
    hashes = "select mart_name, count(*) over () from publication.contract"

    def prints() -> dict[str, tuple[Any, ...]]:
        with looking(world, "asset_owner", world.seller) as con:
            names = (
                con.execute(hashes).fetchall()
                and con.execute("select distinct schema_name || '.' || mart_name from publication.contract").fetchall()
            )
            return {
                name: con.execute(f"select count(*), sum(hash(t)) from {name} as t").fetchall()[0] for (name,) in names
            }

    before = prints()
    mine = [one["contract_id"] for one in world.contracts if one["owner_id"] == world.seller]
    world.copy.chmod(0o600)
    with duckdb.connect(str(world.copy)) as con:
        for mart in declared(con):
            name = f"{mart.schema}.{mart.name}"
            if Role.ASSET_OWNER not in mart.readers:
                con.execute(f"delete from {name}")
            elif mart.rows_by == ("contract_id",) and mart.name != "dim_contracts":
                con.execute(f"delete from {name} where contract_id not in (select unnest(?))", [mine])
    assert prints() == before


def test_a_month_is_hidden_from_no_single_owner(world: World) -> None:
    single = next(one for one in world.contracts if one["asset_id"] == "SOL-NI-101")
    with looking(world, "asset_owner", single["owner_id"]) as con:
        found = con.execute("select count(*) from reports.rpt_asset_performance where period = 'month'").fetchall()
    assert found[0][0] > 0


def test_auditors_see_persons_only_where_granted(world: World) -> None:
    with looking(world, "auditor") as con:
        masked = con.execute("select distinct owner_id from marts.dim_contracts").fetchall()
    with looking(world, "auditor", personal_data=True) as con:
        shown = con.execute("select distinct owner_id from marts.dim_contracts").fetchall()
    assert all(value.startswith("hashed_") for (value,) in masked)
    assert {value for (value,) in shown} == {one["owner_id"] for one in world.contracts}


def test_hashes_need_the_key(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def hashes() -> set[str]:
        with looking(world, "data_engineer") as con:
            return {value for (value,) in con.execute("select owner_id from marts.dim_contracts").fetchall()}

    first = hashes()
    monkeypatch.setenv("RTM_ACCESS_KEY", "another key of the tests")
    assert not hashes() & first
    monkeypatch.delenv("RTM_ACCESS_KEY")
    made = hashes()
    path = world.home / "access.key"
    assert path.stat().st_mode & 0o077 == 0 and made == hashes()
    path.write_text("short")
    with pytest.raises(RegisterError, match="characters"):
        hashes()


def test_the_page_shows_the_declarations(world: World) -> None:
    page = (PROJECT / "docs" / "permissions.md").read_text(encoding="utf-8")
    with duckdb.connect(str(world.copy), read_only=True) as con:
        expected = matrix(con)
    shown = page.split(MARKS[0])[1].split(MARKS[1])[0]
    assert shown.strip() == expected.strip(), "run `rtm permissions --write docs/permissions.md`"


# --- the register ---------------------------------------------------------------------------------------------------


def test_what_is_not_granted_is_denied(world: World) -> None:
    who = Person("wind@example.org", ("owners",))
    assert grants(world.home, who) == []  # there is no register
    with pytest.raises(AccessDenied, match="grants no right as trader"), opened(world.home, who, "trader"):
        pass
    world.register(
        {"group": "owners", "role": "asset_owner", "customers": [world.seller]},
        {"person": "WIND@example.org", "role": "asset_owner", "customers": ["Wind@Example.org "]},
    )
    (grant,) = grants(world.home, who)
    made_of = "owner_" + hashlib.sha256(b"wind@example.org").hexdigest()[:16]
    assert grant.customers == {world.seller, made_of}
    assert grants(world.home, Person("", ())) == grants(world.home, Person("x@example.org", ("Owners",))) == []
    for role, customer, said in (
        ("root", None, "no such role"),
        ("asset_owner; drop table x", None, "no such role"),
        ("trader", None, "no right as trader"),
        ("asset_owner", world.buyer, "for this customer"),
        ("asset_owner", "owner_0000000000000000", "for this customer"),
        ("asset_owner", "' or true --", "for this customer"),
        ("asset_owner", "../../x", "for this customer"),
    ):
        with pytest.raises(AccessDenied, match=said) as error, opened(world.home, who, role, customer=customer):
            pass
        assert not any(one["owner_id"] in str(error.value) for one in world.contracts)
    with opened(world.home, who, "asset_owner", customer=world.seller) as con:
        assert con.execute("select distinct owner_id from marts.dim_contracts").fetchall() == [(world.seller,)]
    world.register(line("trader"))
    with (
        pytest.raises(AccessDenied, match="not bound"),
        opened(world.home, person("trader"), "trader", customer=world.seller),
    ):
        pass


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("grants: [{person: eva@example.com, role: king}]", "grants 1 role"),
        ("grants: [{person: eva@example.com, role: sales}]", "customers"),
        ("grants: [{person: eva@example.com, role: trader, customers: [a]}]", "customers"),
        ("grants: [{role: trader}]", "person or a group"),
        ("grants: [{person: '', role: trader}]", "grants 1 person"),
        ("grants: [{group: '', role: trader}]", "grants 1 group"),
        ("grants: [{person: eva@example.com, role: trader, personal_data: true}]", "auditors only"),
        ("grants: [{person: eva@example.com, role: trader, until: 2027}]", "grants 1 until"),
        ("grants: [\n  {person: eva@example.com", "line 2"),
        ("- x", "top"),
        ("!!python/object/apply:os.system ['touch owned']", "no YAML"),
    ],
)
def test_a_register_that_cannot_be_understood_denies_everybody(world: World, text: str, said: str) -> None:
    (world.home / "access.yml").write_text(text, encoding="utf-8")
    with pytest.raises(RegisterError, match=said) as error:
        grants(world.home, Person("eva@example.com"))
    assert "eva@" not in str(error.value)


def test_a_right_taken_away_is_gone_at_once(world: World) -> None:
    with looking(world, "trader") as con:
        assert con.execute("select count(*) from marts.fct_trades").fetchall()[0][0] > 0
    world.register(line("sales", world.seller))
    with pytest.raises(AccessDenied), opened(world.home, person("trader"), "trader"):
        pass
    with pytest.raises(AccessDenied):
        share(world.home, "trader", None, world.home / "late.duckdb")
    assert not (world.home / "late.duckdb").exists()


def test_a_reduced_database_lives_as_long_as_its_copy(world: World) -> None:
    with looking(world, "trader"):
        (first,) = (world.home / "reduced").rglob("*.duckdb")
    assert first.stat().st_mode & 0o377 == 0 and (world.home / "reduced").stat().st_mode & 0o077 == 0
    made = first.stat().st_mtime_ns
    with looking(world, "trader"):
        assert first.stat().st_mtime_ns == made
    newer = world.copy.with_name("copy_000009.duckdb")
    shutil.copyfile(world.copy, newer)
    world.copy.unlink()
    link = world.home / "published" / "current.duckdb"
    link.unlink()
    link.symlink_to(newer.name)
    with looking(world, "trader"):
        (second,) = (world.home / "reduced").rglob("*.duckdb")
    assert second != first
    newer.chmod(0o600)
    with duckdb.connect(str(newer)) as con:
        con.execute("drop table publication.mart_access")
    with pytest.raises(PublishError, match="older version"), looking(world, "trader"):
        pass


# --- after a publication --------------------------------------------------------------------------------------------


def publish_next(world: World, sql: str = "", *, after: int | None = None) -> int:
    """Publish what is published with a change to it; returns the new copy's number."""
    folder = world.home / "published"
    copy = current(folder)
    assert copy is not None
    number = max(int(path.stem[-6:]) for path in folder.glob("copy_*")) + 1
    newer = folder / f"copy_{number:06}.duckdb"
    shutil.copyfile(copy, newer)
    with duckdb.connect(str(newer)) as con:
        before = after or int(copy.stem[-6:])
        con.execute("update publication.manifest set copy_number = ?, previous_copy_number = ?", [number, before])
        con.execute(sql)
    point_to(world, number)
    return number


def point_to(world: World, number: int) -> None:
    link = world.home / "published" / "next"
    link.symlink_to(f"copy_{number:06}.duckdb")
    link.replace(link.with_name("current.duckdb"))


def shown(world: World, role: str, customer: str | None = None) -> int:
    """The number of the copy that a dashboard shows now."""
    with opened(world.home, person(role), role, customer=customer, former_meanwhile=True) as con:
        return int(con.execute("select copy_number from publication.manifest").fetchall()[0][0])


@dataclass
class Writing:
    """Writing of reduced databases, held up until it may go on."""

    may_go_on: threading.Event
    begun: list[Path]


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[Writing]:
    writing = Writing(threading.Event(), [])
    writing.may_go_on.set()

    def write(copy: Path, *arguments: Any, **more: Any) -> None:
        writing.begun.append(copy)
        assert writing.may_go_on.wait(60)
        write_reduced(copy, *arguments, **more)

    monkeypatch.setattr("serve.access.write_reduced", write)
    yield writing
    writing.may_go_on.set()
    for thread in threading.enumerate():
        if thread.name == "reduced":
            thread.join()


def test_a_dashboard_shows_the_copy_before_until_the_new_one_is_ready(world: World, held: Writing) -> None:
    world.register(line("trader"))
    assert shown(world, "trader") == 1
    held.may_go_on.clear()
    assert publish_next(world) == 2
    (former,) = (world.home / "reduced").rglob("*.duckdb")
    assert [shown(world, "trader") for _ in range(5)] == [1] * 5
    assert at_hand(world.home, person("trader"), "trader") == former
    assert "of copy 1" in world.log()[-1]["what"]
    world.register(line("finance"))
    with pytest.raises(AccessDenied):  # a right taken away is gone at once all the same
        shown(world, "trader")
    world.register(line("trader"))
    held.may_go_on.set()
    for _ in range(600):
        if at_hand(world.home, person("trader"), "trader") != former:
            break
        time.sleep(0.05)
    assert shown(world, "trader") == 2
    assert [copy.name for copy in held.begun] == ["copy_000001.duckdb", "copy_000002.duckdb"]  # each written once
    assert len(list((world.home / "reduced").rglob("*.duckdb"))) == 1 and not former.exists()
    assert publish_next(world) == 3
    with opened(world.home, person("trader"), "trader") as con:  # who does not ask for the former one waits
        assert con.execute("select copy_number from publication.manifest").fetchall() == [(3,)]


def test_the_copy_before_is_shown_only_where_the_same_may_be_seen(world: World, held: Writing) -> None:
    trader, owner = line("trader"), line("asset_owner", world.seller)
    world.register(trader, owner)
    everybody = (("trader", None), ("asset_owner", world.seller))
    assert [shown(world, *one) for one in everybody] == [1, 1]
    publish_next(world, "delete from publication.column_access where column_name = 'revenue_eur'")
    assert [shown(world, *one) for one in everybody] == [2, 2]
    # an owner's rows rest on the contracts
    publish_next(world, "update publication.marts set content_hash = 'x' where mart_name = 'dim_contracts'")
    assert shown(world, "asset_owner", world.seller) == 3
    held.may_go_on.clear()
    assert shown(world, "trader") == 2
    held.may_go_on.set()


def test_what_was_rolled_back_is_not_shown_again(world: World, held: Writing) -> None:
    world.register(line("trader"))
    wrong = publish_next(world, "update marts.fct_trades set revenue_eur = 0")
    assert shown(world, "trader") == wrong == 2
    point_to(world, 1)
    assert shown(world, "trader") == 1
    held.may_go_on.clear()
    assert publish_next(world) == 3
    assert shown(world, "trader") == 1
    held.may_go_on.set()
    for path in (world.home / "reduced").rglob("*.duckdb"):
        path.unlink()
    point_to(world, 2)
    assert shown(world, "trader") == 2
    point_to(world, 3)  # which did not follow copy 2
    assert shown(world, "trader") == 3


def test_two_processes_that_ask_at_once_write_once(world: World, tmp_path: Path) -> None:
    world.register(line("trader"))
    script = f"""
import time
from pathlib import Path
from serve import access
real, home = access.write_reduced, Path({str(world.home)!r})
def write(*arguments, **more):
    with open({str(tmp_path / "written")!r}, "a") as file:
        file.write("x")
    time.sleep(2)
    real(*arguments, **more)
access.write_reduced = write
with access.opened(home, access.Person("trader@example.com"), "trader") as con:
    print(con.execute("select count(*) > 0 from marts.fct_trades").fetchall()[0][0])
"""
    started = [
        subprocess.Popen([sys.executable, "-c", script], cwd=PROJECT, stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    assert [process.communicate()[0] for process in started] == ["True\n"] * 3
    assert (tmp_path / "written").read_text() == "x"
    assert not [path for path in (world.home / "reduced").iterdir() if path.is_file() and path.stat().st_size]


# --- attacks --------------------------------------------------------------------------------------------------------

ATTACKS = [
    "attach '{copy}' as whole",
    "attach ':memory:' as other",
    "from '{copy}'",
    "from read_csv('/etc/passwd')",
    "from read_text('{register}')",
    "from read_blob('{copy}')",
    "from read_parquet('{home}/*')",
    "from glob('{home}/*')",
    "copy marts.dim_assets to '{home}/stolen.csv'",
    "export database '{home}/stolen'",
    "import database '{home}'",
    "install httpfs",
    "load httpfs",
    "load '{home}/x.duckdb_extension'",
    "set enable_external_access = true",
    "set lock_configuration = false",
    "reset enable_external_access",
    "set temp_directory = '{home}'",
    "set profile_output = '{home}/stolen'",
    "pragma enable_profiling",
    "call enable_logging(storage = 'file', storage_path = '{home}/stolen')",
    "create table marts.mine as select 1",
    "insert into marts.dim_assets default values",
    "update marts.dim_assets set technology = 'x'",
    "drop table marts.dim_assets",
    "create secret s (type s3)",
    "select getenv('RTM_ACCESS_KEY')",
    "from planted",
    "use copy",
    "from copy.marts.dim_contracts",
    "from marts.fct_portfolio_infeed",
]


def test_no_sql_leaves_the_reduced_database(world: World) -> None:
    planted = pd.DataFrame({"a": [1]})  # noqa: F841 - what DuckDB would find among Python's variables
    before = set(world.home.rglob("*"))
    with looking(world, "asset_owner", world.seller) as con:
        for attack in ATTACKS:
            sql = attack.format(copy=world.copy, home=world.home, register=world.home / "access.yml")
            with pytest.raises(duckdb.Error):
                con.execute(sql).fetchall()
        assert con.execute("select count(*) from marts.dim_contracts").fetchall() == [(1,)]
    new = {path for path in world.home.rglob("*") if "reduced" not in path.parts} - before
    assert {path.name for path in new} <= {"access.yml", "access_log.jsonl"}


def secrets_of_others(world: World) -> list[str]:
    with duckdb.connect(str(world.copy), read_only=True) as con:
        others = [one for one in world.contracts if one["owner_id"] != world.seller]
        names = con.execute("select asset_name from marts.dim_assets where asset_id <> ?", [SOLD]).fetchall()
    ids = [one[key] for one in others for key in ("contract_id", "owner_id")]
    points = [one["metering_point_id"] for one in others if one["asset_id"] != SOLD]
    return [*ids, *points, *(name for (name,) in names)]


def test_no_page_of_a_share_holds_a_row_of_others(world: World, tmp_path: Path) -> None:
    world.register(line("asset_owner", world.seller))
    out = tmp_path / "share.duckdb"
    share(world.home, "asset_owner", world.seller, out)
    share(world.home, "asset_owner", world.seller, tmp_path / "folder")
    secrets = secrets_of_others(world)
    whole = world.copy.read_bytes()
    assert sum(secret.encode() in whole for secret in secrets) > len(secrets) * 3 / 4  # they would be found
    for path in [out, *(tmp_path / "folder").iterdir()]:
        content = path.read_bytes()
        assert [secret for secret in secrets if secret.encode() in content] == [], path.name
    with duckdb.connect(str(out), read_only=True) as con:
        assert KEY.encode() not in out.read_bytes()
        assert con.execute("select count(*) from duckdb_tables() where table_name like 'hashes%'").fetchall() == [(0,)]
    mine = next(one["contract_id"] for one in world.contracts if one["owner_id"] == world.seller)
    assert mine.encode() in out.read_bytes()


@pytest.mark.parametrize(
    ("role", "subject", "out", "said"),
    [
        ("asset_owner", None, "x.duckdb", "name one with --subject"),
        ("asset_owner", "{buyer}", "x.duckdb", "for this customer"),
        ("asset_owner", "' or '1'='1", "x.duckdb", "for this customer"),
        ("finance", None, "x.duckdb", "no right as finance"),
        ("trader", "{seller}", "x.duckdb", "not bound"),
        ("nobody", None, "x.duckdb", "no such role"),
        ("trader", None, "home/access.yml", "there already"),
        ("trader", None, "home/published/current.duckdb", "there already"),
    ],
)
def test_shares_are_denied(world: World, role: str, subject: str | None, out: str, said: str) -> None:
    world.register(line("asset_owner", world.seller), line("trader"))
    before = (world.home / "access.yml").read_bytes()
    subject = subject and subject.format(buyer=world.buyer, seller=world.seller)
    with pytest.raises(AccessDenied, match=said):
        share(world.home, role, subject, world.home.parent / out)
    assert (world.home / "access.yml").read_bytes() == before
    assert not (world.home.parent / "x.duckdb").exists()
    assert world.log()[-1]["outcome"].startswith("denied")


def test_names_with_quotes_are_only_names(world: World, tmp_path: Path) -> None:
    world.register(line("trader"))
    for name in ("it's.duckdb", "a'; drop table x; --.duckdb", "fol'der", 'quo"te.duckdb'):
        assert share(world.home, "trader", None, tmp_path / name)["fct_trades"] > 0
        assert (tmp_path / name).exists()


def test_the_log_takes_whatever_is_said_as_text(world: World) -> None:
    evil = Person('x@example.com", "role": "auditor"}\n{"at_utc": "1970')
    with pytest.raises(AccessDenied), opened(world.home, evil, "trader", purpose="a\nb"):
        pass
    with pytest.raises(AccessDenied):
        read_log(world.home, evil)
    note(world.home, person("sales"), "sales", "opened invoice C1_2025-10")
    assert [entry["role"] for entry in world.log()] == ["trader", "auditor", "sales"]
    assert world.log()[0]["who"] == evil.address


def test_every_request_is_logged_and_auditors_read_it(world: World, tmp_path: Path) -> None:
    world.register(line("trader"), line("auditor"), line("asset_owner", "wind@example.org"))
    with opened(world.home, person("trader"), "trader", purpose="page position"):
        pass
    with pytest.raises(AccessDenied), opened(world.home, person("trader"), "finance"):
        pass
    share(world.home, "asset_owner", "wind@example.org", tmp_path / "w.duckdb")
    entries = read_log(world.home, person("auditor"))
    assert [(entry.role, entry.outcome.split(":")[0]) for entry in entries] == [
        ("trader", "given"), ("finance", "denied"), ("asset_owner", "given"), ("auditor", "given"),
    ]  # fmt: skip
    assert "page position of copy" in entries[0].what and isinstance(entries[0], Entry)
    assert "wind@example.org" not in entries[2].what and "owner_" in entries[2].what
    assert (world.home / "access_log.jsonl").stat().st_mode & 0o077 == 0
    with pytest.raises(AccessDenied):
        read_log(world.home, person("trader"))


def test_without_a_log_nothing_is_handed_out(world: World) -> None:
    (world.home / "access_log.jsonl").mkdir()
    with pytest.raises(RegisterError, match="nothing is handed out"), looking(world, "trader"):
        pass


# --- the command line -----------------------------------------------------------------------------------------------


def test_rtm_share(world: World, tmp_path: Path) -> None:
    def rtm(*arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "RTM_HOME": str(world.home), "COLUMNS": "120", "TERM": "dumb"}
        command = [sys.executable, str(PROJECT / "rtm.py"), *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    world.register(line("sales", world.seller))
    out = tmp_path / "sales.duckdb"
    good = rtm("share", "--role", "sales", "--subject", world.seller, str(out))
    assert good.returncode == 0 and "fct_invoices" in good.stdout, good.stderr
    with duckdb.connect(str(out), read_only=True) as con:
        assert con.execute("select distinct owner_id from marts.dim_contracts").fetchall() == [(world.seller,)]
    again = rtm("share", "--role", "sales", "--subject", world.seller, str(out))
    assert again.returncode == 1 and "there already" in again.stderr
    usage = rtm("share", "--role", "boss", str(tmp_path / "x.duckdb"))
    assert usage.returncode == 2 and "data_engineer" in usage.stderr
    assert "Traceback" not in good.stderr + again.stderr + usage.stderr


# --- the build ------------------------------------------------------------------------------------------------------


UNDECLARED = [
    ("{}", "asset_id", "no `access` in its meta says who reads it"),
    ("{readers: [boss], rows_by: []}", "asset_id", "the role boss is not known"),
    ("{readers: [sales], rows_by: []}", "asset_id", "no key filters them"),
    ("{readers: [sales], rows_by: [contract_id]}", "asset_id", "rows_by is ['contract_id']"),
    ("{readers: [auditor], rows_by: []}", "asset_id", "`final_when` does not say"),
    ("{readers: [trader], rows_by: []}", "owner_email", "owner_email has no sensitivity"),
]


def test_a_build_with_something_undeclared_fails(built: tuple[Path, Path], tmp_path: Path) -> None:
    """Before it makes anything; a small project with the real macros, as dbt takes long to read all models."""
    assert "{{ check_access() }}" in yaml.safe_load((PROJECT / "dbt_project.yml").read_text())["on-run-start"]
    shutil.copytree(PROJECT / "macros", tmp_path / "macros")
    shutil.copy(PROJECT / "profiles.yml", tmp_path / "profiles.yml")
    (tmp_path / "models").mkdir()
    project = {
        "name": "route_to_market", "profile": "route_to_market", "on-run-start": ["{{ check_access() }}"],
        "models": {"+access": "public"},
    }  # fmt: skip
    (tmp_path / "dbt_project.yml").write_text(yaml.safe_dump(project))

    def run(*declarations: tuple[str, str]) -> subprocess.CompletedProcess[str]:
        models = []
        for number, (access, column) in enumerate(declarations):
            config = {"meta": {"access": yaml.safe_load(access)}}
            models.append({"name": f"dim_{number}", "config": config, "columns": [{"name": column}]})
            (tmp_path / "models" / f"dim_{number}.sql").write_text(f"select 'a' as {column}")
        (tmp_path / "models" / "models.yml").write_text(yaml.safe_dump({"models": models}))
        command = [sys.executable, "-m", "dbt.cli.main", "run", "--target", "lint", "--select", "dim_0"]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    good = run(*[("{readers: [trader], rows_by: []}", "asset_id")] * len(UNDECLARED))
    assert good.returncode == 0 and "OK created" in good.stdout, good.stdout
    bad = run(*[(access, column) for access, column, _ in UNDECLARED])
    assert bad.returncode != 0 and "OK created" not in bad.stdout
    told = " ".join(bad.stdout.split())
    assert [said for number, (_, _, said) in enumerate(UNDECLARED) if f"dim_{number}: " not in told] == []
    assert [said for _, _, said in UNDECLARED if said not in told] == []
