"""Splits images that lie at the same places several times into volumes, where the files say what they differ in.

An attribute, or two, explains them when each of its values names no place twice and it has no more values
than the fullest place has images (`rendering.dimension_rules`). What no attribute explains is not guessed
from file order or numbers: it stays a stack. Each of the volumes is verified as any other; those of them
that lie on the grid that most share are complete, the others are refused alone, with the reason.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, pairwise
from typing import Any

import numpy as np

from rendering.dimension_ranks import ranks_of
from rendering.dimension_rules import DIRECTIONS, IMAGE_TYPES, KINDS, RANKED, RULES, Placed, Rule, seconds
from rendering.volume_checks import FEWEST_SLICES, GRID_TOLERANCE, Reason, grid_reasons, likeness_reasons, stack_reasons
from rendering.volume_grid import Grid, grid_of
from rendering.volume_order import clustered, ordered, places, reading_number
from workstation.domain.dimension import Dimension
from workstation.domain.geometry import VolumeGeometry

# Pairs of attributes are tried of so many: more than that vary only where nothing explains anything.
MOST_VARYING = 8

# Times further apart than this are said in minutes.
MINUTES_FROM = 180.0

Values = tuple[Hashable, ...]


@dataclass(frozen=True, slots=True)
class Split:
    """One of several volumes: its frames in reading order, the values that set it apart and its words."""

    frames: tuple[Placed, ...]
    values: Values
    label: str = ""
    value: float | None = None
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Explained:
    """`rules` tell the volumes apart; those in `ranked` by their rank at each place."""

    rules: tuple[Rule, ...]
    splits: tuple[Split, ...]
    places: int

    @property
    def name(self) -> str:
        return " and ".join(rule.name for rule in self.rules)


def explained(frames: Sequence[Placed]) -> Explained | None:
    """Parallel frames as volumes one after the other; None when nothing in them says how, or each has too few slices."""
    where = clustered(places(frames))
    multiplicity = max(Counter(where).values())
    count = max(where)
    if multiplicity < 2 or count < FEWEST_SLICES:
        return None
    columns = [(rule, column) for rule in RULES if len(set(column := [rule.of(f) for f in frames])) > 1]
    for rules, keys in _candidates(frames, where, columns, multiplicity):
        if len(set(keys)) == multiplicity and len(set(zip(where, keys, strict=True))) == len(frames):
            return Explained(rules, _worded(_splits(frames, where, keys), rules), count)
    return None


def _candidates(
    frames: Sequence[Placed], where: Sequence[int], columns: Sequence[tuple[Rule, list[Any]]], multiplicity: int
) -> Iterator[tuple[tuple[Rule, ...], list[Values]]]:
    """Attributes that may explain the frames, the best first, each with the values of all frames."""
    for rule, column in columns:
        yield (rule,), [(value,) for value in column]
    few = columns[:MOST_VARYING]
    for (one, first), (two, second) in combinations(few, 2):
        yield (one, two), list(zip(first, second, strict=True))
    for rule in RANKED:
        ranks = _ranks(frames, where, rule, multiplicity, [()] * len(frames))
        if ranks is not None:
            yield (rule,), [(rank,) for rank in ranks]
        for other, column in few:
            if other.name != rule.name and len(values := set(column)) > 1 and not multiplicity % len(values):
                ranks = _ranks(frames, where, rule, multiplicity // len(values), column)
                if ranks is not None:
                    yield (other, rule), list(zip(column, ranks, strict=True))


def _ranks(frames: Sequence[Placed], where: Sequence[int], rule: Rule, most: int, within: Sequence[Hashable]) -> list[int] | None:
    return ranks_of([rule.of(frame) for frame in frames], where, within, most, rule.by_time)


def _splits(frames: Sequence[Placed], where: Sequence[int], keys: Sequence[Values]) -> list[Split]:
    found: dict[Values, list[tuple[int, Placed]]] = {}
    for frame, place, key in zip(frames, where, keys, strict=True):
        found.setdefault(key, []).append((place, frame))
    return [
        Split(tuple(f for _, f in sorted(own, key=lambda o: (o[0], reading_number(o[1])))), key)
        for key, own in sorted(found.items(), key=lambda item: tuple(ordered(value) for value in item[0]))
    ]


# Words


def _worded(splits: list[Split], rules: tuple[Rule, ...]) -> tuple[Split, ...]:
    parts = [_words(splits, rule, [split.values[i] for split in splits]) for i, rule in enumerate(rules)]
    beside = [
        _words(splits, rule, values)
        for rule in RULES
        if rule.is_beside and rule not in rules and all(one.by_time for one in rules)
        if (values := _constant(splits, rule)) is not None
    ]
    chosen = len(rules) - 1
    worded = []
    for index, split in enumerate(splits):
        label = " · ".join(dict.fromkeys(part[index][0] for part in (*beside, *parts)))
        _, value, unit = parts[chosen][index]
        worded.append(replace(split, label=label, value=value, unit=unit))
    return tuple(_distinct(worded))


def _constant(splits: Sequence[Split], rule: Rule) -> list[Hashable] | None:
    """The rule's value of each split, when it has one for all its frames and not the same everywhere."""
    values = [{rule.of(frame) for frame in split.frames} for split in splits]
    if any(len(own) != 1 for own in values):
        return None
    found = [next(iter(own)) for own in values]
    return found if len(set(found)) > 1 else None


