"""What arrived, what was found, and what was corrected."""

from __future__ import annotations

import pandas as pd

from dashboard.queries.asking import Connection, ask
from dashboard.view import View

_OF_THE_VIEW = "(delivery_date between $first and $last or delivery_date is null)"
_WORST_FIRST = "case severity when 'error' then 0 when 'warning' then 1 else 2 end"
SET_ASIDE = ("quarantined_file", "unreadable_row", "unreadable_value", "blank_value", "contract_row_unusable")
"""Findings about what arrived and does not count."""


def findings(con: Connection, view: View) -> pd.DataFrame:
    """What was found about the days, and about files and feeds without a day; the worst first.

    A row per finding and feed; its example, and the file that it is from, are those of the day or file with most rows.
    Roles that see no personal data have no `file_name` and no `example`.
    """
    return ask(
        con,
        f"""
        with counted as (
            select cast(sum(rows) as bigint) as all_rows, count(distinct delivery_date) as delivery_dates,
                max({{'rows': rows, 'day': delivery_date, 'finding': f}}) as largest
            from marts.fct_data_findings as f where {_OF_THE_VIEW}
            group by severity, finding, feed, delivery_date is null
        ), named as (
            select all_rows, delivery_dates, unnest(largest.finding) from counted
        )
        select severity, finding, feed, all_rows as rows, delivery_dates,
            columns(lambda name: name in ('file_name', 'example', 'meaning', 'what_to_do'))
        from named
        order by {_WORST_FIRST}, all_rows desc, finding, feed, delivery_dates desc
        """,
        view,
    )


def set_aside(con: Connection, view: View) -> pd.DataFrame:
    """What arrived and does not count, file by file, each with its own reason; the worst first."""
    return ask(
        con,
        f"""
        select severity, finding, feed, delivery_date, rows,
            columns(lambda name: name in ('file_name', 'example', 'meaning', 'what_to_do'))
        from marts.fct_data_findings as f where {_OF_THE_VIEW} and finding in {SET_ASIDE}
        order by {_WORST_FIRST}, finding, feed, delivery_date desc nulls first, f
        """,
        view,
    )


def feeds(con: Connection, view: View) -> pd.DataFrame:
    """Each feed over the days: what came, what lacks, how late, how fresh it is, and the worst status of any day.

    `status_days` are the days that have this status, `judged_days` those that have any.
    """
    return ask(
        con,
        """
        with judged as (
            select *, list_position(['complete', 'arrived', 'pending', 'nothing arrived', 'incomplete'], status) as rank
            from reports.rpt_data_quality where delivery_date between $first and $last
        )
        select feed, any_value(unit) as unit, cast(sum(expected) as bigint) as expected,
            cast(sum(arrived) as bigint) as arrived, cast(sum(missing) as bigint) as missing,
            cast(sum(late) as bigint) as late, 1 - sum(missing) / nullif(sum(expected), 0) as completeness,
            max(newest_at_utc) as newest_at_utc, arg_max(status, rank) as status,
            count(*) filter (where rank = worst) as status_days, count(rank) as judged_days,
            cast(sum(error_findings) as bigint) as error_findings,
            cast(sum(warning_findings) as bigint) as warning_findings
        from (select *, max(rank) over (partition by feed) as worst from judged) group by feed order by feed
        """,
        view,
    )


def feed_days(con: Connection, view: View) -> pd.DataFrame:
    """Each feed and delivery date: completeness (0 to 1) and status in words."""
    return ask(
        con,
        """
        select feed, delivery_date, completeness, status, missing, late from reports.rpt_data_quality
        where delivery_date between $first and $last order by feed, delivery_date
        """,
        view,
    )


def revisions(con: Connection, view: View) -> pd.DataFrame:
    """What was corrected after it was known, by feed and delivery date, and what the corrections change (TIME-4)."""
    return ask(
        con,
        """
        select feed, measure, delivery_date, count(*) as corrections, max(new_known_at_utc) as newest_at_utc,
            cast(sum(columns(lambda name: contains(name, '_effect_'))) as double)
        from marts.fct_revisions where delivery_date between $first and $last
        group by feed, measure, delivery_date order by delivery_date, feed, measure
        """,
        view,
    )


def late_information(con: Connection, view: View) -> pd.DataFrame:
    """Final less estimated prices and final less live energy, a row per delivery date."""
    return ask(
        con,
        """
        select delivery_date, cast(columns(lambda name: name <> 'delivery_date') as double)
        from marts.fct_late_information where delivery_date between $first and $last order by delivery_date
        """,
        view,
    )
