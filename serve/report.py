"""The performance report: one HTML page with everything in it, for the screen and for paper."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import altair as alt
import duckdb
import pandas as pd
import vl_convert
from jinja2 import Environment, FileSystemLoader, select_autoescape

from serve import charts
from serve.published import read_manifest

_ADDITIVE = "sum(case when infeed_source = '{source}' then infeed_mwh end)"


class ReportError(Exception):
    """There is nothing to report on; the text says what there is."""


@dataclass(frozen=True)
class Subject:
    """What a report is about.

    Attributes:
        period: `day` or `month`.
        start: the delivery date, or the first day of the month.
        asset: an asset_id; None: the whole portfolio.
        time_zone: of the market.
    """

    period: str
    start: date
    asset: str | None = None
    time_zone: str = "Europe/Berlin"

    @property
    def end(self) -> date:
        """The first day that is no longer in the period."""
        if self.period == "day":
            return self.start + timedelta(days=1)
        return self.start + timedelta(days=calendar.monthrange(self.start.year, self.start.month)[1])

    @property
    def title(self) -> str:
        """The period in words."""
        return f"{self.start:%A, %-d %B %Y}" if self.period == "day" else f"{self.start:%B %Y}"


def write(con: duckdb.DuckDBPyConnection, subject: Subject, path: Path) -> None:
    """Write the report of a day or month to one HTML file that needs nothing else.

    Args:
        con: the published copy.
        subject: which day or month, of which asset.
        path: the file; it is replaced.

    Raises:
        ReportError: if nothing is known of the day, month or asset.
        OSError: if the file cannot be written.
    """
    figures = _figures(con, subject)
    drawn = _asset_charts(con, subject) if subject.asset else _portfolio_charts(con, subject, figures)
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=select_autoescape(), trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    environment.filters.update(number=_number, share=_share)
    page = environment.get_template("report.html.j2").render(
        subject=subject,
        figures=figures,
        drawn=[(title, note, _svg(chart)) for title, note, chart in drawn],
        assets=_assets(con, subject),
        findings=_findings(con, subject),
        manifest=read_manifest(con),
    )
    path.write_text(page, encoding="utf-8")


def _figures(con: duckdb.DuckDBPyConnection, subject: Subject) -> dict[str, Any]:
    mart = "rpt_asset_performance" if subject.asset else "rpt_portfolio_performance"
    where = "period = ? and period_start_date = ?" + (" and asset_id = ?" if subject.asset else "")
    values: list[Any] = [subject.period, subject.start, *([subject.asset] if subject.asset else [])]
    found = con.execute(f"select * from reports.{mart} where {where}", values)
    names = [column[0] for column in found.description or []]
    row = found.fetchone()
    if row is None:
        raise ReportError(
            f"nothing is known of {subject.asset or 'the portfolio'} in {subject.title}{_known(con, mart)}"
        )
    figures = dict(zip(names, row, strict=True))
    if not subject.asset:
        ours = con.execute(
            "select sum(trades), sum(sold_mwh), sum(bought_mwh), "
            "sum(cast(private_vwap_eur_per_mwh as double) * (sold_mwh + bought_mwh)) "
            "/ nullif(sum(sold_mwh + bought_mwh), 0), "
            "sum(cast(market_vwap_eur_per_mwh as double) * market_mwh) / nullif(sum(market_mwh), 0) "
            "from marts.fct_trading_days where product = 'all' and delivery_date >= ? and delivery_date < ?",
            [subject.start, subject.end],
        ).fetchall()[0]
        keys = ("trades", "sold_mwh", "bought_mwh", "private_vwap_eur_per_mwh", "market_vwap_eur_per_mwh")
        figures.update(zip(keys, ours, strict=True))
    return figures


def _known(con: duckdb.DuckDBPyConnection, mart: str) -> str:
    ((first, last),) = con.execute(
        f"select min(period_start_date), max(period_start_date) from reports.{mart} where period = 'day'"
    ).fetchall()
    return f"; the published copy holds {first} to {last}" if first else "; the published copy is empty"


def _portfolio_charts(
    con: duckdb.DuckDBPyConnection, subject: Subject, figures: dict[str, Any]
) -> list[tuple[str, str, alt.TopLevelMixin]]:
    parts = charts.margin_parts(figures)
    drawn: list[tuple[str, str, alt.TopLevelMixin]] = [
        ("Infeed against forecast", _INFEED_NOTE, charts.infeed(_infeed(con, subject))),
        ("Prices", "VWAPs over all trades that cover the quarter-hour; indices are computed here.",
         charts.prices(_prices(con, subject))),
        ("Imbalance of the position", "Long is up and olive, short down and magenta. A pale bar rests on an estimate.",
         charts.imbalance(_imbalance(con, subject))),
        ("Alpha", "Green: better than the market VWAP of the quarter-hour; brown: worse.",
         charts.alpha(_alpha(con, subject))),
    ]  # fmt: skip
    if parts is not None:
        drawn.append(
            ("What the margin is made of", "Unattributed quarter-hours are left out.", charts.waterfall(parts))
        )
    if subject.period == "day":
        paths = _path(con, subject)
        drawn.insert(1, ("Position and revenue over trading time", "", charts.position(paths)))
    return drawn


def _asset_charts(con: duckdb.DuckDBPyConnection, subject: Subject) -> list[tuple[str, str, alt.TopLevelMixin]]:
    return [
        ("Infeed against forecast", _INFEED_NOTE, charts.infeed(_infeed(con, subject))),
        ("Imbalance", "Long is up and olive, short down and magenta. A pale bar rests on an estimate.",
         charts.imbalance(_imbalance(con, subject))),
    ]  # fmt: skip


_INFEED_NOTE = "Bars: best of infeed by source. Dashed line: latest tradeable forecast. Gaps are unknown."


def _infeed(con: duckdb.DuckDBPyConnection, subject: Subject) -> pd.DataFrame:
    sources = ", ".join(f"{_ADDITIVE.format(source=source)} as {source}" for source in charts.SOURCES)
    asset = "and asset_id = $asset" if subject.asset else ""
    steps = _steps(subject)
    scale = "4" if subject.period == "day" else "1"
    return _query(
        con,
        f"""
        with infeed as (
            select delivery_start_utc, {sources} from marts.fct_asset_infeed
            where delivery_date >= $start and delivery_date < $end {asset} group by all
        ), forecasts as (
            select delivery_start_utc, sum(tradeable_forecast_mwh) as tradeable from marts.fct_asset_forecasts
            where delivery_date >= $start and delivery_date < $end {asset} group by all
        )
        select {steps}, '{"MW" if subject.period == "day" else "MWh"}' as unit,
            {", ".join(f"cast({scale} * sum({name}) as double) as {name}" for name in [*charts.SOURCES, "tradeable"])}
        from marts.dim_quarter_hours as q
        left join infeed using (delivery_start_utc) left join forecasts using (delivery_start_utc)
        where q.delivery_date >= $start and q.delivery_date < $end group by all order by all
        """,
        subject,
    )


def _prices(con: duckdb.DuckDBPyConnection, subject: Subject) -> pd.DataFrame:
    if subject.period == "month":
        return _query(
            con,
            """
            select delivery_date, cast(private_vwap_eur_per_mwh as double) as "our VWAP",
                cast(market_vwap_eur_per_mwh as double) as "market VWAP"
            from marts.fct_trading_days
            where product = 'all' and delivery_date >= $start and delivery_date < $end order by 1
            """,
            subject,
        )
    return _query(
        con,
        f"""
        select {_steps(subject)},
            cast(any_value(private_vwap_eur_per_mwh) as double) as "our VWAP",
            cast(any_value(market_vwap_eur_per_mwh) as double) as "market VWAP",
            cast(any_value(id3_like_eur_per_mwh) as double) as "ID3-like",
            cast(any_value(id1_like_eur_per_mwh) as double) as "ID1-like"
        from marts.dim_quarter_hours as q
        left join marts.fct_trading_quarter_hours as t using (delivery_start_utc)
        where q.delivery_date >= $start and q.delivery_date < $end group by all order by all
        """,
        subject,
    )


def _imbalance(con: duckdb.DuckDBPyConnection, subject: Subject) -> pd.DataFrame:
    mart, volume, cost = ("fct_portfolio_imbalance", "position_imbalance_mwh", "position_imbalance_cost_eur")
    if subject.asset:
        mart, volume, cost = ("fct_asset_imbalance", "imbalance_mwh", "imbalance_cost_eur")
    asset = "and i.asset_id = $asset" if subject.asset else ""
    return _query(
        con,
        f"""
        select {_steps(subject)}, cast(sum({volume}) as double) as imbalance_mwh,
            cast(sum({cost}) as double) as imbalance_cost_eur,
            case when bool_or(price_status = 'estimate') then 'estimate' else 'final' end as price_status
        from marts.dim_quarter_hours as q
        left join marts.{mart} as i on i.delivery_start_utc = q.delivery_start_utc {asset}
        where q.delivery_date >= $start and q.delivery_date < $end group by all order by all
        """,
        subject,
    )


def _alpha(con: duckdb.DuckDBPyConnection, subject: Subject) -> pd.DataFrame:
    row = "strftime(q.delivery_date, '%d %b')"
    if subject.period == "day":
        row = "':' || lpad(cast((q.quarter_hour_of_day - 1) % 4 * 15 as varchar), 2, '0')"
    return _query(
        con,
        f"""
        select (q.quarter_hour_of_day - 1) // 4 as hour_of_day, {row} as place, min(q.delivery_date) as first_date,
            cast(sum(alpha_eur) filter (where trades > 0) as double) as alpha_eur
        from marts.dim_quarter_hours as q left join marts.fct_trading_quarter_hours as t using (delivery_start_utc)
        where q.delivery_date >= $start and q.delivery_date < $end group by all order by first_date, place, hour_of_day
        """,
        subject,
    )


def _path(con: duckdb.DuckDBPyConnection, subject: Subject) -> pd.DataFrame:
    return _query(
        con,
        """
        select timezone($zone, timezone('UTC', time_bucket(interval 5 minute, executed_at_utc))) as executed_at,
            cast(arg_max(cumulative_net_sold_mwh, executed_at_utc) as double) as cumulative_net_sold_mwh,
            cast(arg_max(cumulative_revenue_eur, executed_at_utc) as double) as cumulative_revenue_eur
        from marts.fct_position_paths where delivery_date >= $start and delivery_date < $end group by 1 order by 1
        """,
        subject,
    )


def _assets(con: duckdb.DuckDBPyConnection, subject: Subject) -> list[dict[str, Any]]:
    asset = "and p.asset_id = $asset" if subject.asset else ""
    frame = con.execute(
        f"""
        select p.*, a.asset_name, a.technology from reports.rpt_asset_performance as p
        left join marts.dim_assets as a using (asset_id)
        where period = $period and period_start_date = $start {asset} order by asset_id
        """,
        {"period": subject.period, "start": subject.start, **({"asset": subject.asset} if subject.asset else {})},
    )
    names = [column[0] for column in frame.description or []]
    return [dict(zip(names, row, strict=True)) for row in frame.fetchall()]


def _findings(con: duckdb.DuckDBPyConnection, subject: Subject) -> list[tuple[Any, ...]]:
    """Findings about the period, the worst first; those of single assets are not told apart."""
    return con.execute(
        """
        select severity, finding, feed, sum(rows) as rows, count(distinct delivery_date) as days, min(example)
        from marts.fct_data_findings where delivery_date >= ? and delivery_date < ?
        group by severity, finding, feed
        order by case severity when 'error' then 0 when 'warning' then 1 else 2 end, rows desc, finding
        """,
        [subject.start, subject.end],
    ).fetchall()


def _steps(subject: Subject) -> str:
    """The column of the time axis: hours since local midnight, or the day."""
    return "(q.quarter_hour_of_day - 1) / 4 as hour" if subject.period == "day" else "q.delivery_date"


def _query(con: duckdb.DuckDBPyConnection, sql: str, subject: Subject) -> pd.DataFrame:
    values: dict[str, Any] = {
        "start": subject.start,
        "end": subject.end,
        "asset": subject.asset,
        "zone": subject.time_zone,
    }
    return con.execute(sql, {name: values[name] for name in re.findall(r"\$(\w+)", sql)}).df()


def _svg(chart: alt.TopLevelMixin) -> str:
    svg: str = vl_convert.vegalite_to_svg(charts.themed(chart).to_json())
    return svg


def _number(value: Any, digits: int = 0) -> str:
    return "–" if value is None else f"{float(value):,.{digits}f}"


def _share(value: Any, digits: int = 1) -> str:
    return "–" if value is None else f"{float(value) * 100:,.{digits}f} %"
