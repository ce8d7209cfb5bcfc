"""The frames of a series with what places them, and the order in which a stack is read.

By position along the slices' normal where there is one (head to feet, anterior to posterior,
right to left: see rendering.geometry), else by InstanceNumber and frame. Several stacks at the
same place (time points, b-values, echoes) are read one whole stack after the other; cardiac
phases of too few slices for a volume are read phase by phase at each place.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Sequence
from itertools import pairwise

from rendering.dimension_rules import RULES, Placed, Rule
from rendering.geometry import reading_direction
from rendering.header import ImageHeader
from workstation.domain.geometry import FramePlane, Vec3, dot, length, sub
from workstation.domain.study import Series

# Two directions whose unit vectors differ by less are parallel: at 350 mm from the first
# pixel 1e-3 is 0.35 mm, half a voxel of a 512 matrix.
DIRECTION_TOLERANCE = 1e-3

# Slices closer than this lie at the same place: positions are written with at least two
# decimals, and no clinical slice is thinner than a tenth of a millimetre.
SAME_PLACE_MM = 0.01


def placed_frames(series: Series, headers: Sequence[ImageHeader]) -> tuple[Placed, ...]:
    """Every frame that has pixels, in no promised order."""
    return tuple(
        Placed(index, frame, series.instances[index].instance_number, header, header.frame(frame))
        for index, header in enumerate(headers)
        if header.has_pixels
        for frame in range(header.frames)
    )


def read_in_order(frames: Sequence[Placed]) -> tuple[Placed, ...]:
    """The frames in reading order. See the module's text."""
    by_number = sorted(frames, key=reading_number)
    if any(f.plane is None for f in by_number):
        return tuple(by_number)
    return tuple(frame for group in split_by_direction(by_number) for frame in _read_parallel(group))


def split_by_direction(frames: Iterable[Placed]) -> list[list[Placed]]:
    """Groups of parallel frames of one frame of reference, in the order of their first frames."""
    groups: list[list[Placed]] = []
    for frame in frames:
        for group in groups:
            if _parallel(frame, group[0]):
                group.append(frame)
                break
        else:
            groups.append([frame])
    return groups


def places(frames: Sequence[Placed]) -> list[float]:
    """Millimetres of each frame along the reading direction of the first one. All need a plane."""
    forward = forward_of(frames[0])
    return [dot(_plane(f).position, forward) for f in frames]


def forward_of(frame: Placed) -> Vec3:
    return reading_direction(_plane(frame).normal)


def has_shared_places(frames: Sequence[Placed]) -> bool:
    """Whether two of the parallel frames lie at the same place."""
    return any(b - a < SAME_PLACE_MM for a, b in pairwise(sorted(places(frames))))


def phases_of(frames: Sequence[Placed]) -> tuple[Rule, ...]:
    """The fewest facts that tell frames at the same place apart, empty when none do."""
    where = clustered(places(frames))
    columns = [(rule, column) for rule in RULES if len(set(column := [rule.of(f) for f in frames])) > 1]
    candidates = [(one,) for one in columns] + [tuple(columns[:n]) for n in range(2, len(columns) + 1)]
    for candidate in candidates:
        keys = list(zip(*(column for _, column in candidate), strict=True))
        if len(set(keys)) < len(frames) and len(set(zip(where, keys, strict=True))) == len(frames):
            return tuple(rule for rule, _ in candidate)
    return ()


def ordered(value: Hashable) -> tuple[bool, object]:
    """To sort values of one rule by: those that are not said come last."""
    return (True, 0) if value is None else (False, value)


def _read_parallel(frames: Sequence[Placed]) -> list[Placed]:
    where = dict(zip(map(id, frames), clustered(places(frames)), strict=True))
    phases = phases_of(frames) if len(set(where.values())) < len(frames) else ()

    is_place_first = any(p.place_first for p in phases)

    def key(frame: Placed) -> tuple[object, ...]:
        phase = tuple(ordered(p.of(frame)) for p in phases)
        place, number = where[id(frame)], reading_number(frame)
        return (place, phase, number) if is_place_first else (phase, place, number)

    return sorted(frames, key=key)


def clustered(values: Sequence[float]) -> list[int]:
    """The rank of each value, equal for values at the same place."""
    rank, ranks, last = 0, {}, -math.inf
    for value in sorted(values):
        rank += value - last >= SAME_PLACE_MM
        ranks[value], last = rank, value
    return [ranks[value] for value in values]


def reading_number(frame: Placed) -> tuple[float, str, int]:
    number = math.inf if frame.number is None else frame.number
    return number, frame.header.sop_instance_uid, frame.frame


def _parallel(a: Placed, b: Placed) -> bool:
    p, q = _plane(a), _plane(b)
    return (
        a.header.frame_of_reference_uid == b.header.frame_of_reference_uid
        and _is_same_way(p.row_direction, q.row_direction)
        and _is_same_way(p.column_direction, q.column_direction)
    )


def _is_same_way(a: Vec3, b: Vec3) -> bool:
    return a == b or length(sub(a, b)) <= DIRECTION_TOLERANCE


def _plane(frame: Placed) -> FramePlane:
    assert frame.plane is not None, "only frames with a plane are ordered by place"
    return frame.plane
