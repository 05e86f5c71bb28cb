"""The project's conventions, checked over dbt's manifest. Each rule has a piece of manifest that it must catch."""

from __future__ import annotations

import copy
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from home import PROJECT
from serve.permissions import Role

Manifest = dict[str, Any]
UNITS = ("_kw", "_mw", "_mwh", "_eur", "_eur_per_mwh", "_eur_per_mw_month", "_pct", "_percent", "_minutes", "_hours")
# Degrees, shares and a number whose unit stands beside it.
QUALITY = {"nmae", "nrmse", "nbias", "skill", "asset_mean_nmae", "smoothing_nmae", "capacity_factor", "capture_rate"}
WITHOUT_UNIT = QUALITY | {
    "latitude",
    "longitude",
    "live_coverage",
    "completeness",
    "vat_rate",
    "quantity",
    "old_value",
    "new_value",
}
BUILT_OUTSIDE_DBT = {"TIME-5"}  # decided while reading, tested in test_ingest.py and test_clocks.py


def models(manifest: Manifest) -> list[dict[str, Any]]:
    return [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]


def layer(node: dict[str, Any]) -> str:
    return str(node["fqn"][1])


def parents(manifest: Manifest, node: dict[str, Any], kind: str) -> list[str]:
    return [name for name in node["depends_on"]["nodes"] if name.startswith(f"{kind}.")]


def names_say_layer_and_area(manifest: Manifest) -> list[str]:
    shape = {
        "staging": r"stg_{area}__\w+",
        "intermediate": r"int_\w+",
        "marts": r"(dim|fct)_\w+",
        "reports": r"rpt_\w+",
    }
    return [
        f"{node['name']}: a model of {layer(node)} is named {shape[layer(node)]}"
        for node in models(manifest)
        if not re.fullmatch(shape[layer(node)].replace("{area}", node["fqn"][2]), node["name"])
    ]


def only_staging_reads_sources_and_each_once(manifest: Manifest) -> list[str]:
    readers: dict[str, list[str]] = {name: [] for name in manifest["sources"]}
    for node in models(manifest):
        for name in parents(manifest, node, "source"):
            readers[name].append(f"{layer(node)}.{node['name']}")
    return [
        f"{name}: read by {readings or 'no model'}, expected one model of staging"
        for name, readings in readers.items()
        if len(readings) != 1 or not readings[0].startswith("staging.")
    ]


def layers_read_what_lies_below(manifest: Manifest) -> list[str]:
    allowed = {
        "staging": {"staging"},
        "intermediate": {"staging", "intermediate", "marts"},
        "marts": {"staging", "intermediate", "marts"},
        "reports": {"marts"},
    }
    return [
        f"{node['name']}: {layer(node)} reads {parent}"
        for node in models(manifest)
        for parent in parents(manifest, node, "model")
        if layer(manifest["nodes"][parent]) not in allowed[layer(node)]
    ]


def everything_is_described(manifest: Manifest) -> list[str]:
    ours = [m for m in manifest["macros"].values() if m["package_name"] == "route_to_market"]
    things = [*models(manifest), *manifest["sources"].values(), *ours]
    things += [node for node in manifest["nodes"].values() if node["resource_type"] == "seed"]
    missing = [f"{thing['unique_id']}: no description" for thing in things if not thing["description"].strip()]
    for thing in things:
        inner = list(thing.get("columns", {}).values()) + list(thing.get("arguments", []))
        missing += [f"{thing['unique_id']}.{c['name']}: no description" for c in inner if not c["description"].strip()]
        if thing["resource_type"] != "macro" and not inner:
            missing.append(f"{thing['unique_id']}: no columns are described")
    return missing


def split(text: str) -> list[str]:
    """Cut at the commas outside brackets and quotes."""
    parts, depth, quote = [""], 0, ""
    for letter in text:
        quote = ("" if letter == quote else quote) if quote else (letter if letter in "'\"" else "")
        depth += 0 if quote else (letter in "([{") - (letter in ")]}")
        if letter == "," and not depth and not quote:
            parts.append("")
        else:
            parts[-1] += letter
    return [part.strip() for part in parts if part.strip()]


