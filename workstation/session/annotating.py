"""What is drawn on the images of the open case: made, changed, judged, copied, found again.

A drawing belongs to its study, series and image, never to a viewport (fault F62); drawings of other
studies than the open ones are never given out (F63).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from workstation.domain.annotation import Annotation, AnnotationKind, LabelPlace, Measured, Source, Verdict
from workstation.domain.study import Study
from workstation.domain.vertebrae import next_level, next_start
from workstation.errors import Refused, WorkstationError
from workstation.jobs import Jobs
from workstation.ports import SeriesViewer
from workstation.session.annotation_words import length_in
from workstation.session.copying import PROPOSED, UNCHECKED, copied
from workstation.session.drawing import Drawing
from workstation.session.drawn import AnnotationShelf, Change, Drawn
from workstation.session.finding import place_in, place_of, reading_order, state_showing
from workstation.session.label_hand import LabelHand
from workstation.session.late_values import LateValues
from workstation.session.revising import received_changes
from workstation.session.tool import Tool
from workstation.session.viewing import Viewing
from workstation.signals import Signal

READER = "reader"
ASKS_TEXT = (AnnotationKind.TEXT, AnnotationKind.ARROW, AnnotationKind.CALIBRATION)


@dataclass(frozen=True, slots=True)
class TextWanted:
    """A drawing that needs words: `drawn` is in viewport `index`. `is_new` is False for one that is kept already."""

    drawn: Annotation
    index: int
    is_new: bool = True


class Annotating:
    """The drawings of the open case. Methods are called, signals emitted, on the main thread."""

    def __init__(
        self,
        jobs: Jobs,
        store: AnnotationShelf,
        viewing: Viewing,
        viewer_of: Callable[[str, str], SeriesViewer | None],
        problem: Callable[[Exception], object],
    ) -> None:
        self._viewing = viewing
        self._viewer_of = viewer_of
        self._problem = problem
        self._drawn = Drawn(jobs, store)
        self._drawn.problem.connect(problem)
        self.changed = self._drawn.changed
        """The series whose drawings changed."""
        self.late_values = LateValues(self._drawn, self.measure)
        self.note = self._drawn.note
        """Takes what else was done into the order of undoing."""
        self.selection_changed: Signal[str] = Signal()
        self.layer_changed: Signal[bool] = Signal()
        self.text_wanted: Signal[TextWanted] = Signal()
        self.drawing = Drawing(viewing, viewer_of, self.measure, self._finished, self._reshaped, problem)
        self.labels = LabelHand(viewing, self.drawing, self.place_label)
        """The words of a drawing, moved by hand."""
        self.layer_visible = True
        self.reader = ""
        """Who draws, as the source of new drawings says."""
        self.selected = ""
        self.is_chosen = False
        """Whether somebody chose the selected drawing by hand: only then do the arrow keys move it."""
        self.spine_level = "C1"
        self._nudged = ""
        viewing.tool_changed.connect(lambda _: self._tool_changed())
        viewing.viewport_changed.connect(self._view_changed)
        viewing.active_changed.connect(lambda _: self.drawing.end_keys())

    # ---- the case ----------------------------------------------------------------------

    def open_case(self, studies: Sequence[Study]) -> None:
        """Bring what was drawn on these studies. More studies of the same case keep what can be undone."""
        before = self._drawn.studies
        if not before or studies[0].study_instance_uid != before[0].study_instance_uid:
            self.close_case()
        self._drawn.load(studies)

    def close_case(self) -> None:
        self.drawing.cancel()
        self.drawing.end_keys()
        self.labels.cancel()
        self.labels.standing.clear()
        self._drawn.clear()
        self.spine_level = "C1"
        self.select("")

    # ---- what there is -----------------------------------------------------------------

    def annotations_on(self, study_uid: str, series_uid: str) -> tuple[Annotation, ...]:
        """The drawings of a series that are on disk, oldest first."""
        return tuple(a for a in self._drawn.kept.values() if (a.study_uid, a.series_uid) == (study_uid, series_uid))

    def unsaved_on(self, study_uid: str, series_uid: str) -> tuple[Annotation, ...]:
        """Drawings, and changed ones, that are not on disk yet."""
        found = (a for a in self._drawn.waiting.values() if a is not None)
        return tuple(a for a in found if (a.study_uid, a.series_uid) == (study_uid, series_uid))

    def spine_labels(self) -> tuple[Annotation, ...]:
        """All levels that were named in this case: they are shown on every plane in their space."""
        return tuple(a for a in self._drawn.kept.values() if a.kind is AnnotationKind.SPINE)

    def all(self) -> tuple[Annotation, ...]:
        """Everything on disk of the open case, as one reads: study, series, image."""
        return tuple(sorted(self._drawn.kept.values(), key=lambda a: reading_order(self._drawn.studies, a)))

    @property
    def studies(self) -> tuple[Study, ...]:
        return self._drawn.studies

    @property
    def is_unsaved(self) -> bool:
        """Whether anything that was drawn is not on disk."""
        return bool(self._drawn.waiting)

    def find(self, uid: str) -> Annotation | None:
        """The drawing as it was last changed, on disk or not."""
        return self._drawn.find(uid)

    def image_place(self, drawn: Annotation) -> int | None:
        """The place in reading order (from 1) of the image it is on; None where its series is not open."""
        viewer = self._viewer_of(drawn.study_uid, drawn.series_uid)
        place = viewer.position_of(drawn.sop_instance_uid, drawn.frame_number) if viewer is not None else None
        return None if place is None else place + 1

    def measure(self, drawn: Annotation) -> Measured:
        """What is measured in it now; a reason in words where nothing can be."""
        return self._measured(drawn, self._calibrations(drawn))

    # ---- acts: each is one step of undo ------------------------------------------------

    def add(self, drawn: Annotation) -> None:
        """Keep a new drawing."""
        self._act([(None, drawn), *self._remeasured(drawn)])
        self._next_level(drawn)
        self.select(drawn.uid)

    def change(self, uid: str, **values: Any) -> None:
        """Change fields of a drawing of the reader's own; it is measured again. Raises Refused for somebody else's."""
        before = self.find(uid)
        if before is None:
            return
        _must_be_own(before)
        after = replace(before, **values)
        if after == before:
            return
        if "measured" not in values:
            after = replace(after, measured=self.measure(after), verdict=values.get("verdict", Verdict.ACCEPTED))
        self._act([(before, after), *self._remeasured(after)])
        self._next_level(after)

    def remove(self, uid: str) -> None:
        before = self.find(uid)
        if before is not None:
            self._act([(before, None), *self._remeasured(before, gone=True)])
            if self.selected == uid:
                self.select("")

    def remove_selected(self) -> None:
        self.remove(self.selected)

    def judge(self, uid: str, verdict: Verdict) -> None:
        """Accept or reject a finding. A copy that is accepted is measured where it lies."""
        before = self.find(uid)
        if before is None:
            return
        after = replace(before, verdict=verdict)
        is_unchecked = before.measured.refused == UNCHECKED or PROPOSED in before.measured.notes
        if is_unchecked and verdict is Verdict.ACCEPTED:
            after = replace(after, measured=self.measure(after))
        self._act([(before, after)])

    def place_label(self, uid: str, where: LabelPlace | None) -> None:
        """Where the words of a drawing stand, whoever made it; None: where they hide least. One step of undo."""
        before = self.find(uid)
        if before is not None and before.label_at != where:
            self._act([(before, replace(before, label_at=where))])

    def add_received(self, received: Iterable[Annotation], gone: Collection[str] = ()) -> None:
        """Take in what objects of others say; it is no step of undo. What is known keeps the reader's verdict.

        `gone` are objects that were replaced: what they alone said goes.
        """
        own = {study.study_instance_uid for study in self._drawn.studies}
        known = {uid: drawn for uid in self._drawn.kept | self._drawn.waiting if (drawn := self.find(uid)) is not None}
        staying = (a for a in received if a.study_uid in own and self._drawn.waiting.get(a.uid, a) is not None)
        changes = received_changes(known, staying, gone)
        if changes:
            self._drawn.write(changes)

    @property
    def steps(self) -> int:
        """How many acts `undo` could take back."""
        return self._drawn.steps

    def undo(self) -> None:
        self.drawing.cancel()
        self._nudged = ""
        self._drawn.undo()
        self._forget_gone()

    def redo(self) -> None:
        self.drawing.cancel()
        self._nudged = ""
        self._drawn.redo()
        self._forget_gone()

    def retry(self) -> None:
        """Try again to save what the disk refused."""
        self._drawn.write([])

    def nudge(self, dx: float, dy: float, handle: int | None = None) -> None:
        """Move the selected drawing, or one handle of it, in the active view by pixels of the view.

        Steps in a row are undone together.
        """
        drawn = self.find(self.selected)
        if drawn is None:
            return
        _must_be_own(drawn)
        moved = self.drawing.shifted(drawn, self._viewing.active, dx, dy, handle)
        if moved is None:
            return
        change = (drawn, replace(moved, measured=self.measure(moved), verdict=Verdict.ACCEPTED))
        if self._nudged == drawn.uid and len(self._drawn.last()) == 1 and self._drawn.last()[0][1] == drawn:
            self._drawn.act_on(change)
        else:
            self._act([change])
        self._nudged = drawn.uid

    def copy_to(self, index: int) -> Annotation | None:
        """Copy the selected drawing to the same place of what hangs in viewport `index`, and show it there.

        Nothing is measured in the copy until somebody moves or accepts it. None where there is no such place.
        """
        drawn, state = self.find(self.selected), self._viewing.state(index)
        target = self._viewer_of(state.study_uid, state.series_uid) if state is not None else None
        if drawn is None or state is None or target is None:
            return None
        made = copied(drawn, self._drawn.studies, target, state, self.drawing.size(index), self._viewing.linking.mapped)
        if made is None:
            return None
        copy, shown = replace(made[0], source=Source(READER, self.reader, made=datetime.now(UTC))), made[1]
        self._viewing.change(index, position=shown.position, focus=shown.focus, dimension=shown.dimension)
        self._act([(None, copy)])
        return copy

    def copy_to_prior(self) -> None:
        """Copy the selected drawing to the first viewport that shows another study. Raises Refused where there is none."""
        drawn = self.find(self.selected)
        if drawn is None:
            raise Refused("Nothing to copy", "No drawing is selected", "Click one, or press J to go to one")
        others = [i for i, c in enumerate(self._viewing.cells) if c.state is not None and c.state.study_uid != drawn.study_uid]
        if not any(self.copy_to(i) is not None for i in others):
            raise Refused("Not copied", "No prior with such a place is on screen", "Hang the prior beside it first")

    # ---- choosing ----------------------------------------------------------------------

    def select(self, uid: str, by_hand: bool = False) -> None:
        """`by_hand` lets the arrow keys move it."""
        if uid != self.selected:
            self.labels.cancel()
        self.selected, self.is_chosen, self._nudged = uid, by_hand and bool(uid), ""
        self.selection_changed.emit(uid)

    def step(self, steps: int) -> None:
        """Go to the next or an earlier drawing of the case, and to its image."""
        uids = [a.uid for a in self.all()]
        if not uids:
            raise Refused("No drawings", "Nothing was drawn on the images of this case")
        here = uids.index(self.selected) + steps if self.selected in uids else (0 if steps > 0 else -1)
        self.show(uids[here % len(uids)])

    def show(self, uid: str) -> None:
        """Show the image that a drawing is on, where its series hangs or in the active viewport, and select it."""
        drawn = self.find(uid)
        if drawn is not None and self.show_image_of(drawn):
            self.select(uid, by_hand=True)

    def show_image_of(self, drawn: Annotation) -> bool:
        """Show the image that a place is on, with the drawings. False when its series is not open."""
        index = place_of(self._viewing, drawn, self._drawn.studies)
        state = self._viewing.state(index) if index is not None else None
        viewer = self._viewer_of(state.study_uid, state.series_uid) if state is not None else None
        if index is None or state is None or viewer is None:
            return False
        shown = state_showing(viewer, state, drawn)
        if shown is not None:
            self._viewing.activate(index)
            self._viewing.change(index, **place_in(shown))
        self._show_layer()
        return True

    def toggle_layer(self) -> None:
        self.layer_visible = not self.layer_visible
        self.layer_changed.emit(self.layer_visible)

    # ---- words -------------------------------------------------------------------------

    def edit_text(self) -> None:
        """Ask for the words of the selected drawing."""
        drawn = self.find(self.selected)
        if drawn is not None:
            _must_be_own(drawn)
            self.text_wanted.emit(TextWanted(drawn, self._viewing.active, is_new=False))

    def give_text(self, wanted: TextWanted, text: str) -> None:
        """The words that were asked for. Raises Refused for a length that is none."""
        text = text.strip()
        values: dict[str, Any] = {"text": text}
        if wanted.drawn.kind is AnnotationKind.CALIBRATION:
            values = {"known_mm": length_in(text)}
        if not wanted.is_new:
            self.change(wanted.drawn.uid, **values)
        elif text or wanted.drawn.kind is not AnnotationKind.TEXT:
            drawn = replace(wanted.drawn, **values)
            self.add(replace(drawn, measured=self.measure(drawn)))

    def start_spine_elsewhere(self) -> None:
        """Label from C1, T1 or L1 on."""
        self.spine_level = next_start(self.spine_level)
        self._viewing.set_tool(Tool.SPINE)

    # ---- inside ------------------------------------------------------------------------

    def _act(self, changes: Sequence[Change]) -> None:
        self._nudged = ""
        self._drawn.act(changes)

    def _finished(self, made: Annotation, index: int) -> None:
        made = replace(made, source=Source(READER, self.reader, made=datetime.now(UTC)))
        self._show_layer()
        if made.kind in ASKS_TEXT:
            self.text_wanted.emit(TextWanted(made, index))
            return
        if made.kind is AnnotationKind.SPINE:
            made = replace(made, text=self.spine_level)
        self.add(replace(made, measured=self.measure(made)))

    def _reshaped(self, drawn: Annotation) -> None:
        try:
            self.change(drawn.uid, points=drawn.points, patient_points=drawn.patient_points, label_at=drawn.label_at)
        except WorkstationError as error:
            self._problem(error)

    def _next_level(self, drawn: Annotation) -> None:
        if drawn.kind is AnnotationKind.SPINE:
            self.spine_level = next_level(drawn.text) or self.spine_level

    def _calibrations(self, drawn: Annotation) -> list[Annotation]:
        lines = (a for a in self._drawn.kept.values() if a.kind is AnnotationKind.CALIBRATION and a.uid != drawn.uid)
        return [a for a in lines if a.series_uid == drawn.series_uid]

    def _measured(self, drawn: Annotation, lines: Sequence[Annotation]) -> Measured:
        viewer = self._viewer_of(drawn.study_uid, drawn.series_uid)
        if viewer is None:
            return Measured(refused="The images are not open")
        try:
            return viewer.measure(drawn, lines, self._viewing.fusing.unit)
        except WorkstationError as error:
            return Measured(refused=" ".join(part for part in (error.title, error.detail) if part))

    def _remeasured(self, cause: Annotation, gone: bool = False) -> list[Change]:
        """What a new, changed or removed calibration line does to the reader's other drawings of its series."""
        if cause.kind is not AnnotationKind.CALIBRATION:
            return []
        lines = [*self._calibrations(cause), *([] if gone else [cause])]
        others = [a for a in self.annotations_on(cause.study_uid, cause.series_uid) if a.uid != cause.uid]
        own = [a for a in others if a.source.kind == READER and a.measured.refused != UNCHECKED]
        fresh = [(a, replace(a, measured=self._measured(a, lines))) for a in own if a.kind is not AnnotationKind.CALIBRATION]
        return [(before, after) for before, after in fresh if before != after]

    def _forget_gone(self) -> None:
        if self.selected and self.find(self.selected) is None:
            self.select("")

    def _show_layer(self) -> None:
        if not self.layer_visible:
            self.toggle_layer()

    def _tool_changed(self) -> None:
        self.labels.cancel()
        self.drawing.cancel()
        self.drawing.end_keys()

    def _view_changed(self, index: int) -> None:
        """Scrolled away from it: keys must not act on what nobody sees."""
        drawn = self.find(self.selected)
        if drawn is not None and index == self._viewing.active and self.drawing.seen(drawn, index) is None:
            self.select("")


def _must_be_own(drawn: Annotation) -> None:
    if drawn.source.kind != READER:
        raise Refused("This was not drawn here", "It is a finding of another source", "Accept or reject it, or draw your own")
