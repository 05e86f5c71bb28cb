"""Models are written for more than one engine: what differs stands in macros/engine.sql and nowhere else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from home import PROJECT

# pattern -> what to use instead
FORBIDDEN = {
    r"\bqualify\b": "a row_number() step and `where`",
    r"\bexclude\s*\(|\*\s*replace\s*\(": "named columns",
    r"::": "cast(x as type)",
    r"\basof\b": "a join on a window's bounds",
    r"\bvarchar\b": "string",
    r"\b(strftime|strptime|date_format)\s*\(": "a macro in macros/engine.sql",
    r"\b(list|array)_\w+\s*\(": "rows instead of lists",
    r"\b(arg_max|arg_min|max_by|min_by|arg_max_null)\s*\(": "value_of_newest(), value_at_greatest()",
    r"\b(unnest|generate_series|explode|sequence)\s*\(": "quarter_hours_between()",
    r"\b(date_trunc|time_bucket)\s*\(": "first_of_month(), or a macro in macros/engine.sql",
    r"\b(timezone|convert_timezone|from_utc_timestamp)\s*\(|\bat time zone\b": "utc_to_local()",
    r"\b(date_diff|datediff|timestampdiff)\s*\(": "minutes_between()",
    r"\bconcat\s*\(": "||",
    r"\b(sha256|sha2|md5)\s*\(": "hashed()",
    r"\b(struct_pack|row|struct)\s*\(": "columns of their own",
    r"\b(now|today|get_current_timestamp)\s*\(|\bcurrent_(date|timestamp|time)\b": "the data's moments",
    r"\b(ilike|similar to)\b": "lower(x) like",
    r"\bregexp_\w+\s*\(": "reading it apart in ingest",
    r"\bepoch\w*\s*\(": "a macro in macros/engine.sql",
    r"\binterval\s+\d": "interval '15' minute, in quotes",
}


def violations(sql: str) -> list[str]:
    """Each forbidden thing in a model: line, what, what to use instead. Comments and Jinja are not SQL."""
    blank = lambda found: re.sub(r"[^\n]", " ", found.group())  # noqa: E731 - keeps line numbers
    bare = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}|--[^\n]*|'[^'\n]*'", blank, sql, flags=re.DOTALL)
    return [
        f"line {bare[: found.start()].count(chr(10)) + 1}: {found.group().strip()}: use {instead}"
        for pattern, instead in FORBIDDEN.items()
        for found in re.finditer(pattern, bare, flags=re.IGNORECASE)
    ]


# Where engines may differ, and the bookkeeping of the warehouse on one machine.
DUCKDB_ONLY = ("engine.sql", "changes.sql")


def neutral_files() -> list[Path]:
    """Models, data tests and macros, but for the files in which engines may differ."""
    folders = [PROJECT / "models", PROJECT / "macros", PROJECT / "tests" / "dbt"]
    return sorted(path for folder in folders for path in folder.rglob("*.sql") if path.name not in DUCKDB_ONLY)


def handed_to_macros(sql: str) -> str:
    """The SQL that stands as double-quoted text within Jinja, each piece on its line."""
    kept = ["\n" if letter == "\n" else " " for letter in sql]
    for block in re.finditer(r"\{\{.*?\}\}|\{%.*?%\}", sql, flags=re.DOTALL):
        for text in re.finditer(r'"([^"]*)"', block.group()):
            start = block.start() + text.start(1)
            kept[start : start + len(text.group(1))] = text.group(1)
    return "".join(kept)


@pytest.mark.parametrize("path", neutral_files(), ids=lambda path: path.stem)
def test_models_are_neutral(path: Path) -> None:
    sql = path.read_text(encoding="utf-8")
    assert violations(sql) + violations(handed_to_macros(sql)) == []


def test_engines_differ_in_one_file() -> None:
    naming = re.compile(r"duckdb__|spark__|adapter\.dispatch|(target|adapter)\.type")
    assert [path.name for path in neutral_files() if naming.search(path.read_text(encoding="utf-8"))] == []


def test_the_lint_reads_what_macros_are_handed() -> None:
    sql = 'select\n    {{ joined_issues([\n        ("a::int > 1", "\'a :: b\'"),\n    ]) }} as issues\nfrom t'
    assert violations(handed_to_macros(sql)) == ["line 3: ::: use cast(x as type)"]


@pytest.mark.parametrize(
    "sql",
    [
        "select a from t qualify row_number() over (order by a) = 1",
        "select * exclude (a) from t",
        "select * replace (1 as a) from t",
        "select a::int from t",
        "select cast(a as varchar) from t",
        "select strftime(a, 'x') from t",
        "select list_sum(a) from t",
        "select arg_max(a, b) from t",
        "select unnest(a) from t",
        "select date_trunc('day', a) from t",
        "select a at time zone 'UTC' from t",
        "select date_diff('minute', a, b) from t",
        "select concat(a, b) from t",
        "select sha256(a) from t",
        "select row(a, b) from t",
        "select now() from t",
        "select current_date from t",
        "select a from t where a ilike 'x'",
        "select regexp_matches(a, 'x') from t",
        "select epoch_ms(a) from t",
        "select a + interval 15 minute from t",
        "select a from t asof join u using (a)",
    ],
)
def test_the_lint_catches(sql: str) -> None:
    assert violations(f"-- a comment\n{sql}")[0].startswith("line 2: ")


def test_the_lint_lets_pass() -> None:
    sql = """
    -- now() and a::b in a comment
    select {{ utc_to_local('a') }}, 'now()' as text, try_cast(a as double), a || b,
        row_number() over (partition by a order by b asc) as place, a + interval '15' minute
    from t
    """
    assert violations(sql) == []
