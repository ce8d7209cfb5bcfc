"""The crosshair in one viewport: the lines along which the other planes cut it, and what a hand does with them.

Dragging where the lines meet moves the crosshair, the inner part of a line shifts its plane, the outer part
(beyond the knob) turns, a dashed edge of a slab makes it thicker or thinner. Numbers only, no painting:
positions are view pixels (device pixels).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from ui import theme
from ui.overlay import DrawnLine
from ui.reference_lines import PLANE_COLOURS, View
from workstation.domain.crosshair import BORN, Crosshair, directions_of
from workstation.domain.geometry import Vec3, add, cross, scale
from workstation.domain.viewing import ViewportState
from workstation.errors import WorkstationError
from workstation.session.planes import Key
from workstation.session.viewing import Viewing

Point = tuple[float, float]

# In view pixels: what a hand hits, the gap that leaves the place pointed at to be seen, how a knob looks.
REACH = 6.0
GAP = 18.0
KNOB = 4.0
# A knob lies this share of the viewport's shorter side from where the lines meet.
KNOB_SHARE = 0.34
# A slab that is dragged changes by this, in mm.
SLAB_STEP = 0.5


class Grip(Enum):
    """What a hand would take hold of."""

    CENTRE = "centre"
    SHIFT = "shift"
    TURN = "turn"
    SLAB = "slab"


@dataclass(frozen=True, slots=True)
class CrossLine:
    """Another plane of the crosshair in this view. `along` and `aside` are screen directions of length 1.

    `aside` is where the plane goes when it moves along its normal; `edge` is half its slab; `mm` are pixels to one mm.
    """

    which: int
    index: int
    centre: Point
    along: Point
    aside: Point
    mm: float
    edge: float
    knob: float

    def places(self, at: Point) -> tuple[float, float]:
        """How far along the line and how far beside it a place lies."""
        x, y = at[0] - self.centre[0], at[1] - self.centre[1]
        return x * self.along[0] + y * self.along[1], x * self.aside[0] + y * self.aside[1]

    def point(self, along: float, aside: float = 0.0) -> Point:
        return (
            self.centre[0] + along * self.along[0] + aside * self.aside[0],
            self.centre[1] + along * self.along[1] + aside * self.aside[1],
        )


@dataclass(frozen=True, slots=True)
class Cross:
    """All of it in one view. `sense` is -1 in a mirrored view, where turning to the right is turning to the left."""

    key: Key
    own: int
    focus: Vec3
    centre: Point
    lines: tuple[CrossLine, ...]
    sense: float


def cross_in(viewing: Viewing, index: int, view: View) -> Cross | None:
    """The crosshair as it lies in viewport `index`; None where no other of its planes stands in a viewport."""
    state = view.state
    if directions_of(state) is None:
        return None
    key = (state.study_uid, state.series_uid)
    crosshair, own = viewing.planes.crosshair(key), viewing.planes.place_of(state)
    if crosshair is None or own is None:
        return None
    shown: dict[int, tuple[int, ViewportState]] = {}
    for other, cell in enumerate(viewing.cells):
        if cell.state is not None and (cell.state.study_uid, cell.state.series_uid) == key:
            which = viewing.planes.place_of(cell.state)
            if which is not None and which != own:
                shown.setdefault(which, (other, cell.state))
    try:
        to_view = _projection(view)
        centre = to_view(crosshair.focus)
        lines = tuple(
            _line(view, crosshair, own, which, *found, to_view, centre) for which, found in sorted(shown.items()) if centre
        )
        right, down = (to_view(add(crosshair.focus, way)) for way in directions_of(state) or ())
    except WorkstationError:
        return None  # its own tile says why
    if not lines or centre is None:
        return None
    turn = (right[0] - centre[0]) * (down[1] - centre[1]) - (right[1] - centre[1]) * (down[0] - centre[0])
    return Cross(key, own, crosshair.focus, centre, lines, math.copysign(1.0, turn))


def _projection(view: View) -> Callable[[Vec3], Point]:
    def to_view(point: Vec3) -> Point:
        seen = view.viewport.to_view(view.state, view.width, view.height, point)
        return (seen[0], seen[1]) if seen is not None else (0.0, 0.0)

    return to_view


def _line(
    view: View,
    crosshair: Crosshair,
    own: int,
    which: int,
    index: int,
    state: ViewportState,
    to_view: Callable[[Vec3], Point],
    centre: Point,
) -> CrossLine:
    normal = crosshair.normal(which)
    along = _towards(centre, to_view(add(crosshair.focus, scale(cross(crosshair.normal(own), normal), 1.0))))
    aside = to_view(add(crosshair.focus, normal))
    mm = math.dist(aside, centre)
    knob = KNOB_SHARE * min(view.width, view.height)
    return CrossLine(which, index, centre, along, _towards(centre, aside), mm, state.slab_mm * mm / 2.0, knob)


def _towards(start: Point, end: Point) -> Point:
    size = math.dist(start, end) or 1.0
    return (end[0] - start[0]) / size, (end[1] - start[1]) / size


def colour_of(viewing: Viewing, state: ViewportState) -> str:
    """Of the line along which a viewport's plane cuts others: a turned plane keeps the colour of what it was born."""
    which = viewing.planes.place_of(state)
    return PLANE_COLOURS[state.plane if which is None else BORN[which]]


