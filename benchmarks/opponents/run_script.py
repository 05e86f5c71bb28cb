"""Runs the hand-written script: `python -m benchmarks.opponents.run_script RAW OUT`; prints how long the SQL took."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import duckdb

SCRIPT = Path(__file__).with_name("marts.sql")


def main() -> None:
    """Make the marts of a raw database in a new one."""
    raw, out = sys.argv[1:]
    with duckdb.connect(out) as con:
        started = time.monotonic()
        con.execute(f"attach '{raw}' as raw (read_only)")
        con.execute(SCRIPT.read_text(encoding="utf-8"))
        con.execute("checkpoint")
    print(json.dumps({"seconds": time.monotonic() - started}))


if __name__ == "__main__":
    main()
