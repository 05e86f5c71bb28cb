"""The open position: infeed, what was sold of it, and how both became known."""

from __future__ import annotations

from datetime import date

import pandas as pd

from dashboard.queries.asking import Connection, ask, doubles
from dashboard.view import View


def position(con: Connection, view: View) -> pd.DataFrame:
    """Infeed, sold and open energy per quarter-hour (TR-8); NULL where nothing is known."""
    return ask(
        con,
        f"""
        select q.delivery_start_utc, q.delivery_date, q.quarter_hour_of_day,
            {doubles("p", "infeed_mwh", "measured_mwh", "forecast_mwh", "net_sold_mwh", "open_position_mwh")},
            p.assets_present, p.assets_expected, coalesce(p.is_complete, false) as is_complete,
            coalesce(p.final_assets_present = p.assets_expected, false) as is_final
        from marts.dim_quarter_hours as q left join marts.fct_positions as p using (delivery_start_utc)
        where q.delivery_date between $first and $last order by q.delivery_start_utc
        """,
        view,
    )


def position_known_at(con: Connection, view: View) -> pd.DataFrame:
    """`position` as it was known at the view's moment, to the quarter-hour; no row where that is not kept (TIME-4)."""
    return ask(
        con,
        f"""
        with moment as (
            select max(as_of_utc) as as_of_utc from marts.fct_position_as_of
            where as_of_utc <= $moment and as_of_utc > $moment - interval 15 minute
        ), known as (
            from marts.fct_position_as_of semi join moment using (as_of_utc)
        )
        select q.delivery_start_utc, q.delivery_date, q.quarter_hour_of_day,
            {doubles("p", "infeed_mwh", "measured_mwh", "forecast_mwh", "net_sold_mwh", "open_position_mwh")},
            p.assets_present, p.assets_expected, coalesce(p.assets_present = p.assets_expected, false) as is_complete,
            false as is_final, (select m.as_of_utc from moment as m) as as_of_utc
        from marts.dim_quarter_hours as q left join known as p using (delivery_start_utc)
        where q.delivery_date between $first and $last and q.delivery_date in (select delivery_date from known)
        order by q.delivery_start_utc
        """,
        view,
    )


def position_growth(con: Connection, view: View) -> pd.DataFrame:
    """The days' infeed and net sold energy as they were known at each moment of the days, as far as data reach."""
    return ask(
        con,
        """
        select as_of_utc, cast(sum(infeed_mwh) as double) as infeed_mwh,
            cast(sum(measured_mwh) as double) as measured_mwh, cast(sum(net_sold_mwh) as double) as net_sold_mwh
        from marts.fct_position_as_of where delivery_date between $first and $last
            and as_of_utc <= coalesce(cast($until as timestamp), as_of_utc)
        group by as_of_utc order by as_of_utc
        """,
        view,
    )


def position_as_of_days(con: Connection) -> tuple[date, date] | None:
    """The delivery dates whose positions are kept as they were known; None: of no day."""
    ((first, last),) = con.execute(
        "select min(delivery_date), max(delivery_date) from marts.fct_position_as_of"
    ).fetchall()
    return None if first is None else (first, last)


def position_days(con: Connection, view: View) -> pd.DataFrame:
    """The same per delivery date; `open_long_mwh` and `open_short_mwh` keep the sides apart."""
    return ask(
        con,
        """
        select q.delivery_date, cast(sum(infeed_mwh) as double) as infeed_mwh,
            cast(sum(net_sold_mwh) as double) as net_sold_mwh,
            cast(sum(open_position_mwh) as double) as open_position_mwh,
            cast(sum(greatest(open_position_mwh, 0)) as double) as open_long_mwh,
            cast(sum(least(open_position_mwh, 0)) as double) as open_short_mwh,
            count(*) filter (where is_complete) as complete_quarter_hours,
            count(*) filter (where final_assets_present = assets_expected) as final_quarter_hours,
            count(*) as quarter_hours
        from marts.dim_quarter_hours as q left join marts.fct_positions as p using (delivery_start_utc)
        where q.delivery_date between $first and $last group by q.delivery_date order by q.delivery_date
        """,
        view,
    )


def position_hours(con: Connection, view: View) -> pd.DataFrame:
    """The mean open position in MW of each hour, a row per delivery date and `hour_of_day` since local midnight."""
    return ask(
        con,
        """
        select q.delivery_date, (q.quarter_hour_of_day - 1) // 4 as hour_of_day,
            cast(4 * avg(p.open_position_mwh) as double) as open_mw,
            bool_and(p.is_complete) as is_complete, bool_and(p.final_assets_present = p.assets_expected) as is_final
        from marts.dim_quarter_hours as q inner join marts.fct_positions as p using (delivery_start_utc)
        where q.delivery_date between $first and $last group by all order by q.delivery_date, hour_of_day
        """,
        view,
    )


def revenue_path(con: Connection, view: View) -> pd.DataFrame:
    """What was sold and earned as it grew over trading time, each delivery date from 0 on; in steps of 5 minutes."""
    return ask(
        con,
        """
        select delivery_date, time_bucket(interval 5 minute, executed_at_utc) as executed_at_utc,
            cast(arg_max(cumulative_net_sold_mwh, executed_at_utc) as double) as cumulative_net_sold_mwh,
            cast(arg_max(cumulative_revenue_eur, executed_at_utc) as double) as cumulative_revenue_eur
        from marts.fct_position_paths where delivery_date between $first and $last group by 1, 2 order by 1, 2
        """,
        view,
    )
