"""Forecasts and infeed."""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd

from dashboard.queries.asking import BY_LEAD_TIME, DAYS, MONTH, NAMES, SOURCES, Connection, ask, chosen, doubles
from dashboard.view import View


def forecasts(con: Connection, view: View) -> pd.DataFrame:
    """Latest and tradeable forecast beside what was measured, with how many assets have one (FC-1 to FC-3).

    Returns:
        A row per quarter-hour (`delivery_start_utc`) in MW, or per `delivery_date` in MWh, as `view` has it:
        `latest`, `tradeable`, `measured` (only where every asset is); how many forecasts there should be (`expected`)
        and are, latest (`latest_present`) and tradeable (`present`), in assets (days: in quarter-hours of assets).
    """
    if view.by_quarter_hour:
        return ask(
            con,
            f"""
            with expected as (
                select delivery_date, count(*) as expected from marts.fct_asset_infeed_days
                where delivery_date between $first and $last {chosen(view)} group by all
            ), forecast as (
                select delivery_start_utc, 4 * sum(latest_forecast_mwh) as latest,
                    4 * sum(tradeable_forecast_mwh) as tradeable, count(latest_forecast_mwh) as latest_present,
                    count(tradeable_forecast_mwh) as present
                from marts.fct_asset_forecasts where delivery_date between $first and $last {chosen(view)} group by all
            ), infeed as (
                select delivery_start_utc, 4 * sum(infeed_mwh) as measured, count(*) as assets
                from marts.fct_asset_infeed where delivery_date between $first and $last {chosen(view)}
                    and infeed_source in ('final', 'live') group by all
            )
            select q.delivery_start_utc, cast(latest as double) as latest, cast(tradeable as double) as tradeable,
                cast(case when infeed.assets = expected.expected then measured end as double) as measured,
                coalesce(latest_present, 0) as latest_present, coalesce(present, 0) as present,
                coalesce(expected, 0) as expected
            from marts.dim_quarter_hours as q left join expected using (delivery_date)
            left join forecast using (delivery_start_utc) left join infeed using (delivery_start_utc)
            where q.delivery_date between $first and $last order by q.delivery_start_utc
            """,
            view,
        )
    return ask(
        con,
        f"""
        with known as (
            select delivery_date, sum(latest_forecast_mwh) as latest, sum(tradeable_forecast_mwh) as tradeable,
                case when sum(measured_quarter_hours) = sum(expected_quarter_hours)
                    then sum(coalesce(final_mwh, 0) + live_mwh) end as measured,
                sum(forecast_quarter_hours) as latest_present, sum(tradeable_quarter_hours) as present,
                sum(expected_quarter_hours) as expected
            from marts.fct_asset_infeed_days where delivery_date between $first and $last {chosen(view)} group by all
        )
        select delivery_date, {doubles("", "latest", "tradeable", "measured")},
            {", ".join(f"cast(coalesce({n}, 0) as bigint) as {n}" for n in ("latest_present", "present", "expected"))}
        from {DAYS} left join known using (delivery_date) order by delivery_date
        """,
        view,
    )


def version_days(con: Connection) -> tuple[date, date] | None:
    """The delivery dates whose forecast versions are all kept; None: no version is there."""
    ((first, last),) = con.execute(
        "select min(delivery_date), max(delivery_date) from marts.fct_forecast_versions"
    ).fetchall()
    return None if first is None else (first, last)


