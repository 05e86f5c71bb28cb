"""The door to the marts for people: who asks, what the register gives them, and a database that holds just that.

The register `access.yml` in RTM_HOME says who holds which role and stands for which customers. It is read at each
request, so that a right taken away is gone at once. What is not granted is denied. Every request is noted in the
access log before anything is handed out.
"""

from __future__ import annotations

import fcntl
import getpass
import hashlib
import json
import logging
import math
import os
import shutil
import sys
import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any

import duckdb
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from serve.files import in_words
from serve.kept_open import MEMORY, Config, connected
from serve.locks import BusyError, alone
from serve.permissions import CLEARANCES, Mart, Role, Span, declared, rights
from serve.published import PublishError, copies, current, followed, number_of, utc_now
from serve.reduced import KeyFaultError, owner_id, read_key, write_reduced

REGISTER = "access.yml"
LOG = "access_log.jsonl"
_REDUCED = "reduced"
_TRIES = 50
_AGAIN_S = 60
_log_of_faults = logging.getLogger(__name__)
# A connection that reads its own file and nothing else, whatever SQL it is given.
_LOCKED: Config = {
    "enable_external_access": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "python_enable_replacements": "false",
    "temp_directory": "",
    "memory_limit": MEMORY,
    "lock_configuration": "true",
}

__all__ = ["AccessDenied", "Entry", "Grant", "Person", "RegisterError", "Role", "at_hand", "grants", "note"]
__all__ += ["opened", "read_log", "rights", "share"]


class AccessDenied(Exception):  # noqa: N818 - it is an answer, not a fault
    """Nothing is handed out; the text is for people and names nobody's data."""


class RegisterError(Exception):
    """The register, the key or the log cannot be used, so nobody gets anything; the text is for the operator."""


@dataclass(frozen=True)
class Person:
    """Who asks: what the sign-in says.

    Attributes:
        address: e-mail address, compared without case.
        groups: groups of the identity provider, compared as they are.
    """

    address: str
    groups: tuple[str, ...] = ()


@dataclass(frozen=True)
class Grant:
    """What the register gives a person.

    Attributes:
        role: the role.
        customers: owner_ids that they stand for; only for roles that see their own rows, else empty.
        sees_personal_data: whether personal data is shown.
    """

    role: Role
    customers: frozenset[str]
    sees_personal_data: bool


@dataclass(frozen=True)
class Entry:
    """A line of the access log.

    Attributes:
        at_utc: when, as `2025-06-08 10:00:00.000000`.
        who: the address; of `rtm share` the operating system's user.
        role: what they asked as.
        what: what they asked for; customers by owner_id.
        outcome: `given` or `denied: <why>`.
    """

    at_utc: str
    who: str
    role: str
    what: str
    outcome: str


