"""Which vertebral level an image is at, from labels that a reader put into the middle of vertebrae elsewhere in the same space.

A plane across the spine says one level: between the labels of two neighbours the nearer vertebra, or both where the
disc is ("L3/L4"). A plane along the spine says each label where it lies, or how it projects. What is not within half
a vertebra of a label is an estimate, and says so. The limits: vertebrae are taken to be as high as their neighbours
are apart, labels to be in their middles, and the patient not to have moved within one frame of reference; a level
that nobody labelled is never guessed, and nothing is said beyond half a vertebra from the last label.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from workstation.domain.geometry import Vec3
from workstation.domain.vertebrae import LEVELS

# A label is certain this near its own point (mm): about half a vertebra of the neck, a quarter of a lumbar one.
NEAR_MM = 7.5
# Along the spine labels show up to here beside it (mm): the width of a vertebra with its processes.
BESIDE_MM = 30.0
# The cosine between the spine and a plane's normal from which on the plane goes across it.
ACROSS = 0.6
# The disc lies about the middle between two vertebrae: shares of the way from one to the next.
DISC = (0.35, 0.65)
ESTIMATED = "\u2248 "


@dataclass(frozen=True, slots=True)
class Label:
    """A named vertebra: its point in the patient (LPS mm), and in the view (x, y) with its distance to the plane in mm."""

    uid: str
    name: str
    point: Vec3
    seen: Vec3


@dataclass(frozen=True, slots=True)
class Level:
    """What is to be written where. `uid` is the label that it comes from; `is_point`: that label lies in this plane."""

    uid: str
    text: str
    at: tuple[float, float]
    is_point: bool = False


def levels_on(labels: Sequence[Label]) -> list[Level]:
    """The levels of one image. Of two labels for one level the later one counts; names that are no level stand alone."""
    known = sorted({label.name: label for label in labels if label.name in LEVELS}.values(), key=_rank)
    others = [label for label in labels if label.name not in LEVELS]
    found = [_at(label) for label in others if abs(label.seen[2]) <= NEAR_MM]
    pairs = [(a, b) for a, b in pairwise(known) if math.dist(a.point, b.point) > 0.0]
    if any(_across(a, b) for a, b in pairs):
        level = _crossed(pairs) or _beyond(known, pairs)
        return [*found, level] if level is not None else found
    for label in known:
        if abs(label.seen[2]) <= NEAR_MM:
            found.append(_at(label))
        elif pairs and abs(label.seen[2]) <= BESIDE_MM:
            found.append(Level(label.uid, f"{ESTIMATED}{label.name}", label.seen[:2]))
    return found


def _rank(label: Label) -> int:
    return LEVELS.index(label.name)


def _at(label: Label) -> Level:
    return Level(label.uid, label.name, label.seen[:2], is_point=True)


def _across(a: Label, b: Label) -> bool:
    return abs(a.seen[2] - b.seen[2]) >= ACROSS * math.dist(a.point, b.point)


def _crossed(pairs: Sequence[tuple[Label, Label]]) -> Level | None:
    """The level where the plane cuts the line through the labels."""
    for a, b in pairs:
        if not _across(a, b) or a.seen[2] * b.seen[2] > 0.0:
            continue
        share = a.seen[2] / (a.seen[2] - b.seen[2])
        at = (a.seen[0] + share * (b.seen[0] - a.seen[0]), a.seen[1] + share * (b.seen[1] - a.seen[1]))
        nearer = a if share <= 0.5 else b
        if abs(nearer.seen[2]) <= NEAR_MM:
            return Level(nearer.uid, nearer.name, at, is_point=True)
        return Level(nearer.uid, f"{ESTIMATED}{_between(a, b, share)}", at)
    return None


def _between(a: Label, b: Label, share: float) -> str:
    if _rank(b) - _rank(a) > 1:
        return f"{a.name}\u2013{b.name}"
    if share < DISC[0]:
        return a.name
    return b.name if share > DISC[1] else f"{a.name}/{b.name}"


def _beyond(known: Sequence[Label], pairs: Sequence[tuple[Label, Label]]) -> Level | None:
    """Half a vertebra past the first or the last label, by its neighbour's distance, it is still that vertebra."""
    for end, (a, b) in ((known[0], pairs[0]), (known[-1], pairs[-1])):
        steps = _rank(b) - _rank(a)
        reach = max(abs(a.seen[2] - b.seen[2]) / steps / 2.0, NEAR_MM) if _across(a, b) else NEAR_MM
        away = abs(end.seen[2])
        if away <= reach:
            is_near = away <= NEAR_MM
            return Level(end.uid, end.name if is_near else f"{ESTIMATED}{end.name}", end.seen[:2], is_near)
    return None