def forecast_versions(con: Connection, view: View, hours: int = 3) -> pd.DataFrame:
    """How the forecast changed: every version issued at a multiple of `hours`, in MW, summed over the assets.

    Versions that lack an asset which another version of that quarter-hour has are left out: their sum would mislead. Of
    a view with a moment, no later version; `as_of_utc` is that moment.
    """
    first, last = view.bounds_utc
    begin, end = (moment.replace(hour=0, minute=0) for moment in (first - timedelta(days=3), last + timedelta(days=1)))
    end = end if view.moment is None else min(end, view.moment + timedelta(seconds=1))
    known = "" if view.moment is None else ", cast($moment as timestamp) as as_of_utc"
    issued = [begin + timedelta(hours=step) for step in range(0, 24 * (view.days + 5), hours)]
    return ask(
        con,
        f"""
        with summed as (
            select delivery_start_utc, version_utc, sum(forecast_kw) / 1000 as forecast_mw,
                count(forecast_kw) as present
            from marts.fct_forecast_versions
            where delivery_date between $first and $last
                and version_utc in ({", ".join(f"timestamp '{moment}'" for moment in issued if moment < end)})
                {chosen(view)}
            group by all
        )
        select delivery_start_utc, version_utc, forecast_mw{known} from summed
        qualify present = max(present) over (partition by delivery_start_utc) order by version_utc, delivery_start_utc
        """,
        view,
    )


def forecasts_known_at(con: Connection, view: View) -> pd.DataFrame:
    """The forecast in MW as it was known at the view's moment: of each asset the newest version then (FC-1, TIME-4).

    Returns:
        A row per quarter-hour of which any asset has a version: `known`, `present` and `expected` (assets), and the
        assets that have none (`lacking`, the first few by name), `as_of_utc`.
    """
    found = _known_at(con, view, "from recent")
    if (found["present"] < found["expected"]).any():
        found = _known_at(con, view, "from recent union all from older")  # which reads all versions
    return found[found["present"] > 0].reset_index(drop=True)


def _known_at(con: Connection, view: View, known: str) -> pd.DataFrame:
    """`forecasts_known_at` by the newest versions alone, or by the older ones too."""
    since = min(view.moment or view.bounds_utc[0], view.bounds_utc[0]) - timedelta(hours=2)
    return ask(
        con,
        f"""
        with versions as (
            from marts.fct_forecast_versions
            where delivery_date between $first and $last and version_utc <= $moment and lead_time_minutes >= 0
                {chosen(view)}
        ), recent as (
            select asset_id, delivery_start_utc, arg_max(forecast_kw, version_utc) as forecast_kw
            from versions where version_utc > timestamp '{since}'
                and (version_utc > $moment - interval 2 hour or lead_time_minutes < 120) group by all
        ), expected as (
            select d.asset_id, q.delivery_start_utc
            from marts.fct_asset_infeed_days as d inner join marts.dim_quarter_hours as q using (delivery_date)
            where d.delivery_date between $first and $last {chosen(view)}
        ), older as (
            select asset_id, delivery_start_utc, arg_max(forecast_kw, version_utc) as forecast_kw
            from versions inner join (from expected anti join recent using (asset_id, delivery_start_utc))
                using (asset_id, delivery_start_utc)
            group by all
        ), known as ({known})
        select delivery_start_utc, sum(forecast_kw) / 1000 as known, count(forecast_kw) as present,
            count(*) as expected, list_sort(list(asset_id) filter (where forecast_kw is null))[:5] as lacking,
            cast($moment as timestamp) as as_of_utc
        from expected left join known using (asset_id, delivery_start_utc)
        group by delivery_start_utc order by delivery_start_utc
        """,
        view,
    )


def asset_errors(con: Connection, view: View) -> pd.DataFrame:
    """Error of the tradeable forecast in one row, asset by asset and quarter-hour by quarter-hour (FC-4)."""
    return ask(
        con,
        f"""
        select cast(sum(absolute_error_mwh) as double) as absolute_error_mwh, cast(sum(samples) as bigint) as samples
        from marts.fct_forecast_accuracy
        where lead_time_bucket = 'gate closure' and delivery_date between $first and $last {chosen(view)}
        """,
        view,
    )


def portfolio_errors(con: Connection, view: View) -> pd.DataFrame:
    """The same of the portfolio: of each quarter-hour the error of the sum of its assets."""
    return ask(
        con,
        """
        select cast(sum(absolute_error_mwh) as double) as absolute_error_mwh, cast(sum(samples) as bigint) as samples
        from marts.fct_portfolio_forecast_accuracy
        where scope = 'portfolio' and lead_time_bucket = 'gate closure' and delivery_date between $first and $last
        """,
        view,
    )


