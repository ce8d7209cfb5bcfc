"""Which of several images at one place is the first, the second ...: by a value that differs from place to place.

A heart that does not beat evenly has other trigger delays at each place; slices of one volume have times of their
own. Rank by rank the images of all places make a volume. A place that lacks an image takes the ranks whose
values at the complete places are clearly nearest, or nothing is told.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from itertools import pairwise
from typing import Any

# A volume that begins so long before the one before it has ended was not made after it.
OVERLAP_SECONDS = 1e-3

# At a place that lacks images, a value may lie outside of what the other places have for its rank by this share of a step.
NEAR = 0.25

Span = tuple[float, float]


def ranks_of(
    values: Sequence[Any], where: Sequence[int], within: Sequence[Hashable], most: int, is_time: bool
) -> list[int] | None:
    """Each image's 1-based rank among those at its place (`where`) and of its kind (`within`), `most` of them.

    None when a value is missing or comes twice at one place, when fewer than half of the places are complete, when an
    image of an incomplete place could be of two ranks, and of times (`is_time`) when volumes were not made one after the other.
    """
    if any(value is None for value in values):
        return None
    stacks: dict[tuple[int, Hashable], list[int]] = {}
    for index, key in enumerate(zip(where, within, strict=True)):
        stacks.setdefault(key, []).append(index)
    ordered = {key: sorted(stack, key=lambda i: values[i]) for key, stack in stacks.items()}
    if any(len(stack) > most or len({values[i] for i in stack}) < len(stack) for stack in ordered.values()):
        return None
    whole = {key: stack for key, stack in ordered.items() if len(stack) == most}
    if 2 * len(whole) < len(ordered):
        return None
    spans = _spans(values, whole)
    if is_time and any(b[0] < a[1] - OVERLAP_SECONDS for own in spans.values() for a, b in pairwise(own)):
        return None
    ranks = [0] * len(values)
    for key, stack in ordered.items():
        found = list(range(1, most + 1)) if key in whole else _nearest([values[i] for i in stack], spans.get(key[1], []))
        if found is None:
            return None
        for index, rank in zip(stack, found, strict=True):
            ranks[index] = rank
    return ranks


def _spans(values: Sequence[Any], whole: dict[tuple[int, Hashable], list[int]]) -> dict[Hashable, list[Span]]:
    """For each kind the lowest and highest value of each rank at the complete places."""
    spans: dict[Hashable, list[Span]] = {}
    for (_, kind), stack in whole.items():
        own = [values[i] for i in stack]
        known = spans.get(kind) or [(value, value) for value in own]
        spans[kind] = [(min(low, value), max(high, value)) for (low, high), value in zip(known, own, strict=True)]
    return spans


def _nearest(values: Sequence[float], spans: Sequence[Span]) -> list[int] | None:
    """The ranks of rising values, each clearly nearest to one; None when that is not so."""
    if len(spans) < 2:
        return None
    near = NEAR * (spans[-1][0] - spans[0][0]) / (len(spans) - 1)
    found: list[int] = []
    for value in values:
        hits = [rank for rank, (low, high) in enumerate(spans, 1) if low - near <= value <= high + near]
        if len(hits) != 1 or hits[0] in found:
            return None
        found.append(hits[0])
    return found
