"""What lies over the image of a viewport, for a new Blending Presentation State; what of it cannot be kept is told."""

from __future__ import annotations

from rendering.images import NotYet
from rendering.objects.looking import scaled
from rendering.objects.write_plan import Over
from rendering.pixels import is_inverse
from rendering.pixels.colour_maps import OVERLAY, colour_map
from rendering.viewport import Viewport
from workstation.domain.viewing import Fusion, FusionMode, ViewportState
from workstation.errors import Refused

LAID_OVER = "What was laid over: a presentation state holds no difference, no registration, no inverted and no colour image"
RAMP = "Colours that get weaker where there is little: a presentation state lays all of them over alike"


def over_of(viewer: Viewport, state: ViewportState) -> tuple[Over | None, tuple[str, ...]]:
    fusion = state.fusion
    if fusion is None:
        return None, ()
    header = viewer.images.header(state.position)
    is_plain = fusion.mode is FusionMode.OVERLAY and fusion.transform is None and not fusion.warp and not fusion.dimension
    if not is_plain or header.is_colour or is_inverse(header) is not state.inverted:
        return None, (LAID_OVER,)
    try:
        return _over(viewer, fusion), () if fusion.palette else (RAMP,)
    except (Refused, NotYet):
        return None, (LAID_OVER,)


def _over(viewer: Viewport, fusion: Fusion) -> Over:
    """Raises Refused where nothing is laid over."""
    images = viewer.fusion.found(fusion).images
    window = scaled(viewer.fusion.window(fusion), 1.0 / viewer.fusion.scale(images).factor)
    palette = fusion.palette or colour_map(fusion.colour_map, OVERLAY).table.tobytes()
    headers = {id(header): header for header in (images.header(at) for at in range(images.frame_count))}
    transform = images.facts(0).transform
    return Over(images.series.series_instance_uid, fusion.opacity, palette, window, transform, tuple(headers.values()))