def forecast_accuracy(con: Connection, view: View, *, by_asset: bool = False) -> pd.DataFrame:
    """Errors by lead time as shares of the capacity (FC-4): of the portfolio and each technology, or of single assets.

    Of several days they are what they would be of all samples together: errors over the capacity of the samples.

    Args:
        con: the published copy, or what a role sees of it.
        view: the days; chosen assets are always shown one by one.
        by_asset: a row per asset also where none is chosen, for roles that see their own assets only.
    """
    source = "select *, scope as asset_id from marts.fct_portfolio_forecast_accuracy"
    of_assets = ""
    if by_asset or view.assets is not None:
        source = "select asset_id as scope, * from marts.fct_forecast_accuracy"
        of_assets = chosen(view)
    return ask(
        con,
        f"""
        select scope, lead_time_bucket, cast(sum(samples) as bigint) as samples,
            sum(nmae * mwh) / sum(mwh) as nmae, sum(nbias * mwh) / sum(mwh) as nbias,
            sqrt(sum(pow(nrmse * mwh, 2) / samples) * sum(samples)) / sum(mwh) as nrmse
        from (select *, cast(sample_capacity_mwh as double) as mwh from ({source}))
        where delivery_date between $first and $last and samples > 0 {of_assets}
        group by scope, lead_time_bucket order by scope, {BY_LEAD_TIME}
        """,
        view,
    )


def infeed(con: Connection, view: View, *, with_forecast: bool = True) -> pd.DataFrame:
    """Best of infeed by source beside the tradeable forecast (IN-3, FC-2), and what is missing.

    Args:
        con: the published copy, or what a role sees of it.
        view: the days and assets.
        with_forecast: without it `tradeable` is NULL, for roles that do not see forecasts.

    Returns:
        A row per quarter-hour in MW, or per `delivery_date` in MWh: `final`, `live`, `redispatch` (0 MW, a mark),
        `forecast`, `tradeable`; `present` and `expected` count assets (days: quarter-hours of assets), `redispatched`
        those that are switched off.
    """
    if view.by_quarter_hour:
        sources = ", ".join(
            f"4 * sum(infeed_mwh) filter (where infeed_source = '{source}') as {source}"
            for source in ("final", "live", "redispatch", "forecast")
        )
        forecast = "select cast(null as timestamp) as delivery_start_utc, cast(null as double) as tradeable where false"
        if with_forecast:
            forecast = f"""
                select delivery_start_utc, 4 * sum(tradeable_forecast_mwh) as tradeable from marts.fct_asset_forecasts
                where delivery_date between $first and $last {chosen(view)} group by all
            """
        return ask(
            con,
            f"""
            with expected as (
                select delivery_date, count(*) as expected from marts.fct_asset_infeed_days
                where delivery_date between $first and $last {chosen(view)} group by all
            ), infeed as (
                select delivery_start_utc, {sources}, count(*) as present,
                    count(*) filter (where is_redispatched) as redispatched
                from marts.fct_asset_infeed where delivery_date between $first and $last {chosen(view)} group by all
            ), forecast as ({forecast})
            select q.delivery_start_utc, q.delivery_date, {doubles("", *SOURCES, "tradeable")},
                coalesce(present, 0) as present, coalesce(expected, 0) as expected,
                coalesce(redispatched, 0) as redispatched
            from marts.dim_quarter_hours as q left join expected using (delivery_date)
            left join infeed using (delivery_start_utc) left join forecast using (delivery_start_utc)
            where q.delivery_date between $first and $last order by q.delivery_start_utc
            """,
            view,
        )
    return ask(
        con,
        f"""
        with known as (
            select delivery_date, sum(final_mwh) as final, sum(live_mwh) as live, sum(forecast_infeed_mwh) as forecast,
                sum(tradeable_forecast_mwh) as tradeable, sum(infeed_quarter_hours) as present,
                sum(expected_quarter_hours) as expected, sum(redispatched_quarter_hours) as redispatched
            from marts.fct_asset_infeed_days where delivery_date between $first and $last {chosen(view)} group by all
        )
        select delivery_date, {doubles("", "final", "live")}, cast(null as double) as redispatch,
            {doubles("", "forecast", "tradeable")},
            {", ".join(f"cast(coalesce({n}, 0) as bigint) as {n}" for n in ("present", "expected", "redispatched"))}
        from {DAYS} left join known using (delivery_date) order by delivery_date
        """,
        view,
    )


