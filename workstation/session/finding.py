"""Where a drawing is: its place in reading order, the viewport that can show it, the image that it is on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from workstation.domain.annotation import Annotation
from workstation.domain.key_image import KeyImage
from workstation.domain.study import Instance, Series, Study
from workstation.domain.viewing import Plane, ViewportState
from workstation.errors import WorkstationError
from workstation.ports import SeriesViewer
from workstation.session.viewing import Viewing

SIZE = (1000, 1000)


def series_of(studies: Sequence[Study], drawn: Annotation) -> tuple[Study, Series] | None:
    for study in studies:
        for series in study.series if study.study_instance_uid == drawn.study_uid else ():
            if series.series_instance_uid == drawn.series_uid:
                return study, series
    return None


def instance_of(series: Series, sop_instance_uid: str) -> Instance | None:
    return next((i for i in series.instances if i.sop_instance_uid == sop_instance_uid), None)


def reading_order(studies: Sequence[Study], drawn: Annotation | KeyImage) -> tuple[int, int, int, int]:
    """(study, series, image, frame) as places in the case; what is not found comes last."""
    end = 1_000_000
    study = next((i for i, s in enumerate(studies) if s.study_instance_uid == drawn.study_uid), end)
    if study == end:
        return end, end, end, end
    all_series = studies[study].series
    number = next((i for i, s in enumerate(all_series) if s.series_instance_uid == drawn.series_uid), end)
    images = all_series[number].instances if number != end else ()
    image = next((i for i, s in enumerate(images) if s.sop_instance_uid == drawn.sop_instance_uid), end)
    return study, number, image, drawn.frame_number


def place_of(viewing: Viewing, drawn: Annotation, studies: Sequence[Study]) -> int | None:
    """The viewport that shows the drawing's series, the active one first; else it is hung in the active one."""
    order: list[int] = [viewing.active, *range(len(viewing.cells))]
    for index in order:
        state = viewing.state(index)
        if state is not None and (state.study_uid, state.series_uid) == (drawn.study_uid, drawn.series_uid):
            return index
    found = series_of(studies, drawn)
    if found is None or not viewing.cells:
        return None
    viewing.hang_series(viewing.active, *found, is_prior=found[0] is not studies[0])
    return viewing.active


def state_showing(viewer: SeriesViewer, state: ViewportState, drawn: Annotation) -> ViewportState | None:
    """The state that shows the image a drawing is on, kept as it is when it shows it already."""
    try:
        if viewer.on_view(drawn, state, *SIZE) is not None:
            return state
        if drawn.plane is not Plane.STACK:
            base = state if state.plane is drawn.plane else viewer.default_state(drawn.plane)
            base = replace(base, dimension=_dimension(viewer, drawn, base.dimension))
            return viewer.at_point(base, drawn.patient_points[0]) if drawn.patient_points else None
        base = state if state.plane is Plane.STACK else viewer.default_state(Plane.STACK)
        position = viewer.position_of(drawn.sop_instance_uid, drawn.frame_number)
        shown = None if position is None else replace(base, position=position)
        return shown if shown is not None and viewer.on_view(drawn, shown, *SIZE) is not None else None
    except WorkstationError:
        return None  # the image cannot be shown: its tile says why


def _dimension(viewer: SeriesViewer, drawn: Annotation, shown: int) -> int:
    """The volume of the series that a drawing on a cut lies in; the shown one of a drawing that names none."""
    keys = [one.key for one in viewer.dimensions()] if drawn.dimension else []
    return keys.index(drawn.dimension) if drawn.dimension in keys else shown


def place_in(shown: ViewportState) -> dict[str, Any]:
    """Which place of the series a state shows, and how it is cut, as changes for `Viewing.change`."""
    return {name: getattr(shown, name) for name in ("plane", "position", "focus", "oblique", "dimension")}
