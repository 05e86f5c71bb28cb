"""Who looks, and the one way to the data: pages get a connection that holds what the person may see, and no more."""

from __future__ import annotations

import logging
import math
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import duckdb
import streamlit as st
from streamlit.errors import StreamlitSecretNotFoundError

from home import Home
from serve import access, published

DEVELOPMENT = "RTM_DASHBOARD_DEVELOPMENT"
"""The variable that switches sign-in off; it counts on a loopback address only."""
TRUST_ADDRESSES = "RTM_TRUST_ADDRESSES"
"""The variable for providers that do not say whether an e-mail address is verified because nobody can choose theirs."""
SIGN_IN_HOURS = "RTM_SIGN_IN_HOURS"
"""The variable for how long what the provider said at sign-in counts, address and groups alike; 12 hours without it."""
SAMPLE = "dashboard_sample"
"""Where below RTM_HOME the sample is built that stands in until something is published."""
_log = logging.getLogger(__name__)


class ClosedError(Exception):
    """Nobody gets in; the text is for people."""


@dataclass(frozen=True)
class Visitor:
    """Who looks.

    Attributes:
        name: as it is shown.
        address: e-mail, as the sign-in says it; empty in development mode.
        groups: of the identity provider.
        is_development: there is no sign-in, and everything is shown.
    """

    name: str
    address: str = ""
    groups: tuple[str, ...] = ()
    is_development: bool = False


@dataclass(frozen=True)
class Right:
    """A role that somebody holds, and whose data it is limited to.

    Attributes:
        role: its name, as in `RTM_HOME/access.yml`.
        customers: the owners that it is limited to; empty: it is not.
    """

    role: str
    customers: tuple[str, ...] = ()


def is_loopback(address: str | None) -> bool:
    """Whether only this machine reaches the address; no address means every one."""
    if address == "localhost":
        return True
    try:
        return ip_address(address or "").is_loopback
    except ValueError:
        return False


def home() -> tuple[Path, bool]:
    """Where the published copies lie, and whether that is the sample, as nothing is published in RTM_HOME yet.

    Who may see what is never the sample's: register, key and log are those of RTM_HOME.
    """
    root = Home().root
    if published.current(root / "published") is None and published.current(root / SAMPLE / "published") is not None:
        return root / SAMPLE, True
    return root, False


def sign_in_hours() -> float:
    """How many hours a sign-in counts.

    Raises:
        ClosedError: if the variable does not say it.
    """
    said = os.environ.get(SIGN_IN_HOURS, "12")
    with suppress(ValueError):
        if math.isfinite(hours := float(said)) and hours > 0:
            return hours
    raise ClosedError(f"Nobody can sign in: {SIGN_IN_HOURS} is {said!r}, expected a number of hours above 0.")


def visitor() -> Visitor | None:
    """Who looks; None: nobody has signed in, or not within the last hours.

    Raises:
        ClosedError: if development mode listens to more than this machine, no sign-in is set up, or it is not said
            how long one counts.
    """
    if os.environ.get(DEVELOPMENT) == "1":
        address = st.get_option("server.address")
        if not is_loopback(address):
            raise ClosedError(
                f"Development mode has no sign-in, and this server listens on {address or 'every address'}: it shows "
                "nothing. Listen on 127.0.0.1, or set up sign-in (docs/dashboard.md)."
            )
        return Visitor("development", is_development=True)
    if not _sign_in_is_set_up():
        raise ClosedError("Nobody can sign in: no identity provider is set up (docs/dashboard.md).")
    if not st.user.is_logged_in:
        return None
    claims: dict[str, Any] = dict(st.user.to_dict())
    issued = claims.get("iat")  # seconds since 1970; every ID token has it. Streamlit keeps the claims for 30 days.
    if not isinstance(issued, int | float) or time.time() - issued > sign_in_hours() * 3600:
        return None
    address = str(claims.get("email") or "")
    if claims.get("email_verified") not in (True, "true") and os.environ.get(TRUST_ADDRESSES) != "1":
        address = ""  # whoever can choose an address that nobody checked could choose another person's
    groups = claims.get(os.environ.get("RTM_GROUPS_CLAIM", "groups")) or ()
    names = [groups] if isinstance(groups, str) else list(groups)
    return Visitor(str(claims.get("name") or address or claims.get("sub")), address, tuple(map(str, names)))


