"""The performance report: one page that needs nothing else, with the figures of the marts in it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from datetime import date
from pathlib import Path

import duckdb
import pytest

from home import PROJECT
from serve.report import ReportError, Subject, write

DAYS = {"sample": "2025-10-26", "challenge": "2025-06-08"}


def page(home: Path, path: Path, *arguments: str) -> str:
    command = [sys.executable, str(PROJECT / "rtm.py"), "report", *arguments, "--out", str(path)]
    result = subprocess.run(
        command, env={**os.environ, "RTM_HOME": str(home)}, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return path.read_text(encoding="utf-8")


def day_of(home: Path) -> str:
    with duckdb.connect(str(home / "published" / "current.duckdb"), read_only=True) as con:
        found = {str(day) for (day,) in con.execute("select delivery_date from marts.fct_trading_days").fetchall()}
    (day,) = found & set(DAYS.values())
    return day


def test_the_day_is_one_page_with_the_figures_of_the_marts(built: tuple[Path, Path], tmp_path: Path) -> None:
    _, home = built
    day = day_of(home)
    html = page(home, tmp_path / "day.html", "--day", day)
    assert html.count("<svg") == 6
    assert not re.search(r"""(src|href)=["']""", html)  # nothing is fetched
    with duckdb.connect(str(home / "published" / "current.duckdb"), read_only=True) as con:
        figures = con.execute(
            "select revenue_eur, alpha_eur, measured_mwh, margin_from_trades_eur, margin_reason, residual_eur "
            "from reports.rpt_portfolio_performance where period = 'day' and period_start_date = ?",
            [date.fromisoformat(day)],
        ).fetchall()[0]
        assets = con.execute(
            "select asset_id from reports.rpt_asset_performance where period = 'day' and period_start_date = ?",
            [date.fromisoformat(day)],
        ).fetchall()
    revenue, alpha, measured, margin, reason, residual = figures
    assert residual == 0
    for text in (f"{revenue:,.0f} EUR", f"{alpha:,.0f} EUR", f"{measured:,.1f} MWh", f"{margin:,.2f} EUR", reason):
        assert text is None or text in html
    assert len(assets) > 3
    assert all(asset in html for (asset,) in assets)


def test_a_month_and_an_asset(built: tuple[Path, Path], tmp_path: Path) -> None:
    _, home = built
    month = day_of(home)[:7]
    assert page(home, tmp_path / "month.html", "--month", month).count("<svg") == 5
    with duckdb.connect(str(home / "published" / "current.duckdb"), read_only=True) as con:
        ((asset,),) = con.execute("select min(asset_id) from reports.rpt_asset_performance").fetchall()
    html = page(home, tmp_path / "asset.html", "--month", month, "--asset", asset)
    assert html.count("<svg") == 2
    assert "Trading revenue" not in html


def test_what_is_not_there_is_said(built: tuple[Path, Path], tmp_path: Path) -> None:
    _, home = built
    with (
        duckdb.connect(str(home / "published" / "current.duckdb"), read_only=True) as con,
        pytest.raises(ReportError, match=r"nothing is known of the portfolio in .*2019; the published copy holds"),
    ):
        write(con, Subject("day", date(2019, 1, 1)), tmp_path / "x.html")
