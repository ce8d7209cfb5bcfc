"""Which image is looked at, as a place that is remembered; and showing such a place again."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from workstation.domain.annotation import Annotation, AnnotationKind
from workstation.domain.text_link import ImagePlace
from workstation.domain.viewing import Plane, ViewportState
from workstation.errors import Refused, WorkstationError
from workstation.session.annotating import Annotating
from workstation.session.finding import place_in, place_of, series_of, state_showing
from workstation.signals import Signal

if TYPE_CHECKING:
    from workstation.session.viewing import Viewing

GONE = Refused("The image of this sentence is not here any more", "", "Fetch the study again from its archive")


@dataclass(frozen=True, slots=True)
class Flash:
    """A point to be shown for a moment: in which viewport, and where in the image."""

    index: int
    at: Annotation


class LinkedImages:
    """Main thread."""

    def __init__(self, viewing: Viewing, annotating: Annotating) -> None:
        self._viewing = viewing
        self._annotating = annotating
        self.pointer: Callable[[int], tuple[float, float] | None] = lambda _: None
        """Where the mouse points in a viewport, in its pixels; the window plugs itself in here."""
        self.flashed: Signal[Flash] = Signal()

    def looked_at(self) -> ImagePlace | None:
        """The image in the active viewport, with the point that the mouse or a crosshair is on; None for none, and in 3D."""
        index = self._viewing.active
        state, viewer = self._viewing.state(index), self._viewing.viewer(index)
        if state is None or viewer is None or state.plane is Plane.THREE_D:
            return None
        size = self._annotating.drawing.size(index)
        pointed = self.pointer(index)
        at = pointed or (size[0] / 2, size[1] / 2)
        made: Annotation | None = None
        with suppress(WorkstationError):  # what cannot be measured can be looked at
            made = viewer.annotation_at(state, *size, [at], AnnotationKind.PROBE)
        if made is None:
            shown = viewer.image_of(state)
            if shown is None:
                return None
            return ImagePlace(state.study_uid, state.series_uid, *shown)
        place = place_at(made, pointed is not None)
        cross = self._viewing.planes.crosshair((state.study_uid, state.series_uid)) if state.plane is not Plane.STACK else None
        if pointed is None and cross is not None:
            place = replace(place, patient_point=cross.focus, is_pointed=True)
        return replace(place, oblique=state.oblique)

    def show(self, place: ImagePlace) -> None:
        """In the viewport that shows its series (the active one first), else in the active one. Raises Refused."""
        at = _drawn_at(place)
        found = series_of(self._annotating.studies, at)
        if found is None:
            raise GONE
        index = place_of(self._viewing, at, self._annotating.studies)
        state = self._viewing.state(index) if index is not None else None
        viewer = self._viewing.viewer(index) if index is not None else None
        if index is None or state is None or viewer is None:
            raise GONE
        shown = self._shown(place, at, index)
        if shown is None:
            raise GONE
        self._viewing.activate(index)
        self._viewing.change(index, **place_in(shown))
        if place.is_pointed:
            self.flashed.emit(Flash(index, at))

    def _shown(self, place: ImagePlace, at: Annotation, index: int) -> ViewportState | None:
        state, viewer = self._viewing.state(index), self._viewing.viewer(index)
        if state is None or viewer is None:
            return None
        if place.plane is Plane.STACK:
            position = viewer.position_of(place.sop_instance_uid, place.frame_number)
            base = state if state.plane is Plane.STACK else viewer.default_state(Plane.STACK)
            return None if position is None else replace(base, position=position)
        if place.plane is Plane.OBLIQUE and place.oblique is not None and place.patient_point is not None:
            base = replace(viewer.default_state(Plane.AXIAL), plane=Plane.OBLIQUE, oblique=place.oblique)
            return viewer.at_point(base, place.patient_point)
        return state_showing(viewer, state, at)


def place_at(drawn: Annotation, is_pointed: bool = True) -> ImagePlace:
    """Where a drawing lies."""
    return ImagePlace(
        drawn.study_uid,
        drawn.series_uid,
        drawn.sop_instance_uid,
        drawn.frame_number,
        drawn.plane,
        drawn.points[0] if drawn.points else None,
        drawn.patient_points[0] if drawn.patient_points else None,
        None,
        drawn.dimension,
        is_pointed,
    )


def _drawn_at(place: ImagePlace) -> Annotation:
    return Annotation(
        "",
        AnnotationKind.PROBE,
        place.study_uid,
        place.series_uid,
        place.sop_instance_uid,
        place.frame_number,
        place.plane,
        (place.point,) if place.point is not None else (),
        (place.patient_point,) if place.patient_point is not None else (),
        dimension=place.dimension,
    )
