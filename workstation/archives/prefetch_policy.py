"""What may be fetched before it is asked for: `resources/prefetch.toml` or a site's own copy of it, checked.

A copy with a mistake is refused whole, by file, key and reason; the built-in one then holds.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time
from importlib.resources import files
from pathlib import Path
from typing import Any

from workstation.errors import Refused, WorkstationError

FILE_NAME = "prefetch.toml"
MAX_FILE_BYTES = 256 * 1024
METERED = ("stop", "night", "fetch")
LEAST = {"half_age_years": 0.1}


@dataclass(frozen=True, slots=True)
class PriorRules:
    """How many earlier studies, how old in years at most, and the points one must have."""

    most: int
    oldest_years: float
    least_points: float


@dataclass(frozen=True, slots=True)
class Points:
    """Weights of relevance; `half_age_years` is the age at which `recent` counts half."""

    same_region: float
    unknown_region: float
    same_modality: float
    kindred_modality: float
    same_side: float
    recent: float
    half_age_years: float
    other_region: float
    other_side: float


@dataclass(frozen=True, slots=True)
class Words:
    """How a study says what it shows: beginnings of words, small letters."""

    regions: Mapping[str, tuple[str, ...]]
    overlapping: tuple[frozenset[str], ...]
    paired: frozenset[str]
    left: tuple[str, ...]
    right: tuple[str, ...]
    kindred: tuple[frozenset[str], ...]


@dataclass(frozen=True, slots=True)
class PrefetchPolicy:
    """Times of day are local; bandwidth in kilobits each second, 0 for no cap."""

    horizon_hours: float
    modalities: tuple[str, ...]
    most_rows: int
    ask_again_minutes: float
    priors: PriorRules
    by_modality: Mapping[str, PriorRules]
    points: Points
    words: Words
    day_kilobits: int
    night_kilobits: int
    night_from: time
    night_to: time
    night_horizon_hours: float
    metered: str
    archive_order: tuple[str, ...]
    disk_share: float
    quiet_seconds: float
    put_away_seconds: float
    retry_seconds: float
    longest_retry_seconds: float

    def is_night(self, now: datetime) -> bool:
        """`now` in any zone; the window is in that of this machine."""
        clock = now.astimezone().time()
        if self.night_from <= self.night_to:
            return self.night_from <= clock < self.night_to
        return clock >= self.night_from or clock < self.night_to

    def horizon(self, now: datetime) -> float:
        """Hours ahead that are prepared for."""
        return self.night_horizon_hours if self.is_night(now) else self.horizon_hours

    def kilobits(self, now: datetime) -> int:
        return self.night_kilobits if self.is_night(now) else self.day_kilobits

    def priors_for(self, modality: str) -> PriorRules:
        """`modality` as a worklist row says it: `CT`, `CT/PT`."""
        return next((self.by_modality[one] for one in modality.split("/") if one in self.by_modality), self.priors)

    def may_fetch_metered(self, now: datetime) -> bool:
        return self.metered == "fetch" or (self.metered == "night" and self.is_night(now))


def load_policy(config: Path) -> tuple[PrefetchPolicy, WorkstationError | None]:
    """The policy that holds, and why the copy in the `config` folder is not used when it is not."""
    built_in = tomllib.loads(files("resources").joinpath(FILE_NAME).read_text(encoding="utf-8"))
    path = config / FILE_NAME
    if not path.is_file():
        return parse_policy(built_in, built_in), None
    try:
        return parse_policy(_read(path), built_in), None
    except Refused as error:
        return parse_policy(built_in, built_in), error


def parse_policy(own: Mapping[str, Any], built_in: Mapping[str, Any]) -> PrefetchPolicy:
    """`own` on top of `built_in`. Raises Refused with the key and the reason."""
    for name in own:
        if name not in built_in:
            raise _refused(name, f"there is no such table; there are {', '.join(built_in)}")
    tables = {name: _Table(name, own.get(name, {}), table) for name, table in built_in.items()}
    bandwidth, politeness = tables["bandwidth"], tables["politeness"]
    night_from, night_to = bandwidth.night("night")
    general = _priors(tables["priors"])
    return PrefetchPolicy(
        horizon_hours=tables["worklist"].number("horizon_hours"),
        modalities=tables["worklist"].texts("modalities"),
        most_rows=tables["worklist"].whole("most_rows"),
        ask_again_minutes=tables["worklist"].number("ask_again_minutes"),
        priors=general,
        by_modality=_by_modality(tables["modality"], general),
        points=Points(**{name: tables["points"].number(name, least=LEAST.get(name, -1000)) for name in Points.__slots__}),
        words=_words(tables),
        day_kilobits=bandwidth.whole("day_kilobits"),
        night_kilobits=bandwidth.whole("night_kilobits"),
        night_from=night_from,
        night_to=night_to,
        night_horizon_hours=bandwidth.number("night_horizon_hours"),
        metered=bandwidth.one_of("metered", METERED),
        archive_order=tables["archives"].texts("order"),
        disk_share=tables["disk"].number("share", most=1),
        quiet_seconds=politeness.number("quiet_milliseconds") / 1000,
        put_away_seconds=politeness.number("put_away_seconds"),
        retry_seconds=politeness.number("retry_seconds", least=1),
        longest_retry_seconds=politeness.number("longest_retry_seconds", least=1),
    )


class _Table:
    """One table of the file, keys of the built-in one replaced by those of the copy."""

    OPEN = frozenset({"modality", "kindred", "regions", "overlapping"})

    def __init__(self, name: str, own: Any, built_in: Mapping[str, Any]) -> None:
        if not isinstance(own, dict):
            raise _refused(name, "it must be a table")
        self._name = name
        for key in own:
            if name not in self.OPEN and key not in built_in:
                raise _refused(f"{name}.{key}", f"there is no such key; there are {', '.join(built_in)}")
        self._values = {**built_in, **own}

    def names(self) -> tuple[str, ...]:
        return tuple(self._values)

    def table(self, key: str, built_in: Mapping[str, Any]) -> _Table:
        return _Table(f"{self._name}.{key}", self._values[key], built_in)

    def number(self, key: str, least: float = 0, most: float = 10_000_000) -> float:
        value = self._values[key]
        if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
            raise self._wrong(key, f"must be a number from {least:g} to {most:g}")
        return float(value)

    def whole(self, key: str) -> int:
        value = self.number(key)
        if value != int(value):
            raise self._wrong(key, "must be a whole number")
        return int(value)

    def texts(self, key: str) -> tuple[str, ...]:
        value = self._values[key]
        if not isinstance(value, list) or not all(isinstance(text, str) and text for text in value):
            raise self._wrong(key, "must be a list of texts")
        return tuple(value)

    def one_of(self, key: str, choices: tuple[str, ...]) -> str:
        value = self._values[key]
        if value not in choices:
            raise self._wrong(key, f"must be one of {', '.join(choices)}")
        return str(value)

    def night(self, key: str) -> tuple[time, time]:
        try:
            begin, end = (time.fromisoformat(part.strip()) for part in str(self._values[key]).split("-"))
        except ValueError:
            raise self._wrong(key, 'must be two times of day, such as "22:00-06:00"') from None
        return begin, end

    def _wrong(self, key: str, reason: str) -> Refused:
        return _refused(f"{self._name}.{key}", reason)


def _priors(table: _Table) -> PriorRules:
    return PriorRules(table.whole("most"), table.number("oldest_years"), table.number("least_points", least=-1000))


def _by_modality(table: _Table, general: PriorRules) -> dict[str, PriorRules]:
    inherited = {name: getattr(general, name) for name in PriorRules.__slots__}
    return {modality: _priors(table.table(modality, inherited)) for modality in table.names()}


def _words(tables: Mapping[str, _Table]) -> Words:
    regions = {name: _small(tables["regions"].texts(name)) for name in tables["regions"].names()}
    sides, overlapping = tables["sides"], tables["overlapping"]
    for table, names in ((overlapping, overlapping.names()), (sides, ("paired",))):
        for key in names:
            unknown = [name for name in table.texts(key) if name not in regions]
            if unknown:
                raise _refused(key, f"there is no region {unknown[0]!r}")
    return Words(
        regions,
        tuple(frozenset(overlapping.texts(key)) for key in overlapping.names()),
        frozenset(sides.texts("paired")),
        _small(sides.texts("left")),
        _small(sides.texts("right")),
        tuple(frozenset(tables["kindred"].texts(key)) for key in tables["kindred"].names()),
    )


def _small(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(word.casefold() for word in words)


def _read(path: Path) -> dict[str, Any]:
    try:
        content = path.read_bytes()
        if len(content) > MAX_FILE_BYTES:
            raise _refused("", f"it is larger than {MAX_FILE_BYTES // 1024} KiB")
        return tomllib.loads(content.decode("utf-8"))
    except OSError as error:
        raise _refused("", f"it cannot be read: {error.strerror}") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise _refused("", f"it is not TOML: {error}") from None


def _refused(key: str, reason: str) -> Refused:
    detail = f"{key}: {reason}" if key else reason
    return Refused(
        f"Your {FILE_NAME} is not used", detail, "Correct the file and start again; until then the built-in rules hold"
    )
