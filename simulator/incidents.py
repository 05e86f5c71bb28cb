"""What goes wrong, where and when: drawn at realistic rates, or placed by hand as in the bundled sample."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from typing import TYPE_CHECKING, NamedTuple

from simulator.noise import generator
from simulator.times import DAY, MARKET_ZONE, QUARTER_HOUR, local_day, quarter_hours

if TYPE_CHECKING:
    from simulator.portfolio import Asset, Portfolio


@dataclass(frozen=True)
class Oddities:
    """The oddities of the feeds, each of which can be switched off."""

    late_final: bool = True
    restated_final: bool = True
    blank_final: bool = True
    missing_final: bool = True
    missing_live: bool = True
    irregular_live: bool = True
    live_outages: bool = True
    flat_live: bool = True
    bad_quality: bool = True
    negative_nights: bool = True
    entity_ids: bool = True
    redispatch: bool = True
    unpriced_redispatch: bool = True
    late_imbalance: bool = True
    imbalance_holes: bool = True
    imbalance_not_available: bool = True
    unequal_sides: bool = True
    imbalance_zones: bool = True
    contract_changes: bool = True
    dropped_contracts: bool = True
    unpriced_contracts: bool = True
    changed_capacities: bool = True
    recalled_trades: bool = True
    duplicated_trades: bool = True
    mw_label: bool = True
    exchange_layout: bool = True
    late_forecasts: bool = True
    lost_forecasts: bool = True
    resent_forecasts: bool = True
    blank_forecasts: bool = True
    mislabelled_seconds: bool = True

    @staticmethod
    def names() -> list[str]:
        """The names of all oddities, as the command line has them."""
        return [field.name.replace("_", "-") for field in fields(Oddities)]

    @staticmethod
    def without(*names: str) -> Oddities:
        """All oddities but some.

        Raises:
            ValueError: if a name is unknown; its text names those that there are.
        """
        unknown = [name for name in names if name not in Oddities.names()]
        if unknown:
            raise ValueError(f"{unknown[0]!r} is no oddity; there are {', '.join(Oddities.names())}")
        return Oddities(**{name.replace("-", "_"): False for name in names})

    @staticmethod
    def none() -> Oddities:
        """No oddity at all."""
        return Oddities.without(*Oddities.names())


class Spell(NamedTuple):
    """A time in which an asset's feed is not as it should be, from one UTC moment (in) to another (out)."""

    asset_id: str
    first: datetime
    end: datetime


class Restatement(NamedTuple):
    """A day's final production that comes again: times a factor up to a moment, blank at one quarter-hour or none."""

    asset_id: str
    factor: float
    until: datetime
    blank: datetime | None
    days_later: int


class ImbalanceZone(NamedTuple):
    """How an imbalance file names its time zone, and what that means."""

    label: str
    zone: tzinfo


SUMMER_TIME = ImbalanceZone("CEST", timezone(timedelta(hours=2)))
WINTER_TIME = ImbalanceZone("CET", timezone(timedelta(hours=1)))
LOCAL_TIME = ImbalanceZone("Europe/Berlin", MARKET_ZONE)
UTC_TIME = ImbalanceZone("UTC", UTC)


class ImbalanceFile(NamedTuple):
    """How a day's imbalance prices come.

    Attributes:
        stamp: the timestamp in the file's name.
        zone: of its local times.
        encoding: of its text.
        missing: quarter-hours of the day, counted from 0, that it lacks.
        unknown: those whose price is `N.A.`.
    """

    stamp: str
    zone: ImbalanceZone = UTC_TIME
    encoding: str = "utf-8"
    missing: frozenset[int] = frozenset()
    unknown: frozenset[int] = frozenset()


class TradeFiles(NamedTuple):
    """How a day's trades come.

    Attributes:
        as_exchange: whether in the exchange's own layout.
        private_in_mw: whether our volumes are MW, and labelled so; else MWh.
        duplicated: how many of our rows stand twice in their file.
        later_export: when a few trades come again; None: never.
        corrected: how many of those have another price.
        recalled: how many of those were recalled: their volume is 0.
        repeated: how many come again unchanged.
    """

    as_exchange: bool = False
    private_in_mw: bool = False
    duplicated: int = 0
    later_export: datetime | None = None
    corrected: int = 0
    recalled: int = 0
    repeated: int = 0


