"""Lesions over time: carried from one study to another, found again, compared.

A lesion is a UID that drawings of several studies share. Carrying proposes a drawing; it counts once the
reader accepts it or moves it, and nothing is proposed where one lies already.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from workstation.domain.annotation import POINTS_NEEDED, Annotation, AnnotationKind, Measured, Source, Verdict
from workstation.domain.dates import as_date
from workstation.domain.geometry import Vec3, add, length, scale, sub
from workstation.domain.lesion import FOLLOWED, LesionProposal, LesionTable, TimePoint, centre_of, lesion_table
from workstation.domain.viewing import Plane, ViewportState
from workstation.errors import Refused
from workstation.jobs import BESIDE, Cancel, Jobs
from workstation.ports import ImageShelf
from workstation.session.annotating import READER, Annotating
from workstation.session.copying import PROPOSED, UNCHECKED
from workstation.session.finding import place_in, place_of, state_showing
from workstation.signals import Signal

if TYPE_CHECKING:
    from workstation.session.viewing import Viewing

Point = tuple[float, float]
Mapped = Callable[[str, str, Vec3], Vec3 | None]
Map = Callable[[Vec3], Vec3]


@dataclass(frozen=True, slots=True)
class Carried:
    """What a proposal said; English source words. `drawn` is what lies there now."""

    drawn: Annotation
    words: str


class Lesions:
    """Used on the main thread; lesions are looked for in a job."""

    def __init__(
        self,
        jobs: Jobs,
        shelf: ImageShelf,
        viewing: Viewing,
        annotating: Annotating,
        mapped: Mapped,
        problem: Callable[[Exception], object],
    ) -> None:
        self._jobs = jobs
        self._shelf = shelf
        self._viewing = viewing
        self._annotating = annotating
        self._mapped = mapped
        self._problem = problem
        self.carried: Signal[Carried] = Signal()

    # ---- what there is -----------------------------------------------------------------

    def table(self) -> LesionTable:
        """All lesions of the open case over its studies in which one was measured."""
        drawings = [a for a in self._annotating.all() if a.lesion]
        studies = self._annotating.studies
        measured = {a.study_uid for a in drawings} | {s.study_instance_uid for s in studies[:1]}
        times = [TimePoint(s.study_instance_uid, as_date(s.study_date)) for s in studies if s.study_instance_uid in measured]
        return lesion_table(times, sorted(drawings, key=_made))

    def of(self, lesion: str) -> tuple[Annotation, ...]:
        return tuple(a for a in self._annotating.all() if lesion and a.lesion == lesion)

    # ---- acts --------------------------------------------------------------------------

    def carry(self) -> None:
        """Look for the selected lesion in every other study that hangs, and propose it there. Raises Refused."""
        drawn = self._followed()
        targets = self._targets(drawn)
        if not targets:
            raise Refused("Not carried", "No other study of this patient is on screen", "Hang the prior beside it first")
        there = [(index, self._lying(drawn, index)) for index in targets]
        missing = [index for index, lying in there if lying is None]
        for index, lying in there:
            if lying is not None:
                self._show(index, lying)
        aligned = [(index, found) for index in missing if (found := self._aligned(drawn, index)) is not None]
        if missing and not aligned:
            raise Refused(
                "Not carried", "The studies are not aligned with each other", "Align them (Ctrl+Shift+R, or Alt+J by hand)"
            )
        if aligned:
            named = self.follow(drawn)
            for index, found in aligned:
                self._carry_to(named, index, found)

    def follow(self, drawn: Annotation, lesion: str = "") -> Annotation:
        """Make a drawing part of a lesion, of a new one by default. Raises Refused for what has no size."""
        if drawn.kind not in FOLLOWED:
            raise Refused("Not followed", "This drawing measures no size", "Measure the lesion with a distance or two axes")
        if drawn.lesion and not lesion:
            return drawn
        others = self.of(lesion)
        if any(a.study_uid == drawn.study_uid and a.uid != drawn.uid and a.verdict is Verdict.ACCEPTED for a in others):
            raise Refused("Not joined", "This lesion is measured in that study already", "Take the other drawing out first")
        name = others[0].lesion_name if others else self._next_name()
        self._annotating.change(
            drawn.uid,
            lesion=lesion or f"2.25.{uuid.uuid4().int}",
            lesion_name=name,
            verdict=drawn.verdict,
            measured=drawn.measured,
        )
        return self._annotating.find(drawn.uid) or drawn

    def release(self, uid: str) -> None:
        """Take a drawing out of its lesion; the drawing stays."""
        drawn = self._annotating.find(uid)
        if drawn is not None and drawn.lesion:
            self._annotating.change(uid, lesion="", lesion_name="", verdict=drawn.verdict, measured=drawn.measured)

    def rename(self, lesion: str, name: str) -> None:
        """Raises Refused for an empty name or that of another lesion."""
        name = " ".join(name.split())
        if not name:
            raise Refused("Not renamed", "A lesion needs a name")
        if any(a.lesion != lesion and a.lesion_name == name for a in self._annotating.all()):
            raise Refused("Not renamed", "Another lesion has this name", "Choose another one")
        for drawn in self.of(lesion):
            self._annotating.change(drawn.uid, lesion_name=name, verdict=drawn.verdict, measured=drawn.measured)

    def step(self, steps: int = 1) -> None:
        """Show the next lesion in every study that hangs. Raises Refused where none is followed."""
        rows = self.table().rows
        if not rows:
            raise Refused("No lesion is followed", "", "Measure one and carry it to the other study (Ctrl+Shift+P)")
        selected = self._annotating.find(self._annotating.selected)
        uids = [row.lesion for row in rows]
        here = uids.index(selected.lesion) if selected is not None and selected.lesion in uids else (-1 if steps > 0 else 0)
        self.show(uids[(here + steps) % len(uids)])

    def show(self, lesion: str) -> None:
        """Show a lesion wherever a series hangs in which it was measured; the newest one is selected."""
        drawings = self.of(lesion)
        for drawn in drawings:
            for index, cell in enumerate(self._viewing.cells):
                if cell.state is not None and cell.state.series_uid == drawn.series_uid and cell.state.plane is not Plane.THREE_D:
                    self._show(index, drawn)
        if drawings:
            self._annotating.show(drawings[0].uid)

    # ---- inside ------------------------------------------------------------------------

    def _followed(self) -> Annotation:
        drawn = self._annotating.find(self._annotating.selected)
        if drawn is None:
            raise Refused("Nothing to carry", "No drawing is selected", "Click a measurement, or press J to go to one")
        if drawn.kind not in FOLLOWED or not drawn.patient_points:
            raise Refused(
                "Not carried", "This drawing has no size in the patient", "Measure the lesion with a distance or two axes"
            )
        if drawn.source.kind != READER:
            raise Refused("Not carried", "It is a finding of another source", "Measure it yourself first")
        return drawn

    def _targets(self, drawn: Annotation) -> list[int]:
        """The first viewport of each other study of that patient."""
        patients = {s.study_instance_uid: s.patient.key for s in self._annotating.studies}
        found: dict[str, int] = {}
        for index, cell in enumerate(self._viewing.cells):
            state = cell.state
            if state is None or state.plane is Plane.THREE_D or state.study_uid == drawn.study_uid:
                continue
            if patients.get(state.study_uid) == patients.get(drawn.study_uid):
                found.setdefault(state.study_uid, index)
        return list(found.values())

    def _lying(self, drawn: Annotation, index: int) -> Annotation | None:
        state = self._viewing.state(index)
        theirs = (a for a in self.of(drawn.lesion) if state is not None and a.study_uid == state.study_uid)
        return next((a for a in theirs if a.verdict is not Verdict.REJECTED), None)

    def _aligned(self, drawn: Annotation, index: int) -> Map | None:
        """Takes points of the drawing's series to those of what hangs there; None where nothing is known or it was rejected."""
        state = self._viewing.state(index)
        if state is None or self._mapped(drawn.series_uid, state.series_uid, centre_of(drawn)) is None:
            return None
        return lambda point: self._mapped(drawn.series_uid, state.series_uid, point) or point

    def _carry_to(self, drawn: Annotation, index: int, by: Map) -> None:
        state = self._viewing.state(index)
        home = place_of(self._viewing, drawn, self._annotating.studies)
        shown = self._viewing.state(home) if home is not None else None
        if state is None or shown is None:
            return
        expected = by(centre_of(drawn))

        def work(_: Cancel) -> LesionProposal:
            return self._shelf.propose_lesion(drawn, shown, state, expected)

        def done(found: LesionProposal) -> None:
            self._place(drawn, index, state, by, found)

        self._jobs.run(BESIDE, work, done, self._problem, slot=f"lesion {state.study_uid}")

    def _place(self, drawn: Annotation, index: int, asked: ViewportState, by: Map, found: LesionProposal) -> None:
        state = self._viewing.state(index)
        viewer = self._viewing.viewer(index)
        if state is None or viewer is None or state.series_uid != asked.series_uid or self._annotating.find(drawn.uid) is None:
            return  # something else hangs there by now
        shown = viewer.at_point(state, found.axes[0] if found.axes else found.centre)
        size = self._annotating.drawing.size(index)
        seen = [viewer.to_view(shown, *size, point) for point in _points(drawn, by, found)]
        points = [(p[0], p[1]) for p in seen if p is not None]
        made = viewer.annotation_at(shown, *size, points, drawn.kind) if len(points) == len(seen) else None
        if made is None:
            self._problem(Refused("Not carried", "That place is not in the images of the other study"))
            return
        measured = viewer.measure(made) if found.axes else Measured(refused=UNCHECKED)
        made = replace(
            made,
            lesion=drawn.lesion,
            lesion_name=drawn.lesion_name,
            text=drawn.text,
            verdict=Verdict.OPEN,
            measured=replace(measured, notes=(*measured.notes, PROPOSED)),
            source=Source(READER, self._annotating.reader, made=datetime.now(UTC)),
        )
        self._viewing.change(index, position=shown.position, focus=shown.focus, dimension=shown.dimension)
        self._viewing.activate(index)
        self._annotating.add(made)
        self.carried.emit(Carried(made, found.words))

    def _show(self, index: int, drawn: Annotation) -> None:
        viewer, state = self._viewing.viewer(index), self._viewing.state(index)
        shown = state_showing(viewer, state, drawn) if viewer is not None and state is not None else None
        if shown is not None:
            self._viewing.change(index, **place_in(shown))

    def _next_name(self) -> str:
        names = {a.lesion_name for a in self._annotating.all() if a.lesion}
        return next(name for i in range(1, len(names) + 2) if (name := f"Lesion {i}") not in names)


