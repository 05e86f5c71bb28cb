"""What each role may see, compiled from what is declared beside the models and lies in every published copy.

A mart declares who reads it, which key filters its rows and which of them are final; a column how sensitive it is
(`access` in the mart's YAML, macros/sensitivities.sql). This module says what that means for a role.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum

import duckdb

from serve.published import PublishError


class Role(StrEnum):
    """Who reads marts."""

    TRADER = "trader"
    PORTFOLIO_OPS = "portfolio_ops"
    SALES = "sales"
    FINANCE = "finance"
    ASSET_OWNER = "asset_owner"
    AUDITOR = "auditor"
    DATA_ENGINEER = "data_engineer"


class Seen(StrEnum):
    """How a role gets a column that it gets at all."""

    SHOWN = "shown"
    HASHED = "hashed"
    """A keyed hash stands there: equal values stay equal, and nobody without the key finds out which they were."""
    MASKED = "masked"
    """The column is there, and empty."""


class Personal(StrEnum):
    """What becomes of personal data."""

    SHOWN = "shown"
    MASKED = "masked"
    LEFT_OUT = "left out"


class Span(StrEnum):
    """Which rows of the marts that a role reads."""

    ALL = "all"
    OWN = "own"
    """Those of customers that the register names, by the contract valid at delivery."""
    FINAL = "final"


@dataclass(frozen=True)
class Clearance:
    """What a role may see of the marts that it reads.

    Attributes:
        topics: of commercial columns, those it sees; `public` and `internal` columns it sees all.
        personal: what becomes of personal columns.
        rows: which rows.
        reason: why, for docs/permissions.md.
    """

    topics: frozenset[str]
    personal: Personal
    rows: Span
    reason: str


TOPICS = ("contract", "trading", "position", "settlement", "margin")
CLEARANCES = {
    Role.TRADER: Clearance(
        frozenset({"trading", "position", "settlement"}), Personal.LEFT_OUT, Span.ALL,
        "trade and watch the position; need no customer and no price of a contract",
    ),
    Role.PORTFOLIO_OPS: Clearance(
        frozenset({"position", "settlement"}), Personal.SHOWN, Span.ALL,
        "run the assets and call their owners; need not know what trading earns",
    ),
    Role.SALES: Clearance(
        frozenset({"contract", "settlement", "margin"}), Personal.SHOWN, Span.OWN,
        "look after their own customers",
    ),
    Role.FINANCE: Clearance(
        frozenset({"contract", "trading", "settlement", "margin"}), Personal.SHOWN, Span.ALL,
        "invoice and close the books; need no live position",
    ),
    Role.ASSET_OWNER: Clearance(
        frozenset({"contract"}), Personal.SHOWN, Span.OWN,
        "see their own assets for the time of their contract, and no total that others follow from",
    ),
    Role.AUDITOR: Clearance(
        frozenset(TOPICS), Personal.MASKED, Span.FINAL,
        "check everything that is final; persons only where that is granted",
    ),
    Role.DATA_ENGINEER: Clearance(
        frozenset({"settlement"}), Personal.MASKED, Span.ALL,
        "run the pipelines; need neither persons nor prices",
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Mart:
    """A mart or report as it is declared.

    Attributes:
        schema: its schema.
        name: its name.
        readers: the roles that read it.
        rows_by: the columns that say whose a row is; empty: nobody's.
        final_when: SQL of the condition that a row is final; `known_date` is the day until which the copy knows.
        blank_unless_own: columns that customers get empty where the row's contract is not theirs.
        rows_of: topic -> SQL of the rows that only roles cleared for it get.
        columns: name -> sensitivity.
        types: name -> type.
    """

    schema: str
    name: str
    readers: frozenset[Role]
    rows_by: tuple[str, ...]
    final_when: str
    blank_unless_own: frozenset[str]
    rows_of: dict[str, str]
    columns: dict[str, str]
    types: dict[str, str]


def declared(con: duckdb.DuckDBPyConnection) -> list[Mart]:
    """Every mart and report of a published copy with its declaration, in the order of their names.

    Raises:
        PublishError: if the copy is of an older version, which declared nothing.
    """
    try:
        marts = con.execute("from publication.mart_access order by schema_name, mart_name").fetchall()
        columns = con.execute(
            """
            select c.schema_name, c.mart_name, c.column_name, c.sensitivity, p.data_type
            from publication.column_access as c
            inner join publication.contract as p using (schema_name, mart_name, column_name)
            inner join duckdb_columns() as d
                on d.database_name = current_database() and d.schema_name = c.schema_name
                and d.table_name = c.mart_name and d.column_name = c.column_name
            order by c.schema_name, c.mart_name, d.column_index
            """
        ).fetchall()
    except duckdb.CatalogException as error:
        raise PublishError(
            "the published copy is of an older version and says nothing of permissions: run `rtm build`, `rtm publish`"
        ) from error
    found = []
    for schema, name, readers, rows_by, final_when, blank, rows_of in marts:
        own = [column[2:] for column in columns if column[:2] == (schema, name)]
        found.append(
            Mart(
                schema=schema,
                name=name,
                readers=frozenset(Role(role) for role in json.loads(readers)),
                rows_by=tuple(json.loads(rows_by)),
                final_when=final_when,
                blank_unless_own=frozenset(json.loads(blank)),
                rows_of=json.loads(rows_of),
                columns={column: sensitivity for column, sensitivity, _ in own},
                types={column: kind for column, _, kind in own},
            )
        )
    return found


def seen(mart: Mart, column: str, role: Role, *, personal_data: bool = False) -> Seen | None:
    """How a role gets a column; None: it does not get it.

    Args:
        mart: the mart.
        column: one of its columns.
        role: who asks.
        personal_data: whether an auditor is granted personal data.
    """
    if role not in mart.readers:
        return None
    clearance = CLEARANCES[role]
    match mart.columns.get(column, "").partition("."):
        case ("public" | "internal", _, _):
            return Seen.SHOWN
        case ("commercial", _, topic) if topic in clearance.topics:
            return Seen.SHOWN
        case ("personal", _, _) if clearance.personal is Personal.SHOWN or personal_data:
            return Seen.SHOWN
        case ("personal", _, _) if clearance.personal is Personal.MASKED:
            return Seen.HASHED if column.endswith("_id") else Seen.MASKED
    return None


def rights(con: duckdb.DuckDBPyConnection, role: Role | str) -> dict[str, dict[str, str]]:
    """Marts and columns that a role gets of a published copy, and how: `shown`, `hashed` or `masked`.

    What it does not get is not in there; an unknown role gets nothing.
    """
    if role not in list(Role):
        return {}
    return {
        f"{mart.schema}.{mart.name}": {
            column: how.value for column in mart.columns if (how := seen(mart, column, Role(role))) is not None
        }
        for mart in declared(con)
        if role in mart.readers
    }


MARKS = ("<!-- generated by `rtm permissions --write` -->\n", "<!-- end of what is generated -->")


def put_into(page: str, text: str) -> str:
    """A page with `text` between its marks.

    Raises:
        ValueError: if the marks are not there.
    """
    before, start, rest = page.partition(MARKS[0])
    _, end, after = rest.partition(MARKS[1])
    if not start or not end:
        raise ValueError(f"the marks {MARKS[0].strip()} and {MARKS[1]} are not there")
    return f"{before}{start}\n{text}\n{end}{after}"


def matrix(con: duckdb.DuckDBPyConnection) -> str:
    """The permissions as Markdown: rows by mart and role, columns by sensitivity and role, and who is what."""
    marts = declared(con)
    roles = list(Role)
    lines = ["### Rows: which rows of a mart a role gets", "", _row("mart", *roles), _row(*["---"] * (len(roles) + 1))]
    for mart in marts:
        lines.append(_row(f"`{mart.name}`", *[_rows(mart, role) for role in roles]))
    lines += ["", "### Columns: what a role gets of the marts that it reads", ""]
    lines += [_row("sensitivity", *roles), _row(*["---"] * (len(roles) + 1))]
    lines.append(_row("public, internal", *["shown"] * len(roles)))
    for topic in TOPICS:
        lines.append(_row(f"commercial: {topic}", *["shown" * (topic in CLEARANCES[role].topics) for role in roles]))
    lines.append(_row("personal", *[CLEARANCES[role].personal.value.replace("left out", "") for role in roles]))
    lines += ["", "### How sensitive each column is", ""]
    lines += [_row("mart", "sensitivity", "columns"), _row("---", "---", "---")]
    for mart in marts:
        for sensitivity in dict.fromkeys(sorted(mart.columns.values(), key=_order)):
            names = [f"`{column}`" for column, own in mart.columns.items() if own == sensitivity]
            lines.append(_row(f"`{mart.name}`", sensitivity.replace(".", ": "), ", ".join(names)))
    return "\n".join(lines) + "\n"


def _order(sensitivity: str) -> tuple[int, str]:
    return ["public", "internal", "commercial", "personal"].index(sensitivity.partition(".")[0]), sensitivity


def _rows(mart: Mart, role: Role) -> str:
    if role not in mart.readers:
        return ""
    span = CLEARANCES[role].rows
    is_whole = not mart.rows_by if span is Span.OWN else span is Span.ALL or mart.final_when == "true"
    hidden = [topic for topic in mart.rows_of if topic not in CLEARANCES[role].topics]
    return ", ".join(["all" if is_whole else span.value, *[f"not {topic}" for topic in hidden]])


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"
