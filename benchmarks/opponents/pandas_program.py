"""A pandas program that makes the products of FRAMES: `python -m benchmarks.opponents.pandas_program RAW OUT`.

Vectorised throughout, in floating point; it asks the raw database for no column that it does not need. Prints how long
it took, from opening raw to the last frame; writing them for the comparison is not counted.
"""

from __future__ import annotations

import json
import sys
import time

import duckdb
import numpy as np
import pandas as pd

ZONE = "Europe/Berlin"
QUARTER_HOUR = pd.Timedelta(minutes=15)
HOLD = pd.Timedelta(minutes=5)
KEY = ["asset_id", "delivery_start_utc"]


def local_days(moments: pd.Series) -> pd.Series:
    """The local delivery dates of naive UTC moments, worked out once per quarter-hour."""
    codes, distinct = pd.factorize(moments)
    days = pd.DatetimeIndex(distinct).tz_localize("UTC").tz_convert(ZONE).tz_localize(None).normalize()
    return pd.Series(days.to_numpy()[codes], index=moments.index)


def last_rows(frame: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """The row of each key from the latest file."""
    return frame.sort_values(["file_order", "row_number"]).drop_duplicates(keys, keep="last")


class Program:
    """The whole computation."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self.con = con
        files = con.execute("select file_id, file_name, file_timestamp_utc from manifest").df()
        files = files.sort_values(["file_timestamp_utc", "file_name", "file_id"], na_position="first")
        files["file_order"] = np.arange(len(files))
        self.files = files
        self.order = files.set_index("file_id")["file_order"]

    def table(self, name: str, columns: str, where: str) -> pd.DataFrame:
        """A raw table's valid rows, with the order of their files."""
        frame = self.con.execute(f"select {columns}, file_id, row_number from {name} where {where}").df()
        frame["file_order"] = frame.pop("file_id").map(self.order)
        return frame

    def forecasts(self) -> pd.DataFrame:
        """Latest and latest tradeable forecast of each asset and quarter-hour."""
        frame = self.table(
            "forecasts", "asset_id, delivery_start_utc, version_utc, power_kw", "power_kw is not null"
        ).astype({"asset_id": "category"})
        frame = frame[frame["version_utc"] <= frame["delivery_start_utc"]]
        frame = frame.sort_values(["version_utc", "file_order", "row_number"])
        names = {"version_utc": "latest_version_utc", "power_kw": "latest_forecast_kw"}
        latest = frame.drop_duplicates(KEY, keep="last")[[*KEY, *names]].rename(columns=names)
        in_time = frame[frame["version_utc"] <= frame["delivery_start_utc"] - QUARTER_HOUR]
        names = {"version_utc": "tradeable_version_utc", "power_kw": "tradeable_forecast_kw"}
        tradeable = in_time.drop_duplicates(KEY, keep="last")[[*KEY, *names]].rename(columns=names)
        return latest.merge(tradeable, on=KEY, how="left").astype({"asset_id": "object"})

    def live(self) -> pd.DataFrame:
        """Time-weighted mean and coverage of each asset and quarter-hour."""
        frame = self.table(
            "live_measured_infeed",
            "asset_id, measured_at_utc, power_kw",
            "power_kw is not null and coalesce(quality, 1) > 0",
        ).astype({"asset_id": "category"})
        frame = frame.sort_values(["asset_id", "measured_at_utc", "file_order", "row_number"])
        following = frame.groupby("asset_id", observed=True)["measured_at_utc"].shift(-1)
        until = frame["measured_at_utc"] + HOLD
        frame["until"] = until.where(following.isna() | (following > until), following)
        frame["delivery_start_utc"] = frame["measured_at_utc"].dt.floor("15min")
        end = frame["delivery_start_utc"] + QUARTER_HOUR
        first = frame.assign(seconds=(frame["until"].where(frame["until"] < end, end) - frame["measured_at_utc"]))
        over = frame["until"] > end
        second = frame[over].assign(delivery_start_utc=end[over], seconds=frame["until"][over] - end[over])
        pieces = pd.concat([first, second])
        pieces["seconds"] = pieces["seconds"].dt.total_seconds()
        pieces["kw_seconds"] = pieces["power_kw"] * pieces["seconds"]
        summed = pieces.groupby(KEY, observed=True)[["seconds", "kw_seconds"]].sum().reset_index()
        summed = summed[summed["seconds"] > 0]
        summed["live_coverage"] = summed["seconds"] / 900
        summed["live_kw"] = (summed["kw_seconds"] / summed["seconds"]).where(summed["live_coverage"] >= 0.5)
        return summed[[*KEY, "live_kw", "live_coverage"]].astype({"asset_id": "object"})

    def asset_days(self, days: pd.Series) -> pd.DataFrame:
        """The contract of each asset and delivery date."""
        lists = self.con.execute(
            "select contract_id, asset_id, metering_point_id, contract_begin, contract_end, row_number, file_id, "
            "asset_id is not null and contract_begin is not null and has_readable_end as has_terms from contracts"
        ).df()
        stamps = self.files.set_index("file_id")["file_timestamp_utc"]
        lists["file_order"] = lists["file_id"].map(self.order)
        lists["listed_on"] = local_days(lists["file_id"].map(stamps))
        latest = last_rows(lists[lists["has_terms"]], ["contract_id"])
        orders = lists[["file_order", "listed_on"]].drop_duplicates().sort_values("file_order")
        last = lists.groupby("contract_id")["file_order"].max()
        place = orders["file_order"].searchsorted(latest["contract_id"].map(last), side="right")
        dropped = pd.Series([*orders["listed_on"], pd.NaT]).iloc[place].to_numpy()
        ends = pd.DataFrame({"a": pd.to_datetime(latest["contract_end"]).to_numpy(), "b": dropped}).min(axis=1)
        latest = latest.assign(end=ends.fillna(pd.Timestamp("2200-01-01")).to_numpy())
        crossed = latest.merge(days.to_frame("delivery_date"), how="cross")
        begins = pd.to_datetime(crossed["contract_begin"])
        covered = crossed[(begins <= crossed["delivery_date"]) & (crossed["end"] > crossed["delivery_date"])]
        covered = covered.sort_values(["contract_begin", "contract_id"])
        covered = covered.drop_duplicates(["asset_id", "delivery_date"], keep="last")
        return covered[["asset_id", "metering_point_id", "contract_id", "delivery_date"]]

    def asset_infeed(
        self, forecasts: pd.DataFrame, live: pd.DataFrame, asset_days: pd.DataFrame, calendar: pd.DataFrame
    ) -> pd.DataFrame:
        """The best of infeed with its source."""
        place = ["metering_point_id", "delivery_start_utc"]
        final = last_rows(
            self.table("final_production", f"{', '.join(place)}, power_kw as final_kw", "power_kw is not null"), place
        )
        flags = last_rows(
            self.table("redispatch_flags", f"{', '.join(place)}, is_redispatched", "is_redispatched is not null"), place
        )
        frame = asset_days.merge(calendar, on="delivery_date")
        frame = frame.merge(final[[*place, "final_kw"]], on=place, how="left")
        frame = frame.merge(flags[[*place, "is_redispatched"]], on=place, how="left")
        frame = frame.merge(live, on=KEY, how="left")
        frame = frame.merge(forecasts[[*KEY, "latest_forecast_kw"]], on=KEY, how="left")
        frame["is_redispatched"] = frame["is_redispatched"].eq(True)
        frame["live_coverage"] = frame["live_coverage"].fillna(0.0)
        conditions = [
            frame["final_kw"].notna(), frame["live_kw"].notna(), frame["is_redispatched"],
            frame["latest_forecast_kw"].notna(),
        ]  # fmt: skip
        values = [frame["final_kw"], frame["live_kw"], 0.0, frame["latest_forecast_kw"]]
        frame["infeed_source"] = np.select(conditions, ["final", "live", "redispatch", "forecast"], default="")
        frame["infeed_kw"] = np.maximum(np.select(conditions, values, default=np.nan), 0.0)
        frame = frame[frame["infeed_source"] != ""].copy()
        frame["infeed_mwh"] = (frame["infeed_kw"] * 0.00025).round(9)
        return frame[
            [*KEY, "delivery_date", "contract_id", "infeed_kw", "infeed_mwh", "infeed_source", "final_kw", "live_kw",
             "live_coverage", "latest_forecast_kw", "is_redispatched"]
        ]  # fmt: skip

    def trades(self, side: str) -> pd.DataFrame:
        """Trades of one side of the market as they are now, split into quarter-hours."""
        frame = self.table(
            f"{side}_trades",
            "trade_id, side, delivery_start_utc, delivery_end_utc, executed_at_utc, volume_unit, "
            "cast(price_eur_per_mwh as double) as price, cast(volume as double) as volume",
            "delivery_end_utc > delivery_start_utc and executed_at_utc is not null and price_eur_per_mwh is not null "
            "and volume is not null and volume_unit is not null and currency is not null",
        )
        trades = last_rows(frame, ["trade_id", "side"] if side == "private" else ["trade_id"])
        parts = ((trades["delivery_end_utc"] - trades["delivery_start_utc"]) // QUARTER_HOUR).to_numpy()
        mwh = np.where(trades["volume_unit"] == "MW", trades["volume"] * parts / 4, trades["volume"])
        split = trades.loc[trades.index.repeat(parts)].copy()
        nth = np.arange(len(split)) - np.repeat(np.cumsum(parts) - parts, parts)
        split["delivery_start_utc"] += nth * QUARTER_HOUR
        # the parts add up to the whole at nine decimals
        units, count = np.repeat(np.rint(mwh * 1e9).astype("int64"), parts), np.repeat(parts, parts)
        split["mwh"] = (units * (nth + 1) // count - units * nth // count) / 1e9
        return split

    def trading(self, ours: pd.DataFrame, market: pd.DataFrame) -> pd.DataFrame:
        """Our trading beside the market's, by quarter-hour."""
        market = market.assign(turnover=market["price"] * market["mwh"])
        lead = market["delivery_start_utc"] - market["executed_at_utc"]
        sums = market.groupby("delivery_start_utc").agg(
            market_trades=("mwh", "size"), market_mwh=("mwh", "sum"), turnover=("turnover", "sum")
        )
        sums["market_vwap_eur_per_mwh"] = (sums["turnover"] / sums["market_mwh"]).where(sums["market_mwh"] > 0).round(6)
        for hours in (1, 3):
            late = market[(lead > pd.Timedelta(0)) & (lead <= pd.Timedelta(hours=hours))]
            index = late.groupby("delivery_start_utc")[["turnover", "mwh"]].sum()
            sums[f"id{hours}_like_eur_per_mwh"] = (index["turnover"] / index["mwh"]).where(index["mwh"] > 0).round(6)
        is_sale = ours["side"] == "SELL"
        turnover = ours["price"] * ours["mwh"]
        ours = ours.assign(
            revenue=turnover.where(is_sale, -turnover), turnover=turnover,
            sell_turnover=turnover.where(is_sale, 0), buy_turnover=turnover.where(~is_sale, 0),
            sold=ours["mwh"].where(is_sale, 0), bought=ours["mwh"].where(~is_sale, 0),
        )  # fmt: skip
        columns = ["revenue", "turnover", "sell_turnover", "buy_turnover", "sold", "bought"]
        own = ours.groupby("delivery_start_utc")[columns].sum()
        own["trades"] = ours.groupby("delivery_start_utc")["trade_id"].nunique()
        both = own.join(sums.drop(columns="turnover"), how="outer")
        net = both["sold"] - both["bought"]
        traded = both["trades"].notna()
        sums_of = {"sell": ("sell_turnover", "sold"), "buy": ("buy_turnover", "bought")}
        result = pd.DataFrame(index=both.index)
        result["revenue_eur"] = both["revenue"].fillna(0)
        result["trades"] = both["trades"].fillna(0).astype("int64")
        result["sold_mwh"], result["bought_mwh"] = both["sold"].fillna(0), both["bought"].fillna(0)
        result["net_sold_mwh"] = net.fillna(0)
        volume = both["sold"] + both["bought"]
        result["private_vwap_eur_per_mwh"] = (both["turnover"] / volume).where(volume > 0)
        for name, (money, energy) in sums_of.items():
            result[f"{name}_vwap_eur_per_mwh"] = (both[money] / both[energy]).where(both[energy] > 0)
        for name in ("market_vwap_eur_per_mwh", "id1_like_eur_per_mwh", "id3_like_eur_per_mwh"):
            result[name] = both[name]
        result["market_mwh"] = both["market_mwh"].fillna(0)
        result["market_trades"] = both["market_trades"].fillna(0).astype("int64")
        alpha = both["revenue"] - both["market_vwap_eur_per_mwh"] * net
        result["alpha_eur"] = alpha.where(traded, 0)
        result = result.reset_index()
        result.insert(1, "delivery_date", local_days(result["delivery_start_utc"]))
        return result

    def imbalance_prices(self) -> pd.DataFrame:
        """The price for each side: the final one, else the estimate."""
        key = ["delivery_start_utc"]
        cells = "cast(short_price_eur_per_mwh as double) as short, cast(long_price_eur_per_mwh as double) as long"
        final = self.table(
            "imbalance_prices_final",
            f"delivery_start_utc, {cells}",
            "short_price_eur_per_mwh is not null or long_price_eur_per_mwh is not null",
        ).sort_values(["file_order", "row_number"])
        final = final.groupby("delivery_start_utc")[["short", "long"]].last()
        estimates = last_rows(
            self.table(
                "imbalance_prices_estimated",
                "delivery_start_utc, cast(estimate_eur_per_mwh as double) as estimate",
                "estimate_eur_per_mwh is not null",
            ),
            key,
        ).set_index("delivery_start_utc")["estimate"]
        prices = final.join(estimates, how="outer")
        for side in ("short", "long"):
            estimated = pd.Series("estimate", index=prices.index).where(prices["estimate"].notna())
            prices[f"{side}_status"] = estimated.mask(prices[side].notna(), "final")
            prices[side] = prices[side].fillna(prices["estimate"])
        return prices.reset_index()

    def run(self) -> dict[str, pd.DataFrame]:
        """Every product by the name of its mart."""
        forecasts, live = self.forecasts(), self.live()
        ours = self.trades("private")
        market = self.trades("public")
        prices = self.imbalance_prices()
        moments = pd.concat(
            [frame["delivery_start_utc"] for frame in (forecasts, live, ours, market, prices)], ignore_index=True
        )
        days = local_days(pd.Series([moments.min(), moments.max()]))
        first, last = days.min().to_period("M").start_time, days.max().to_period("M").end_time.normalize()
        start, end = (
            day.tz_localize(ZONE).tz_convert("UTC").tz_localize(None) for day in (first, last + pd.Timedelta(days=1))
        )
        calendar = pd.DataFrame({"delivery_start_utc": pd.date_range(start, end, freq="15min", inclusive="left")})
        calendar["delivery_date"] = local_days(calendar["delivery_start_utc"])
        asset_days = self.asset_days(calendar["delivery_date"].drop_duplicates())
        expected = asset_days.groupby("delivery_date").size().rename("assets_expected")

        forecasts = forecasts.merge(calendar, on="delivery_start_utc")
        forecasts = forecasts.merge(
            asset_days[["asset_id", "delivery_date", "contract_id"]], on=["asset_id", "delivery_date"]
        )
        for name in ("latest", "tradeable"):
            forecasts[f"{name}_forecast_mwh"] = (forecasts[f"{name}_forecast_kw"] * 0.00025).round(9)
        infeed = self.asset_infeed(forecasts, live, asset_days, calendar)
        trading = self.trading(ours, market)
        positions = self.positions(infeed, trading, calendar, expected)
        imbalance = self.asset_imbalance(infeed, forecasts, prices, trading)
        return {
            "fct_asset_forecasts": forecasts, "fct_asset_infeed": infeed, "fct_trading_quarter_hours": trading,
            "fct_positions": positions, "fct_asset_imbalance": imbalance,
        }  # fmt: skip

    def positions(
        self, infeed: pd.DataFrame, trading: pd.DataFrame, calendar: pd.DataFrame, expected: pd.Series
    ) -> pd.DataFrame:
        """The open position by quarter-hour."""
        is_measured = infeed["infeed_source"].isin(["final", "live"])
        is_forecast = infeed["infeed_source"] == "forecast"
        summed = (
            infeed.assign(
                measured_mwh=infeed["infeed_mwh"].where(is_measured, 0),
                forecast_mwh=infeed["infeed_mwh"].where(is_forecast, 0),
            )
            .groupby("delivery_start_utc")
            .agg(
                infeed_mwh=("infeed_mwh", "sum"), measured_mwh=("measured_mwh", "sum"),
                forecast_mwh=("forecast_mwh", "sum"), assets_present=("asset_id", "size"),
            )
        )  # fmt: skip
        sold = trading[trading["trades"] > 0].set_index("delivery_start_utc")["net_sold_mwh"]
        frame = summed.join(sold, how="outer").reset_index().merge(calendar, on="delivery_start_utc")
        frame["assets_expected"] = frame["delivery_date"].map(expected).fillna(0).astype("int64")
        frame["infeed_mwh"] = frame["infeed_mwh"].where(frame["assets_expected"] > 0, 0)
        for name in ("measured_mwh", "forecast_mwh", "net_sold_mwh"):
            frame[name] = frame[name].fillna(0)
        frame["assets_present"] = frame["assets_present"].fillna(0).astype("int64")
        frame["open_position_mwh"] = frame["infeed_mwh"] - frame["net_sold_mwh"]
        frame["is_complete"] = frame["assets_present"] == frame["assets_expected"]
        return frame

    def asset_imbalance(
        self, infeed: pd.DataFrame, forecasts: pd.DataFrame, prices: pd.DataFrame, trading: pd.DataFrame
    ) -> pd.DataFrame:
        """Imbalance, its price and cost by asset and quarter-hour."""
        measured = infeed[infeed["infeed_source"].isin(["final", "live"])]
        frame = measured[[*KEY, "delivery_date", "contract_id", "infeed_mwh"]].merge(
            forecasts[[*KEY, "tradeable_forecast_mwh"]].dropna(), on=KEY
        )
        frame["imbalance_mwh"] = (frame["infeed_mwh"] - frame["tradeable_forecast_mwh"]).round(9)
        frame = frame.merge(prices, on="delivery_start_utc", how="left")
        market = trading[["delivery_start_utc", "market_vwap_eur_per_mwh"]]
        frame = frame.merge(market, on="delivery_start_utc", how="left")
        is_long = frame["imbalance_mwh"] >= 0
        frame["price_eur_per_mwh"] = frame["long"].where(is_long, frame["short"])
        frame["price_status"] = frame["long_status"].where(is_long, frame["short_status"])
        frame["imbalance_cost_eur"] = -frame["imbalance_mwh"] * frame["price_eur_per_mwh"]
        spread = frame["market_vwap_eur_per_mwh"] - frame["price_eur_per_mwh"]
        frame["imbalance_opportunity_cost_eur"] = frame["imbalance_mwh"] * spread
        return frame[
            [*KEY, "delivery_date", "contract_id", "imbalance_mwh", "price_eur_per_mwh", "price_status",
             "imbalance_cost_eur", "imbalance_opportunity_cost_eur"]
        ]  # fmt: skip


def main() -> None:
    """Compute from a raw database, and write the frames for the comparison."""
    raw, out = sys.argv[1:]
    started = time.monotonic()
    with duckdb.connect(raw, read_only=True) as con:
        con.execute("set TimeZone = 'UTC'")
        products = Program(con).run()
    seconds = time.monotonic() - started
    with duckdb.connect(out) as con:
        con.execute("create schema marts")
        for name, frame in products.items():
            con.register("frame", frame)
            dates = "replace (cast(delivery_date as date) as delivery_date)"
            con.execute(f"create table marts.{name} as select * {dates} from frame")
            con.unregister("frame")
    print(json.dumps({"seconds": seconds, "tables": list(products)}))


if __name__ == "__main__":
    main()
