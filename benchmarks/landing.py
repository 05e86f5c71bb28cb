"""The loader alone, in a process: `python -m benchmarks.landing FOLDER RAW`; prints how long it took."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from home import market_time_zone
from ingest.landing import ingest


def main() -> None:
    """Land a folder."""
    folder, raw = map(Path, sys.argv[1:])
    started = time.monotonic()
    report = ingest(folder, raw, market_time_zone())
    seconds = time.monotonic() - started
    print(json.dumps({"seconds": seconds, "rows": sum(outcome.rows for outcome in report.outcomes)}))


if __name__ == "__main__":
    main()
