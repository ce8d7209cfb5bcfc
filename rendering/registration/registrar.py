"""Registration of open series: what the session asks of it (`workstation.ports.Registrar`).

A task waits for the images, gives block means of both volumes to a process of its own (`child`), and
makes an `Alignment` of the answer. Its words say how the residual was measured.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from rendering.images import NotYet, SeriesImages
from rendering.registration.child import Courtesy, RegistrationProcess, Stopped
from rendering.registration.displacement import Displacement, displacements
from rendering.registration.reduce import Reduced, reduced
from rendering.reslice import VolumeSource
from workstation.domain.alignment import Alignment, AlignmentKind
from workstation.domain.geometry import Vec3
from workstation.errors import Refused, Unavailable
from workstation.ports import RegistrationTask, SeriesKey

ALGORITHM = "rigid 1"
"""Raised when equal images may be aligned otherwise: what was kept of an older one is then found anew."""

LEAST_TOLD = 5
"""Of fewer places than this no residual is told."""
LOOK_SECONDS = 0.1
MOST_WAIT_SECONDS = 600.0
MODALITIES = ("CT", "MR", "PT", "NM")


class SeriesRegistrar:
    """`images_of` gives an open series. Methods on the main thread; the tasks they give are for jobs."""

    algorithm = ALGORITHM

    def __init__(self, images_of: Callable[[str, str], SeriesImages | None]) -> None:
        self._images_of = images_of
        self._courtesy = Courtesy()

    def refusal(self, fixed: SeriesKey, moving: SeriesKey) -> str:
        """Why these two cannot be registered, as the end of a sentence; empty when they can be tried."""
        for key in (fixed, moving):
            images = self._images_of(*key)
            if images is None:
                return "the images are not open"
            if images.verdict.geometry is None:
                return "the images are no volume"
            if images.series.modality not in MODALITIES:
                return f"images of modality {images.series.modality} are not registered"
        one, other = self._images_of(*fixed), self._images_of(*moving)
        if one is not None and other is not None and one.study.patient.key != other.study.patient.key:
            return "the images are of another patient"
        return ""

    def reader_moved(self) -> None:
        """Steps aside for a moment. Any thread."""
        self._courtesy.moved()

    def rigid(self, fixed: SeriesKey, moving: SeriesKey) -> RegistrationTask:
        """A task that gives a RIGID alignment, or raises Refused with why there is none."""
        images = self._both(fixed, moving)

        def task(cancelled: Callable[[], bool], progress: Callable[[float], object]) -> Alignment:
            answer, _ = self._asked({"do": "rigid"}, images, cancelled, progress)
            if answer["refusal"]:
                raise Refused("Not aligned", str(answer["refusal"]))
            matrix = tuple(float(v) for v in answer["matrix"])
            return Alignment(fixed[1], moving[1], AlignmentKind.RIGID, matrix, **_residual("Registered", answer))

        return task

    def deformable(self, fixed: SeriesKey, moving: SeriesKey, rigid: Alignment) -> RegistrationTask:
        """A task that bends on from `rigid` and gives a DEFORMABLE alignment, or raises Refused with why there is none."""
        images = self._both(fixed, moving)

        def task(cancelled: Callable[[], bool], progress: Callable[[float], object]) -> Alignment:
            question = {"do": "deformable", "rigid": list(rigid.matrix)}
            answer, field = self._asked(question, images, cancelled, progress)
            if answer["refusal"] or field is None:
                raise Refused("Not deformed", str(answer["refusal"]))
            name = f"deformation {uuid4()}"
            place = np.array(answer["origin"], float)
            displacements.keep(name, Displacement(field, place, float(answer["pitch"])), rigid.matrix)
            kind = AlignmentKind.DEFORMABLE
            return Alignment(fixed[1], moving[1], kind, rigid.matrix, warp=name, **_residual("Deformed", answer))

        return task

    def displaced(self, warp: str, point: Vec3) -> Vec3 | None:
        """What the field adds at a point of the series it begins in; None when there is no such field any more."""
        field = displacements.find(warp)
        if field is None:
            return None
        x, y, z = field.at(np.array(point))
        return float(x), float(y), float(z)

    def forget(self) -> None:
        """The case is closed."""
        displacements.forget()

    def _both(self, fixed: SeriesKey, moving: SeriesKey) -> tuple[SeriesImages, SeriesImages]:
        one, other = self._images_of(*fixed), self._images_of(*moving)
        if one is None or other is None:
            raise Refused("Not aligned", "the images are not open")
        return one, other

    def _asked(
        self,
        question: dict[str, Any],
        images: tuple[SeriesImages, SeriesImages],
        cancelled: Callable[[], bool],
        progress: Callable[[float], object],
    ) -> tuple[dict[str, Any], NDArray[np.float32] | None]:
        try:
            fixed, moving = (self._reduced(one, cancelled) for one in images)
            return RegistrationProcess(self._courtesy).ask(question, fixed, moving, cancelled, progress)
        except Stopped:
            raise Refused("Not aligned", "it was stopped") from None
        except Unavailable as error:
            raise Refused("Not aligned", error.title) from error

    def _reduced(self, images: SeriesImages, cancelled: Callable[[], bool]) -> Reduced:
        source = self._whole(images, cancelled)

        def between() -> None:
            while self._courtesy.asks and not cancelled():
                time.sleep(LOOK_SECONDS)
            if cancelled():
                raise Stopped

        return reduced(source, images.series.modality, between)

    @staticmethod
    def _whole(images: SeriesImages, cancelled: Callable[[], bool]) -> VolumeSource:
        """The volume once all of it is here. Raises Refused or Stopped."""
        end = time.monotonic() + MOST_WAIT_SECONDS
        while not cancelled():
            try:
                source = images.volume()
            except NotYet:
                source = None
            if source is not None and not source.partial:
                return source
            if time.monotonic() > end:
                raise Refused("Not aligned", "the images did not come")
            time.sleep(LOOK_SECONDS)
        raise Stopped


def _residual(how: str, answer: dict[str, Any]) -> dict[str, Any]:
    """What an alignment says of itself. Of too few places nothing is told as a number."""
    found, places = int(answer["found"]), int(answer["places"])
    if found < LEAST_TOLD:
        return {"words": f"{how}: residual not measured, {found} of {places} places were found again"}
    words = f"{how}: residual is the median of {found} places found again of {places}"
    return {"residual_mm": answer["median_mm"], "residual_p95_mm": answer["p95_mm"], "words": words}