def columns_of(manifest: Manifest, node: dict[str, Any]) -> list[str] | None:
    """The columns that a model's SQL makes; None where they cannot be told."""
    sql = re.sub(r"\{#.*?#\}|--[^\n]*", "", node["raw_code"], flags=re.DOTALL)
    sql = re.sub(r"\{\{\s*ref\('(\w+)'\)\s*\}\}", r"ref__\1", sql)
    sql = re.sub(r"\{\{\s*source\('(\w+)',\s*'(\w+)'\)\s*\}\}", r"source__\1__\2", sql)
    sql = re.sub(r"\{%.*?%\}", "", re.sub(r"\{\{.*?\}\}", "jinja", sql, flags=re.DOTALL), flags=re.DOTALL)
    steps = dict(re.findall(r"(\w+) as \(\n(.*?)\n\)", sql, flags=re.DOTALL))

    def relation(name: str) -> list[str] | None:
        if name in steps:
            return step(steps[name])
        for other in [*manifest["nodes"].values(), *manifest["sources"].values()]:
            if name == f"ref__{other['name']}" and other["resource_type"] == "model":
                return columns_of(manifest, other)
            if name in (f"ref__{other['name']}", f"source__{other.get('source_name')}__{other['name']}"):
                return list(other["columns"])
        return None

    def step(body: str) -> list[str] | None:
        while (flat := re.sub(r"\([^()]+\)", "()", body)) != body:
            body = flat
        found = re.match(r"\s*select\s+(?:distinct\s+)?(.*?)\s+from\s+(\w+)", body, flags=re.DOTALL)
        columns: list[str] = []
        for item in split(found[1]) if found else []:
            starred = relation(found[2]) if found and item == "*" else [re.split(r"[\s.]+", item)[-1]]
            if starred is None:
                return None
            columns += starred
        return columns or None

    last = re.search(r"select \* from (\w+)\s*$", sql)
    return relation(last[1]) if last else None


def columns_described_are_those_made(manifest: Manifest) -> list[str]:
    wrong = []
    for node in models(manifest):
        made = columns_of(manifest, node)
        if made and "jinja" in made:  # a macro lists them; contracts compare those of marts and reports
            continue
        if made is None:
            wrong.append(f"{node['name']}: its columns cannot be told from the SQL; name them in a step")
        for column in sorted(set(made or []) - set(node["columns"])):
            wrong.append(f"{node['name']}.{column}: made by the SQL, but not in the YAML")
        for column in sorted(set(node["columns"]) - set(made or node["columns"])):
            wrong.append(f"{node['name']}.{column}: in the YAML, but not made by the SQL")
    return wrong


def arguments_described_are_those_taken(manifest: Manifest) -> list[str]:
    wrong = []
    for macro in manifest["macros"].values():
        if macro["package_name"] == "route_to_market":
            signature = re.search(r"\{%-?\s*(?:macro|test)\s+\w+\((.*?)\)\s*-?%\}", macro["macro_sql"], re.DOTALL)
            taken = [argument.split("=")[0].strip() for argument in split(signature[1] if signature else "")]
            described = [argument["name"] for argument in macro["arguments"]]
            if taken != described:
                wrong.append(f"{macro['name']}: takes {taken}, the YAML describes {described}")
    return wrong


def marts_are_promised(manifest: Manifest) -> list[str]:
    wrong = []
    for node in models(manifest):
        if layer(node) in ("marts", "reports"):
            if not node["config"]["contract"]["enforced"]:
                wrong.append(f"{node['name']}: the contract is not enforced")
            if node["access"] != "public":
                wrong.append(f"{node['name']}: access is {node['access']}, expected public")
            wrong += [
                f"{node['name']}.{c['name']}: no data_type" for c in node["columns"].values() if not c["data_type"]
            ]
            if "one row" not in node["description"].lower():
                wrong.append(f"{node['name']}: the description does not say what one row is")
        if not node["config"].get("group"):
            wrong.append(f"{node['name']}: no group")
    return wrong


def sensitivities(manifest: Manifest) -> list[tuple[str, str]]:
    """Column name and sensitivity, as macros/sensitivities.sql lists them."""
    sql = manifest["macros"]["macro.route_to_market.column_sensitivities"]["macro_sql"]
    text = sql.split("{%- set declared -%}")[1].split("{%- endset -%}")[0]
    return [
        (name, level) for level, lines in yaml.safe_load(text).items() for line in lines for name in line.split(", ")
    ]