class _Line(BaseModel):
    """A grant as it stands in the register."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    role: Role
    person: Annotated[str, Field(min_length=3, pattern="@")] | None = None
    group: Annotated[str, Field(min_length=1)] | None = None
    customers: list[Annotated[str, Field(min_length=1)]] = []
    personal_data: bool = False

    @model_validator(mode="after")
    def _fits(self) -> _Line:
        if (self.person is None) == (self.group is None):
            raise ValueError("name a person or a group, and not both")
        if (CLEARANCES[self.role].rows is Span.OWN) != bool(self.customers):
            raise ValueError("customers belong to the roles sales and asset_owner, and must be named there")
        if self.personal_data and self.role is not Role.AUDITOR:
            raise ValueError("personal_data can be granted to auditors only")
        return self

    def is_for(self, person: Person) -> bool:
        if self.person is not None:
            return self.person.casefold() == person.address.strip().casefold()
        return self.group in person.groups

    def grant(self) -> Grant:
        shown = CLEARANCES[self.role].personal.value == "shown" or self.personal_data
        return Grant(self.role, frozenset(owner_id(customer) for customer in self.customers), shown)


class _Register(BaseModel):
    model_config = ConfigDict(extra="forbid")

    grants: list[_Line] = []


def grants(home: Path, person: Person) -> list[Grant]:
    """What the register gives a person now, one grant a role; nothing where there is no register.

    Raises:
        RegisterError: if the register cannot be read.
    """
    return _together([line.grant() for line in _read_register(home) if line.is_for(person)])


@contextmanager
def opened(
    home: Path,
    person: Person,
    role: Role | str,
    *,
    customer: str | None = None,
    purpose: str = "dashboard",
    copies_in: Path | None = None,
    former_meanwhile: bool = False,
    keep_open: bool = False,
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A read-only connection to a database that holds only what a role may see of the current published copy.

    It can reach no other file, and its settings are locked. Open it for each question: it stands for the right as it
    was when it was opened.

    Args:
        home: RTM_HOME.
        person: who asks.
        role: as what.
        customer: only this one of the customers that the person stands for (owner_id or address).
        purpose: what for, for the log.
        copies_in: where the published copies lie; None: `published` in RTM_HOME.
        former_meanwhile: just after a publication, do not wait until what the role may see of the new copy is
            written, but open that of the copy before and have the new one written in the background; for a process
            that goes on. `at_hand` says when it is there.
        keep_open: for a process that answers many questions (`serve.kept_open`).

    Raises:
        AccessDenied: if the register does not give this.
        RegisterError: if register, key or log cannot be used.
        PublishError: if nothing is published, or it does not say who may see what.
    """
    what = f"open {purpose}"
    try:
        grant = _granted(grants(home, person), role, customer)
    except (AccessDenied, RegisterError) as error:
        _log(home, person.address, role, what, f"denied: {error}")
        raise
    for attempt in range(_TRIES):
        path, copy_number = _reduced(home, grant, copies_in or home / "published", former_meanwhile=former_meanwhile)
        try:
            con = connected(path, _LOCKED) if keep_open else duckdb.connect(str(path), read_only=True, config=_LOCKED)
            break
        except duckdb.Error as error:
            if path.exists() or attempt == _TRIES - 1:  # else it was of a copy that has gone meanwhile
                raise PublishError(f"what the role may see cannot be opened: {in_words(error)}") from error
    with con:
        _log(home, person.address, grant.role, f"{what} of copy {copy_number}{_scope(grant)}", "given")
        yield con


def at_hand(
    home: Path, person: Person, role: Role | str, *, customer: str | None = None, copies_in: Path | None = None
) -> Path:
    """The file that `opened` would open now with `former_meanwhile`; nothing is handed out and nothing noted.

    Raises:
        AccessDenied: if the register does not give this.
        RegisterError: if register or key cannot be used.
        PublishError: if nothing is published, or it does not say who may see what.
    """
    grant = _granted(grants(home, person), role, customer)
    return _reduced(home, grant, copies_in or home / "published", former_meanwhile=True)[0]


def share(home: Path, role: Role | str, subject: str | None, out: Path) -> dict[str, int]:
    """Write what a role may see to a file or folder of its own; auditors get personal data hashed or empty.

    Somebody must hold the role in the register, for that customer, or nothing is written.

    Args:
        home: RTM_HOME.
        role: for whom.
        subject: the customer (owner_id or address), for roles that see their own rows only.
        out: a new `.duckdb` file, or a new folder that gets a Parquet file per mart.

    Returns:
        The marts in it with their rows.

    Raises:
        AccessDenied: if nobody holds such a right, or `out` is there already.
        RegisterError: if register, key or log cannot be used.
        PublishError: if nothing is published, or it does not say who may see what.
    """
    who, what = getpass.getuser(), f"share as {out.suffix or 'folder'}"
    try:
        if out.exists() or out.is_symlink():
            raise AccessDenied(f"{out} is there already: name a new file or folder")
        grant = _granted(_together([line.grant() for line in _read_register(home)]), role, subject)
        if CLEARANCES[grant.role].rows is Span.OWN and subject is None:
            raise AccessDenied(f"the role {grant.role} sees its own customers only: name one with --subject")
        if CLEARANCES[grant.role].personal.value != "shown":
            grant = Grant(grant.role, grant.customers, sees_personal_data=False)
    except (AccessDenied, RegisterError) as error:
        _log(home, who, role, what, f"denied: {error}")
        raise
    copy = _copy(home / "published")
    unfinished = out.with_name(f".{out.name}.{uuid.uuid4().hex}")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        database = unfinished / "share.duckdb"
        unfinished.mkdir(mode=0o700)
        _write(home, copy, database, grant)
        rows = _rows(database)
        _log(home, who, grant.role, f"{what} of copy {number_of(copy)}{_scope(grant)}", "given")
        if out.suffix == ".duckdb":
            database.chmod(0o600)
            database.rename(out)
        else:
            _export(database, unfinished / "share")
            (unfinished / "share").rename(out)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return rows


