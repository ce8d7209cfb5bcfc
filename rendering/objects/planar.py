"""A plane through a volume as a presentation state has it (PS3.3 C.11.26), in a viewport that shows the series."""

from __future__ import annotations

from dataclasses import replace

from rendering.objects.facts import ObjectFacts
from rendering.objects.looking import OTHER_RESCALE, SPANNED, Presented, item_for, same_rescale, scaled
from rendering.objects.presentation_facts import Presentation
from rendering.pixels import equivalent_window, is_inverse
from rendering.viewport import Viewport
from workstation.domain.geometry import add, scale
from workstation.domain.presenting import Followed
from workstation.domain.viewing import Framed, Plane, Sizing, ViewportState, Window
from workstation.errors import Refused

TITLE = "The presentation state cannot be followed"
GRAPHICS = "Its drawings on the plane are not shown"


def planar(viewer: Viewport, state: ViewportState, facts: ObjectFacts) -> Presented:
    """The plane, as large as fits the view. Raises Refused where the series is no verified volume, or lies elsewhere."""
    presentation = facts.presentation
    assert presentation is not None
    plane, images = presentation.plane, viewer.images
    assert plane is not None
    if presentation.refused:
        raise Refused(TITLE, presentation.refused)
    if not viewer.can_show(Plane.OBLIQUE):
        raise Refused(TITLE, " ".join(["Its series is no volume that can be cut through.", *images.verdict.reasons]))
    spaces = {facts.frame_of_reference_uid, images.header(0).frame_of_reference_uid} - {""}
    if len(spaces) > 1:
        raise Refused(TITLE, "Its plane lies in another space than the images")
    window, words = _window(presentation, viewer)
    middle = add(plane.corner, add(scale(plane.right, plane.width / 2.0), scale(plane.down, plane.height / 2.0)))
    made = replace(
        viewer.default_state(Plane.AXIAL),
        plane=Plane.OBLIQUE,
        focus=middle,
        oblique=(plane.right, plane.down),
        framed=Framed((plane.width, plane.height), middle),
        sizing=Sizing.FIT,
        window=window or state.window,
        inverted=presentation.inverse is not is_inverse(images.header(0)),
        slab_mm=plane.slab_mm,
        slab_mode=plane.mode,
        followed=Followed(facts.sop_instance_uid),
    )
    said = [*facts.unread, *words, *([GRAPHICS] if presentation.graphics or presentation.texts else [])]
    return Presented(made, tuple(dict.fromkeys(said)))


def _window(presentation: Presentation, viewer: Viewport) -> tuple[Window | None, list[str]]:
    images = viewer.images
    first = images.identity(0)
    found = item_for(presentation.windows, first.sop_instance_uid, first.frame_number)
    if found is None:
        return None, []
    if presentation.modality is not None and not same_rescale(presentation.modality, images.facts(0).transform):
        return None, [OTHER_RESCALE]
    if found.windows:
        return scaled(found.windows[0], viewer.factor), []
    return (scaled(equivalent_window(found.tables[0]), viewer.factor), [SPANNED]) if found.tables else (None, [])
