"""What arrived, what was found, and what was corrected."""

from __future__ import annotations

import pandas as pd

from dashboard.queries.asking import Connection, ask
from dashboard.view import View


def findings(con: Connection, view: View) -> pd.DataFrame:
    """What was found about the days, and about files and feeds without a day; the worst first.

    Roles that see no personal data have no `file_name` and no `example`.
    """
    return ask(
        con,
        """
        select severity, finding, feed, cast(sum(rows) as bigint) as rows,
            count(distinct delivery_date) as delivery_dates,
            min(columns(lambda name: name in ('file_name', 'example', 'meaning', 'what_to_do')))
        from marts.fct_data_findings
        where delivery_date between $first and $last or delivery_date is null
        group by severity, finding, feed, delivery_date is null
        order by case severity when 'error' then 0 when 'warning' then 1 else 2 end, rows desc, finding, feed
        """,
        view,
    )


def feeds(con: Connection, view: View) -> pd.DataFrame:
    """Each feed over the days: what came, what lacks, how late, and how fresh it is."""
    return ask(
        con,
        """
        select feed, any_value(unit) as unit, cast(sum(expected) as bigint) as expected,
            cast(sum(arrived) as bigint) as arrived, cast(sum(missing) as bigint) as missing,
            cast(sum(late) as bigint) as late, avg(completeness) as completeness, max(newest_at_utc) as newest_at_utc,
            arg_max(status, delivery_date) as status, cast(sum(error_findings) as bigint) as error_findings,
            cast(sum(warning_findings) as bigint) as warning_findings
        from reports.rpt_data_quality where delivery_date between $first and $last group by feed order by feed
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
