"""Every question that the pages ask: parametrised SQL on published marts, data frames out.

A mart that the role may not read is not in the database at all; `tables` says what is. Quantities come as DOUBLE, which
is what charts and tables show, rounded nowhere. Moments are naive UTC. Where a page shows days, daily marts answer.
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any, Literal

import duckdb
import pandas as pd

from dashboard.view import View

Connection = duckdb.DuckDBPyConnection
LEAD_TIMES = ("gate closure", "0-1 h", "1-3 h", "3-6 h", "6-24 h", "over 24 h")
"""The buckets of lead times, the shortest first."""
MONTH = 31
"""Days up to which single days of assets are told apart."""
MOST_TRADES = 4000
"""Dots that a chart of trades draws; the largest ones, where there are more."""


def tables(con: Connection) -> set[str]:
    """The marts and columns that are there, as `schema.mart` and `schema.mart.column`."""
    found = con.execute(
        "select schema_name || '.' || table_name, column_name from duckdb_columns() "
        "where schema_name in ('marts', 'reports')"
    ).fetchall()
    return {mart for mart, _ in found} | {f"{mart}.{column}" for mart, column in found}


def definitions(con: Connection) -> pd.DataFrame:
    """What each column means, as the dbt docs say it: `mart_name`, `column_name`, `data_type`, `definition`."""
    return _ask(
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
    return _ask(con, "select * from marts.dim_assets order by asset_id")


def position(con: Connection, view: View) -> pd.DataFrame:
    """Infeed, sold and open energy per quarter-hour (TR-8); NULL where nothing is known."""
    return _ask(
        con,
        f"""
        select q.delivery_start_utc, q.delivery_date, q.quarter_hour_of_day,
            {_doubles("p", "infeed_mwh", "measured_mwh", "forecast_mwh", "net_sold_mwh", "open_position_mwh")},
            p.assets_present, p.assets_expected, coalesce(p.is_complete, false) as is_complete
        from marts.dim_quarter_hours as q left join marts.fct_positions as p using (delivery_start_utc)
        where q.delivery_date between $first and $last order by q.delivery_start_utc
        """,
        view,
    )


def position_known_at(con: Connection, view: View) -> pd.DataFrame:
    """`position` as it was known at the view's moment, to the quarter-hour; no row where that is not kept (TIME-4)."""
    return _ask(
        con,
        f"""
        with moment as (
            select max(as_of_utc) as as_of_utc from marts.fct_position_as_of
            where as_of_utc <= $moment and as_of_utc > $moment - interval 15 minute
        ), known as (
            from marts.fct_position_as_of semi join moment using (as_of_utc)
        )
        select q.delivery_start_utc, q.delivery_date, q.quarter_hour_of_day,
            {_doubles("p", "infeed_mwh", "measured_mwh", "forecast_mwh", "net_sold_mwh", "open_position_mwh")},
            p.assets_present, p.assets_expected, coalesce(p.assets_present = p.assets_expected, false) as is_complete
        from marts.dim_quarter_hours as q left join known as p using (delivery_start_utc)
        where q.delivery_date between $first and $last and q.delivery_date in (select delivery_date from known)
        order by q.delivery_start_utc
        """,
        view,
    )


