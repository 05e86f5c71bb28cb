"""Trading: PnL, prices against the market, every trade, alpha, and down to the single trade."""

from dataclasses import replace

import streamlit as st

from dashboard import charts, queries, shell
from dashboard.figures import NOT_PRICED
from dashboard.formatting import Tile, clock, is_missing, number

context = shell.context()
view = context.view
shell.head("Trading", context, portfolio_only=True)

days = queries.trading_days(context.con, view)
everything = days[days["product"] == "all"]
sums = queries.trading_totals(context.con, view).iloc[0]
mart = "marts.fct_trading_days"
unpriced = 0 if is_missing(sums["unpriced_quarter_hours"]) else int(sums["unpriced_quarter_hours"])
shell.tiles(
    [
        Tile("Revenue", number(sums["revenue_eur"]), "EUR", "sold less bought", context.means("revenue_eur", mart)),
        Tile("Trades", number(sums["trades"]), "",
             f"{number(sums['sold_mwh'] + sums['bought_mwh'], 1)} MWh turned over", context.means("trades", mart)),
        Tile("Net sold", number(sums["net_sold_mwh"], 1), "MWh",
             f"sold {number(sums['sold_mwh'], 1)}, bought {number(sums['bought_mwh'], 1)}",
             context.means("net_sold_mwh", mart)),
        Tile("Our VWAP", number(sums["private_vwap_eur_per_mwh"], 2), "EUR/MWh", "over all our trades",
             context.means("private_vwap_eur_per_mwh", mart)),
        Tile("Market VWAP", number(sums["market_vwap_eur_per_mwh"], 2), "EUR/MWh", "over all public trades",
             context.means("market_vwap_eur_per_mwh", mart)),
        Tile("Alpha", number(sums["priced_alpha_eur"], signed=True), "EUR",
             f"without {number(unpriced)} quarter-hours" if unpriced else "against the market VWAP",
             context.means("priced_alpha_eur", mart) + (NOT_PRICED.format(number(unpriced)) if unpriced else ""),
             "bad" if unpriced else ""),
    ]
)  # fmt: skip
if everything.empty:
    st.caption("Nothing was traded for these days, by us or on the market.")
    st.stop()

left, right = st.columns(2, gap="medium")
with left:
    st.subheader("PnL")
    if view.by_quarter_hour and context.has("marts.fct_position_paths"):
        path = queries.revenue_path(context.con, view)
        shell.chart(charts.path(path, view, "cumulative_revenue_eur", context.theme), context, key="pnl", rows=path,
                    name="revenue_over_trading_time", alt="Revenue as it grew over trading time")  # fmt: skip
    else:
        shell.chart(charts.revenue_days(everything, view, context.theme), context, key="pnl", rows=everything,
                    name="trading_days", alt="Revenue adding up over the delivery dates")  # fmt: skip
with right:
    st.subheader("Prices")
    steps = queries.trading_quarter_hours(context.con, view) if view.by_quarter_hour else everything
    named = steps.rename(
        columns={"private_vwap_eur_per_mwh": "our VWAP", "market_vwap_eur_per_mwh": "market VWAP",
                 "id3_like_eur_per_mwh": "ID3-like", "id1_like_eur_per_mwh": "ID1-like"}
    )  # fmt: skip
    shell.chart(charts.prices(named, view, context.theme), context, key="prices",
                alt="Our VWAP beside the market's and its indices", rows=steps, name="trading")  # fmt: skip
    if view.by_quarter_hour:
        shell.gap_note(steps, steps["market_vwap_eur_per_mwh"].isna(), context, "Market price")

left, right = st.columns(2, gap="medium")
traded_days = everything.loc[everything["trades"] > 0, "delivery_date"]
last = traded_days.max().date() if len(traded_days) else view.last
shown = view if view.by_quarter_hour else replace(view, first=last, last=last)
with left:
    st.subheader("Trades over trading time")
    trades = context.ask(queries.trades, shown)
    if trades is None:
        shell.not_seen("Single trades")
    else:
        shell.chart(charts.trades(trades, shown, context.theme), context, key="dots", height=280,
                    alt="Each trade by time of execution and price", known=trades["price_eur_per_mwh"], rows=trades,
                    name="trade_dots")  # fmt: skip
        if len(trades) == queries.MOST_TRADES:
            st.caption(f"The {queries.MOST_TRADES:,} largest trades of {shown.title}.")
        elif shown is not view:
            st.caption(f"Trades of {shown.title}, the last day that was traded.")
with right:
    st.subheader("Alpha")
    alphas = queries.alpha(context.con, view)
    shell.chart(charts.alpha(alphas, context.theme), context, key="alpha",
                height=280 if view.days > 3 else 190, alt="Alpha by hour and day",
                known=alphas["priced_alpha_eur"], rows=alphas, name="alpha")  # fmt: skip
    if unpriced:
        st.caption(f"▨ {number(unpriced)} quarter-hours with trades have no market price; their alpha is in no cell.")
    lead = context.ask(queries.trade_lead_times, view)
    if lead is not None:
        shell.table(lead, context, key="lead", name="trades_by_lead_time", mart="marts.fct_trading_lead_times",
                    height=170)  # fmt: skip

st.subheader("From day to product to trade")
if view.days > 1:
    place = shell.table(everything.drop(columns="product"), context, key="day_rows", name="trading_days",
                        mart="marts.fct_trading_days", chosen_by=("delivery_date",), height=220)  # fmt: skip
    if place is None:
        st.caption("Choose a day to see its products.")
        st.stop()
    chosen = everything.iloc[place]["delivery_date"].date()
    shown = replace(view, first=chosen, last=chosen)
products = context.ask(queries.products, shown)
if products is None:
    shell.not_seen("Single trades")
    st.stop()
st.caption(f"Products of {shown.title}; choose one to see its trades.")
place = shell.table(products, context, key="products", name="products", mart="marts.fct_trades",
                    chosen_by=("delivery_start_utc", "product"), height=220)  # fmt: skip
if place is not None:
    product = products.iloc[place]
    st.caption(
        f"Trades of the {product['product'].replace('_', '-')} from {clock(product['delivery_start_utc'], view.zone)}"
    )
    shell.table(
        queries.trades_of(context.con, product["delivery_start_utc"].to_pydatetime(), product["product"]),
        context, key="trades", name="trades", mart="marts.fct_trades", height=260,
    )  # fmt: skip