def _distinct(splits: list[Split]) -> Iterator[Split]:
    counts = Counter(split.label for split in splits)
    seen: Counter[str] = Counter()
    for split in splits:
        seen[split.label] += 1
        yield split if counts[split.label] == 1 else replace(split, label=f"{split.label} ({seen[split.label]})")


Word = tuple[str, float | None, str]
"""Label, number, unit."""


def _words(splits: Sequence[Split], rule: Rule, values: Sequence[Hashable]) -> list[Word]:
    if rule.by_time and (times := _times(splits)) is not None:
        return [(_spoken_time(time), time, "s") for time in times]
    if rule is DIRECTIONS:
        return _directions(values)
    if rule is IMAGE_TYPES:
        return [(words, None, "") for words in _kinds(values)]
    if rule.name == "cardiac phases" and not rule.unit:  # ranked: the trigger delay differs from place to place
        return [_delayed(split) for split in splits]
    return [_word(rule, value) for value in values]


def _word(rule: Rule, value: Any) -> Word:
    if value is None:
        return f"without {rule.name}", None, rule.unit
    if isinstance(value, tuple):  # sorted by something else than its words
        value = value[-1]
    if isinstance(value, str):
        words = value.replace("_", " ").lower()
        return (f"stack {value}" if rule.name == "stacks" else words), None, ""
    return rule.words.format(value), float(value), rule.unit


def _delayed(split: Split) -> Word:
    delays = [f.facts.trigger_time for f in split.frames if f.facts.trigger_time is not None]
    middle = float(np.median(delays))
    return f"{middle:.0f} ms", middle, "ms"


def _directions(values: Sequence[Any]) -> list[Word]:
    """`b 0`, `b 1000 · direction 3`: counted within each b-value that has several."""
    weights = Counter(None if value is None else value[0] for value in values)
    seen: Counter[float] = Counter()
    words: list[Word] = []
    for value in values:
        if value is None:
            words.append(("without b-value", None, "s/mm²"))
            continue
        weight = value[0]
        seen[weight] += 1
        several = f" · direction {seen[weight]}" if weights[weight] > 1 else ""
        words.append((f"b {weight:g}{several}", float(weight), "s/mm²"))
    return words


def _kinds(values: Sequence[Any]) -> list[str]:
    """The words of ImageType in which the volumes differ."""
    shared = set.intersection(*(set(value or ()) for value in values))
    own = [[word for word in value or () if word not in shared] for value in values]
    return [" ".join(dict.fromkeys(map(_kind, words))) or "plain" for words in own]


def _kind(word: str) -> str:
    return KINDS.get(word, word.replace("_", " ").lower())


def _times(splits: Sequence[Split]) -> list[float] | None:
    """Seconds since the first volume began, rising; None when they are not all known or say something else."""
    of: tuple[Callable[[Placed], float | None], ...] = (
        lambda f: f.facts.scan.reference_time,
        lambda f: seconds(f.facts.acquisition_time),
        lambda f: seconds(f.facts.scan.content_time),
        lambda f: None if f.facts.trigger_time is None else f.facts.trigger_time / 1000.0,
    )
    for time in of:
        starts: list[float] = []
        for split in splits:
            known = [at for frame in split.frames if (at := time(frame)) is not None]
            if len(known) < len(split.frames):
                break
            starts.append(min(known))
        if len(starts) == len(splits) and all(b > a for a, b in pairwise(starts)):
            return [start - starts[0] for start in starts]
    return None