def note(home: Path, person: Person, role: Role | str, what: str) -> None:
    """Note in the access log what somebody opened or took along, such as an invoice.

    Raises:
        RegisterError: if the log cannot be written.
    """
    _log(home, person.address, role, what, "given")


def read_log(home: Path, person: Person) -> list[Entry]:
    """The access log, oldest first; for auditors.

    Raises:
        AccessDenied: if the person is no auditor.
        RegisterError: if register or log cannot be used.
    """
    try:
        _granted(grants(home, person), Role.AUDITOR, None)
    except AccessDenied as error:
        _log(home, person.address, Role.AUDITOR, "read the access log", f"denied: {error}")
        raise
    _log(home, person.address, Role.AUDITOR, "read the access log", "given")
    with (home / LOG).open(encoding="utf-8") as file:
        return [_entry(line) for line in file]


def _entry(line: str) -> Entry:
    try:
        return Entry(**json.loads(line))
    except (ValueError, TypeError):  # the machine stopped while it was written
        return Entry("", "", "", "a line that cannot be read", "")


def _read_register(home: Path) -> list[_Line]:
    path = home / REGISTER
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as error:
        raise RegisterError(
            f"{path} cannot be read ({type(error).__name__}): nobody gets anything until it can"
        ) from None
    try:
        return _Register.model_validate(yaml.safe_load(text) or {}).grants
    except yaml.YAMLError as error:
        line = getattr(getattr(error, "problem_mark", None), "line", None)
        where = "" if line is None else f", line {line + 1}"
        raise RegisterError(f"{path}{where} is no YAML: nobody gets anything until it is mended") from None
    except ValidationError as error:
        first = error.errors(include_input=False, include_context=False)[0]
        place = " ".join(str(part + 1) if isinstance(part, int) else part for part in first["loc"])
        raise RegisterError(
            f"{path}, {place or 'top'}: {first['msg']}; nobody gets anything until it is mended"
        ) from None


def _together(found: Sequence[Grant]) -> list[Grant]:
    """One grant a role: the customers of all, and personal data if one of them shows it."""
    return [
        Grant(
            role,
            frozenset().union(*(grant.customers for grant in found if grant.role is role)),
            any(grant.sees_personal_data for grant in found if grant.role is role),
        )
        for role in dict.fromkeys(grant.role for grant in found)
    ]


def _granted(found: Sequence[Grant], role: Role | str, customer: str | None) -> Grant:
    if role not in list(Role):
        raise AccessDenied(f"there is no such role; the roles are {', '.join(Role)}")
    role = Role(role)
    grant = next((grant for grant in found if grant.role is role), None)
    if grant is None:
        raise AccessDenied(f"the register grants no right as {role}")
    if customer is None:
        return grant
    if CLEARANCES[role].rows is not Span.OWN:
        raise AccessDenied(f"the role {role} is not bound to customers")
    if owner_id(customer) not in grant.customers:  # the same words whether or not there is such a customer
        raise AccessDenied(f"the register grants no right as {role} for this customer")
    return Grant(role, frozenset({owner_id(customer)}), grant.sees_personal_data)


