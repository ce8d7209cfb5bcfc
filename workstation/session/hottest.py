"""Marks where activity is highest: a ball around it that is measured, and every viewport taken there."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from workstation.domain.annotation import Annotation, AnnotationKind, Source
from workstation.domain.geometry import Vec3
from workstation.domain.viewing import Plane, ViewportState
from workstation.errors import Refused
from workstation.session.annotating import READER

if TYPE_CHECKING:
    from workstation.ports import SeriesViewer
    from workstation.session.annotating import Annotating
    from workstation.session.viewing import Viewing

BALL_MM = 15.0
"""The radius of a ball that is placed by a key; the hand makes it larger or smaller."""


class Hottest:
    """Used on the main thread."""

    def __init__(self, viewing: Viewing, annotating: Annotating) -> None:
        self._viewing = viewing
        self._annotating = annotating

    def mark(self) -> None:
        """Go to the maximum: of the selected ball, else of what the active viewport shows, which then gets a ball there.

        Raises Refused where there is none, and NotYet until the whole series is there.
        """
        index, state, viewer = self._active()
        chosen = self._annotating.find(self._annotating.selected)
        ball = chosen if chosen is not None and chosen.kind is AnnotationKind.SPHERE and _is_of(chosen, state) else None
        point = viewer.hottest(state, *self._annotating.drawing.size(index), ball)
        if point is None:
            raise Refused("No maximum here", "There is no value in what is shown")
        self._viewing.fusing.go_to(point, state.study_uid, state.series_uid)
        if ball is None:
            self._add_ball(index, viewer, point)

    def _active(self) -> tuple[int, ViewportState, SeriesViewer]:
        index = self._viewing.active
        state, viewer = self._viewing.state(index), self._viewing.viewer(index)
        if state is None or viewer is None:
            raise Refused("No maximum here", "No images hang in the active viewport")
        return index, state, viewer

    def _add_ball(self, index: int, viewer: SeriesViewer, point: Vec3) -> None:
        state = self._viewing.state(index)
        if state is None:
            return
        if state.plane is Plane.THREE_D:
            state = viewer.at_point(viewer.default_state(Plane.AXIAL), point)
        made = viewer.ball_at(state, *self._annotating.drawing.size(index), point, BALL_MM)
        if made is None:
            raise Refused("No ball is placed", "This image does not say where in the patient it lies")
        made = replace(made, source=Source(READER, self._annotating.reader, made=datetime.now(UTC)))
        self._annotating.add(replace(made, measured=self._annotating.measure(made)))


def _is_of(drawn: Annotation, state: ViewportState) -> bool:
    return (drawn.study_uid, drawn.series_uid) == (state.study_uid, state.series_uid)
