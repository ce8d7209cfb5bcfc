"""The drawings of one viewport: which are on its image, how they look, which one is under the pointer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from rendering.picture import Picture
from ui import halo
from ui.annotation_labels import Box
from ui.annotation_placing import Room, brightness_of, like, placed, still_free
from ui.annotation_shapes import Mark, Shape, shape_of, unlabelled
from ui.corner_fit import fitted
from ui.corner_layout import BADGE_PAD
from ui.corner_line import Corners
from ui.reference_lines import View
from ui.spine_shapes import carried_levels, in_this_space
from workstation.domain.annotation import Annotation, AnnotationKind, Source, Verdict
from workstation.domain.viewing import Plane, ViewportState
from workstation.errors import WorkstationError
from workstation.session.annotating import Annotating
from workstation.session.handles import handles, lines
from workstation.session.label_places import marked

Point = tuple[float, float]
# How far from a handle and from a line the pointer may be, in logical pixels: a hand trembles.
HANDLE_REACH, LINE_REACH = 11.0, 8.0
# What lies in the patient, not on one image: each frame says itself whether it is to be seen there.
EVERYWHERE = (AnnotationKind.SPINE, AnnotationKind.SPHERE)
# What placing words may take of one image while others follow at once.
HURRIED_SECONDS = 0.004
# Images whose labels are kept in their places.
MOST_KEPT = 64


@dataclass(frozen=True, slots=True)
class Hit:
    """What is under the pointer: a handle, or the line (`handle` None), or only the words (`is_label`)."""

    drawn: Annotation
    handle: int | None = None
    is_label: bool = False


@dataclass(frozen=True, slots=True)
class _Key:
    """What a shape depends on besides its drawing. `state` without what only changes greys.

    A drawing of a frame lies on that frame alone: for it `state` is without the position too.
    """

    state: ViewportState
    width: int
    height: int
    ratio: float


@dataclass(frozen=True, slots=True)
class _Kept:
    """The drawings of one image with their labels; `shapes` keeps alive what the key names."""

    shapes: tuple[Shape, ...]
    words: Sequence[Box]
    shown: tuple[Shape, ...]
    is_free: bool
    """Whether no words stand in a label, so that only words that came since need to be looked at."""

    def fits(self, words: Sequence[Box]) -> bool:
        if self.words == words:
            return True
        return still_free(self.shown, [word for word in words if word not in self.words] if self.is_free else words)


class AnnotationLayer:
    """Shapes are made once for a drawing and a view; `shapes` is called for every painting."""

    def __init__(self, annotating: Annotating, index: int) -> None:
        self._annotating = annotating
        self._index = index
        self._made: dict[str, tuple[Annotation, _Key, Shape | None]] = {}
        self._placed: dict[str, Shape] = {}
        self._as_marked: dict[str, tuple[Shape, Shape]] = {}
        self._kept: dict[tuple[int, ...], _Kept] = {}
        # For which view and labels, the labels (so that their ids stay theirs), the shapes.
        self._levels: tuple[tuple[_Key, tuple[int, ...]], Sequence[Annotation], Sequence[Shape]] | None = None
        self._shown: tuple[Shape, ...] = ()
        self.hovered = ""
        self.is_unfinished = False
        """Whether words were left for later."""
        self.furniture: Sequence[Box] = ()
        """Where ruler and colour bar stand (ui.furniture)."""

    def clear(self) -> None:
        self._shown, self.hovered = (), ""
        self._made.clear()
        self._placed.clear()
        self._as_marked.clear()
        self._kept.clear()
        self._levels = None

    def shapes(self, view: View, picture: Picture, ratio: float, corners: Corners, in_a_hurry: bool = False) -> tuple[Shape, ...]:
        """Everything drawn on the shown image, with labels; empty while the layer is hidden.

        `in_a_hurry`, while images go by, words that take long to place are left for later (`is_unfinished`).
        """
        self.is_unfinished = False
        annotating = self._annotating
        if not annotating.layer_visible or view.state.plane is Plane.THREE_D:
            self._shown = ()
            return ()
        here = _Key(replace(view.state, window=None, inverted=False), view.width, view.height, ratio)
        anywhere = replace(here, state=replace(here.state, position=0))
        size = view.width / ratio, view.height / ratio
        held = annotating.drawing.preview if annotating.drawing.is_held else None
        unsaved = {a.uid: a for a in annotating.unsaved_on(view.state.study_uid, view.state.series_uid)}
        found: list[Shape] = []
        for drawn in map(annotating.labels.shown, self._candidates(view, picture, unsaved)):
            if held is not None and held.uid == drawn.uid:
                continue
            shape = self._shape(drawn, view, anywhere if _lies_on_one_frame(drawn, view) else here)
            if shape is not None:
                found.append(self._marked(shape, self._mark(drawn, drawn.uid in unsaved)))
        found.extend(self._spine(view, here))
        words = [*_words(corners, size), *self.furniture]
        self._shown = self._labelled(found, Room(size, words, brightness_of(picture, ratio)), in_a_hurry)
        self._tell(ratio)
        draft = self._draft(view, ratio, held)
        if draft is None:
            return self._shown
        taken = [*words, *(shape.box for shape in self._shown if shape.box is not None)]
        (drafted,), _ = placed([draft], Room(size, taken, brightness_of(picture, ratio)), self._placed)
        return (*self._shown, drafted)

    @property
    def crowded(self) -> int:
        """How many drawings of the shown image have words that find no room."""
        return sum(shape.is_crowded for shape in self._shown)

    def hides(self, view: View) -> bool:
        """Whether there are drawings of this series that the reader has hidden."""
        state = view.state
        return not self._annotating.layer_visible and bool(self._annotating.annotations_on(state.study_uid, state.series_uid))

    @property
    def cursor(self) -> Point | None:
        """The cursor of the keys in device pixels."""
        return self._annotating.drawing.cursor if self._annotating.drawing.is_by_keys else None

    def hit(self, at: Point) -> Hit | None:
        """What is under a place in logical pixels; handles go before lines, what was drawn last goes first."""
        best: tuple[float, Hit] | None = None
        for shape in reversed(self._shown):
            for number, handle in enumerate(shape.handles):
                away = math.dist(handle, at)
                if away <= HANDLE_REACH and (best is None or away < best[0]):
                    best = (away, Hit(shape.drawn, number))
        if best is not None:
            return best[1]
        for shape in reversed(self._shown):
            if any(_distance(line, at) <= LINE_REACH for line in shape.corners):
                return Hit(shape.drawn)
        for shape in reversed(self._shown):
            if shape.box is not None and shape.box.holds(at):
                whole = shape.drawn.kind in (AnnotationKind.TEXT, AnnotationKind.SPINE)
                return Hit(shape.drawn, is_label=not whole)
        return None

    # ---- inside ------------------------------------------------------------------------

    def _marked(self, shape: Shape, mark: Mark) -> Shape:
        """The very same object as long as nothing changed: what is the same is not placed again."""
        if shape.mark is mark:
            return shape
        kept = self._as_marked.get(shape.drawn.uid)
        if kept is None or kept[0] is not shape or kept[1].mark is not mark:
            kept = self._as_marked[shape.drawn.uid] = shape, replace(shape, mark=mark)
        return kept[1]

    def _labelled(self, shapes: Sequence[Shape], room: Room, in_a_hurry: bool) -> tuple[Shape, ...]:
        """Labels stay where they are as long as the same drawings are seen and no words came to lie under them."""
        key = tuple(map(id, shapes))
        kept = self._kept.pop(key, None)
        if kept is None or not kept.fits(room.words):
            made, is_whole = placed(shapes, room, self._placed | self._stood(shapes), HURRIED_SECONDS if in_a_hurry else math.inf)
            self._placed.update((shape.drawn.uid, shape) for shape in made if shape.box is not None or is_whole)
            if not is_whole:
                self.is_unfinished = True
                return tuple(made)
            kept = _Kept(tuple(shapes), room.words, tuple(made), still_free(made, room.words))
        self._kept[key] = kept
        while len(self._kept) > MOST_KEPT:
            del self._kept[next(iter(self._kept))]
        return kept.shown

    def _stood(self, shapes: Sequence[Shape]) -> dict[str, Shape]:
        """For drawings that were never labelled, those of the image before that they go on from: words do not jump then."""
        here = {shape.drawn.uid for shape in shapes}
        gone = [shape for shape in self._shown if shape.drawn.uid not in here]
        new = [shape for shape in shapes if shape.drawn.uid not in self._placed] if gone else []
        return {shape.drawn.uid: seen for shape in new if (seen := like(shape, gone))}

    def _tell(self, ratio: float) -> None:
        """Where the words stand, for a hand or keys that move them."""
        for shape in self._shown:
            if shape.box is not None:
                x, y = shape.box.middle
                self._annotating.labels.standing[self._index, shape.drawn.uid] = (x * ratio, y * ratio)

    def _candidates(self, view: View, picture: Picture, unsaved: dict[str, Annotation]) -> list[Annotation]:
        """The drawings of the series that can be on the shown image."""
        state, identity = view.state, picture.identity
        kept = self._annotating.annotations_on(state.study_uid, state.series_uid)
        now = [unsaved.get(a.uid, a) for a in kept if self._annotating.find(a.uid) is not None]
        known = {a.uid for a in kept}
        now += [a for uid, a in unsaved.items() if uid not in known]
        selected = self._annotating.selected
        now = [a for a in now if a.verdict is not Verdict.REJECTED or a.uid == selected]
        if state.plane is not Plane.STACK or identity is None:
            return now
        own = (identity.sop_instance_uid, identity.frame_number)
        return [
            a for a in now if a.plane is not Plane.STACK or (a.sop_instance_uid, a.frame_number) == own or a.kind in EVERYWHERE
        ]

    def _spine(self, view: View, key: _Key) -> Sequence[Shape]:
        """Vertebral levels that labels of other images, and of other series in the same space, tell of this one."""
        labels = self._annotating.spine_labels()
        if not labels:
            return ()
        made = key, tuple(map(id, labels))
        if self._levels is None or self._levels[0] != made:
            try:
                here = in_this_space(labels, self._annotating.studies, view)
                self._levels = made, labels, tuple(carried_levels(here, view, key.ratio))
            except WorkstationError:
                return ()  # the tile says why there is no image
        return self._levels[2]

    def _shape(self, drawn: Annotation, view: View, key: _Key) -> Shape | None:
        made = self._made.get(drawn.uid)
        if made is not None and made[0] is drawn and made[1] == key:
            return made[2]
        try:
            shape = shape_of(drawn, view, key.ratio)
            shape = _with_label_place(shape, view, key.ratio) if shape is not None else None
        except WorkstationError:
            shape = None  # the tile says why there is no image
        if shape is not None:  # on another image it is made anew
            self._made[drawn.uid] = (drawn, key, shape)
        return shape

    def _mark(self, drawn: Annotation, is_unsaved: bool) -> Mark:
        if drawn.uid == self._annotating.selected:
            return Mark.CHOSEN if self._annotating.is_chosen else Mark.SELECTED
        if is_unsaved:
            return Mark.UNSAVED
        return Mark.HOVERED if drawn.uid == self.hovered else Mark.PLAIN

    def _draft(self, view: View, ratio: float, held: Annotation | None) -> Shape | None:
        drawing = self._annotating.drawing
        if held is not None:
            shape = shape_of(held, view, ratio)
            return replace(shape, mark=Mark.DRAFT) if shape is not None else None
        kind, points = drawing.kind, drawing.points(self._index)
        if kind is None or not points:
            return None
        near = [(x / ratio, y / ratio) for x, y in points]
        drawn = drawing.draft(self._index) or Annotation("", kind, "", "", "", 0, view.state.plane, source=Source())
        corners = [[*near]] if len(points) < 2 else lines(kind, near)
        if kind in (AnnotationKind.POLYGON, AnnotationKind.FREEHAND):
            corners = [near]
        made = unlabelled(drawn, near, [line for line in corners if len(line) > 1])
        own = handles(kind, near) if len(near) > 1 or kind in (AnnotationKind.POLYGON,) else near
        return replace(made, handles=tuple(own or near[:1]), mark=Mark.DRAFT)


def _with_label_place(shape: Shape, view: View, ratio: float) -> Shape:
    """Where somebody put its words, if that place is on this image."""
    place = marked(shape.drawn)
    seen = view.viewport.on_view(place, view.state, view.width, view.height) if place is not None else None
    return replace(shape, label_middle=(seen[0][0] / ratio, seen[0][1] / ratio)) if seen else shape


def _lies_on_one_frame(drawn: Annotation, view: View) -> bool:
    return drawn.plane is view.state.plane is Plane.STACK and drawn.kind not in EVERYWHERE


def _words(corners: Corners, size: tuple[float, float]) -> list[Box]:
    """Where the corner text and the letters of the patient's sides stand."""
    high = halo.metrics().height() + 1
    width, height = size
    edges = [
        Box(0.0, height / 2 - high, 2 * high, 2 * high),
        Box(width - 2.5 * high, height / 2 - high, 2.5 * high, 2 * high),
        Box(width / 2 - high, 0.0, 2 * high, 1.5 * high),
        Box(width / 2 - high, height - 1.5 * high, 2 * high, 1.5 * high),
    ]
    return edges + [Box(p.left - BADGE_PAD, p.top, p.width + 2 * BADGE_PAD, high) for p in fitted(corners, *size)]


def _distance(line: Sequence[Point], at: Point) -> float:
    best = math.inf
    for (x0, y0), (x1, y1) in pairwise(line):
        dx, dy = x1 - x0, y1 - y0
        size = dx * dx + dy * dy
        share = 0.0 if size == 0 else min(max(((at[0] - x0) * dx + (at[1] - y0) * dy) / size, 0.0), 1.0)
        best = min(best, math.hypot(at[0] - x0 - share * dx, at[1] - y0 - share * dy))
    return best
