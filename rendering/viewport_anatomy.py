"""What zoom to anatomy fits into a viewport: where the body lies in a series, found once and kept.

A projection is looked at when it is asked for (some milliseconds); the images of a volume by `look_for_anatomy`, in a
thread of a job.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from itertools import product

import numpy as np
from numpy.typing import NDArray

from rendering.body import BodyBox, find_body, is_whole, step_of
from rendering.breast_known import breast_in, looked_at_frame
from rendering.images import NotYet, SeriesImages
from rendering.latest import Latest
from rendering.pixels import is_inverse, modality_values, padding_values
from rendering.viewport_views import cut_of, pixel_pitch
from workstation.domain.anatomy import Anatomy
from workstation.domain.viewing import Framed, Plane, ViewportState
from workstation.errors import Refused

LOOKED_AT = frozenset({"CT", "MR", "PT", "CR", "DX", "RG", "PX", "IO", "MG"})
PROJECTIONS = frozenset({"CR", "DX", "RG", "PX", "IO", "MG"})
# Of a longer series so many images, spread over all of it, are looked at.
MOST_IMAGES = 600

NOT_CERTAIN = "Whole image: where the body lies in it is not certain"
NO_SUCH_IMAGES = "Whole image: where the body lies is not looked for in images of this kind"

KEPT = 256
_KNOWN: Latest[BodyBox | None] = Latest(KEPT)


class ViewportAnatomy:
    """The part of a `Viewport` that knows where the body lies."""

    images: SeriesImages
    bodies: Bodies

    def anatomy(self, state: ViewportState) -> Anatomy:
        """What to fit into the viewport in place of the whole image. Raises Refused where nothing can be shown."""
        self._check(state)
        return Anatomy() if state.plane is Plane.THREE_D else self.bodies.anatomy(state, self._position(state))

    def look_for_anatomy(self, state: ViewportState) -> bool:
        """Find the body in all images of the series, for a job: some tenths of a second. False while pixels are missing."""
        self._check(state)
        return self.bodies.look(self._position(state))

    def _check(self, state: ViewportState) -> None:
        raise NotImplementedError

    def _position(self, state: ViewportState) -> int:
        raise NotImplementedError


class Bodies:
    """Of one `SeriesImages`: boxes by the images that they were found in. Any thread."""

    def __init__(self, images: SeriesImages) -> None:
        self._images = images
        self._found: dict[Hashable, BodyBox | None] = {}

    def anatomy(self, state: ViewportState, position: int) -> Anatomy:
        """What to fit of the frame at `position`, or of the cut that the state asks for."""
        header = self._images.header(position)
        if header.modality not in LOOKED_AT or header.is_colour:
            return Anatomy(words=NO_SUCH_IMAGES)
        is_cut = state.plane is not Plane.STACK
        key = self._key(position)
        if key not in self._found and header.modality in PROJECTIONS:
            self.look(position)
        if key not in self._found:
            return Anatomy(waiting=True)
        box = self._found[key]
        if box is None:
            return Anatomy(words=NOT_CERTAIN)
        framed = self._on_cut(state, box) if is_cut else self._on_frame(position, box)
        return Anatomy(framed, in_mm=is_cut or self._images.facts(position).spacing is not None)

    def look(self, position: int) -> bool:
        """Find the body for the frame at `position`: once. False while pixels are on their way."""
        key = self._key(position)
        if key not in self._found:
            try:
                self._found[key] = self._known(position)
            except NotYet:
                return False
            except Refused:
                self._found[key] = None
        return True

    # ---- inside ----------------------------------------------------------------------

    def _is_alone(self, position: int) -> bool:
        """Projections are looked at one by one, slices of one size all together."""
        return self._images.header(position).modality in PROJECTIONS

    def _key(self, position: int) -> Hashable:
        return position if self._is_alone(position) else _size(self._images, position)

    def _known(self, position: int) -> BodyBox | None:
        """Kept by the images' bytes beyond this viewer, where they are known."""
        if not self._images.instance(position).sha256:
            return self._find(position)
        return _KNOWN.get(self._name(position), lambda: self._find(position))

    def _name(self, position: int) -> Hashable:
        positions = self._positions(position)
        return (
            self._images.header(position).study_uid,
            self._images.header(position).series_uid,
            self._key(position),
            tuple(self._images.instance(one).sha256 for one in (positions[0], positions[-1])),
            self._images.frame_count,
        )

    def _positions(self, position: int) -> list[int]:
        """Those whose pixels lie as those of the shown image do."""
        if self._is_alone(position):
            return [position]
        size = _size(self._images, position)
        alike = [p for p in range(self._images.frame_count) if _size(self._images, p) == size]
        step = max(1, -(-len(alike) // MOST_IMAGES))
        return sorted({*alike[::step], alike[-1]})

    def _find(self, position: int) -> BodyBox | None:
        header = self._images.header(position)
        if header.modality == "MG":
            return self._breast(position)
        size = _size(self._images, position)
        step = step_of(*size)
        small = list(self._small(self._positions(position), step))
        return find_body(small, step, size, header.modality)

    def _breast(self, position: int) -> BodyBox | None:
        header = self._images.header(position)
        middle = self._images.position_of(header.sop_instance_uid, looked_at_frame(header) + 1)
        at = position if middle is None else middle
        breast = breast_in(self._images, at, lambda: self._images.container(at))
        return None if breast is None else BodyBox(*breast.box)

    def _small(self, positions: Iterable[int], step: int) -> Iterable[NDArray[np.float32]]:
        for position in positions:
            header, frame = self._images.header(position), self._images.frame(position)
            stored = self._images.container(position)[::step, ::step]
            values = np.asarray(modality_values(stored, header, frame).values, np.float32)
            padding = padding_values(header, frame)
            beside = (values >= padding[0]) & (values <= padding[1]) if padding is not None else np.zeros(values.shape, bool)
            grey = -values if is_inverse(header) else values
            yield np.where(beside, grey[~beside].min(), grey) if beside.any() and not beside.all() else grey

    def _on_frame(self, position: int, box: BodyBox) -> Framed | None:
        header = self._images.header(position)
        if is_whole((box.right - box.left, box.bottom - box.top), (header.columns, header.rows)):
            return None
        across, down = pixel_pitch(header, self._images.facts(position))
        wide, high = (box.right - box.left) * across, (box.bottom - box.top) * down
        return Framed((wide, high), place=((box.left + box.right) / 2, (box.top + box.bottom) / 2), is_anatomy=True)

    def _on_cut(self, state: ViewportState, box: BodyBox) -> Framed | None:
        """The corners of the box, seen along the cut: nothing of it lies beside what they span."""
        geometry, cut = self._images.verdict.geometry, cut_of(self._images, state)
        if geometry is None:
            return None
        slices = geometry.shape[0]
        corners = product((box.left, box.right), (box.top, box.bottom), (-0.5, slices - 0.5))
        seen = [cut.to_plane(geometry.to_patient(*corner))[:2] for corner in corners]
        (u0, u1), (v0, v1) = ((min(way), max(way)) for way in zip(*seen, strict=True))
        e0, e1, f0, f1 = cut.extent
        u0, u1, v0, v1 = max(u0, e0), min(u1, e1), max(v0, f0), min(v1, f1)
        if is_whole((u1 - u0, v1 - v0), (e1 - e0, f1 - f0)):
            return None
        return Framed((u1 - u0, v1 - v0), cut.to_patient((u0 + u1) / 2, (v0 + v1) / 2), is_anatomy=True)


def _size(images: SeriesImages, position: int) -> tuple[int, int]:
    header = images.header(position)
    return header.rows, header.columns