def _spoken_time(time: float) -> str:
    if time < MINUTES_FROM:
        return f"{time:.1f} s"
    return f"{int(time) // 60}:{int(time) % 60:02d} min"


# Geometry


def dimensions_of(found: Explained) -> tuple[tuple[Dimension, ...], Grid | None, tuple[Reason, ...]]:
    """The dimensions from position 0 on, the grid that the complete ones share, and what is wrong with the others.

    Without a single complete one: no grid, and the reasons are those of the first.
    """
    checked = [_checked(split, found) for split in found.splits]
    grids = [grid for grid, _ in checked if grid is not None]
    shared = _most_shared(grids)
    dimensions, faults, start = [], [], 0
    for split, (grid, against) in zip(found.splits, checked, strict=True):
        geometry, reason = None, " ".join(r.text for r in against)
        if grid is not None and shared is not None:
            if _is_same(grid, shared, split.frames[0]):
                header = split.frames[0].header
                geometry = VolumeGeometry((len(split.frames), header.rows, header.columns), shared.affine)
            else:
                reason = "These images lie on another grid than the others."
        if geometry is None:
            faults.append(f"{split.label}: {reason}")
        key = "|".join(f"{rule.name}={value!r}" for rule, value in zip(found.rules, split.values, strict=True))
        dimensions.append(
            Dimension(
                split.label,
                split.value,
                split.unit,
                found.name,
                key,
                start,
                len(split.frames),
                geometry,
                reason,
                all(rule.shares_window for rule in found.rules),
            )
        )
        start += len(split.frames)
    if shared is None:
        return tuple(dimensions), None, tuple(checked[0][1])
    return tuple(dimensions), shared, _incomplete(found, faults)


def _incomplete(found: Explained, faults: Sequence[str]) -> tuple[Reason, ...]:
    if not faults:
        return ()
    count = f"{len(faults)} of {len(found.splits)} {found.name} are incomplete"
    text = faults[0] if len(faults) == 1 else f"{count}, the first: {faults[0]}"
    return (Reason("dimension-incomplete", text, True),)


def _checked(split: Split, found: Explained) -> tuple[Grid | None, Sequence[Reason]]:
    frames = split.frames
    if len(frames) < found.places:
        missing = found.places - len(frames)
        text = f"{missing} of its {found.places} slices {'is' if missing == 1 else 'are'} missing."
        return None, [Reason("missing-slices", text, True)]
    against = likeness_reasons(frames) or stack_reasons(frames)
    grid = None if against else grid_of(frames)
    if grid is None or (against := grid_reasons(grid)):
        return None, against
    return grid, ()


def _most_shared(grids: Iterable[Grid]) -> Grid | None:
    """One of the grids that most are like; the first of two equals."""
    kinds: list[tuple[Grid, int]] = []
    for grid in grids:
        for index, (other, count) in enumerate(kinds):
            if np.allclose(grid.affine, other.affine, rtol=0.0, atol=1e-3):
                kinds[index] = other, count + 1
                break
        else:
            kinds.append((grid, 1))
    return max(kinds, key=lambda kind: kind[1])[0] if kinds else None


def _is_same(grid: Grid, shared: Grid, frame: Placed) -> bool:
    """Whether the corners lie within a quarter of a voxel of the shared grid's."""
    if grid.affine == shared.affine:
        return True
    slices, rows, columns = len(shared.gaps), frame.header.rows - 1, frame.header.columns - 1
    one, two = np.array(grid.affine), np.array(shared.affine)
    finest = min(math.dist((0.0, 0.0, 0.0), two[:, axis]) for axis in range(3))
    corners = np.array([(c, r, s, 1) for c in (0, columns) for r in (0, rows) for s in (0, slices)], float)
    return bool(np.abs(corners @ (one - two).T).max() <= GRID_TOLERANCE * finest)