# ---- what is painted ---------------------------------------------------------------------


def drawn(found: Cross, view: View) -> tuple[DrawnLine, ...]:
    """Every line in two parts with a gap where they meet, its knobs, the edges of its slab, and the view's own colour on top."""
    lines = [DrawnLine((view.width / 2 - 24.0, 2.0), (view.width / 2 + 24.0, 2.0), PLANE_COLOURS[BORN[found.own]])]
    for line in found.lines:
        colour = PLANE_COLOURS[BORN[line.which]]
        for start, end in _inside(line, 0.0, view):
            parts = ((start, min(end, -GAP)), (max(start, GAP), end))
            for first, last in parts:
                if last > first:
                    knobs = tuple(line.point(knob) for knob in (-line.knob, line.knob) if first < knob < last)
                    lines.append(DrawnLine(line.point(first), line.point(last), colour, knobs=knobs))
        for edge in (-line.edge, line.edge) if line.edge else ():
            for start, end in _inside(line, edge, view):
                lines.append(DrawnLine(line.point(start, edge), line.point(end, edge), colour, dashed=True))
    return tuple(lines)


def preview(viewing: Viewing, view: View) -> tuple[DrawnLine, ...]:
    """Where the planes of an export that is being asked for would cut this view."""
    asked = viewing.planes.preview
    directions = directions_of(view.state)
    if asked is None or directions is None or asked[0] != (view.state.study_uid, view.state.series_uid):
        return ()
    _, points, normal = asked
    way = cross(cross(*directions), normal)
    if math.sqrt(sum(c * c for c in way)) < 1e-3:
        return ()
    to_view, lines = _projection(view), []
    for point in points:
        centre = to_view(point)
        along = _towards(centre, to_view(add(point, way)))
        line = CrossLine(0, 0, centre, along, (-along[1], along[0]), 1.0, 0.0, 0.0)
        lines += [DrawnLine(line.point(a), line.point(b), theme.ACCENT, dashed=True) for a, b in _inside(line, 0.0, view)]
    return tuple(lines)


def _inside(line: CrossLine, aside: float, view: View) -> tuple[tuple[float, float], ...]:
    """The part of the line (or of a parallel) that lies in the view, as places along it; nothing when it passes by."""
    x, y = line.point(0.0, aside)
    low, high = -math.inf, math.inf
    for start, step, size in ((x, line.along[0], view.width), (y, line.along[1], view.height)):
        if abs(step) < 1e-9:
            if not 0.0 <= start <= size:
                return ()
            continue
        ends = sorted((-start / step, (size - start) / step))
        low, high = max(low, ends[0]), min(high, ends[1])
    return ((low, high),) if high > low else ()


