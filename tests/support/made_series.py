"""Series of known geometry and known values, made without files or a worker process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from rendering.header import FrameFacts, ImageHeader, ModalityTransform
from rendering.images import SeriesImages
from rendering.pixels import clear_foreign_bits
from rendering.viewport import Viewport
from workstation.domain.doubt import SpacingSource
from workstation.domain.geometry import FramePlane, Vec3, add, cross, scale
from workstation.domain.patient import Patient, PatientKey
from workstation.domain.study import Instance, Series, Study
from workstation.errors import Refused

STUDY, SERIES, FRAME_OF_REFERENCE = "1.2.3", "1.2.3.4", "1.2.9"


class FakeWorker:
    """Fills slots from arrays at hand. `batches` keeps what was asked for, in order."""

    def __init__(self) -> None:
        self.pixels: dict[tuple[str, int], Any] = {}
        self.batches: list[list[tuple[str, int]]] = []
        self.before_frame: Callable[[str], None] = lambda _uid: None

    def decode(self, jobs: Any, target: Any, on_frame: Any, cancelled: Any = lambda: False) -> None:
        self.batches.append([(job.header.sop_instance_uid, job.frame) for job in jobs])
        for job in jobs:
            if cancelled():
                return
            uid = job.header.sop_instance_uid
            self.before_frame(uid)
            pixels = self.pixels[uid, job.frame]
            if isinstance(pixels, Refused):
                on_frame(job.slot, pixels)
            else:
                target.array[job.slot] = pixels
                if job.clean:
                    clear_foreign_bits(target.array[job.slot], job.header)
                on_frame(job.slot, None)


@dataclass
class SeriesMaker:
    """Builds one series instance by instance. `header` holds what all instances share."""

    header: ImageHeader = field(
        default_factory=lambda: ImageHeader(
            STUDY, SERIES, "", "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.1.2.1", "CT",
            patient_id="P1", frame_of_reference_uid=FRAME_OF_REFERENCE, frames=1, photometric="MONOCHROME2",
            bits_allocated=16, bits_stored=16, high_bit=15, is_signed=True,
        )
    )  # fmt: skip
    facts: FrameFacts = field(default_factory=lambda: FrameFacts(transform=ModalityTransform(unit="HU")))
    headers: list[ImageHeader] = field(default_factory=list)
    numbers: list[int | None] = field(default_factory=list)
    worker: FakeWorker = field(default_factory=FakeWorker)

    def add(self, pixels: Any, plane: FramePlane | None = None, number: int | None = None, uid: str = "", **changes: Any) -> None:
        """One single-frame instance. `changes` go to its FrameFacts or its ImageHeader, by name."""
        uid = uid or f"1.2.3.4.{len(self.headers) + 1}"
        facts = self.facts
        if plane is not None:
            spacing = (plane.row_spacing, plane.column_spacing)
            facts = replace(facts, plane=plane, spacing=spacing, spacing_source=SpacingSource.PIXEL_SPACING)
        of_facts = {k: v for k, v in changes.items() if k in FrameFacts.__dataclass_fields__ and k != "image_type"}
        of_header = {k: v for k, v in changes.items() if k not in of_facts}
        shape = pixels.shape if isinstance(pixels, np.ndarray) else (8, 8)
        samples = 3 if len(shape) == 3 else 1
        header = replace(self.header, sop_instance_uid=uid, rows=shape[0], columns=shape[1], samples=samples)
        self.headers.append(replace(header, **{"shared": replace(facts, **of_facts), **of_header}))
        self.numbers.append(len(self.headers) if number is None else number)
        self.worker.pixels[uid, 0] = pixels

    def add_frames(self, frames: Sequence[Any], facts: Sequence[FrameFacts], **changes: Any) -> None:
        """One multi-frame instance."""
        uid = f"1.2.3.4.{len(self.headers) + 1}"
        rows, columns = frames[0].shape[:2]
        header = replace(self.header, sop_instance_uid=uid, rows=rows, columns=columns, frames=len(frames))
        self.headers.append(replace(header, per_frame=tuple(facts), **changes))
        self.numbers.append(len(self.headers))
        self.worker.pixels.update({(uid, i): frame for i, frame in enumerate(frames)})

    def series(self) -> Series:
        instances = tuple(
            Instance(h.sop_instance_uid, h.sop_class_uid, h.transfer_syntax_uid, n, h.frames, h.rows, h.columns,
                     f"{h.sop_instance_uid}.dcm", "", 0, h.to_json())
            for h, n in zip(self.headers, self.numbers, strict=True)
        )  # fmt: skip
        return Series(SERIES, self.header.modality, instances=instances)

    def images(self, load: bool = True) -> SeriesImages:
        series = self.series()
        study = Study(STUDY, Patient(PatientKey("P1")), series=(series,))
        images = SeriesImages(study, series, self.worker)  # type: ignore[arg-type]
        if load:
            images.load()
        return images

    def viewport(self) -> Viewport:
        return Viewport(self.images())


@dataclass(frozen=True)
class Acquisition:
    """A grid of slices in space: unit directions, spacings in mm, shape (slices, rows, columns).

    `step` is the way from slice to slice, the normal times `gap` unless the gantry is tilted.
    """

    row_direction: Vec3 = (1.0, 0.0, 0.0)
    column_direction: Vec3 = (0.0, 1.0, 0.0)
    step: Vec3 | None = None
    origin: Vec3 = (-10.0, 20.0, 300.0)
    row_spacing: float = 2.0
    column_spacing: float = 1.5
    gap: float = 3.0
    shape: tuple[int, int, int] = (7, 9, 11)

    def plane(self, index: float) -> FramePlane:
        step = self.step or scale(cross(self.row_direction, self.column_direction), self.gap)
        position = add(self.origin, scale(step, index))
        return FramePlane(position, self.row_direction, self.column_direction, self.row_spacing, self.column_spacing)

    def points(self) -> Any:
        """LPS mm of every voxel centre: (slices, rows, columns, 3)."""
        slices, rows, columns = self.shape
        return np.array([[[self.plane(k).to_patient(c, r) for c in range(columns)] for r in range(rows)] for k in range(slices)])

    def fill(self, maker: SeriesMaker, value_at: Callable[[Any], Any], dtype: str = "i2", **changes: Any) -> SeriesMaker:
        """Adds its slices to `maker`, the stored values those of a function of LPS points."""
        voxels = np.rint(value_at(self.points())).astype(dtype)
        for index in range(self.shape[0]):
            maker.add(voxels[index], self.plane(index), **changes)
        return maker
