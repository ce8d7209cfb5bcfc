"""How a presentation state has an image shown, as a viewport's state, and a viewport's state for a new one.

Rotation is clockwise and comes before the flip, as in ours (PS3.3 C.10.6). The displayed area (C.10.4)
is in whole pixels: a state of ours holds the exact view beside it, which counts in a view of the same size.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from rendering.filters import steps_of
from rendering.header import ImageHeader, LookupTable, ModalityTransform, Palette, Shutter
from rendering.images import SeriesImages
from rendering.objects.facts import ObjectFacts
from rendering.objects.matching import match
from rendering.objects.presentation_facts import Blend, DisplayedArea, Presentation, PresentedWindow
from rendering.objects.references import ImageReference
from rendering.objects.write_plan import Look, Shown, whole_area
from rendering.pixels import equivalent_window, is_inverse
from rendering.pixels.subtraction import LINEAR
from rendering.viewport_views import frame_view
from workstation.domain.presenting import Followed
from workstation.domain.subtraction import NATIVE, MaskOperation, Subtraction
from workstation.domain.viewing import Fusion, Plane, Sizing, ViewportState, VoiFunction, Window
from workstation.errors import Refused

Item = TypeVar("Item", DisplayedArea, PresentedWindow)

# Zooms this near to 1 are 1: rounding of the fit.
SAME_ZOOM = 1e-9
# Rescale values come as decimal strings: those this near to each other are one.
SAME_RESCALE = 1e-9
MAGNIFY, TRUE_SIZE = "MAGNIFY", "TRUE SIZE"
OTHER_RESCALE = "The state's window is for other rescale values than the image's: not used"
SPANNED = "The state's VOI LUT is shown as the window that spans it"
EDGES = "The state's edge enhancement is by this program's own filter"
# An exact view beyond these is none of ours.
MOST_ZOOM, MOST_PAN = 100.0, 100.0
_GREYS = 256


@dataclass(frozen=True, slots=True)
class Presented:
    """`words` says what of the state is not followed."""

    state: ViewportState
    words: tuple[str, ...] = ()

    @property
    def shutter(self) -> Shutter | None:
        """The state's own, in place of the image's."""
        return self.state.followed.shutter if self.state.followed is not None else None


Lay = Callable[[Blend], tuple[Fusion, Sequence[str]]]
"""The fusion that a blend is seen by, and what of it is not followed. Raises Refused."""


def presented(
    images: SeriesImages,
    state: ViewportState,
    facts: ObjectFacts,
    width: int,
    height: int,
    factor: float = 1.0,
    screen_mm: float | None = None,
) -> Presented:
    """The stack view `state` as the presentation state wants its frame shown in a view of this size.

    `factor` turns modality values into the shown unit (SUV); `screen_mm` is the length of a view pixel on a
    measured screen. Raises Refused when the state is not for this frame, or cannot be followed rightly.
    """
    match(facts, images.study)
    return followed(images, state, facts, width, height, factor, screen_mm)


def followed(
    images: SeriesImages,
    state: ViewportState,
    facts: ObjectFacts,
    width: int,
    height: int,
    factor: float = 1.0,
    screen_mm: float | None = None,
    lay: Lay | None = None,
) -> Presented:
    """As `presented`, of a state that was matched with the study before. `lay` is how a second series is laid over."""
    presentation = facts.presentation
    if presentation is None or state.plane is not Plane.STACK:
        raise Refused("The presentation state cannot be followed", "It is for images as acquired", "Show them first (Alt+1)")
    if presentation.refused:
        raise Refused("The presentation state cannot be followed", presentation.refused)
    if presentation.blend is not None and lay is None:
        raise Refused("The presentation state cannot be followed", "It blends two series into one picture")
    identity, header = images.identity(state.position), images.header(state.position)
    if not names(facts.images, identity.sop_instance_uid, identity.frame_number):
        raise Refused("The presentation state is not for this image")
    words = [*facts.unread]
    levels = levels_of(presentation.palette, presentation.lut)
    if presentation.palette is not None and header.is_colour:
        levels = b""
        words.append("The colours of the state are for grey images: not used")
    window, voi, said = _window(presentation, images, state.position, factor)
    made = replace(
        state,
        rotation=presentation.rotation,
        flipped_horizontally=presentation.flipped,
        flipped_vertically=False,
        inverted=not header.is_colour and presentation.inverse is not is_inverse(header),
        zoom=1.0,
        pan=(0.0, 0.0),
        sizing=Sizing.FIT,
        pixel_mm=0.0,
        anchor="",
        held=None,
        sharpening=_sharpening(presentation, identity.sop_instance_uid, identity.frame_number),
        fusion=None,
        window=window or (None if voi is not None else state.window),
        followed=Followed(facts.sop_instance_uid, presentation.shutter, voi, levels),
        subtraction=_subtraction(presentation, header, words),
    )
    words += said
    if presentation.blend is not None and lay is not None:
        fusion, not_followed = lay(presentation.blend)
        made = replace(made, fusion=fusion)
        words += not_followed
    if made.sharpening:
        words.append(EDGES)
    if presentation.shutter is not None and presentation.shutter_level:
        words.append("The shutter is shown black: the state asks for grey")
    hidden = {overlay.group for overlay in header.overlays} - {*presentation.overlay_groups, _shutter_group(header)}
    if hidden:
        # One may be the letter of a side: nothing that the image brings is hidden for what a state does not say.
        words.append("Overlays of the image are shown though the state does not ask for them")
    area = item_for(presentation.areas, identity.sop_instance_uid, identity.frame_number)
    if area is not None:
        made, said = _with_area(images, made, area, width, height, screen_mm)
        words += said
    return Presented(made, tuple(dict.fromkeys(words)))


def _sharpening(presentation: Presentation, uid: str, frame: int) -> int:
    found = next((one for one in presentation.filters if one.first <= frame <= one.last and _is_of(one.images, uid)), None)
    return 0 if found is None else steps_of(found.percent)


def _is_of(images: Sequence[ImageReference], uid: str) -> bool:
    return not images or any(one.sop_instance_uid == uid for one in images)


def _subtraction(presentation: Presentation, header: ImageHeader, words: list[str]) -> Subtraction | None:
    """As the state has this image subtracted; what it does not say is not done (PS3.4 N.2.1)."""
    facts, uid = header.subtraction, header.sop_instance_uid
    named = [one.mask for one in presentation.masks if _is_of(one.images, uid)]
    if facts is None:
        if named:
            words.append("The image is no X-ray run: nothing is subtracted from it")
        return None
    if not named:
        return NATIVE
    subtracts = [mask for mask in named if mask.operation is not MaskOperation.NONE]
    if facts.relationship == LINEAR and any(mask.to_log is None for mask in subtracts):
        words.append("The state has linear intensities subtracted as they are")
        as_is = LookupTable(0, 16, np.arange(1 << header.bits_stored, dtype="<u2").tobytes())
        named = [mask if mask.to_log is not None else replace(mask, to_log=as_is) for mask in named]
    return Subtraction(True, ((uid, tuple(named)),))


def _shutter_group(header: ImageHeader) -> int:
    return header.shutter.overlay_group if header.shutter is not None else 0


def levels_of(palette: Palette | None, lut: LookupTable | None = None) -> bytes:
    """What each of 256 greys becomes: through the presentation LUT, or through the palette of a pseudo-colour state."""
    if palette is not None:
        tables = [_in_256(table) for table in (palette.red, palette.green, palette.blue)]
        return np.stack(tables, axis=1).tobytes()
    return _in_256(lut).tobytes() if lut is not None else b""


def _in_256(table: LookupTable) -> np.ndarray:
    entries = np.frombuffer(table.data, "<u2").astype(float)
    index = np.rint(np.arange(_GREYS) * (len(entries) - 1) / (_GREYS - 1)).astype(int)
    made: np.ndarray = np.clip(np.rint(entries[index] * 255.0 / ((1 << table.bits) - 1)), 0, 255).astype(np.uint8)
    return made


def names(images: Sequence[ImageReference], uid: str, frame: int) -> bool:
    return any(one.sop_instance_uid == uid and (not one.frames or frame in one.frames) for one in images)


def item_for(items: Sequence[Item], uid: str, frame: int) -> Item | None:
    """The first item that is for this frame: one that names no images is for all."""
    return next((item for item in items if not item.images or names(item.images, uid, frame)), None)


def _window(
    presentation: Presentation, images: SeriesImages, position: int, factor: float
) -> tuple[Window | None, LookupTable | None, list[str]]:
    identity = images.identity(position)
    found = item_for(presentation.windows, identity.sop_instance_uid, identity.frame_number)
    if found is None or images.header(position).is_colour:
        return None, None, []
    own, theirs = images.facts(position).transform, presentation.modality if not presentation.masks else None
    if theirs is not None and not same_rescale(theirs, own):
        return None, None, [OTHER_RESCALE]
    if found.windows:
        return scaled(found.windows[0], factor), None, []
    if found.tables and factor == 1.0:
        return None, found.tables[0], []
    if found.tables:
        return scaled(equivalent_window(found.tables[0]), factor), None, [SPANNED]
    return None, None, []


def same_rescale(one: ModalityTransform, other: ModalityTransform) -> bool:
    pairs = ((one.slope, other.slope), (one.intercept, other.intercept))
    return one.table == other.table and all(abs(p - q) <= SAME_RESCALE * max(1.0, abs(p)) for p, q in pairs)


def scaled(window: Window, factor: float) -> Window:
    """A window in modality units in those that are `factor` times as large, with the same greys (C.11.2.1.2)."""
    if factor == 1.0:
        return window
    center, width, function = window.center, window.width, window.function
    if function is VoiFunction.LINEAR:
        center, width, function = center - 0.5, width - 1.0, VoiFunction.LINEAR_EXACT
    return Window(center * factor, width * factor, function, window.explanation)


def _with_area(
    images: SeriesImages, state: ViewportState, area: DisplayedArea, width: int, height: int, screen_mm: float | None
) -> tuple[ViewportState, list[str]]:
    """The state (at zoom 1, unmoved) zoomed and moved so that the area fills the view, or is as large as it says."""
    state, words = _sized(images, state, area, screen_mm)
    exact = _exactly(images, state, area, width, height)
    if exact is not None:
        return exact, words
    (left, top), (right, bottom) = _edges(area)
    if state.sizing is Sizing.FIT:
        screen = frame_view(images, state, state.position, width, height).screen
        (x0, y0), (x1, y1) = screen.to_view(left, top), screen.to_view(right, bottom)
        zoom = min(width / abs(x1 - x0), height / abs(y1 - y0))
        state = replace(state, zoom=1.0 if abs(zoom - 1.0) <= SAME_ZOOM else zoom)
    screen = frame_view(images, state, state.position, width, height).screen
    x, y = screen.to_view((left + right) / 2, (top + bottom) / 2)
    return replace(state, pan=(_clean(0.5 - x / width), _clean(0.5 - y / height))), words


def _sized(
    images: SeriesImages, state: ViewportState, area: DisplayedArea, screen_mm: float | None
) -> tuple[ViewportState, list[str]]:
    """Whether the image is to fit, to be magnified by pixels, or as large as it is."""
    spacing = images.facts(state.position).spacing
    if area.mode == MAGNIFY and area.magnification:
        return replace(state, sizing=Sizing.PIXELS, zoom=area.magnification), []
    if area.mode != TRUE_SIZE:
        return state, []
    if area.pixel_spacing is None or not screen_mm or spacing is None:
        return state, ["True size needs a measured screen: the area is fitted to the view"]
    zoom = area.pixel_spacing[1] / spacing[1]
    return replace(state, sizing=Sizing.TRUE_SIZE, pixel_mm=screen_mm, zoom=1.0 if abs(zoom - 1.0) < 1e-6 else zoom), []


def _exactly(images: SeriesImages, state: ViewportState, area: DisplayedArea, width: int, height: int) -> ViewportState | None:
    """The exact view that a state of ours holds: only where it is the very area in whole pixels too."""
    if len(area.exact) != 3 or not 0.0 < area.exact[0] <= MOST_ZOOM or max(map(abs, area.exact[1:])) > MOST_PAN:
        return None
    made = replace(state, zoom=area.exact[0], pan=(area.exact[1], area.exact[2]))
    again = area_of_view(images, made, width, height)
    return made if (again.top_left, again.bottom_right) == (area.top_left, area.bottom_right) else None


def _clean(value: float) -> float:
    return 0.0 if abs(value) <= SAME_ZOOM else value


def _edges(area: DisplayedArea) -> tuple[tuple[float, float], tuple[float, float]]:
    """The outer edges of the corner pixels, as 0-based coordinates with centres on whole numbers."""
    (left, top), (right, bottom) = area.top_left, area.bottom_right
    (u0, u1), (v0, v1) = _span(left, right), _span(top, bottom)
    return (u0, v0), (u1, v1)


def _span(first: int, last: int) -> tuple[float, float]:
    return (first - 1.5, last - 0.5) if first <= last else (first - 0.5, last - 1.5)


def area_of_view(images: SeriesImages, state: ViewportState, width: int, height: int) -> DisplayedArea:
    """What of its frame a stack view shows, as a displayed area; all of it for a view that fits the image.

    What lies beside the image is left out: corners outside it are allowed (C.10.4), and misread by many programs.
    """
    header = images.header(state.position)
    if state.zoom == 1.0 and state.pan == (0.0, 0.0) and state.sizing is Sizing.FIT and not state.anchor:
        return whole_area(header, look_of(state))
    screen = frame_view(images, state, state.position, width, height).screen
    (u0, v0), (u1, v1) = screen.to_source(0.0, 0.0), screen.to_source(width, height)
    (left, right), (top, bottom) = _pixels(u0, u1, header.columns), _pixels(v0, v1, header.rows)
    spacing = images.facts(state.position).spacing
    area = DisplayedArea((left, top), (right, bottom), exact=(state.zoom, *state.pan))
    if state.sizing is Sizing.PIXELS:
        return replace(area, mode=MAGNIFY, magnification=state.zoom)
    if state.sizing is Sizing.TRUE_SIZE and spacing is not None and state.zoom == 1.0:
        return replace(area, mode=TRUE_SIZE, pixel_spacing=spacing)
    return area if state.sizing is Sizing.FIT and not state.anchor else replace(area, exact=())


def _pixels(first: float, last: float, most: int) -> tuple[int, int]:
    """1-based pixels of the image between two edges, at least one."""
    if first <= last:
        begin = _inside(round(first + 0.5) + 1, most)
        return begin, max(begin, _inside(round(last + 0.5), most))
    begin = _inside(round(first + 0.5), most)
    return begin, min(begin, _inside(round(last + 0.5) + 1, most))


def _inside(pixel: int, most: int) -> int:
    return min(max(pixel, 1), most)


def look_of(state: ViewportState, shutter: Shutter | None = None) -> Look:
    """What a new presentation state says of all its images. Raises Refused unless it is turned by quarters."""
    if state.rotation % 90:
        raise Refused("The presentation state cannot be written", "It can only hold quarter turns")
    return Look(state.rotation % 360, state.flipped_horizontally, state.flipped_vertically, state.inverted, shutter)


def shown_of(
    images: SeriesImages, state: ViewportState, window: Window | LookupTable | None, width: int, height: int, factor: float = 1.0
) -> Shown:
    """The frame that a stack view shows, for a new presentation state; `window` is the one used, in the shown unit."""
    header: ImageHeader = images.header(state.position)
    frame = images.identity(state.position).frame_number
    if isinstance(window, Window) and not header.is_colour:
        window = scaled(window, 1.0 / factor)
    elif header.is_colour:
        window = None
    frames = (frame,) if header.frames > 1 else ()
    return Shown(header, frames, window, area_of_view(images, state, width, height))