def _scope(grant: Grant) -> str:
    parts = [f" for {', '.join(sorted(grant.customers))}"] if grant.customers else []
    return "".join([*parts, ", with personal data" if grant.sees_personal_data else ""])


def _copy(copies_in: Path) -> Path:
    copy = current(copies_in)
    if copy is None:
        raise PublishError("nothing is published yet: `rtm run` makes, tests and publishes the marts")
    return copy


def _reduced(home: Path, grant: Grant, copies_in: Path, *, former_meanwhile: bool) -> tuple[Path, int]:
    """The reduced database that a grant gets now, and the number of its copy.

    It is of the current copy, or while that one is being made in the background, of the one before.
    """
    copy, name = _copy(copies_in), _name(home, grant)
    path = _place(copies_in, copy, name)
    if path.exists():
        return path, number_of(copy)
    for earlier in followed(copies_in) if former_meanwhile else []:
        with suppress(FileNotFoundError):  # it was pushed out meanwhile
            former = _place(copies_in, earlier, name)
            if former.exists() and _allow_the_same(copy, earlier, grant):
                _make_later(home, grant, copies_in)
                return former, number_of(earlier)
    return _make(home, grant, copies_in)


def _name(home: Path, grant: Grant) -> str:
    """A grant's file name: another one whenever anything that decides what is in the file is another."""
    rules = [Path(__file__).with_name(name).read_bytes() for name in ("permissions.py", "reduced.py")]
    about = json.dumps([grant.role, sorted(grant.customers), grant.sees_personal_data, _key(home).hex()]).encode()
    return f"{grant.role}_{hashlib.sha256(b''.join([about, *rules])).hexdigest()[:24]}.duckdb"


def _place(copies_in: Path, copy: Path, name: str) -> Path:
    """Where the reduced database of a copy lies: in a folder that tells the copy from another of the same name."""
    about = copy.stat()
    return copies_in.with_name(_REDUCED) / f"{copy.stem}_{about.st_ino:x}_{about.st_mtime_ns:x}" / name


def _allow_the_same(copy: Path, earlier: Path, grant: Grant) -> bool:
    """Whether a grant gives the same marts, columns and customers' contracts of two copies.

    Only then may the earlier one still be shown: a right that a publication takes away is gone with it.
    """
    try:
        said = [_what_is_allowed(one, one.stat().st_mtime_ns, grant.role) for one in (copy, earlier)]
    except (duckdb.Error, PublishError):  # that comes up where it can be said
        return False
    return said[0] == said[1]


@lru_cache(maxsize=50)
def _what_is_allowed(copy: Path, written_at: int, role: Role) -> tuple[list[Mart], list[Any]]:
    del written_at  # tells a copy from another of its name
    with duckdb.connect(str(copy), read_only=True) as con:
        contracts = "select content_hash from publication.marts where mart_name = 'dim_contracts'"
        return declared(con), con.execute(contracts).fetchall() if CLEARANCES[role].rows is Span.OWN else []


def _make(home: Path, grant: Grant, copies_in: Path, *, wait: bool = True) -> tuple[Path, int]:
    """Write the reduced database of the current copy, unless somebody else has; one at a time for each grant.

    Raises:
        BusyError: if somebody else is at it and `wait` is false.
    """
    name = _name(home, grant)
    top = copies_in.with_name(_REDUCED)
    top.mkdir(mode=0o700, exist_ok=True)
    with alone(top / f".{name}.lock", wait=wait) as is_held:
        if not is_held:
            raise BusyError("somebody else is writing what the role may see")
        while True:
            for killed in top.glob(f".{name}.*.unfinished*"):
                killed.unlink(missing_ok=True)
            copy, unfinished = _copy(copies_in), top / f".{name}.{uuid.uuid4().hex}.unfinished"
            try:
                path = _place(copies_in, copy, name)
                if path.exists():
                    return path, number_of(copy)
                _write(home, copy, unfinished, grant)
                unfinished.chmod(0o400)
                path.parent.mkdir(mode=0o700, exist_ok=True)
                unfinished.rename(path)
            except (PublishError, FileNotFoundError):
                if copy.exists():
                    raise
                continue  # newer copies have pushed it out meanwhile
            finally:
                unfinished.unlink(missing_ok=True)
            _tidy(top, copies_in, path)
            return path, number_of(copy)