def it_is_declared_who_sees_what(manifest: Manifest) -> list[str]:
    pairs = sensitivities(manifest)
    by_name = dict(pairs)
    wrong = [f"{name}: has a sensitivity twice" for name in by_name if [pair[0] for pair in pairs].count(name) > 1]
    used = set()
    for node in models(manifest):
        if layer(node) not in ("marts", "reports"):
            continue
        access = node["config"]["meta"].get("access", {})
        if not access.get("readers") or not set(access["readers"]) <= set(Role):
            wrong.append(f"{node['name']}: readers are {access.get('readers')}, expected some of {list(Role)}")
        if not set(access.get("rows_by", ["?"])) <= set(node["columns"]):
            wrong.append(f"{node['name']}: rows_by is {access.get('rows_by')}, expected its own columns or []")
        customers = {"sales", "asset_owner"} & set(access.get("readers", []))
        if customers and {"asset_id", "contract_id"} & set(node["columns"]) and not access.get("rows_by"):
            wrong.append(f"{node['name']}: customers read it, but no key filters its rows")
        if "contract_id" in node["columns"] and access.get("rows_by") == ["asset_id", "delivery_date"]:
            wrong.append(f"{node['name']}: rows are filtered by the day, although they name their contract")
        for column in node["columns"].values():
            own = column.get("config", {}).get("meta", {}).get("sensitivity")
            used |= {column["name"]} if own is None else set()
            if own is None and column["name"] not in by_name:
                wrong.append(f"{node['name']}.{column['name']}: no sensitivity")
    return wrong + [f"{name}: has a sensitivity, but no mart has it" for name in set(by_name) - used]


def keys_are_tested(manifest: Manifest) -> list[str]:
    tested = {
        node["attached_node"]
        for node in manifest["nodes"].values()
        if node["resource_type"] == "test" and node.get("test_metadata", {}).get("name") == "has_key"
    }
    return [f"{node['name']}: no test of its key" for node in models(manifest) if node["unique_id"] not in tested]


def equal_names_are_equal_types(manifest: Manifest) -> list[str]:
    types: dict[str, set[str]] = {}
    for node in models(manifest):
        if layer(node) in ("marts", "reports"):
            for column in node["columns"].values():
                types.setdefault(column["name"], set()).add(str(column["data_type"]).lower().replace(" ", ""))
    return [f"{name}: is {sorted(found)}" for name, found in types.items() if len(found) > 1]


def quantities_end_in_their_unit(manifest: Manifest) -> list[str]:
    wrong = []
    for node in models(manifest):
        for column in node["columns"].values():
            name, kind = column["name"], (column["data_type"] or "").lower()
            if (
                kind.startswith(("double", "decimal", "numeric", "float", "real"))
                and not name.endswith(UNITS)
                and name not in WITHOUT_UNIT
            ):
                wrong.append(f"{node['name']}.{name}: a quantity whose name does not end in its unit")
            if kind == "timestamp" and not name.endswith(("_utc", "_local")):
                wrong.append(f"{node['name']}.{name}: a moment whose name does not end in _utc")
    return wrong


def models_are_short_and_end_bare(manifest: Manifest) -> list[str]:
    wrong = []
    for node in models(manifest):
        code = node["raw_code"].strip()
        if len(code.splitlines()) > 80:
            wrong.append(f"{node['name']}: {len(code.splitlines())} lines; a model is about 80 at most, split it")
        if not re.search(r"\nselect \* from \w+$", code):
            wrong.append(f"{node['name']}: does not end in a bare `select * from <last step>`")
    return wrong


def sources_are_fresh_or_exempt(manifest: Manifest) -> list[str]:
    return [
        f"{source['unique_id']}: neither freshness nor meta.freshness_exempt"
        for source in manifest["sources"].values()
        if not source["config"]["meta"].get("freshness_exempt")
        and not ((source.get("freshness") or {}).get("error_after") or {}).get("count")
    ]


def rules_built(page: str) -> set[str]:
    section = page.split("## Rules built so far", maxsplit=1)[1].split("\n## ", maxsplit=1)[0]
    return set(re.findall(r"\*\*([A-Z]+-\d+)\*\*", section))


def rules_without_a_unit_test(manifest: Manifest) -> list[str]:
    named = set()
    for test in manifest["unit_tests"].values():
        named |= set(re.findall(r"\b[A-Z]+-\d+\b", test["description"]))
        if prefix := re.match(r"([a-z]+)_(\d+)_", test["name"]):  # fc_1_... names FC-1
            named.add(f"{prefix[1].upper()}-{prefix[2]}")
    page = (PROJECT / "docs" / "domain.md").read_text(encoding="utf-8")
    wrong = [f"{rule}: built, but no unit test names it" for rule in rules_built(page) - named - BUILT_OUTSIDE_DBT]
    known = set(re.findall(r"\b[A-Z]+-\d+\b", page))
    return wrong + [f"{rule}: named by a unit test, but not in docs/domain.md" for rule in named - known]


Rule = Callable[[Manifest], list[str]]


def _break(manifest: Manifest, model: str, **changes: Any) -> Manifest:
    broken = copy.deepcopy(manifest)
    node = next(node for node in broken["nodes"].values() if node["name"] == model)
    for key, value in changes.items():
        node[key] = value
    return broken


