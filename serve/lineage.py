"""Column lineage: which columns each column is made from, read from the SQL that dbt compiled.

Where a column only decides which rows there are (`where`, `join on`, `group by`), it is not counted as what another is
made from.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from serve.files import replace_text

Lineage = dict[str, dict[str, list[str]]]
"""Table -> column -> the columns that it is made from, each as `table.column`."""

_PAGE = Path(__file__).with_name("lineage.html")
_PLACE = "/* lineage */ {}"


class LineageError(Exception):
    """A model's SQL cannot be followed; the text says which."""


def trace(manifest: dict[str, Any]) -> Lineage:
    """Follow every column of every model one step up.

    Args:
        manifest: dbt's manifest.json after a compilation (`dbt docs generate`).

    Returns:
        The lineage of models, seeds and sources; a source is named `source.table`, and made from nothing.

    Raises:
        LineageError: if a model was not compiled, or its SQL cannot be followed.
    """
    tables = list(_tables(manifest))
    schema: dict[str, Any] = {}
    names = {}
    for table in tables:
        place = (table["database"], table["schema"], table.get("identifier") or table["alias"])
        names[place] = _name(table)
        columns = dict.fromkeys(table["columns"], "unknown")
        schema.setdefault(place[0], {}).setdefault(place[1], {})[place[2]] = columns
    return {
        _name(table): _steps(table, schema, names)
        if table["resource_type"] == "model"
        else {column: [] for column in table["columns"]}
        for table in tables
    }


def write_pages(target: Path, folder: Path) -> None:
    """Write `lineage.json` and `lineage.html`, a page that needs nothing beside it.

    Args:
        target: dbt's target folder after `dbt docs generate`.
        folder: where the pages go.

    Raises:
        LineageError: as `trace`.
        OSError: if the pages cannot be written.
    """
    manifest = json.loads((target / "manifest.json").read_text(encoding="utf-8"))
    lineage = trace(manifest)
    descriptions = {
        _name(table): {
            "layer": table["fqn"][1] if table["resource_type"] == "model" else table["resource_type"],
            "columns": {name: " ".join(column["description"].split()) for name, column in table["columns"].items()},
        }
        for table in _tables(manifest)
    }
    text = json.dumps(lineage, indent=1, sort_keys=True)
    replace_text(folder / "lineage.json", text)
    page = _PAGE.read_text(encoding="utf-8")
    everything = json.dumps({"lineage": lineage, "tables": descriptions}, sort_keys=True).replace("</", "<\\/")
    replace_text(folder / "lineage.html", page.replace(_PLACE, everything))


def _tables(manifest: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for node in [*manifest["nodes"].values(), *manifest["sources"].values()]:
        if node["resource_type"] in ("model", "seed", "source"):
            yield node


def _name(table: dict[str, Any]) -> str:
    return f"{table['source_name']}.{table['name']}" if table["resource_type"] == "source" else str(table["name"])


def _steps(
    model: dict[str, Any],
    schema: dict[str, Any],
    names: dict[tuple[str, str, str], str],
) -> dict[str, list[str]]:
    from sqlglot import exp, parse_one
    from sqlglot.errors import SqlglotError
    from sqlglot.lineage import lineage
    from sqlglot.optimizer.qualify import qualify
    from sqlglot.optimizer.scope import build_scope

    if not model.get("compiled_code"):
        raise LineageError(f"{model['name']} was not compiled: run `dbt docs generate` first")
    try:
        query = qualify(parse_one(model["compiled_code"], dialect="duckdb"), schema=schema, dialect="duckdb")
        steps = {}
        for column in model["columns"]:
            node = lineage(column, query, schema=schema, scope=build_scope(query), dialect="duckdb", copy=False)
            found = set()
            for leaf in node.walk():
                table = leaf.expression
                if not leaf.downstream and isinstance(table, exp.Table):
                    origin = names.get((table.catalog, table.db, table.name))
                    found.add(f"{origin or table.name}.{leaf.name.split('.')[-1].strip(chr(34))}")
            steps[column] = sorted(found)
    except SqlglotError as error:
        raise LineageError(f"{model['name']}: its SQL cannot be followed: {str(error).splitlines()[0]}") from error
    return steps