def position_growth(con: Connection, view: View) -> pd.DataFrame:
    """The days' infeed and net sold energy as they were known at each moment of the days, a row per `as_of_utc`."""
    return _ask(
        con,
        """
        select as_of_utc, cast(sum(infeed_mwh) as double) as infeed_mwh,
            cast(sum(measured_mwh) as double) as measured_mwh, cast(sum(net_sold_mwh) as double) as net_sold_mwh
        from marts.fct_position_as_of where delivery_date between $first and $last
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
    return _ask(
        con,
        """
        select q.delivery_date, cast(sum(infeed_mwh) as double) as infeed_mwh,
            cast(sum(net_sold_mwh) as double) as net_sold_mwh,
            cast(sum(open_position_mwh) as double) as open_position_mwh,
            cast(sum(greatest(open_position_mwh, 0)) as double) as open_long_mwh,
            cast(sum(least(open_position_mwh, 0)) as double) as open_short_mwh,
            count(*) filter (where is_complete) as complete_quarter_hours, count(*) as quarter_hours
        from marts.dim_quarter_hours as q left join marts.fct_positions as p using (delivery_start_utc)
        where q.delivery_date between $first and $last group by q.delivery_date order by q.delivery_date
        """,
        view,
    )


def position_hours(con: Connection, view: View) -> pd.DataFrame:
    """The mean open position in MW of each hour, a row per delivery date and `hour_of_day` since local midnight."""
    return _ask(
        con,
        """
        select q.delivery_date, (q.quarter_hour_of_day - 1) // 4 as hour_of_day,
            cast(4 * avg(p.open_position_mwh) as double) as open_mw
        from marts.dim_quarter_hours as q inner join marts.fct_positions as p using (delivery_start_utc)
        where q.delivery_date between $first and $last group by all order by q.delivery_date, hour_of_day
        """,
        view,
    )


def revenue_path(con: Connection, view: View) -> pd.DataFrame:
    """What was sold and earned as it grew over trading time, each delivery date from 0 on; in steps of 5 minutes."""
    return _ask(
        con,
        """
        select delivery_date, time_bucket(interval 5 minute, executed_at_utc) as executed_at_utc,
            cast(arg_max(cumulative_net_sold_mwh, executed_at_utc) as double) as cumulative_net_sold_mwh,
            cast(arg_max(cumulative_revenue_eur, executed_at_utc) as double) as cumulative_revenue_eur
        from marts.fct_position_paths where delivery_date between $first and $last group by 1, 2 order by 1, 2
        """,
        view,
    )


def findings(con: Connection, view: View) -> pd.DataFrame:
    """What was found about the days, and about files and feeds without a day; the worst first.

    Roles that see no personal data have no `file_name` and no `example`.
    """
    return _ask(
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


def forecasts(con: Connection, view: View) -> pd.DataFrame:
    """Latest and tradeable forecast beside what was measured, with how many assets have one (FC-1 to FC-3).

    Returns:
        A row per quarter-hour (`delivery_start_utc`) in MW, or per `delivery_date` in MWh, as `view` has it:
        `latest`, `tradeable`, `measured` (only where every asset is), `present`, `expected` (assets; days: asset days).
    """
    if view.by_quarter_hour:
        return _ask(
            con,
            f"""
            with expected as (
                select delivery_date, count(*) as expected from marts.fct_asset_infeed_days
                where delivery_date between $first and $last {_chosen(view)} group by all
            ), forecast as (
                select delivery_start_utc, 4 * sum(latest_forecast_mwh) as latest,
                    4 * sum(tradeable_forecast_mwh) as tradeable, count(tradeable_forecast_mwh) as present
                from marts.fct_asset_forecasts where delivery_date between $first and $last {_chosen(view)} group by all
            ), infeed as (
                select delivery_start_utc, 4 * sum(infeed_mwh) as measured, count(*) as assets
                from marts.fct_asset_infeed where delivery_date between $first and $last {_chosen(view)}
                    and infeed_source in ('final', 'live') group by all
            )
            select q.delivery_start_utc, cast(latest as double) as latest, cast(tradeable as double) as tradeable,
                cast(case when infeed.assets = expected.expected then measured end as double) as measured,
                coalesce(present, 0) as present, coalesce(expected, 0) as expected
            from marts.dim_quarter_hours as q left join expected using (delivery_date)
            left join forecast using (delivery_start_utc) left join infeed using (delivery_start_utc)
            where q.delivery_date between $first and $last order by q.delivery_start_utc
            """,
            view,
        )
    return _ask(
        con,
        f"""
        with known as (
            select delivery_date, sum(latest_forecast_mwh) as latest, sum(tradeable_forecast_mwh) as tradeable,
                case when sum(measured_quarter_hours) = sum(expected_quarter_hours)
                    then sum(coalesce(final_mwh, 0) + live_mwh) end as measured,
                count(tradeable_forecast_mwh) as present, count(*) as expected
            from marts.fct_asset_infeed_days where delivery_date between $first and $last {_chosen(view)} group by all
        )
        select delivery_date, {_doubles("", "latest", "tradeable", "measured")},
            coalesce(present, 0) as present, coalesce(expected, 0) as expected
        from {_DAYS} left join known using (delivery_date) order by delivery_date
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
    a view with a moment, no later version.
    """
    first, last = view.bounds_utc
    begin, end = (moment.replace(hour=0, minute=0) for moment in (first - timedelta(days=3), last + timedelta(days=1)))
    end = end if view.moment is None else min(end, view.moment + timedelta(seconds=1))
    issued = [begin + timedelta(hours=step) for step in range(0, 24 * (view.days + 5), hours)]
    return _ask(
        con,
        f"""
        with summed as (
            select delivery_start_utc, version_utc, sum(forecast_kw) / 1000 as forecast_mw,
                count(forecast_kw) as present
            from marts.fct_forecast_versions
            where delivery_date between $first and $last
                and version_utc in ({", ".join(f"timestamp '{moment}'" for moment in issued if moment < end)})
                {_chosen(view)}
            group by all
        )
        select delivery_start_utc, version_utc, forecast_mw from summed
        qualify present = max(present) over (partition by delivery_start_utc) order by version_utc, delivery_start_utc
        """,
        view,
    )


def forecasts_known_at(con: Connection, view: View) -> pd.DataFrame:
    """The forecast in MW as it was known at the view's moment; versions older than six hours no longer count."""
    return _ask(
        con,
        f"""
        with known as (
            select asset_id, delivery_start_utc, arg_max(forecast_kw, version_utc) as forecast_kw
            from marts.fct_forecast_versions
            where delivery_date between $first and $last and version_utc <= $moment
                and version_utc > $moment - interval 6 hour {_chosen(view)} group by all
        )
        select delivery_start_utc, sum(forecast_kw) / 1000 as known, count(forecast_kw) as present
        from known group by all order by delivery_start_utc
        """,
        view,
    )


def forecast_accuracy(con: Connection, view: View) -> pd.DataFrame:
    """Errors by lead time as shares of the capacity (FC-4): of the portfolio and each technology, or of chosen assets.

    Days are weighted by their samples; nRMSE as the root of the weighted mean square.
    """
    source = "select scope, lead_time_bucket, samples, nmae, nrmse, nbias, delivery_date, scope as asset_id " \
        "from marts.fct_portfolio_forecast_accuracy"  # fmt: skip
    chosen = ""
    if view.assets is not None:
        source = "select asset_id as scope, * from marts.fct_forecast_accuracy"
        chosen = _chosen(view)
    return _ask(
        con,
        f"""
        select scope, lead_time_bucket, cast(sum(samples) as bigint) as samples,
            sum(nmae * samples) / sum(samples) as nmae, sqrt(sum(nrmse * nrmse * samples) / sum(samples)) as nrmse,
            sum(nbias * samples) / sum(samples) as nbias
        from ({source}) where delivery_date between $first and $last and samples > 0 {chosen}
        group by scope, lead_time_bucket order by scope, {_BY_LEAD_TIME}
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
                where delivery_date between $first and $last {_chosen(view)} group by all
            """
        return _ask(
            con,
            f"""
            with expected as (
                select delivery_date, count(*) as expected from marts.fct_asset_infeed_days
                where delivery_date between $first and $last {_chosen(view)} group by all
            ), infeed as (
                select delivery_start_utc, {sources}, count(*) as present,
                    count(*) filter (where is_redispatched) as redispatched
                from marts.fct_asset_infeed where delivery_date between $first and $last {_chosen(view)} group by all
            ), forecast as ({forecast})
            select q.delivery_start_utc, q.delivery_date, {_doubles("", *SOURCES, "tradeable")},
                coalesce(present, 0) as present, coalesce(expected, 0) as expected,
                coalesce(redispatched, 0) as redispatched
            from marts.dim_quarter_hours as q left join expected using (delivery_date)
            left join infeed using (delivery_start_utc) left join forecast using (delivery_start_utc)
            where q.delivery_date between $first and $last order by q.delivery_start_utc
            """,
            view,
        )
    return _ask(
        con,
        f"""
        with known as (
            select delivery_date, sum(final_mwh) as final, sum(live_mwh) as live, sum(forecast_infeed_mwh) as forecast,
                sum(tradeable_forecast_mwh) as tradeable, sum(infeed_quarter_hours) as present,
                sum(expected_quarter_hours) as expected, sum(redispatched_quarter_hours) as redispatched
            from marts.fct_asset_infeed_days where delivery_date between $first and $last {_chosen(view)} group by all
        )
        select delivery_date, {_doubles("", "final", "live")}, cast(null as double) as redispatch,
            {_doubles("", "forecast", "tradeable")},
            {", ".join(f"cast(coalesce({n}, 0) as bigint) as {n}" for n in ("present", "expected", "redispatched"))}
        from {_DAYS} left join known using (delivery_date) order by delivery_date
        """,
        view,
    )


SOURCES = ("final", "live", "redispatch", "forecast")


def completeness(con: Connection, view: View) -> pd.DataFrame:
    """How many quarter-hours of each asset are final, live, forecast only and missing; the least complete first."""
    return _ask(
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
        from marts.fct_asset_infeed_days where delivery_date between $first and $last {_chosen(view)}
        group by asset_id)
        from {_NAMES} as a right join summed using (asset_id) order by completeness, asset_id
        """,
        view,
    )


def redispatch(con: Connection, view: View) -> pd.DataFrame:
    """What was lost and is paid for switching off (RD-1 to RD-3), a row per asset and day; beyond a month per asset."""
    days = "delivery_date" if view.days <= MONTH else "count(distinct delivery_date) as delivery_dates"
    return _ask(
        con,
        f"""
        select asset_id, {days}, min(delivery_start_utc) as first_start_utc, count(*) as quarter_hours,
            cast(sum(lost_energy_mwh) as double) as lost_energy_mwh, cast(sum(payout_eur) as double) as payout_eur,
            count(*) filter (where payout_eur is null) as unpaid_quarter_hours
        from marts.fct_redispatch where delivery_date between $first and $last {_chosen(view)}
        group by all order by first_start_utc, asset_id
        """,
        view,
    )


def trading_days(con: Connection, view: View) -> pd.DataFrame:
    """Our trading beside the market's, a row per delivery date and product (`all`, `hour`, `quarter_hour`)."""
    return _ask(
        con,
        f"""
        select delivery_date, product, trades, unpriced_quarter_hours,
            {
            _doubles(
                "t",
                "revenue_eur",
                "sold_mwh",
                "bought_mwh",
                "net_sold_mwh",
                "private_vwap_eur_per_mwh",
                "sell_vwap_eur_per_mwh",
                "buy_vwap_eur_per_mwh",
                "market_vwap_eur_per_mwh",
                "market_mwh",
                "alpha_eur",
            )
        }
        from marts.fct_trading_days as t
        where delivery_date between $first and $last order by delivery_date, product
        """,
        view,
    )


def trading_quarter_hours(con: Connection, view: View) -> pd.DataFrame:
    """VWAPs, indices, volumes and alpha per quarter-hour of delivery; NULL where nothing was traded."""
    return _ask(
        con,
        f"""
        select q.delivery_start_utc, q.delivery_date, q.quarter_hour_of_day, t.trades,
            {
            _doubles(
                "t",
                "revenue_eur",
                "sold_mwh",
                "bought_mwh",
                "net_sold_mwh",
                "private_vwap_eur_per_mwh",
                "market_vwap_eur_per_mwh",
                "id1_like_eur_per_mwh",
                "id3_like_eur_per_mwh",
                "market_mwh",
                "alpha_eur",
            )
        }
        from marts.dim_quarter_hours as q left join marts.fct_trading_quarter_hours as t using (delivery_start_utc)
        where q.delivery_date between $first and $last order by q.delivery_start_utc
        """,
        view,
    )


def alpha(con: Connection, view: View) -> pd.DataFrame:
    """Alpha in EUR by hour of delivery and quarter of the hour (one day) or delivery date (more); NULL is a gap."""
    place = "strftime(q.delivery_date, '%a %d %b')"
    if view.days == 1:
        place = "':' || lpad(cast((q.quarter_hour_of_day - 1) % 4 * 15 as varchar), 2, '0')"
    elif view.days > 62:
        place = "strftime(q.delivery_date, '%b %Y')"
    return _ask(
        con,
        f"""
        select (q.quarter_hour_of_day - 1) // 4 as hour_of_day, {place} as place, min(q.delivery_date) as first_date,
            cast(sum(alpha_eur) filter (where trades > 0) as double) as alpha_eur
        from marts.dim_quarter_hours as q left join marts.fct_trading_quarter_hours as t using (delivery_start_utc)
        where q.delivery_date between $first and $last group by all order by first_date, place, hour_of_day
        """,
        view,
    )


def products(con: Connection, view: View) -> pd.DataFrame:
    """Our trades by product, a row per delivery period that was traded."""
    return _ask(
        con,
        """
        select delivery_start_utc, delivery_end_utc, product, count(*) as trades,
            cast(sum(volume_mwh) filter (where side = 'SELL') as double) as sold_mwh,
            cast(sum(volume_mwh) filter (where side = 'BUY') as double) as bought_mwh,
            cast(sum(revenue_eur) as double) as revenue_eur,
            cast(sum(cast(price_eur_per_mwh as double) * volume_mwh) / sum(volume_mwh) as double)
                as private_vwap_eur_per_mwh
        from marts.fct_trades where delivery_date between $first and $last
        group by all order by delivery_start_utc, delivery_end_utc
        """,
        view,
    )


def trades(con: Connection, view: View) -> pd.DataFrame:
    """Our trades by time of execution; of very many the largest `MOST_TRADES`."""
    return _ask(
        con,
        f"""
        select {_TRADE} from marts.fct_trades where delivery_date between $first and $last
        qualify row_number() over (order by volume_mwh desc, trade_id) <= {MOST_TRADES}
        order by executed_at_utc, trade_id, side
        """,
        view,
    )


def trades_of(con: Connection, start_utc: Any, product: str) -> pd.DataFrame:
    """All trades of ours of one product, `hour` or `quarter_hour`, by its start."""
    return _ask(
        con,
        f"""
        select {_TRADE} from marts.fct_trades
        where delivery_start_utc = $start_utc and product = $product order by executed_at_utc, trade_id, side
        """,
        start_utc=start_utc,
        product=product,
    )


def trade_lead_times(con: Connection, view: View) -> pd.DataFrame:
    """How long before delivery we trade, and at what price."""
    return _ask(
        con,
        f"""
        select lead_time_bucket, cast(sum(trades) as bigint) as trades, cast(sum(sold_mwh) as double) as sold_mwh,
            cast(sum(bought_mwh) as double) as bought_mwh, cast(sum(revenue_eur) as double) as revenue_eur
        from marts.fct_trading_lead_times where delivery_date between $first and $last group by lead_time_bucket
        order by {_BY_LEAD_TIME}
        """,
        view,
    )


def portfolio_imbalance(con: Connection, view: View) -> pd.DataFrame:
    """The portfolio's imbalance (IM-5), a row per quarter-hour or day; `is_estimated` where an estimate prices it."""
    steps = "q.delivery_start_utc" if view.by_quarter_hour else "q.delivery_date"
    return _ask(
        con,
        f"""
        select {steps}, cast(sum(forecast_imbalance_mwh) as double) as imbalance_mwh,
            cast(sum(forecast_imbalance_cost_eur) as double) as imbalance_cost_eur,
            cast(sum(netting_effect_eur) as double) as netting_effect_eur,
            cast(sum(columns(lambda name: name like 'position_imbalance_%')) as double),
            coalesce(bool_or(price_status = 'estimate'), false) as is_estimated,
            count(*) filter (where i.delivery_start_utc is null) as missing_quarter_hours,
            count(*) filter (where i.delivery_start_utc is not null and price_status is null) as unpriced_quarter_hours
        from marts.dim_quarter_hours as q left join marts.fct_portfolio_imbalance as i using (delivery_start_utc)
        where q.delivery_date between $first and $last group by all order by all
        """,
        view,
    )


def asset_imbalance(con: Connection, view: View) -> pd.DataFrame:
    """The chosen assets' imbalance, each priced on its own side, redispatch's part apart (IM-1, IM-3, IM-6)."""
    if view.by_quarter_hour:
        return _ask(
            con,
            f"""
            with summed as (
                select delivery_start_utc, sum(imbalance_mwh) as imbalance_mwh,
                    sum(imbalance_cost_eur) as imbalance_cost_eur, sum(redispatch_mwh) as redispatch_mwh,
                    sum(forecast_error_mwh) as forecast_error_mwh, bool_or(price_status = 'estimate') as is_estimated,
                    count(*) filter (where price_status is null) as unpriced
                from marts.fct_asset_imbalance where delivery_date between $first and $last {_chosen(view)} group by all
            )
            select q.delivery_start_utc,
                {_doubles("s", "imbalance_mwh", "imbalance_cost_eur", "redispatch_mwh", "forecast_error_mwh")},
                coalesce(is_estimated, false) as is_estimated,
                cast(s.delivery_start_utc is null as integer) as missing_quarter_hours,
                coalesce(unpriced, 0) as unpriced_quarter_hours
            from marts.dim_quarter_hours as q left join summed as s using (delivery_start_utc)
            where q.delivery_date between $first and $last order by q.delivery_start_utc
            """,
            view,
        )
    return _ask(
        con,
        f"""
        select period_start_date as delivery_date, cast(sum(imbalance_mwh) as double) as imbalance_mwh,
            cast(sum(imbalance_cost_eur) as double) as imbalance_cost_eur,
            bool_or(status <> 'final') as is_estimated, 0 as missing_quarter_hours, 0 as unpriced_quarter_hours
        from reports.rpt_asset_performance
        where period = 'day' and period_start_date between $first and $last {_chosen(view)}
        group by all order by delivery_date
        """,
        view,
    )


def imbalance_prices(con: Connection, view: View) -> pd.DataFrame:
    """Final prices of both sides beside the estimate, per quarter-hour; a side is NULL while it has no final price."""
    return _ask(
        con,
        """
        select q.delivery_start_utc,
            cast(case when short_price_status = 'final' then short_price_eur_per_mwh end as double) as short_final,
            cast(case when long_price_status = 'final' then long_price_eur_per_mwh end as double) as long_final,
            cast(estimate_eur_per_mwh as double) as estimate
        from marts.dim_quarter_hours as q left join marts.fct_imbalance_prices as p using (delivery_start_utc)
        where q.delivery_date between $first and $last order by q.delivery_start_utc
        """,
        view,
    )


def imbalance_by_asset(con: Connection, view: View) -> pd.DataFrame:
    """What each asset's imbalance comes to and what of it redispatch caused; the dearest first."""
    return _ask(
        con,
        f"""
        with summed as (select asset_id,
            cast(sum(imbalance_mwh) as double) as imbalance_mwh,
            cast(sum(imbalance_cost_eur) as double) as imbalance_cost_eur,
            cast(sum(imbalance_cost_eur) / nullif(sum(measured_mwh), 0) as double) as imbalance_cost_eur_per_mwh,
            cast(sum(lost_energy_mwh) as double) as lost_energy_mwh, bool_and(status = 'final') as is_final
        from reports.rpt_asset_performance
        where period = 'day' and period_start_date between $first and $last {_chosen(view)}
        group by asset_id)
        from {_NAMES} as a right join summed using (asset_id) order by imbalance_cost_eur desc nulls last, asset_id
        """,
        view,
    )


def invoices(con: Connection, view: View) -> pd.DataFrame:
    """Invoices of the months that the days lie in."""
    return _ask(
        con,
        f"""
        select * from {_NAMES} as a right join marts.fct_invoices as i using (asset_id)
        where invoicing_month between strftime($first, '%Y-%m') and strftime($last, '%Y-%m') {_chosen(view)}
        order by invoicing_month desc, case i.status when 'blocked' then 0 when 'provisional' then 1 else 2 end,
            invoice_id
        """,
        view,
    )


def invoice_lines(con: Connection, invoice_id: str) -> pd.DataFrame:
    """The lines of one invoice."""
    return _ask(
        con,
        "select * from marts.fct_invoice_lines where invoice_id = $invoice_id order by line_type desc",
        invoice_id=invoice_id,
    )


def asset_performance(con: Connection, view: View, period: Literal["day", "month"]) -> pd.DataFrame:
    """The KPIs by asset, of each month or day that `view` touches."""
    first = "date_trunc('month', cast($first as date))" if period == "month" else "$first"
    return _ask(
        con,
        f"""
        select * from {_NAMES} as a right join reports.rpt_asset_performance as p using (asset_id)
        where period = '{period}' and period_start_date between {first} and $last {_chosen(view)}
        order by period_start_date, asset_id
        """,
        view,
    )


def portfolio_performance(con: Connection, view: View, period: Literal["day", "month"]) -> pd.DataFrame:
    """The portfolio's KPIs, of each month or day that `view` touches."""
    first = "date_trunc('month', cast($first as date))" if period == "month" else "$first"
    return _ask(
        con,
        f"""
        select * from reports.rpt_portfolio_performance
        where period = '{period}' and period_start_date between {first} and $last order by period_start_date
        """,
        view,
    )


def asset_states(con: Connection, view: View) -> pd.DataFrame:
    """Where the assets are and how they do on the last of the days, by their newest quarter-hour with an infeed."""
    return _ask(
        con,
        f"""
        with newest as (
            select asset_id, max(delivery_start_utc) filter (where infeed_source in ('final', 'live'))
                    as measured_until_utc,
                arg_max(infeed_kw, delivery_start_utc) filter (where infeed_source in ('final', 'live')) as infeed_kw,
                count(*) filter (where is_redispatched) as redispatched_quarter_hours,
                count(*) filter (where infeed_source in ('final', 'live')) as measured_quarter_hours,
                count(*) as quarter_hours, cast(sum(infeed_mwh) as double) as infeed_mwh
            from marts.fct_asset_infeed where delivery_date = $last {_chosen(view)} group by all
        )
        select asset_id, asset_name, technology, capacity_kw, latitude, longitude, measured_until_utc, infeed_kw,
            infeed_mwh, redispatched_quarter_hours, measured_quarter_hours,
            case when coalesce(quarter_hours, 0) = 0 then 'no data'
                when redispatched_quarter_hours > 0 then 'redispatched'
                when measured_quarter_hours = 0 then 'forecast only'
                when measured_quarter_hours < quarter_hours then 'partly measured' else 'measured' end as state
        from marts.dim_assets left join newest using (asset_id) where true {_chosen(view)} order by asset_id
        """,
        view,
    )


def feeds(con: Connection, view: View) -> pd.DataFrame:
    """Each feed over the days: what came, what lacks, how late, and how fresh it is."""
    return _ask(
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


def revisions(con: Connection, view: View) -> pd.DataFrame:
    """What was corrected after it was known, by feed and delivery date, and what the corrections change (TIME-4)."""
    return _ask(
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
    return _ask(
        con,
        """
        select delivery_date, cast(columns(lambda name: name <> 'delivery_date') as double)
        from marts.fct_late_information where delivery_date between $first and $last order by delivery_date
        """,
        view,
    )


def feed_days(con: Connection, view: View) -> pd.DataFrame:
    """Each feed and delivery date: completeness (0 to 1) and status in words."""
    return _ask(
        con,
        """
        select feed, delivery_date, completeness, status, missing, late from reports.rpt_data_quality
        where delivery_date between $first and $last order by feed, delivery_date
        """,
        view,
    )


_DAYS = "(select distinct delivery_date from marts.dim_quarter_hours where delivery_date between $first and $last)"
"""The days of the view, also those of which nothing is known."""
_BY_LEAD_TIME = f"list_position({list(LEAD_TIMES)}, lead_time_bucket)"
_NAMES = "(select columns(lambda name: name in ('asset_id', 'asset_name', 'technology')) from marts.dim_assets)"
"""What the assets are called, as far as the role may know."""


def _chosen(view: View) -> str:
    return "" if view.assets is None else "and list_contains($assets, asset_id)"


def _doubles(alias: str, *names: str) -> str:
    prefix = f"{alias}." if alias else ""
    return ", ".join(f"cast({prefix}{name} as double) as {name}" for name in names)


_TRADE = """trade_id, side, product, delivery_start_utc, executed_at_utc, is_recall_candidate,
            cast(price_eur_per_mwh as double) as price_eur_per_mwh, cast(volume_mwh as double) as volume_mwh,
            cast(revenue_eur as double) as revenue_eur"""


def _ask(con: Connection, sql: str, view: View | None = None, **values: Any) -> pd.DataFrame:
    if view is not None:
        values |= {"first": view.first, "last": view.last, "moment": view.moment}
        values |= {"assets": list(view.assets) if view.assets is not None else None}
    frame: pd.DataFrame = con.execute(sql, {name: values[name] for name in set(re.findall(r"\$(\w+)", sql))}).df()
    return frame