def _tidy(top: Path, copies_in: Path, made: Path) -> None:
    """Remove what nobody gets any more: older ones of this grant, and all of copies that are gone."""
    kept = set()
    for copy in copies(copies_in):
        with suppress(FileNotFoundError):
            kept.add(_place(copies_in, copy, made.name).parent)
    for folder in top.iterdir():
        if folder.is_dir() and folder not in kept:
            shutil.rmtree(folder, ignore_errors=True)
        elif folder.is_dir() and folder != made.parent:
            (folder / made.name).unlink(missing_ok=True)


_not_before: dict[Path, float] = {}
_guard, _turn = threading.Lock(), threading.Lock()


def _make_later(home: Path, grant: Grant, copies_in: Path) -> None:
    """Have the reduced database of the current copy made in the background, once and one after another."""
    what = copies_in / _name(home, grant)
    with _guard:
        if time.monotonic() < _not_before.get(what, 0):
            return
        _not_before[what] = math.inf

    def make() -> None:
        again_at = 0.0
        try:
            with _turn:
                if sys.platform == "linux":  # there a thread can step back behind those that answer people
                    os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)
                _make(home, grant, copies_in, wait=False)
        except BusyError:
            pass  # another process makes it
        except Exception:
            _log_of_faults.exception("what a %s may see could not be written; again in %d s", grant.role, _AGAIN_S)
            again_at = time.monotonic() + _AGAIN_S
        finally:
            with _guard:
                _not_before[what] = again_at

    threading.Thread(target=make, name="reduced").start()


def _write(home: Path, copy: Path, path: Path, grant: Grant) -> None:
    try:
        write_reduced(
            copy,
            path,
            grant.role,
            customers=grant.customers,
            personal_data=grant.sees_personal_data and grant.role is Role.AUDITOR,
            key=_key(home),
        )
    except (duckdb.Error, OSError) as error:
        raise PublishError(f"what the role may see cannot be written: {in_words(error)}") from error


def _key(home: Path) -> bytes:
    try:
        return read_key(home)
    except KeyFaultError as error:
        raise RegisterError(str(error)) from error


def _rows(database: Path) -> dict[str, int]:
    with duckdb.connect(str(database), read_only=True) as con:
        marts = con.execute("select distinct schema_name, mart_name from publication.contract order by all").fetchall()
        return {
            mart: con.execute(f'select count(*) from "{schema}"."{mart}"').fetchall()[0][0] for schema, mart in marts
        }


def _export(database: Path, folder: Path) -> None:
    """A Parquet file per mart."""
    folder.mkdir()
    with duckdb.connect(str(database), read_only=True) as con:
        for schema, mart in con.execute("select distinct schema_name, mart_name from publication.contract").fetchall():
            path = str(folder / f"{mart}.parquet").replace("'", "''")
            con.execute(f"""copy "{schema}"."{mart}" to '{path}' (format parquet)""")


def _log(home: Path, who: str, role: Role | str, what: str, outcome: str) -> None:
    """Append a line, and have the disk hold it before anything is handed out."""
    known = str(role) if role in list(Role) else "unknown"
    entry = Entry(f"{utc_now():%Y-%m-%d %H:%M:%S.%f}", who[:200], known, what[:500], outcome[:500])
    try:
        home.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(home / LOG, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            os.write(descriptor, (json.dumps(asdict(entry)) + "\n").encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise RegisterError(f"the access log cannot be written, so nothing is handed out: {in_words(error)}") from error
