"""A cell's wishes on a real series: plane, window, slab, mirrors, size, what is laid over, the 3D look.

What cannot be had is left out and said in words; nothing here keeps an image from being hung.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hanging_protocols import selection
from hanging_protocols.facts import ImageSet
from hanging_protocols.model import CellTemplate, Flip, Selector, Size, Sort
from hanging_protocols.planes import why_not_volume
from hanging_protocols.study_facts import StudyFacts
from hanging_protocols.suv import has_suv
from workstation.domain import breast_side
from workstation.domain.hanging import ScreenFacts
from workstation.domain.viewing import Fusion, Paging, Plane, PresetTable, Sizing, SolidLook, ViewportState, Window

_OPPOSITE = {"L": "R", "R": "L", "A": "P", "P": "A", "H": "F", "F": "H"}
_SIZINGS = {
    Size.FIT: Sizing.FIT,
    Size.PIXELS: Sizing.PIXELS,
    Size.SAME_SCALE: Sizing.SAME_SCALE,
    Size.ANATOMY: Sizing.ANATOMY,
}


def state_of(
    template: CellTemplate,
    image_set: ImageSet,
    over: Selector | None,
    facts: StudyFacts,
    presets: PresetTable,
    screens: Sequence[ScreenFacts] = (),
) -> tuple[ViewportState, tuple[str, ...]]:
    """The state that `template` asks for of `image_set`, and in words what of it could not be had.

    `over` selects what is laid over it, in the same study. `screens` are those that images hang on.
    """
    doubts: list[str] = []

    def told(doubt: str) -> None:
        if doubt:
            doubts.append(doubt)

    plane, doubt = _plane(template.plane, image_set, facts)
    told(doubt)
    window, doubt = _window(template, image_set, presets)
    told(doubt)
    across, down, doubt = _mirrors(template.patient_orientation, image_set)
    told(doubt)
    fusion, doubt = _fusion(template, image_set, over, facts, presets)
    told(doubt)
    sizing, pixel_mm, doubt = _sizing(template, screens)
    told(doubt)
    paging, backwards, doubt = _paging(template, image_set)
    told(doubt)
    flat = plane is not Plane.THREE_D
    if window is not None and template.look and not flat:
        window = replace(window, explanation=template.look)  # a window that carries a look's name is that look's own
    state = ViewportState(
        study_uid=image_set.study.study_instance_uid,
        series_uid=image_set.series.series_instance_uid,
        plane=plane,
        position=image_set.position,
        window=window,
        inverted=template.inverted,
        rotation=template.rotation,
        flipped_horizontally=across != (template.flip in (Flip.HORIZONTAL, Flip.BOTH)),
        flipped_vertically=down != (template.flip in (Flip.VERTICAL, Flip.BOTH)),
        slab_mm=template.slab_mm if plane is not Plane.STACK and flat else 0.0,
        slab_mode=template.slab_mode,
        sizing=sizing,
        pixel_mm=pixel_mm,
        fusion=fusion if flat else None,
        solid=SolidLook() if flat else SolidLook(template.look),
        anchor=template.anchor.value,
        paging=paging,
        backwards=backwards,
    )
    return state, tuple(doubts)


def _plane(wished: Plane, image_set: ImageSet, facts: StudyFacts) -> tuple[Plane, str]:
    if wished is Plane.STACK:
        return wished, ""
    why = why_not_volume(image_set, frozenset(role.value for role in facts.roles(image_set)))
    return (Plane.STACK, f"shown as it was acquired: {why}") if why else (wished, "")


def _window(template: CellTemplate, image_set: ImageSet, presets: PresetTable) -> tuple[Window | None, str]:
    """The named preset of the series' modality, or the window in figures; None is the image's own window."""
    if template.center_width:
        return Window(*template.center_width), ""
    return preset_window(template.window, image_set, presets)


def preset_window(name: str, image_set: ImageSet, presets: PresetTable) -> tuple[Window | None, str]:
    modality = image_set.series.modality
    if not name:
        return None, ""
    if modality == "PT" and not has_suv(image_set):
        return None, "its own window, because it cannot be brought to SUV"
    for preset in presets.for_modality(modality):
        if preset.name.casefold() == name.casefold():
            return preset.window, ""
    return None, f'its own window, because {modality} has no preset "{name}"'


def _mirrors(wished: tuple[str, str], image_set: ImageSet) -> tuple[bool, bool, str]:
    """Whether to mirror across and down so that rows and columns point to the wished sides."""
    actual = image_set.elements("PatientOrientation")
    if wished == ("", ""):
        return False, False, ""
    if image_set.series.modality == "MG":
        elements = {keyword: image_set.elements(keyword) for keyword in breast_side.ELEMENTS}
        actual, doubts = breast_side.orientation_of(elements), breast_side.conflicts(elements)
        if doubts:
            return False, False, f"not turned to the usual side: {'; '.join(doubts)}"
    if len(actual) != 2:
        return False, False, "not turned to the usual side, because PatientOrientation is not known"
    sides = tuple(value[:1].upper() for value in actual)
    if any(side not in (want, _OPPOSITE[want]) for side, want in zip(sides, wished, strict=True)):
        return False, False, "not turned to the usual side, because it was taken in another direction"
    return sides[0] != wished[0], sides[1] != wished[1], ""


def _fusion(
    template: CellTemplate, image_set: ImageSet, over: Selector | None, facts: StudyFacts, presets: PresetTable
) -> tuple[Fusion | None, str]:
    """What is laid over: the best image set of `over` in the same frame of reference."""
    if over is None:
        return None, ""
    found = selection.candidates(over, facts)
    if not found:
        return None, f"nothing is laid over: {selection.why_none(over, facts)}"
    frame = image_set.series.frame_of_reference_uid
    same = [one.image_set for one in found if frame and one.image_set.series.frame_of_reference_uid == frame]
    laid = next((one for one in same if one.series.series_instance_uid != image_set.series.series_instance_uid), None)
    if laid is None:
        return None, f"nothing is laid over: no {over.title} has its frame of reference"
    for one in (image_set, laid):
        why = why_not_volume(one, frozenset(role.value for role in facts.roles(one)))
        if why:
            return None, f"nothing is laid over: {why}"
    window, doubt = preset_window(template.fusion_window, laid, presets)
    fusion = Fusion(
        laid.study.study_instance_uid,
        laid.series.series_instance_uid,
        colour_map=template.colour_map,
        opacity=template.opacity,
        window=window,
    )
    return fusion, f"what is laid over has {doubt}" if doubt else ""


def _sizing(template: CellTemplate, screens: Sequence[ScreenFacts]) -> tuple[Sizing, float, str]:
    """What zoom 1.0 is, and for true size the millimetres of one pixel of the cell's screen."""
    wished = template.sizing
    if wished in _SIZINGS:
        return _SIZINGS[wished], 0.0, ""
    screen = screens[min(template.screen, len(screens) - 1)] if screens else None
    if screen is None or screen.pixel_mm is None:
        return Sizing.FIT, 0.0, "not in true size, because the size of the screen's pixels is not known"
    return Sizing.TRUE_SIZE, screen.pixel_mm, ""


def _paging(template: CellTemplate, image_set: ImageSet) -> tuple[Paging, bool, str]:
    """What the images are paged by; an image that hangs by itself, out of its series, is not paged."""
    asked = template.sort is not Sort.AS_READ or template.descending
    if asked and image_set.images < image_set.series.image_count:
        return Paging.AS_READ, False, "not paged otherwise, because it is one image of its series"
    return Paging(template.sort.value), template.descending, ""