# ---- the hand ----------------------------------------------------------------------------


class CrosshairHand:
    """One drag at a time in viewport `index`. `found` gives the crosshair as it lies there now."""

    def __init__(self, viewing: Viewing, index: int, view: Callable[[], View | None]) -> None:
        self._viewing = viewing
        self._index = index
        self._view = view
        self._held: tuple[Grip, int] | None = None
        self._last: Point = (0.0, 0.0)
        self._off: Point = (0.0, 0.0)

    @property
    def holds(self) -> bool:
        return self._held is not None

    def found(self) -> Cross | None:
        view = self._view()
        return cross_in(self._viewing, self._index, view) if view is not None else None

    def grip_at(self, at: Point) -> tuple[Grip, int] | None:
        """What lies under the pointer, and of which plane."""
        found = self.found()
        return None if found is None else _grip(found, at)

    def press(self, at: Point) -> bool:
        found = self.found()
        self._held = None if found is None else _grip(found, at)
        if found is None or self._held is None:
            return False
        self._last, self._off = at, (at[0] - found.centre[0], at[1] - found.centre[1])
        return True

    def move(self, at: Point) -> bool:
        """True while something is held."""
        view, found = self._view(), self.found()
        if self._held is None or view is None or found is None:
            return self._held is not None
        grip, which = self._held
        line = next((one for one in found.lines if one.which == which), None)
        if grip is Grip.CENTRE:
            wanted = (at[0] - self._off[0], at[1] - self._off[1])
            point = view.viewport.to_patient(view.state, view.width, view.height, *wanted)
            if point is not None:
                self._viewing.planes.set_focus(point, self._index)
        elif line is not None and line.mm:
            self._drag(grip, found, line, at)
        self._last = at
        return True

    def _drag(self, grip: Grip, found: Cross, line: CrossLine, at: Point) -> None:
        planes = self._viewing.planes
        if grip is Grip.SHIFT:
            planes.shift(found.key, line.which, (line.places(at)[1] - line.places(self._last)[1]) / line.mm)
        elif grip is Grip.TURN:
            angles = [math.atan2(place[1] - found.centre[1], place[0] - found.centre[0]) for place in (self._last, at)]
            turn = math.degrees(angles[1] - angles[0])
            planes.turn(found.sense * ((turn + 180.0) % 360.0 - 180.0), self._index)
        else:
            mm = round(2.0 * abs(line.places(at)[1]) / line.mm / SLAB_STEP) * SLAB_STEP
            try:
                planes.set_slab(mm, line.index)
            except WorkstationError:
                planes.set_slab(0.0, line.index)  # thinner than two slices is thin

    def release(self) -> bool:
        held, self._held = self._held is not None, None
        return held

    def wheel(self, at: Point, steps: int) -> bool:
        """Scrolls the plane whose line is under the pointer; False where there is none."""
        found, grip = self.found(), self.grip_at(at)
        if found is None or grip is None or grip[0] is Grip.CENTRE:
            return False
        self._viewing.planes.scroll_plane(found.key, grip[1], steps)
        return True


def _grip(found: Cross, at: Point) -> tuple[Grip, int] | None:
    if math.dist(found.centre, at) <= GAP * 0.8:
        return Grip.CENTRE, found.own
    for line in found.lines:
        along, aside = line.places(at)
        if abs(aside) <= REACH and abs(along) > GAP * 0.8:
            return Grip.SHIFT if abs(along) < line.knob - 2 * KNOB else Grip.TURN, line.which
    for line in found.lines:
        aside = line.places(at)[1]
        if line.edge and abs(abs(aside) - line.edge) <= REACH:
            return Grip.SLAB, line.which
    return None
