"""How a presentation state has an image shown, as a viewport's state, and a viewport's state for a new one.

Rotation is clockwise and comes before the flip, as in ours (PS3.3 C.10.6). The displayed area (C.10.4)
is in whole pixels: what comes back from a state of ours is the same view to within a pixel.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from rendering.header import ImageHeader, LookupTable, Shutter
from rendering.images import SeriesImages
from rendering.objects.facts import DisplayedArea, ImageReference, ObjectFacts, Presentation, PresentedWindow
from rendering.objects.matching import match
from rendering.objects.write_plan import Look, Shown, whole_area
from rendering.pixels import equivalent_window, is_inverse
from rendering.viewport_views import frame_view
from workstation.domain.viewing import Plane, ViewportState, VoiFunction, Window
from workstation.errors import Refused

Item = TypeVar("Item", DisplayedArea, PresentedWindow)

# Zooms this near to 1 are 1: rounding of the fit.
SAME_ZOOM = 1e-9


@dataclass(frozen=True, slots=True)
class Presented:
    """`shutter` is the state's own, in place of the image's. `words` says what of the state is not followed."""

    state: ViewportState
    shutter: Shutter | None = None
    words: tuple[str, ...] = ()


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
    measured screen. Raises Refused when the state is not for this frame.
    """
    presentation = facts.presentation
    if presentation is None or state.plane is not Plane.STACK:
        raise Refused("The presentation state cannot be followed", "It is for images as acquired")
    match(facts, images.study)
    identity, header = images.identity(state.position), images.header(state.position)
    if not _names(facts.images, identity.sop_instance_uid, identity.frame_number):
        raise Refused("The presentation state is not for this image")
    words = [*facts.unread]
    made = replace(
        state,
        rotation=presentation.rotation,
        flipped_horizontally=presentation.flipped,
        flipped_vertically=False,
        inverted=presentation.inverse is not is_inverse(header),
        zoom=1.0,
        pan=(0.0, 0.0),
    )
    if presentation.lut is not None:
        words.append("The presentation LUT of the state is not followed")
    window, said = _window(presentation, images, state.position, factor)
    words += said
    made = replace(made, window=window or state.window)
    area = _for(presentation.areas, identity.sop_instance_uid, identity.frame_number)
    if area is not None:
        made, said = _with_area(images, made, area, width, height, screen_mm)
        words += said
    return Presented(made, presentation.shutter, tuple(dict.fromkeys(words)))


def _names(images: Sequence[ImageReference], uid: str, frame: int) -> bool:
    return any(one.sop_instance_uid == uid and (not one.frames or frame in one.frames) for one in images)


def _for(items: Sequence[Item], uid: str, frame: int) -> Item | None:
    """The first item that is for this frame: one that names no images is for all."""
    return next((item for item in items if not item.images or _names(item.images, uid, frame)), None)


def _window(presentation: Presentation, images: SeriesImages, position: int, factor: float) -> tuple[Window | None, list[str]]:
    identity = images.identity(position)
    found = _for(presentation.windows, identity.sop_instance_uid, identity.frame_number)
    if found is None:
        return None, []
    own, theirs = images.facts(position).transform, presentation.modality
    if theirs is not None and (theirs.slope, theirs.intercept, theirs.table) != (own.slope, own.intercept, own.table):
        return None, ["The state's window is for other rescale values than the image's: not used"]
    if found.windows:
        return scaled(found.windows[0], factor), []
    if found.tables:
        return scaled(equivalent_window(found.tables[0]), factor), ["The state's VOI LUT is shown as the window that spans it"]
    return None, []


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
    """The state (at zoom 1, unmoved) zoomed and moved so that the area fills the view."""
    screen = frame_view(images, state, state.position, width, height).screen
    (left, top), (right, bottom) = _edges(area)
    (x0, y0), (x1, y1) = screen.to_view(left, top), screen.to_view(right, bottom)
    zoom = min(width / abs(x1 - x0), height / abs(y1 - y0))
    words = []
    pixel = screen.to_view(1.0, 0.0), screen.to_view(0.0, 0.0)
    step = abs(pixel[0][0] - pixel[1][0]) + abs(pixel[0][1] - pixel[1][1])
    if area.mode == "MAGNIFY" and area.magnification:
        zoom = area.magnification / step
    elif area.mode == "TRUE SIZE":
        if area.pixel_spacing is not None and screen_mm:
            zoom = area.pixel_spacing[1] / screen_mm / step
        else:
            words.append("True size needs a measured screen: the area is fitted to the view")
    zoom = 1.0 if abs(zoom - 1.0) <= SAME_ZOOM else zoom
    x, y = (x0 + x1) / 2, (y0 + y1) / 2
    pan = (_clean(-zoom * (x - width / 2) / width), _clean(-zoom * (y - height / 2) / height))
    return replace(state, zoom=zoom, pan=pan), words


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
    """What of its frame a stack view shows, as a displayed area; all of it for a view that fits the image."""
    header = images.header(state.position)
    if state.zoom == 1.0 and state.pan == (0.0, 0.0):
        return whole_area(header, look_of(state))
    screen = frame_view(images, state, state.position, width, height).screen
    (u0, v0), (u1, v1) = screen.to_source(0.0, 0.0), screen.to_source(width, height)
    (left, right), (top, bottom) = _pixels(u0, u1), _pixels(v0, v1)
    return DisplayedArea((left, top), (right, bottom))


def _pixels(first: float, last: float) -> tuple[int, int]:
    """1-based pixels between two edges, at least one."""
    if first <= last:
        begin = round(first + 0.5) + 1
        return begin, max(begin, round(last + 0.5))
    begin = round(first + 0.5)
    return begin, min(begin, round(last + 0.5) + 1)


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
    frames = (frame,) if header.frames > 1 else ()
    return Shown(header, frames, window, area_of_view(images, state, width, height))
