"""Imbalance: volume, price and cost."""

from __future__ import annotations

import pandas as pd

from dashboard.queries.asking import DAYS, NAMES, Connection, ask, chosen, doubles, sums
from dashboard.view import View


def portfolio_imbalance(con: Connection, view: View) -> pd.DataFrame:
    """The portfolio's imbalance (IM-5), a row per quarter-hour or day, and what its sums leave out.

    `is_estimated` where an estimate prices it, `is_provisional` where infeed is not final yet. Counted in
    quarter-hours: `missing` (no volume), `incomplete` (some assets lack), `unpriced` (volume without cost),
    `unmeasured` (an asset is not measured, so that the position has no imbalance).
    """
    steps = "q.delivery_start_utc" if view.by_quarter_hour else "q.delivery_date"
    return ask(
        con,
        f"""
        select {steps}, cast(sum(forecast_imbalance_mwh) as double) as imbalance_mwh,
            cast(sum(forecast_imbalance_cost_eur) as double) as imbalance_cost_eur,
            cast(sum(netting_effect_eur) as double) as netting_effect_eur,
            cast(sum(columns(lambda name: name like 'position_imbalance_%')) as double),
            coalesce(bool_or(price_status = 'estimate'), false) as is_estimated,
            coalesce(bool_or(final_assets_present < assets_present), false) as is_provisional,
            count(*) filter (where forecast_imbalance_mwh is null) as missing_quarter_hours,
            count(*) filter (where forecast_imbalance_mwh is not null and not is_forecast_complete)
                as incomplete_quarter_hours,
            count(*) filter (where forecast_imbalance_mwh is not null and forecast_imbalance_cost_eur is null)
                as unpriced_quarter_hours,
            count(*) filter (where not coalesce(i.is_complete, false)) as unmeasured_quarter_hours
        from marts.dim_quarter_hours as q left join marts.fct_portfolio_imbalance as i using (delivery_start_utc)
        where q.delivery_date between $first and $last group by all order by all
        """,
        view,
    )


def asset_imbalance(con: Connection, view: View) -> pd.DataFrame:
    """The chosen assets' imbalance, each priced on its own side, redispatch's part apart (IM-1, IM-3, IM-6).

    `missing` and `unpriced` count quarter-hours of assets: without a volume, and with a volume but no cost.
    """
    expected = f"""
        select delivery_date, cast(sum(expected_quarter_hours) as bigint) as expected, count(*) as assets
        from marts.fct_asset_infeed_days where delivery_date between $first and $last {chosen(view)} group by all
    """
    if view.by_quarter_hour:
        return ask(
            con,
            f"""
            with expected as ({expected}), summed as (
                select delivery_start_utc, sum(imbalance_mwh) as imbalance_mwh,
                    sum(imbalance_cost_eur) as imbalance_cost_eur, sum(redispatch_mwh) as redispatch_mwh,
                    sum(forecast_error_mwh) as forecast_error_mwh, bool_or(price_status = 'estimate') as is_estimated,
                    bool_or(infeed_source <> 'final') as is_provisional,
                    count(*) as present, count(*) - count(imbalance_cost_eur) as unpriced
                from marts.fct_asset_imbalance where delivery_date between $first and $last {chosen(view)} group by all
            )
            select q.delivery_start_utc,
                {doubles("s", "imbalance_mwh", "imbalance_cost_eur", "redispatch_mwh", "forecast_error_mwh")},
                coalesce(is_estimated, false) as is_estimated, coalesce(is_provisional, false) as is_provisional,
                greatest(coalesce(assets, 0) - coalesce(present, 0), 0) as missing_quarter_hours,
                coalesce(unpriced, 0) as unpriced_quarter_hours
            from marts.dim_quarter_hours as q left join summed as s using (delivery_start_utc)
            left join expected as e on q.delivery_date = e.delivery_date
            where q.delivery_date between $first and $last order by q.delivery_start_utc
            """,
            view,
        )
    return ask(
        con,
        f"""
        with expected as ({expected}), summed as (
            select period_start_date as delivery_date,
                {sums("imbalance_mwh", "imbalance_cost_eur", "redispatch_mwh", "forecast_error_mwh")},
                bool_or(status <> 'final') as is_estimated,
                bool_or(final_quarter_hours < measured_quarter_hours) as is_provisional,
                sum(imbalance_quarter_hours) as present, sum(unpriced_imbalance_quarter_hours) as unpriced
            from reports.rpt_asset_performance
            where period = 'day' and period_start_date between $first and $last {chosen(view)} group by all
        )
        select delivery_date, imbalance_mwh, imbalance_cost_eur, redispatch_mwh, forecast_error_mwh,
            coalesce(is_estimated, false) as is_estimated, coalesce(is_provisional, false) as is_provisional,
            cast(greatest(coalesce(expected, 0) - coalesce(present, 0), 0) as bigint) as missing_quarter_hours,
            cast(coalesce(unpriced, 0) as bigint) as unpriced_quarter_hours
        from {DAYS} left join expected using (delivery_date) left join summed using (delivery_date)
        order by delivery_date
        """,
        view,
    )


def imbalance_prices(con: Connection, view: View) -> pd.DataFrame:
    """Final prices of both sides beside the estimate, per quarter-hour; a side is NULL while it has no final price."""
    return ask(
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
    return ask(
        con,
        f"""
        with summed as (select asset_id,
            cast(sum(imbalance_mwh) as double) as imbalance_mwh,
            cast(sum(imbalance_cost_eur) as double) as imbalance_cost_eur,
            cast(sum(imbalance_cost_eur) / nullif(sum(measured_mwh), 0) as double) as imbalance_cost_eur_per_mwh,
            cast(sum(lost_energy_mwh) as double) as lost_energy_mwh, bool_and(status = 'final') as is_final
        from reports.rpt_asset_performance
        where period = 'day' and period_start_date between $first and $last {chosen(view)}
        group by asset_id)
        from {NAMES} as a right join summed using (asset_id) order by imbalance_cost_eur desc nulls last, asset_id
        """,
        view,
    )