@dataclass(frozen=True)
class Incidents:
    """What goes wrong with the files of one local delivery day.

    Attributes:
        switched_off: redispatch, from the first quarter-hour to the end of the last.
        flag_stamps: asset -> timestamp in the name of its flags' file.
        live_gaps: nothing is measured.
        flat_live: the last value is repeated.
        without_value: samples have no value.
        bad_quality: samples are 0 with quality 0.
        without_quality: samples have no quality.
        negative_nights: a solar asset that gives nothing draws a little.
        blank_final: asset and quarter-hour without a final value.
        late_final: asset -> days that its final production is late.
        restated: final production that comes again.
        unpriced: quarter-hours without a compensation price.
        negative_compensation: those whose compensation price is below 0.
        lost_forecasts: asset and version that never come.
        late_forecasts: asset and version -> when they come.
        resent_forecasts: asset and version -> when they come again, with other powers.
        unordered_forecasts: asset and version whose points are out of order.
        blank_forecasts: asset and version with four points without a power.
        forecasts_in_ms: asset and version whose times are milliseconds, as labelled; else they are seconds.
        seconds_as_ms: whether forecast times are seconds under the label ms.
        unequal_sides: whether the two sides of the final imbalance price differ at times.
        trades: how trades come.
        imbalance_final: how final imbalance prices come.
        imbalance_estimate: how estimated ones come.
    """

    trades: TradeFiles
    imbalance_final: ImbalanceFile
    imbalance_estimate: ImbalanceFile
    switched_off: tuple[Spell, ...] = ()
    flag_stamps: Mapping[str, str] = field(default_factory=dict)
    live_gaps: tuple[Spell, ...] = ()
    flat_live: tuple[Spell, ...] = ()
    without_value: tuple[Spell, ...] = ()
    bad_quality: tuple[Spell, ...] = ()
    without_quality: tuple[Spell, ...] = ()
    negative_nights: bool = True
    blank_final: frozenset[tuple[str, datetime]] = frozenset()
    late_final: Mapping[str, int] = field(default_factory=dict)
    restated: tuple[Restatement, ...] = ()
    unpriced: frozenset[datetime] = frozenset()
    negative_compensation: frozenset[datetime] = frozenset()
    lost_forecasts: frozenset[tuple[str, datetime]] = frozenset()
    late_forecasts: Mapping[tuple[str, datetime], datetime] = field(default_factory=dict)
    resent_forecasts: Mapping[tuple[str, datetime], datetime] = field(default_factory=dict)
    unordered_forecasts: frozenset[tuple[str, datetime]] = frozenset()
    blank_forecasts: frozenset[tuple[str, datetime]] = frozenset()
    forecasts_in_ms: frozenset[tuple[str, datetime]] = frozenset()
    seconds_as_ms: bool = True
    unequal_sides: bool = True


