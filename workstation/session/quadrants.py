"""Reading part by part: one key shows the next part of an image at full resolution, and at last the whole again.

Mammograms that hang anchored step together: each shows the same part of its breast, counted in millimetres from its
chest wall and from the row that is aligned, so that mirrored breasts show mirrored parts. Any other image steps alone.
Parts overlap, and those without tissue are left out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from workstation.domain.breast import Box
from workstation.domain.viewing import Plane, Sizing, ViewportState
from workstation.errors import Refused
from workstation.session.anchoring import Part, grouped

if TYPE_CHECKING:
    from workstation.session.viewing import Viewing

OVERLAP = 0.1
# An image that is smaller than its viewport at full resolution is enlarged until this share of it is a part's width.
LARGEST_PART = 0.6
# A viewport that is zoomed in by more than this chooses the size of the parts.
CHOSEN = 1.05
_PUT_BACK = ("zoom", "pan", "sizing", "pixel_mm", "framed")

Corner = tuple[float, float]
"""Of a part: from the chest wall (or the left edge) inwards, and down from the aligned row (or the top edge), in units."""


@dataclass(frozen=True, slots=True)
class Shown:
    """Where in the whole a viewport's part lies, for a small map: shares (left, top, right, bottom) of its box."""

    number: int
    count: int
    part: Box
    breast: tuple[Box, ...]
    aspect: float
    """Width of the box against its height."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """What viewports show step by step: a corner for each of them, at `scale` device pixels to a unit.

    `before` is how each looked.
    """

    key: object
    scale: float
    steps: tuple[dict[int, Corner], ...]
    before: dict[int, ViewportState]


class Quadrants:
    """Acts on the active viewport and those that step with it."""

    def __init__(self, viewing: Viewing) -> None:
        self._viewing = viewing
        self._plan: _Plan | None = None
        self._step = 0
        viewing.arrangement_changed.connect(self._hung)

    def step(self, steps: int) -> None:
        """The next part, or the one before; after the last and before the first the whole. Raises Refused without an image."""
        parts = self._parts()
        plan = self._plan
        if plan is None or plan.key != _key(parts) or self._is_whole(plan):
            plan, self._step = self._planned(parts), 0
        self._step = (self._step + steps) % (len(plan.steps) + 1)
        self._plan = plan if self._step else None
        if not self._step:
            for part in parts:
                self._viewing.put(part.index, replace(part.state, **_look(plan.before[part.index])))
            return
        for part in parts:
            if not part.shared:
                # Without millimetres an image pixel is a device pixel. Where it stands follows from its size: hence first.
                self._viewing.put(part.index, replace(part.state, sizing=Sizing.PIXELS, framed=None))
        for part in self._parts():
            self._viewing.put(part.index, _at(part, plan.scale, plan.steps[self._step - 1][part.index]))

    def shown(self, index: int) -> Shown | None:
        """For the map: which part a viewport shows; None while it shows the whole."""
        plan = self._plan
        if plan is None or index not in plan.before:
            return None
        try:
            parts = self._parts()
        except Refused:  # another viewport is active, or a plane: the plan waits until the reader is back
            return None
        part = next((one for one in parts if one.index == index), None)
        if part is None or plan.key != _key(parts) or self._is_whole(plan):
            return None
        return _on_map(part, plan.scale, plan.steps[self._step - 1][index], self._step, len(plan.steps))

    # ---- inside ----------------------------------------------------------------------

    def _hung(self, _: object) -> None:
        """What hangs anew is whole: its first part comes next, whatever was shown of it before."""
        if self._plan is not None and self._is_whole(self._plan):
            self._plan = None

    def _is_whole(self, plan: _Plan) -> bool:
        """Whether the active viewport looks as it did before its first part."""
        state, before = self._viewing.state(self._viewing.active), plan.before.get(self._viewing.active)
        return before is None or state is None or _look(state) == _look(before)

    def _parts(self) -> list[Part]:
        """The active viewport, and with it all anchored ones when it is anchored. Raises Refused where it is no image."""
        active = self._viewing.active
        state = self._viewing.state(active)
        if state is None or state.plane is not Plane.STACK:
            raise Refused("Not here", "Only images as acquired are read part by part", "Choose a viewport with such an image")
        together = bool(state.anchor)
        found = self._viewing.anchoring.parts(lambda one: bool(one.anchor) if together else one is state)
        mine = next((part for part in found if part.index == active), None)
        if mine is not None and together:
            in_mm = mine.sheet.mm is not None
            found = [part for part in found if part.is_upright and (part.sheet.mm is not None) is in_mm]
        if not any(part.index == active for part in found):
            raise Refused("Not here", "This image cannot be read part by part", "")
        return found

    def _planned(self, parts: list[Part]) -> _Plan:
        active = next(part for part in parts if part.index == self._viewing.active)
        finest = min(min(part.unit) for part in parts)
        scale = 1.0 / finest
        if active.state.zoom > CHOSEN:
            scale = active.scale * active.state.zoom
        groups = [(group, _region_of(group)) for group in grouped(parts, self._viewing.cells, self._viewing.layouts)]
        width, height = min(part.size[0] for part in parts), min(part.size[1] for part in parts)
        widest = max(right - left for _, (left, _, right, _) in groups)
        highest = max(bottom - top for _, (_, top, _, bottom) in groups)
        if width / scale >= widest and height / scale >= highest:
            scale = max(width / (LARGEST_PART * widest), height / (LARGEST_PART * highest))
        size = width / scale, height / scale
        columns, rows = _count(widest, size[0]), _count(highest, size[1])
        steps = []
        for row in range(rows):
            for column in range(columns):
                # As many parts of each pair: the smaller breast's overlap by more.
                corners = [
                    (part, (_start(left, right, size[0], column, columns), _start(top, bottom, size[1], row, rows)))
                    for group, (left, top, right, bottom) in groups
                    for part in group
                ]
                if any(_has_tissue(part, corner, *size) for part, corner in corners):
                    steps.append({part.index: corner for part, corner in corners})
        return _Plan(_key(parts), scale, tuple(steps), {part.index: part.state for part in parts})


def _look(state: ViewportState) -> dict[str, Any]:
    """What a step changes of a viewport, and what is put back at the end."""
    return {name: getattr(state, name) for name in _PUT_BACK}


def _key(parts: list[Part]) -> object:
    turn = [(p.state.rotation, p.state.flipped_horizontally, p.state.flipped_vertically) for p in parts]
    return [(p.index, p.size, p.sheet.image, p.state.anchor) for p in parts], turn


def _count(whole: float, part: float) -> int:
    """How many parts cover a length when they overlap by at least `OVERLAP`."""
    return 1 + max(0, math.ceil((whole - part) / (part * (1.0 - OVERLAP)) - 1e-9))


def _start(first: float, last: float, length: float, number: int, count: int) -> float:
    """Where one of the parts begins that lie evenly between two ends; what is shorter than a part lies in its middle."""
    if last - first <= length or count == 1:
        return first if first == 0.0 else (first + last - length) / 2
    return first + (last - first - length) * number / (count - 1)


def _region_of(group: list[Part]) -> Box:
    """What is to be read of the images of a group, all as they lie on the screen."""
    regions = [_region(part) for part in group]
    return 0.0, min(r[1] for r in regions), max(r[2] for r in regions), max(r[3] for r in regions)


def _region(part: Part) -> Box:
    """What is to be read of an image, as it lies on the screen: in units from its corner (see `Corner`)."""
    if not part.state.anchor:
        width, height = part.extent
        return 0.0, 0.0, width, height
    above, below = part.above_and_below(part.row)
    return 0.0, -above, part.wide, below


def _has_tissue(part: Part, corner: Corner, width: float, height: float) -> bool:
    breast = part.sheet.breast
    if breast is None or not part.state.anchor or part.wall != part.state.anchor:
        return True
    return breast.has_tissue(_in_image(part, corner, width, height))


def _in_image(part: Part, corner: Corner, width: float, height: float) -> Box:
    """A part of an anchored image in its own pixels."""
    ends = part.at_wall(corner), part.at_wall((corner[0] + width, corner[1] + height))
    columns, rows = sorted(end[0] for end in ends), sorted(end[1] for end in ends)
    return columns[0], rows[0], columns[1], rows[1]


def _at(part: Part, scale: float, corner: Corner) -> ViewportState:
    """The state that shows a part. Image pixels that are device pixels lie on them exactly."""
    state, (width, height), (across, down) = part.state, part.size, corner
    zoom = scale / part.scale
    is_exact = math.isclose(scale * part.unit[0], 1.0, rel_tol=1e-9) and part.is_square
    if not state.anchor:
        whole = part.extent
        x, y = whole[0] / 2 - across, whole[1] / 2 - down
        return replace(state, zoom=zoom, pan=(x * scale / width - 0.5, y * scale / height - 0.5))
    start = across * scale
    row_at = -down * scale
    if is_exact:
        start = float(round(start))
        edge = part.row - math.floor(part.row) - 0.5  # from the middle of a pixel's upper edge
        row_at = round(row_at - edge) + edge
    pan_x = -start / width if state.anchor == "left" else start / width
    return replace(state, zoom=zoom, pan=(pan_x, row_at / height - state.middle[1]))


def _on_map(part: Part, scale: float, corner: Corner, number: int, count: int) -> Shown:
    left, top, right, bottom = _region(part)
    wide, high = right - left, bottom - top
    across, down = (corner[0] - left) / wide, (corner[1] - top) / high
    width, height = part.size[0] / scale / wide, part.size[1] / scale / high
    box = (across, down, across + width, down + height)
    bands = [_band(part, band, (wide, high, top)) for band in (part.sheet.breast.bands if part.sheet.breast else ())]
    if part.state.anchor == "right":
        box = (1.0 - box[2], box[1], 1.0 - box[0], box[3])
        bands = [(1.0 - right, top, 1.0 - left, bottom) for left, top, right, bottom in bands]
    return Shown(number, count, box, tuple(bands) if part.state.anchor else (), wide / high)


def _band(part: Part, band: Box, region: tuple[float, float, float]) -> Box:
    """Rows of the breast in shares of what is read, from the chest wall inwards."""
    wide, high, top = region
    ends = part.from_wall((band[0], band[1])), part.from_wall((band[2], band[3]))
    across, rows = sorted(end[0] / wide for end in ends), sorted((end[1] - top) / high for end in ends)
    return across[0], rows[0], across[1], rows[1]