def _sign_in_is_set_up() -> bool:
    try:
        return "auth" in st.secrets
    except StreamlitSecretNotFoundError:
        return False


def rights(who: Visitor) -> list[Right]:
    """The roles that somebody holds now; empty: none."""
    if who.is_development:
        return [Right("development")]
    with _in_words():
        found = access.grants(Home().root, _person(who))
    return [Right(str(grant.role), tuple(sorted(grant.customers))) for grant in found]


@contextmanager
def opened(who: Visitor, right: Right, customer: str | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to what somebody may see in a role; for one run of a page, never longer.

    Raises:
        ClosedError: if the register does not give this (any more) or cannot be read, or a database cannot.
        serve.published.PublishError: if nothing is published.
    """
    folder = home()[0] / "published"
    if who.is_development:
        with published.reading(folder, keep_open=True) as con:
            yield con
        return
    with ExitStack() as stack:
        with _in_words():
            con = stack.enter_context(
                access.opened(
                    Home().root,
                    _person(who),
                    right.role,
                    customer=customer,
                    copies_in=folder,
                    former_meanwhile=True,
                    keep_open=True,
                )
            )
        yield con


def note(who: Visitor, right: Right, what: str) -> None:
    """Put a line in the access log; development mode keeps none."""
    if not who.is_development:
        with _in_words():
            access.note(Home().root, _person(who), right.role, what)


@contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except (access.AccessDenied, access.RegisterError) as error:
        raise ClosedError(str(error)) from error
    except published.PublishError as error:
        if error.__cause__ is None:  # words of ours; those of the database can quote rows of anybody's
            raise
        _log.exception("what somebody may see cannot be shown")
        raise ClosedError("What your role may see cannot be shown now; the dashboard's log says why.") from error


def _person(who: Visitor) -> access.Person:
    return access.Person(who.address, who.groups)


def documentation() -> str:
    """Where the documentation and the lineage are served (variable RTM_DOCS_URL); empty: nowhere."""
    return os.environ.get("RTM_DOCS_URL", "").rstrip("/")


def file_of(con: duckdb.DuckDBPyConnection) -> str:
    """The file that a connection reads."""
    return str(
        con.execute("select path from duckdb_databases() where database_name = current_database()").fetchall()[0][0]
    )


def file_now(who: Visitor, right: Right, customer: str | None = None) -> str:
    """The file that `opened` would open now; empty: nothing, and why not comes up there."""
    folder = home()[0] / "published"
    if who.is_development:
        return str(published.current(folder) or "")
    try:
        return str(access.at_hand(Home().root, _person(who), right.role, customer=customer, copies_in=folder))
    except (access.AccessDenied, access.RegisterError, published.PublishError):
        return ""


def why_nothing_newer(who: Visitor) -> str | None:
    """What came of the last try to make newer numbers; None: they were published, or nobody tried.

    Why it failed is told in development mode alone: the words can quote rows of anybody's (a failed test gives an
    example), and no role sees everything. Operators read it with `rtm show` or `rtm doctor`.
    """
    attempt = published.last_attempt(Home().root / "published")
    if who.is_development or attempt is None or attempt.outcome == "rolled back":
        return published.why_nothing_newer(attempt)
    if published.why_nothing_newer(attempt) is None:
        return None
    ended = {"failed": "failed", "built": "is not published yet"}.get(attempt.outcome, "has not ended")
    return f"Nothing newer has come since {attempt.at_utc} UTC: the last try to make newer numbers {ended}."
