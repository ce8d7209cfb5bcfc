"""One scale for a stage, chest walls at their sides, and what is aligned across a row.

Which viewports: those that a protocol anchors, and those whose size is SAME_SCALE. What is known of their images comes
from `SeriesViewer.sheet`, their sizes (in device pixels) and those of the screens' pixels from the window. All of them
are reckoned at once, before they are painted, whenever one of these changes; nothing here looks at zoom and pan, which
stay the reader's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from workstation.domain.breast import Box, Sheet
from workstation.domain.doubt import SpacingSource
from workstation.domain.viewing import Cell, Held, Layout, Plane, Sizing, ViewportState
from workstation.errors import Refused, WorkstationError
from workstation.session.screen_pixels import ScreenPixels, pitches

if TYPE_CHECKING:
    from workstation.ports import SeriesViewer
    from workstation.session.viewing import Viewing

# What is shown of a breast has this much air around it, as a share of the viewport's height.
MARGIN = 0.01
# A nipple is aligned as long as that makes a pair no higher than this; else it is not believed.
MOST_ALIGNED = 1.35
# Sides of the anchors in a row whose images are aligned: back to back, or one beside the other.
GROUPS = frozenset({"rl", *(side * count for side in "rl" for count in (2, 3, 4))})

OTHER_SIDE = "The chest wall lies at the other side than PatientOrientation says"
WRONG_SIDE = "The chest wall lies at the other side of this image: not mirrored"
STRIP = "An empty strip at the chest wall lies outside"
MIXED = "Same scale by pixel sizes of several kinds"
BY_PIXELS = "Same scale in pixels only: how large they are is not known on every screen"
IN_MM = (Sizing.SAME_SCALE, Sizing.TRUE_SIZE)

Size = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Part:
    """One viewport of a stage. `unit` is the length (row, column) of a pixel: mm, or 1 where lengths are not known.

    `pitch` is how far the pixels of its screen lie apart, as a share of the first viewport's; None where nobody knows.
    """

    index: int
    state: ViewportState
    size: Size
    sheet: Sheet
    pitch: float | None = 1.0

    @property
    def unit(self) -> tuple[float, float]:
        return self.sheet.mm or (1.0, 1.0)

    @property
    def is_upright(self) -> bool:
        return self.state.rotation % 180 == 0

    @property
    def is_mirrored(self) -> bool:
        """Whether columns run to the left on the screen."""
        return self.state.flipped_horizontally is not (self.state.rotation % 360 == 180)

    @property
    def is_upside_down(self) -> bool:
        return self.state.flipped_vertically is not (self.state.rotation % 360 == 180)

    @property
    def wall(self) -> str:
        """The side of the screen at which the chest wall lies, "" where that is not known."""
        breast = self.sheet.breast
        if breast is None or breast.contradicts or not self.is_upright:
            return ""
        return breast.wall if not self.is_mirrored else {"left": "right", "right": "left"}[breast.wall]

    @property
    def shared(self) -> bool:
        """Whether its millimetres are those of the stage."""
        return self.state.sizing is Sizing.SAME_SCALE and self.sheet.mm is not None

    @property
    def box(self) -> Box:
        """What should be seen of it: all that is not air, the whole image where no breast was found."""
        breast = self.sheet.breast
        whole = (-0.5, -0.5, self.sheet.columns - 0.5, self.sheet.rows - 0.5)
        return breast.box if breast is not None and self.aligns and self.wall == self.state.anchor else whole

    @property
    def edge(self) -> float:
        """The column edge that lies flush."""
        if self.sheet.breast is not None and self.wall == self.state.anchor:
            return self.sheet.breast.edge
        first, last = -0.5, self.sheet.columns - 0.5
        return first if (self.state.anchor == "left") is not self.is_mirrored else last

    @property
    def row(self) -> float:
        """The row that stands at the aligned height, as the state has it."""
        held = self.state.held
        return held.place[1] if held is not None and held.image == self.sheet.image else (self.sheet.rows - 1) / 2

    @property
    def extent(self) -> tuple[float, float]:
        """Width and height of the whole image as it lies on the screen, in its unit."""
        wide, high = self.sheet.columns * self.unit[1], self.sheet.rows * self.unit[0]
        return (wide, high) if self.is_upright else (high, wide)

    @property
    def is_square(self) -> bool:
        return self.unit[0] == self.unit[1]

    @property
    def scale(self) -> float:
        """Device pixels to a unit at zoom 1."""
        (wide, high), (width, height) = self.extent, self.size
        fit = min(width / wide, height / high)
        in_mm = self.sheet.mm is not None and self.state.pixel_mm > 0.0 and self.state.sizing in IN_MM
        return 1.0 / self.state.pixel_mm if in_mm else 1.0 / min(self.unit) if self.state.sizing is Sizing.PIXELS else fit

    @property
    def _ways(self) -> tuple[float, float]:
        """Whether inwards and downwards on the screen count columns and rows up (1) or down (-1)."""
        inwards = 1.0 if (self.state.anchor == "left") is not self.is_mirrored else -1.0
        return inwards, -1.0 if self.is_upside_down else 1.0

    def from_wall(self, place: tuple[float, float]) -> tuple[float, float]:
        """(inwards from the chest wall, downwards from the aligned row) of a (column, row), in its unit."""
        inwards, downwards = self._ways
        return inwards * (place[0] - self.edge) * self.unit[1], downwards * (place[1] - self.row) * self.unit[0]

    def at_wall(self, away: tuple[float, float]) -> tuple[float, float]:
        """The (column, row) of what `from_wall` gives."""
        inwards, downwards = self._ways
        return self.edge + inwards * away[0] / self.unit[1], self.row + downwards * away[1] / self.unit[0]

    def above_and_below(self, row: float) -> tuple[float, float]:
        """How far its box reaches above and below a row on the screen, in its unit."""
        _, top, _, bottom = self.box
        reach = (row - top) * self.unit[0], (bottom - row) * self.unit[0]
        return (reach[1], reach[0]) if self.is_upside_down else reach

    @property
    def wide(self) -> float:
        """From the edge inwards as far as its box reaches; the whole width of an image that is not anchored."""
        left, _, right, _ = self.box
        if not self.state.anchor:
            return (right - left) * self.unit[1]
        return max(abs(right - self.edge), abs(self.edge - left)) * self.unit[1]

    def words(self, mixed: bool) -> tuple[str, ...]:
        """What the reader must know of its place; `mixed` are millimetres of several kinds on the stage."""
        breast = self.sheet.breast
        found = []
        if breast is not None and breast.contradicts:
            found.append(OTHER_SIDE)
        elif self.state.anchor and self.wall and self.wall != self.state.anchor:
            found.append(WRONG_SIDE)
        if breast is not None and self.edge == breast.edge and 0.0 <= breast.edge < self.sheet.columns - 1:
            found.append(STRIP)
        if mixed and self.shared:
            found.append(MIXED)
        if self.pitch is None and self.shared:
            found.append(BY_PIXELS)
        return tuple(found)

    @property
    def aligns(self) -> bool:
        """Whether it may stand at one height with others: its size on the screen is a matter of millimetres."""
        return bool(self.state.anchor) and self.sheet.mm is not None and self.state.sizing in IN_MM and self.is_upright

    def rows(self) -> Iterator[tuple[str, float]]:
        """What may be aligned, the best first: (kind, row)."""
        breast = self.sheet.breast
        if breast is not None and self.wall == self.state.anchor and self.aligns:
            if breast.nipple is not None:
                yield "nipple", breast.nipple[1]
            if breast.middle is not None:
                yield "middle", breast.middle
        yield "image", (self.box[1] + self.box[3]) / 2


@dataclass(frozen=True, slots=True)
class Aligned:
    """Viewports of a row, the row of each image that stands at the height they share, and how far they reach from there."""

    parts: tuple[Part, ...]
    rows: tuple[float, ...]
    kind: str
    above: float
    below: float


class Anchoring:
    """Acts on the viewports of `Viewing`. The window says how large they are and when pixels arrived."""

    def __init__(self, viewing: Viewing) -> None:
        self._viewing = viewing
        self._sizes: dict[int, Size] = {}
        self._settled: object = None
        self._acting = False
        self._waits = False
        self.screen_pixels: Callable[[int], ScreenPixels] = lambda _: ScreenPixels()
        """Set by the window: those of the screen that a viewport stands on."""
        self.aligned: dict[int, str] = {}
        """What the rows of anchored viewports are aligned by: "nipple", "middle" (of the breast's tip) or "image"."""
        self.words: dict[int, tuple[str, ...]] = {}
        """What must be said on an image of how it is placed, by viewport; English source strings."""
        viewing.arrangement_changed.connect(self._changed)
        viewing.viewport_changed.connect(self._changed)

    def resized(self, index: int, size: Size) -> None:
        """A viewport is that large now, in device pixels."""
        if self._sizes.get(index) != size:
            self._sizes[index] = size
            self.settle()

    def arrived(self, series_uid: str) -> None:
        """Pixels of a series came: what lies in them can be found now."""
        self._viewing.anatomy.arrived(series_uid)
        if any(cell.state is not None and cell.state.series_uid == series_uid for cell in self._viewing.cells):
            self.settle()

    def painted(self) -> None:
        """An image was painted: what was waited for may be there."""
        if self._waits:
            self.settle()

    def toggle(self) -> None:
        """One scale for all images on the screens, and back to fitting. Raises Refused where no image has millimetres."""
        parts = [part for part in self.parts(lambda state: state.plane is Plane.STACK) if part.sheet.mm is not None]
        if not parts:
            raise Refused(
                "No common scale for these images",
                "Their files do not say how large a pixel is",
                "Show images with a known pixel size",
            )
        is_on = all(part.state.sizing is Sizing.SAME_SCALE and part.state.zoom == 1.0 for part in parts)
        sizing = Sizing.FIT if is_on else Sizing.SAME_SCALE
        for part in parts:
            self._viewing.put(part.index, replace(part.state, sizing=sizing, pixel_mm=0.0, zoom=1.0, pan=(0.0, 0.0)))

    def beside(self, index: int) -> list[Part]:
        """The viewports that are aligned with one, itself among them; none where it is not anchored."""
        parts = self.parts(lambda state: bool(state.anchor))
        return next(
            (
                group
                for group in grouped(parts, self._viewing.cells, self._viewing.layouts)
                if any(p.index == index for p in group)
            ),
            [],
        )

    def settle(self) -> None:
        """Reckon scale and places anew, where anything that they depend on changed."""
        if self._acting:
            return
        parts = self.parts(lambda state: bool(state.anchor) or state.sizing is Sizing.SAME_SCALE)
        depends = _dependence(parts)
        if not parts or depends == self._settled:
            return
        self._acting = True
        try:
            self._place(parts)
        finally:
            self._acting = False
        parts = self.parts(lambda state: bool(state.anchor) or state.sizing is Sizing.SAME_SCALE)
        self._settled = _dependence(parts)

    def parts(self, wanted: Callable[[ViewportState], bool]) -> list[Part]:
        """The viewports that are seen; of enlarged ones only those."""
        viewing, found = self._viewing, []
        for index, cell in enumerate(viewing.cells):
            state, filling = cell.state, viewing.filling(viewing.screen_of(index))
            if state is None or state.plane is not Plane.STACK or not wanted(state) or filling not in (None, index):
                continue
            viewer, size = viewing.viewer(index), self._sizes.get(index)
            sheet = _sheet(viewer, state) if viewer is not None and size is not None else None
            if sheet is not None and size is not None:
                found.append(Part(index, state, size, sheet))
        # All at once when the last of them is there: images that come one by one would move those that are seen already.
        self._waits = any(part.sheet.waiting for part in found)
        if self._waits:
            found = [replace(part, sheet=replace(part.sheet, breast=None)) for part in found]
        known = pitches([self.screen_pixels(part.index) for part in found])
        return [replace(part, pitch=known[number] if known else None) for number, part in enumerate(found)]

    # ---- inside ----------------------------------------------------------------------

    def _changed(self, _: object) -> None:
        self.settle()

    def _place(self, parts: list[Part]) -> None:
        groups = [_aligned(group) for group in grouped(parts, self._viewing.cells, self._viewing.layouts)]
        scale = max(_needed(group) for group in groups)
        self.aligned = {part.index: group.kind for group in groups for part in group.parts}
        self.words = {part.index: part.words(_of_other_kinds(parts)) for part in parts}
        for group in groups:
            for part, row in zip(group.parts, group.rows, strict=True):
                state = replace(part.state, pixel_mm=scale * (part.pitch or 1.0)) if part.shared else part.state
                held = None
                if state.anchor and part.is_upright:
                    held = Held(part.sheet.image, (part.edge, row), _height(part, state, group))
                self._viewing.put(part.index, replace(state, held=held))


def _of_other_kinds(parts: list[Part]) -> bool:
    """Whether lengths at the detector stand beside lengths in the patient: they differ by the magnification."""
    return len({part.sheet.source is SpacingSource.DETECTOR for part in parts if part.shared}) > 1


def _sheet(viewer: SeriesViewer, state: ViewportState) -> Sheet | None:
    try:
        return viewer.sheet(state)
    except WorkstationError:
        return None  # its own tile says why


def _dependence(parts: list[Part]) -> list[tuple[object, ...]]:
    return [(part.index, _asked(part.state), part.size, part.sheet, part.pitch) for part in parts]


def _asked(state: ViewportState) -> tuple[object, ...]:
    """What of a state the places depend on, and what is written into it: a state that was hung anew has none of that."""
    turn = state.rotation, state.flipped_horizontally, state.flipped_vertically
    return state.study_uid, state.series_uid, turn, state.anchor, state.sizing, state.pixel_mm, state.held


def grouped(parts: list[Part], cells: Sequence[Cell], layouts: Sequence[Layout]) -> list[list[Part]]:
    """What is aligned with each other: back to back, or side by side with the chest wall at one side; over screens, too."""
    groups: list[list[Part]] = []
    for part in sorted(parts, key=lambda p: (cells[p.index].row, cells[p.index].screen, cells[p.index].column)):
        group = [*groups[-1], part] if groups else [part]
        beside = len(group) > 1 and _is_beside(cells[group[-2].index], cells[part.index], layouts)
        alike = len({one.sheet.along for one in group}) == 1 and all(one.aligns for one in group)
        if beside and alike and "".join(one.state.anchor[:1] for one in group) in GROUPS:
            groups[-1] = group
        else:
            groups.append([part])
    return groups


def _is_beside(one: Cell, other: Cell, layouts: Sequence[Layout]) -> bool:
    """Whether the other place follows in its row, on its screen or first on the next one of as many rows."""
    if one.row != other.row:
        return False
    if one.screen == other.screen:
        return other.column == one.column + 1
    rows = [layouts[cell.screen].rows if cell.screen < len(layouts) else 0 for cell in (one, other)]
    is_last = other.screen == one.screen + 1 and one.column == layouts[one.screen].columns - 1
    return is_last and other.column == 0 and rows[0] == rows[1]


def _aligned(group: list[Part]) -> Aligned:
    """The rows that stand at one height: the best that all of them have, as long as it can be believed."""
    for kind in ("nipple", "middle", "image"):
        rows = [dict(part.rows()).get(kind) for part in group]
        known = [row for row in rows if row is not None]
        if len(known) < len(group):
            continue
        reaches = [part.above_and_below(row) for part, row in zip(group, known, strict=True)]
        together = max(above for above, _ in reaches) + max(below for _, below in reaches)
        if kind == "image" or together <= MOST_ALIGNED * max(above + below for above, below in reaches):
            return Aligned(tuple(group), tuple(known), kind, max(r[0] for r in reaches), max(r[1] for r in reaches))
    raise AssertionError("every image has a middle")


def _needed(aligned: Aligned) -> float:
    """The millimetres on a device pixel of the first screen with which all of a group is seen."""
    needed = [0.0]
    for part in aligned.parts:
        if part.shared:
            width, height = (pixels * (part.pitch or 1.0) for pixels in part.size)
            needed += [(aligned.above + aligned.below) * (1.0 + 2.0 * MARGIN) / height, part.wide * (1.0 + MARGIN) / width]
    return max(needed)


def _height(part: Part, state: ViewportState, aligned: Aligned) -> float:
    """Where the aligned row stands: so that the group lies in the middle; in the middle itself where it is too high for that."""
    height, scale = part.size[1], replace(part, state=state).scale
    left = height - (aligned.above + aligned.below) * scale
    return (left / 2 + aligned.above * scale) / height if left >= 0.0 else 0.5
