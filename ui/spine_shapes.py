"""Vertebral levels that were named in other images of the same space, as they are to be painted here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ui.annotation_shapes import Shape, unlabelled
from ui.reference_lines import View
from workstation.domain.annotation import Annotation
from workstation.domain.study import Series, Study
from workstation.session.finding import series_of
from workstation.session.spine_levels import Label, levels_on


def in_this_space(labels: Sequence[Annotation], studies: Sequence[Study], view: View) -> list[Annotation]:
    """Those of the same patient in the same FrameOfReferenceUID (0020,0052): only there places may be compared."""
    state = view.state
    found = []
    for label in labels:
        here = series_of(studies, replace(label, study_uid=state.study_uid, series_uid=state.series_uid))
        there = series_of(studies, label)
        if label.patient_points and here is not None and there is not None and _share_space(here, there):
            found.append(label)
    return found


def carried_levels(labels: Sequence[Annotation], view: View, ratio: float) -> list[Shape]:
    """One shape for each level that is to be told on this image. A label that is on the image itself tells its own."""
    told: list[Label] = []
    own: set[str] = set()
    for label in labels:
        seen = view.viewport.to_view(view.state, view.width, view.height, label.patient_points[0])
        if seen is None:
            return []
        told.append(Label(label.uid, label.text.strip().upper(), label.patient_points[0], seen))
        if view.viewport.on_view(label, view.state, view.width, view.height) is not None:
            own.add(label.uid)
    by_uid = {label.uid: label for label in labels}
    levels = [level for level in levels_on(told) if level.uid not in own]
    shapes = []
    for level in levels:
        x, y = level.at[0] / ratio, level.at[1] / ratio
        if 0 <= x <= view.width / ratio and 0 <= y <= view.height / ratio:
            made = unlabelled(replace(by_uid[level.uid], text=level.text), [(x, y)], [])
            shapes.append(made if level.is_point else replace(made, path=type(made.path)()))
    return [replace(shape, handles=()) for shape in shapes]


def _share_space(one: tuple[Study, Series], other: tuple[Study, Series]) -> bool:
    space = one[1].frame_of_reference_uid
    return bool(space) and space == other[1].frame_of_reference_uid and one[0].patient.key == other[0].patient.key
