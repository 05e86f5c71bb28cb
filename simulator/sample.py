"""The bundled sample: six invented assets over three local delivery days, the clock change among them.

It is small, holds every oddity of the feeds at least once, and never changes: one seed, no clock.
"""

from __future__ import annotations

from pathlib import Path

from simulator import sample_assets, sample_market
from simulator.sample_world import World

_NOTES = "Meter at Geestrand read by hand on Sunday; the live link was down in the morning.\n"


def write_sample(out: Path) -> None:
    """Write every feed of the sample, in folders as the real feeds have them.

    One file is broken (a live file that is cut off) and one belongs to no feed (`vpp/notes.txt`).

    Args:
        out: the folder to write into; files of the same names are replaced, others stay.
    """
    world = World()
    sample_assets.write_technical_data(out / "vpp" / "technical_data")
    sample_assets.write_forecasts(out / "vpp" / "forecasts", world)
    sample_assets.write_live(out / "vpp" / "live_measured_infeed", world)
    sample_assets.write_final_production(out / "distribution_system_operator", world)
    sample_assets.write_redispatch(out / "distribution_system_operator", world)
    sample_assets.write_contracts(out / "crm")
    sample_market.write_trades(out / "exchange", world)
    sample_market.write_imbalance(out / "imbalance", world)
    (out / "vpp" / "notes.txt").write_bytes(_NOTES.encode())
