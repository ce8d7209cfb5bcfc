"""One viewport as a picture file: the same pixels and the same overlays as on screen, without a window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QPainter

from rendering.images import SeriesImages
from rendering.picture import Picture, Probe
from rendering.viewport import Viewport
from rendering.worker import ImageWorker
from ui import overlay
from ui.cell_facts import CellFacts, overlay_facts
from ui.reference_lines import View
from ui.viewport_widget import paint_pixels
from workstation.domain.geometry import Vec3
from workstation.domain.study import Series, Study
from workstation.domain.viewing import Plane, PresetTable, ViewportState, Window
from workstation.errors import Refused


@dataclass(frozen=True, slots=True)
class Wish:
    """What to take a picture of. `frame` counts from 1 in the order shown, as in the corner text.

    `at` is an LPS point in mm that the shown slice goes through; `probes` are LPS points,
    `pixels` (column, row) of the shown frame, counted from 0.
    """

    series_uid: str = ""
    plane: Plane = Plane.STACK
    at: Vec3 | None = None
    frame: int | None = None
    window: Window | None = None
    width: int = 1024
    height: int = 1024
    probes: tuple[Vec3, ...] = ()
    pixels: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The pictures and what they say. `error` is set when an error tile stands in place of the image."""

    view: QImage
    bare: QImage
    facts: dict[str, Any] = field(default_factory=dict)
    error: Refused | None = None


def choose_series(studies: Sequence[Study], series_uid: str) -> tuple[Study, Series]:
    """The named series, or the one with most images. Raises Refused when there is none to show."""
    found = [(study, s) for study in studies for s in study.series if s.image_count]
    if series_uid:
        named = [pair for pair in found if pair[1].series_instance_uid == series_uid]
        if not named:
            raise Refused("No such series with images here", "", "See `inspect` for the series there are")
        return named[0]
    if not found:
        raise Refused("Nothing here can be shown as an image", "", "See `inspect` for what each file is")
    return max(found, key=lambda pair: pair[1].image_count)


def take(study: Study, series: Series, worker: ImageWorker, wish: Wish, presets: PresetTable) -> Snapshot:
    """Load what is needed and paint it. Raises Refused when the plane, frame or series cannot be shown."""
    images = SeriesImages(study, series, worker)
    try:
        viewport = Viewport(images)
        state = _state(viewport, images, wish)
        images.load(first=state.position)
        picture = viewport.picture(state, wish.width, wish.height)
        view = View(viewport, state, wish.width, wish.height)
        facts = CellFacts(study, series, view, picture, presets=presets.for_modality(series.modality))
        return Snapshot(
            _painted(facts, True), _painted(facts, False), _said(images, viewport, state, picture, wish), picture.error
        )
    finally:
        images.close()


def _state(viewport: Viewport, images: SeriesImages, wish: Wish) -> ViewportState:
    if not viewport.can_show(wish.plane):
        reason = " ".join(images.verdict.reasons) or "It is not a verified volume"
        raise Refused(f"No {wish.plane.value} plane of this series", reason, "Use --view stack")
    state = viewport.default_state(wish.plane)
    if wish.at is not None:
        state = viewport.at_point(state, wish.at)
    if wish.frame is not None:
        count = viewport.slice_count(state)
        if not 1 <= wish.frame <= count:
            raise Refused(f"No image {wish.frame}", f"This view has images 1 to {count}")
        state = viewport.at_index(state, wish.frame - 1)
    return replace(state, window=wish.window) if wish.window else state


def _painted(facts: CellFacts, with_overlays: bool) -> QImage:
    view, picture = facts.view, facts.picture
    image = QImage(view.width, view.height, QImage.Format.Format_RGB888)
    image.fill(Qt.GlobalColor.black)
    painter = QPainter(image)
    if picture.error is not None:
        overlay.paint_refusal(painter, view.width, view.height, picture.error)
    else:
        paint_pixels(painter, picture, 1.0)
    if with_overlays:
        overlay.paint(painter, view.width, view.height, overlay_facts(facts))
    painter.end()
    return image


def _said(images: SeriesImages, viewport: Viewport, state: ViewportState, picture: Picture, wish: Wish) -> dict[str, Any]:
    letters, window, identity = picture.letters, picture.window, picture.identity
    return {
        "series_uid": images.series.series_instance_uid,
        "sop_instance_uid": identity.sop_instance_uid if identity else None,
        "frame_number": identity.frame_number if identity else None,
        "index": picture.index + 1,
        "count": picture.count,
        "probes": [_probe(at, viewport.probe_patient(at)) for at in wish.probes],
        "pixels": [_probe(at, _pixel(images, viewport, state, at)) for at in wish.pixels],
        "badges": [doubt.text for doubt in picture.doubts],
        "spacing_mm": _spacing(images, picture.index if state.plane is Plane.STACK else 0),
        "mm_per_pixel": picture.mm_per_pixel,
        "spacing_source": picture.spacing_source.value,
        "letters": {"top": letters.top, "bottom": letters.bottom, "left": letters.left, "right": letters.right},
        "window": [window.center, window.width] if window else None,
        "unit": picture.unit,
        "verdict": images.verdict.verdict.value,
        "error": str(picture.error) if picture.error else None,
    }


def _pixel(images: SeriesImages, viewport: Viewport, state: ViewportState, at: tuple[int, int]) -> Probe | None:
    if state.plane is not Plane.STACK:
        raise Refused("--pixel asks for a frame's own pixels", "A cut through a volume has none", "Use --view stack or --probe")
    header = images.header(state.position)
    if not (0 <= at[0] < header.columns and 0 <= at[1] < header.rows):
        raise Refused("--pixel lies outside the frame", f"The frame has {header.columns} columns and {header.rows} rows")
    return viewport.probe_pixel(state.position, *at)


def _probe(at: Sequence[float], probe: Probe | None) -> dict[str, Any]:
    if probe is None:
        return {"at": list(at), "value": None, "unit": ""}
    value: Any = list(probe.colour) if probe.colour is not None else probe.value
    said = {"at": list(at), "value": value, "unit": "RGB" if probe.colour is not None else probe.unit}
    return said | {"modality_value": probe.modality_value, "modality_unit": probe.modality_unit, "stored": probe.stored}


def _spacing(images: SeriesImages, position: int) -> list[float | None]:
    """[slice, row, column] in mm, None where unknown; the slice spacing only of a verified volume.

    `spacing_source` says what it is worth.
    """
    geometry = images.verdict.geometry
    if geometry is not None:
        column, row, slice_ = geometry.spacing
        return [slice_, row, column]
    return [None, *(images.facts(position).spacing or (None, None))]


def save(snapshot: Snapshot, folder: Path) -> None:
    """`view.png` with overlays, `bare.png` without."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, image in (("view.png", snapshot.view), ("bare.png", snapshot.bare)):
        if not image.save(str(folder / name)):
            raise Refused("The picture cannot be written", name, "Choose a folder that can be written to")
