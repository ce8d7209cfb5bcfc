"""A second series that a presentation state lays over its images, as a fusion (PS3.3 C.11.14; PS3.4 N.2.4)."""

from __future__ import annotations

import numpy as np

from rendering.objects.looking import OTHER_RESCALE, SPANNED, item_for, levels_of, same_rescale, scaled
from rendering.objects.presentation_facts import Blend
from rendering.pixels import equivalent_window
from rendering.pixels.colour_maps import STEPS
from rendering.viewport import Viewport
from workstation.domain.viewing import Fusion, Window

ALL_OF_IT = "The whole series is laid over, not only the images that the state names"
OWN_WINDOW = "The state has no window for what is laid over: its own is used"
GREYS = np.repeat(np.arange(STEPS, dtype=np.uint8), 3).tobytes()


def fusion_of(viewer: Viewport, blend: Blend) -> tuple[Fusion, tuple[str, ...]]:
    """How the series is laid over, and what of it is not followed. Raises Refused where it does not belong here."""
    palette = levels_of(blend.palette) or GREYS
    bare = Fusion(blend.study_uid, blend.series_uid, opacity=blend.opacity, palette=palette)
    images = viewer.fusion.found(bare).images
    factor = viewer.fusion.scale(images).factor
    first, words = images.identity(0), []
    own = images.facts(0).transform
    window: Window | None = None
    found = item_for(blend.windows, first.sop_instance_uid, first.frame_number)
    if found is None:
        words.append(OWN_WINDOW)
    elif blend.modality is not None and not same_rescale(blend.modality, own):
        words.append(OTHER_RESCALE)
    elif found.windows:
        window = scaled(found.windows[0], factor)
    elif found.tables:
        window = scaled(equivalent_window(found.tables[0]), factor)
        words.append(SPANNED)
    named = {one.sop_instance_uid for one in blend.images}
    if named and not {one.sop_instance_uid for one in images.series.instances} <= named:
        words.append(ALL_OF_IT)
    return Fusion(blend.study_uid, blend.series_uid, opacity=blend.opacity, window=window, palette=palette), tuple(words)