def completeness(con: Connection, view: View) -> pd.DataFrame:
    """How many quarter-hours of each asset are final, live, forecast only and missing; the least complete first."""
    return ask(
        con,
        f"""
        with summed as (select asset_id,
            cast(sum(expected_quarter_hours) as bigint) as expected_quarter_hours,
            cast(sum(measured_quarter_hours) as bigint) as measured_quarter_hours,
            cast(sum(infeed_quarter_hours - measured_quarter_hours) as bigint) as unmeasured_quarter_hours,
            cast(sum(expected_quarter_hours - infeed_quarter_hours) as bigint) as missing_quarter_hours,
            cast(sum(redispatched_quarter_hours) as bigint) as redispatched_quarter_hours,
            sum(measured_quarter_hours) / sum(expected_quarter_hours) as completeness,
            cast(sum(coalesce(final_mwh, 0) + live_mwh) as double) as measured_mwh
        from marts.fct_asset_infeed_days where delivery_date between $first and $last {chosen(view)}
        group by asset_id)
        from {NAMES} as a right join summed using (asset_id) order by completeness, asset_id
        """,
        view,
    )


def redispatch(con: Connection, view: View) -> pd.DataFrame:
    """What was lost and is paid for switching off (RD-1 to RD-3), a row per asset and day; beyond a month per asset."""
    days = "delivery_date" if view.days <= MONTH else "count(distinct delivery_date) as delivery_dates"
    return ask(
        con,
        f"""
        select asset_id, {days}, min(delivery_start_utc) as first_start_utc, count(*) as quarter_hours,
            cast(sum(lost_energy_mwh) as double) as lost_energy_mwh, cast(sum(payout_eur) as double) as payout_eur,
            count(*) filter (where payout_eur is null) as unpaid_quarter_hours
        from marts.fct_redispatch where delivery_date between $first and $last {chosen(view)}
        group by all order by first_start_utc, asset_id
        """,
        view,
    )


def asset_states(con: Connection, view: View) -> pd.DataFrame:
    """Where the assets are and how they do on the last of the days, by their quarter-hours under contract (FC-3)."""
    return ask(
        con,
        f"""
        with newest as (
            select asset_id, max(delivery_start_utc) as measured_until_utc,
                arg_max(infeed_kw, delivery_start_utc) as infeed_kw
            from marts.fct_asset_infeed
            where delivery_date = $last and infeed_source in ('final', 'live') {chosen(view)} group by all
        ), today as (
            select asset_id, expected_quarter_hours, infeed_quarter_hours, measured_quarter_hours,
                redispatched_quarter_hours,
                cast(coalesce(final_mwh, 0) + coalesce(live_mwh, 0) + coalesce(forecast_infeed_mwh, 0) as double)
                    as infeed_mwh
            from marts.fct_asset_infeed_days where delivery_date = $last {chosen(view)}
        )
        select asset_id, asset_name, technology, capacity_kw, latitude, longitude, measured_until_utc, infeed_kw,
            case when infeed_quarter_hours > 0 then infeed_mwh end as infeed_mwh,
            redispatched_quarter_hours, measured_quarter_hours, expected_quarter_hours,
            case when expected_quarter_hours is null then 'no contract'
                when infeed_quarter_hours = 0 then 'no data'
                when redispatched_quarter_hours > 0 then 'redispatched'
                when measured_quarter_hours = 0 then 'forecast only'
                when measured_quarter_hours < expected_quarter_hours then 'partly measured' else 'measured' end as state
        from marts.dim_assets left join today using (asset_id) left join newest using (asset_id)
        where true {chosen(view)} order by asset_id
        """,
        view,
    )