def _points(drawn: Annotation, by: Map, found: LesionProposal) -> list[Vec3]:
    """The proposed drawing's own points in LPS mm."""
    own = [by(p) for p in drawn.patient_points[: POINTS_NEEDED[drawn.kind][1]]]
    if not found.axes:
        shift = sub(found.centre, by(centre_of(drawn)))
        return [add(p, shift) for p in own]
    if drawn.kind is AnnotationKind.LENGTH:
        return list(found.axes[:2])
    if drawn.kind is AnnotationKind.BIDIRECTIONAL:
        return list(found.axes)
    # Areas keep their shape: as large as the lesion is long, around its middle.
    middle = scale(add(found.axes[0], found.axes[1]), 0.5)
    factor = length(sub(found.axes[1], found.axes[0])) / max(_extent(own), 1e-6)
    return [add(middle, scale(sub(p, by(centre_of(drawn))), factor)) for p in own]


def _extent(points: Sequence[Vec3]) -> float:
    """The largest distance across a shape; of a circle, which is a centre and a point on its line, twice the radius."""
    if len(points) == 2:
        return 2.0 * length(sub(points[1], points[0]))
    return max(length(sub(p, q)) for p in points for q in points)


def _made(drawn: Annotation) -> datetime:
    return drawn.source.made or datetime.min.replace(tzinfo=UTC)