def draw(day: date, portfolio: Portfolio, oddities: Oddities, seed: int) -> Incidents:
    """Draw what goes wrong on a local delivery day.

    Args:
        day: the local day.
        portfolio: whose feeds.
        oddities: what may go wrong.
        seed: of the simulation; equal arguments give equal incidents.
    """
    starts = quarter_hours(*local_day(day))
    chance = _Chance(day, starts, portfolio.assets, seed)
    switched_off = chance.spells(oddities.redispatch, "redispatch", 0.04, 3, 12)
    late_or_lost = {
        name: chance.versions(wanted, name, rate)
        for name, wanted, rate in (
            ("late", oddities.late_forecasts, 0.003),
            ("lost", oddities.lost_forecasts, 0.002),
            ("resent", oddities.resent_forecasts, 0.0005),
            ("blank", oddities.blank_forecasts, 0.0005),
            ("unordered", oddities.blank_forecasts, 0.0005),
        )
    }
    late = late_or_lost["late"] - late_or_lost["lost"]
    resent = late_or_lost["resent"] - late_or_lost["lost"] - late
    return Incidents(
        trades=_trades(day, oddities, seed),
        imbalance_final=_imbalance(day, len(starts), oddities, seed, final=True),
        imbalance_estimate=_imbalance(day, len(starts), oddities, seed, final=False),
        switched_off=switched_off,
        flag_stamps={spell.asset_id: f"{day + DAY:%Y%m%d}_1201" for spell in switched_off},
        live_gaps=chance.spells(oddities.live_outages, "live gap", 0.08, 1, 24)
        # A plant that is switched off is often out of reach as well.
        + tuple(spell for n, spell in enumerate(switched_off) if oddities.live_outages and n % 3 == 0),
        flat_live=chance.spells(oddities.flat_live, "flat live", 0.04, 4, 20),
        without_value=chance.spells(oddities.bad_quality, "without value", 0.03, 1, 2),
        bad_quality=chance.spells(oddities.bad_quality, "bad quality", 0.03, 1, 3),
        without_quality=chance.spells(oddities.bad_quality, "without quality", 0.03, 1, 2),
        negative_nights=oddities.negative_nights,
        blank_final=frozenset(
            (spell.asset_id, start)
            for spell in chance.spells(oddities.blank_final, "blank final", 0.02, 1, 3)
            for start in quarter_hours(spell.first, spell.end)
        ),
        late_final=chance.assets(oddities.late_final, "late final", 0.10, 2, 9),
        restated=tuple(
            Restatement(asset_id, 0.97, starts[len(starts) // 3], None, days_later)
            for asset_id, days_later in chance.assets(oddities.restated_final, "restated", 0.04, 11, 21).items()
        ),
        unpriced=chance.moments(oddities.unpriced_redispatch, "unpriced", 0.03),
        negative_compensation=chance.moments(oddities.unpriced_redispatch, "negative compensation", 0.01),
        lost_forecasts=late_or_lost["lost"],
        late_forecasts={key: key[1] + 3 * QUARTER_HOUR for key in sorted(late)},
        resent_forecasts={key: key[1] + 3 * QUARTER_HOUR for key in sorted(resent)},
        unordered_forecasts=late_or_lost["unordered"],
        blank_forecasts=late_or_lost["blank"],
        seconds_as_ms=oddities.mislabelled_seconds,
        unequal_sides=oddities.unequal_sides,
    )


class _Chance:
    """Draws for the assets and quarter-hours of a day; each purpose has a chance of its own."""

    def __init__(self, day: date, starts: list[datetime], assets: tuple[Asset, ...], seed: int) -> None:
        self._day, self._starts, self._assets, self._seed = day.toordinal(), starts, assets, seed

    def assets(self, wanted: bool, purpose: str, rate: float, least: int, most: int) -> dict[str, int]:
        """Some assets, each with a whole number."""
        rng = generator(self._seed, purpose, self._day)
        draws = zip(self._assets, rng.random(len(self._assets)), strict=True)
        hit = [asset.asset_id for asset, draw in draws if wanted and draw < rate]
        return dict(zip(hit, rng.integers(least, most + 1, len(hit)).tolist(), strict=True))

    def spells(self, wanted: bool, purpose: str, rate: float, least: int, most: int) -> tuple[Spell, ...]:
        """Spells of some quarter-hours within the day, at some assets."""
        rng = generator(self._seed, f"{purpose} begins", self._day)
        found = []
        for asset_id, length in self.assets(wanted, purpose, rate, least, most).items():
            first = self._starts[int(rng.integers(0, len(self._starts) - length))]
            found.append(Spell(asset_id, first, first + length * QUARTER_HOUR))
        return tuple(found)

    def moments(self, wanted: bool, purpose: str, rate: float) -> frozenset[datetime]:
        """Some quarter-hours of the day."""
        draws = generator(self._seed, purpose, self._day).random(len(self._starts))
        return frozenset(start for start, draw in zip(self._starts, draws, strict=True) if wanted and draw < rate)

    def versions(self, wanted: bool, purpose: str, rate: float) -> frozenset[tuple[str, datetime]]:
        """Some assets and quarter-hours of the day."""
        rng = generator(self._seed, f"{purpose} forecast", self._day)
        hit = (rng.random((len(self._assets), len(self._starts))) < rate) & wanted
        return frozenset((self._assets[a].asset_id, self._starts[q]) for a, q in zip(*hit.nonzero(), strict=True))


def _trades(day: date, oddities: Oddities, seed: int) -> TradeFiles:
    rng = generator(seed, "trade files", day.toordinal())
    layout, unit, later, recalled, corrected, duplicated = rng.random(6)
    recalls = oddities.recalled_trades and recalled < 0.5
    repeats = oddities.duplicated_trades and later < 0.5
    return TradeFiles(
        as_exchange=oddities.exchange_layout and layout < 0.3,
        private_in_mw=oddities.mw_label and unit < 0.15,
        duplicated=3 if oddities.duplicated_trades and duplicated < 0.3 else 0,
        later_export=local_day(day)[1] + timedelta(days=1, seconds=252) if recalls or repeats else None,
        corrected=1 if repeats and corrected < 0.5 else 0,
        recalled=1 if recalls else 0,
        repeated=4 if repeats else 0,
    )


def _imbalance(day: date, quarter_hours_of_day: int, oddities: Oddities, seed: int, *, final: bool) -> ImbalanceFile:
    rng = generator(seed, f"imbalance file {final}", day.toordinal())
    zones = [UTC_TIME, LOCAL_TIME] if oddities.imbalance_zones else [UTC_TIME]
    holes = frozenset(rng.integers(0, quarter_hours_of_day, 8).tolist())
    unknown = frozenset(rng.integers(0, quarter_hours_of_day, 2).tolist())
    days_later = int(rng.integers(6, 16)) if oddities.late_imbalance else 1
    zone, encoding = zones[int(rng.integers(len(zones)))], str(rng.choice(["utf-8", "utf-8-sig", "cp1252"]))
    stamp = f"{day + days_later * DAY:%Y%m%d}_1708{day.day:02d}" if final else f"{day + DAY}T041800Z"
    return ImbalanceFile(
        stamp,
        zone,
        encoding if oddities.imbalance_zones else "utf-8",
        holes if final and oddities.imbalance_holes else frozenset(),
        unknown if oddities.imbalance_not_available else frozenset(),
    )
