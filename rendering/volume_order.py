"""The frames of a series with what places them, and the order in which a stack is read.

By position along the slices' normal where there is one (head to feet, anterior to posterior,
right to left: see rendering.geometry), else by InstanceNumber and frame. Several stacks at the
same place (time points, b-values, echoes) are read one whole stack after the other; cardiac
phases are read phase by phase at each place.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from rendering.geometry import reading_direction
from rendering.header import FrameFacts, ImageHeader
from workstation.domain.geometry import FramePlane, Vec3, dot, length, sub
from workstation.domain.study import Series

# Two directions whose unit vectors differ by less are parallel: at 350 mm from the first
# pixel 1e-3 is 0.35 mm, half a voxel of a 512 matrix.
DIRECTION_TOLERANCE = 1e-3

# Slices closer than this lie at the same place: positions are written with at least two
# decimals, and no clinical slice is thinner than a tenth of a millimetre.
SAME_PLACE_MM = 0.01


@dataclass(frozen=True, slots=True)
class Placed:
    """One frame (0-based) of `series.instances[instance]` with all that is known of it."""

    instance: int
    frame: int
    number: int | None
    header: ImageHeader
    facts: FrameFacts

    @property
    def plane(self) -> FramePlane | None:
        return self.facts.plane


@dataclass(frozen=True, slots=True)
class Phase:
    """A fact that tells stacks at the same place apart. `name` is its English plural."""

    name: str
    of: Callable[[Placed], Hashable]
    place_first: bool = False


PHASES: tuple[Phase, ...] = (
    Phase("segments", lambda f: f.facts.segment_number or 0),
    Phase("stacks", lambda f: f.facts.stack_id),
    Phase("time points", lambda f: f.facts.temporal_position or 0),
    Phase("echo times", lambda f: f.facts.echo_time or 0.0),
    Phase("b-values", lambda f: f.facts.b_value or 0.0),
    Phase("diffusion directions", lambda f: f.facts.b_direction or (0.0, 0.0, 0.0)),
    Phase("cardiac phases", lambda f: f.facts.trigger_time or 0.0, place_first=True),
    Phase("acquisitions", lambda f: f.facts.acquisition_number or 0),
    Phase("kinds of image", lambda f: f.facts.image_type or f.header.image_type),
    Phase("acquisition times", lambda f: f.facts.acquisition_time),
)


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
    by_number = sorted(frames, key=_number)
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


def phases_of(frames: Sequence[Placed]) -> tuple[Phase, ...]:
    """The fewest facts that tell frames at the same place apart, empty when none do."""
    varying = [phase for phase in PHASES if len({phase.of(f) for f in frames}) > 1]
    candidates = [(phase,) for phase in varying] + [tuple(varying[:n]) for n in range(2, len(varying) + 1)]
    for candidate in candidates:
        stacks: dict[Hashable, list[Placed]] = {}
        for frame in frames:
            stacks.setdefault(tuple(phase.of(frame) for phase in candidate), []).append(frame)
        if len(stacks) < len(frames) and not any(has_shared_places(stack) for stack in stacks.values()):
            return candidate
    return ()


def _read_parallel(frames: Sequence[Placed]) -> list[Placed]:
    where = dict(zip(map(id, frames), _clustered(places(frames)), strict=True))
    phases = phases_of(frames) if len(set(where.values())) < len(frames) else ()

    def key(frame: Placed) -> tuple[object, ...]:
        phase = tuple(p.of(frame) for p in phases)
        place = where[id(frame)]
        return (place, phase, _number(frame)) if any(p.place_first for p in phases) else (phase, place, _number(frame))

    return sorted(frames, key=key)


def _clustered(values: Sequence[float]) -> list[int]:
    """The rank of each value, equal for values at the same place."""
    rank, ranks, last = 0, {}, -math.inf
    for value in sorted(values):
        rank += value - last >= SAME_PLACE_MM
        ranks[value], last = rank, value
    return [ranks[value] for value in values]


def _number(frame: Placed) -> tuple[float, str, int]:
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