def _access(manifest: Manifest, **changes: Any) -> Manifest:
    broken = copy.deepcopy(manifest)
    node = next(node for node in broken["nodes"].values() if node["name"] == DIM)
    node["config"]["meta"]["access"].update(changes)
    return broken


def _without_source_meta(manifest: Manifest) -> Manifest:
    broken = copy.deepcopy(manifest)
    next(iter(broken["sources"].values()))["config"]["meta"] = {}
    return broken


def _retyped(manifest: Manifest, name: str, column: str, kind: str) -> Manifest:
    broken = copy.deepcopy(manifest)
    node = next(node for node in broken["nodes"].values() if node["name"] == name)
    node["columns"][column] = {"name": column, "data_type": kind, "description": "x"}
    return broken


def _dropped(manifest: Manifest, part: str, word: str) -> Manifest:
    broken = copy.deepcopy(manifest)
    broken[part] = {key: value for key, value in broken[part].items() if word not in key}
    return broken


def _extra_argument(manifest: Manifest) -> Manifest:
    broken = copy.deepcopy(manifest)
    broken["macros"]["macro.route_to_market.kw_to_mwh"]["arguments"] = []
    return broken


def _misnamed_unit_test(manifest: Manifest) -> Manifest:
    broken = copy.deepcopy(manifest)
    next(iter(broken["unit_tests"].values()))["name"] = "xyz_1_is_no_rule"
    return broken


DIM = "dim_assets"
SOURCE = {"nodes": ["source.route_to_market.vpp.forecasts"]}
REPORT = {"nodes": ["model.route_to_market.dim_assets"]}
CASES: list[tuple[Rule, Callable[[Manifest], Manifest]]] = [
    (names_say_layer_and_area, lambda m: _break(m, DIM, name="assets")),
    (only_staging_reads_sources_and_each_once, lambda m: _break(m, DIM, depends_on=SOURCE)),
    (layers_read_what_lies_below, lambda m: _break(m, "stg_vpp__forecasts", depends_on=REPORT)),
    (everything_is_described, lambda m: _break(m, DIM, description=" ")),
    (marts_are_promised, lambda m: _break(m, DIM, access="protected")),
    (it_is_declared_who_sees_what, lambda m: _access(m, readers=[])),
    (it_is_declared_who_sees_what, lambda m: _access(m, readers=["everybody"])),
    (it_is_declared_who_sees_what, lambda m: _access(m, rows_by=[])),
    (it_is_declared_who_sees_what, lambda m: _access(m, rows_by=["delivery_date"])),
    (it_is_declared_who_sees_what, lambda m: _retyped(m, DIM, "owner_name", "string")),
    (it_is_declared_who_sees_what, lambda m: _dropped(m, "nodes", "dim_assets")),
    (keys_are_tested, lambda m: _dropped(m, "nodes", "has_key_dim_assets")),
    (equal_names_are_equal_types, lambda m: _retyped(m, DIM, "capacity_mw", "double")),
    (quantities_end_in_their_unit, lambda m: _retyped(m, DIM, "power", "double")),
    (models_are_short_and_end_bare, lambda m: _break(m, DIM, raw_code="select 1 as a")),
    (sources_are_fresh_or_exempt, _without_source_meta),
    (columns_described_are_those_made, lambda m: _retyped(m, DIM, "not_made_kw", "double")),
    (columns_described_are_those_made, lambda m: _break(m, "stg_vpp__forecasts", columns={})),
    (arguments_described_are_those_taken, _extra_argument),
    (rules_without_a_unit_test, lambda m: _dropped(m, "unit_tests", "time_1")),
    (rules_without_a_unit_test, _misnamed_unit_test),
]


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    """The project as dbt parses it; needs no warehouse."""
    target = tmp_path_factory.mktemp("target")
    command = [sys.executable, "-m", "dbt.cli.main", "parse", "--target", "lint", "--target-path", str(target)]
    command += ["--log-path", str(target), "--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout
    parsed: Manifest = json.loads(Path(target / "manifest.json").read_text(encoding="utf-8"))
    return parsed


@pytest.mark.parametrize("rule", list(dict.fromkeys(rule for rule, _ in CASES)), ids=lambda rule: rule.__name__)
def test_the_project_keeps(manifest: Manifest, rule: Rule) -> None:
    assert rule(manifest) == []


@pytest.mark.parametrize(("rule", "spoil"), CASES, ids=lambda value: getattr(value, "__name__", "spoilt"))
def test_the_check_catches(manifest: Manifest, rule: Rule, spoil: Callable[[Manifest], Manifest]) -> None:
    assert rule(spoil(manifest)) != []
