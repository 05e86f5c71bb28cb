"""What the published copy, or what a role sees of it, holds."""

from __future__ import annotations

from datetime import date, datetime

import pandas as pd

from dashboard.queries.asking import Connection, ask


def tables(con: Connection) -> set[str]:
    """The marts and columns that are there, as `schema.mart` and `schema.mart.column`."""
    found = con.execute(
        "select schema_name || '.' || table_name, column_name from duckdb_columns() "
        "where schema_name in ('marts', 'reports')"
    ).fetchall()
    return {mart for mart, _ in found} | {f"{mart}.{column}" for mart, column in found}


def definitions(con: Connection) -> pd.DataFrame:
    """What each column means, as the dbt docs say it: `mart_name`, `column_name`, `data_type`, `definition`."""
    return ask(
        con,
        """
        select schema_name || '.' || table_name as mart_name, column_name, data_type, comment as definition
        from duckdb_columns() where schema_name in ('marts', 'reports')
        order by schema_name desc, table_name, column_index
        """,
    )


def known_days(con: Connection) -> tuple[date, date, date] | None:
    """First and last delivery date with any infeed, and the last that is mostly measured; None: nothing is there."""
    ((first, last, measured),) = con.execute(
        """
        with days as (
            select delivery_date, sum(measured_quarter_hours) > sum(expected_quarter_hours) / 2 as is_measured
            from marts.fct_asset_infeed_days group by delivery_date having sum(infeed_quarter_hours) > 0
        )
        select min(delivery_date), max(delivery_date),
            coalesce(max(delivery_date) filter (where is_measured), max(delivery_date)) from days
        """
    ).fetchall()
    return None if first is None else (first, last, measured)


def invoiced_days(con: Connection) -> tuple[date, date, date] | None:
    """The same by the months that are invoiced, for those who see invoices only."""
    ((first, last),) = con.execute(
        "select cast(min(invoicing_month) || '-01' as date), last_day(cast(max(invoicing_month) || '-01' as date)) "
        "from marts.fct_invoices"
    ).fetchall()
    return None if first is None else (first, last, last)


def assets(con: Connection) -> pd.DataFrame:
    """The assets, by id."""
    return ask(con, "select * from marts.dim_assets order by asset_id")


def feed_ages(con: Connection, known_until_utc: datetime | None) -> pd.DataFrame:
    """How new each feed is: its newest moment, how old that may be on a running day, and since when a day lacks.

    `lacks_since_utc` is the first deadline by which nothing at all has come; deadlines that passed more than a day
    before the data end are for the page Data quality, not for the head of every page.

    Args:
        con: to the copy.
        known_until_utc: the newest moment that the copy knows of.
    """
    return ask(
        con,
        """
        select feed, max(newest_at_utc) as newest_at_utc, max(stale_minutes) as stale_minutes,
            min(due_at_utc) filter (
                where arrived = 0 and expected > 0 and due_at_utc > cast($known_until_utc as timestamp) - interval 1 day
            ) as lacks_since_utc
        from marts.fct_feed_days group by feed order by max(stale_minutes) is null, feed
        """,
        known_until_utc=known_until_utc,
    )
