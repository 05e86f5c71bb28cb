"""Figures and notes that several pages show, said in one way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from dashboard import shell
from dashboard.formatting import NOT_KNOWN, Tile, is_missing, number

NOT_PRICED = " {} quarter-hours with trades have none and are not in it (TR-7)."
"""Behind the meaning of alpha, with how many."""
MARGINS = "reports.rpt_portfolio_performance"


def margin_tiles(figures: Mapping[str, Any], context: shell.Context, note: str, status: str) -> list[Tile]:
    """The margin, or a dash and the subtotal under its own name (PF-3); none where the role does not see them.

    Args:
        figures: with `margin_eur`, `margin_from_trades_eur` and `margin_reason`.
        context: of this run.
        note: a second line.
        status: of the figures.
    """
    if not {"margin_eur", "margin_from_trades_eur"} <= set(figures):
        return []
    meaning = context.means("margin_eur", MARGINS)
    if not is_missing(figures["margin_eur"]):
        return [Tile("Margin", number(figures["margin_eur"]), "EUR", note, meaning, status)]
    return [
        Tile("Margin", NOT_KNOWN, "EUR", "not known: reason below", f"{meaning} {figures['margin_reason'] or ''}"),
        Tile("Margin, subtotal", number(figures["margin_from_trades_eur"]), "EUR", "what can be computed",
             context.means("margin_from_trades_eur", MARGINS), status),
    ]  # fmt: skip


def why_no_margin(figures: Mapping[str, Any]) -> None:
    """Say why there is no margin, where there is none."""
    if not is_missing(reason := figures.get("margin_reason")) and reason:
        st.caption(f"▲ The margin is not known in full: {reason}")


def some_lack(frame: pd.DataFrame, absent: pd.Series, context: shell.Context, what: str) -> None:
    """Name the steps in which something lacks in part; all of them are said too.

    Args:
        frame: with `delivery_start_utc` or `delivery_date`.
        absent: in which rows.
        context: of this run.
        what: lacks.
    """
    if len(frame) and absent.all():
        steps = "quarter-hours" if "delivery_start_utc" in frame else "days"
        st.caption(f"▨ {what} missing: all {number(len(frame))} {steps}")
    else:
        shell.gap_note(frame, absent, context, what)
