"""What a reader (or somebody else's program) drew on an image, and what was measured there.

An annotation belongs to one plane: a frame as acquired (STACK: `points` in column, row of the
frame, 0.0 at the centre of the first pixel) or a cut through a volume (`patient_points` in LPS mm
carry it; `points` are empty). Where the geometry is known both are set, so that a drawing on a
frame can be shown on every plane and copied to a prior. `patient_points` follow `points`, with a
third one for RECTANGLE and ELLIPSE (the corner in the first one's row and the second one's column)
and CIRCLE and SPHERE (a quarter turn on along its line), which place the shape in space.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from workstation.domain.doubt import SpacingSource
from workstation.domain.geometry import Vec3
from workstation.domain.slab import Slab
from workstation.domain.subtraction import Mask
from workstation.domain.viewing import Fusion, Plane


class AnnotationKind(StrEnum):
    LENGTH = "length"
    BIDIRECTIONAL = "bidirectional"
    """Points: long axis' two ends, then the short axis' two (RECIST 1.1)."""
    ANGLE = "angle"
    """Three points, the middle one is the vertex."""
    COBB = "cobb"
    """Four points: two lines."""
    RECTANGLE = "rectangle"
    """Two opposite corners."""
    ELLIPSE = "ellipse"
    """Two opposite corners of the box around it."""
    CIRCLE = "circle"
    """Centre, and a point on the line."""
    SPHERE = "sphere"
    """A ball in the patient: its centre, and a point on its surface in the plane that it was drawn in."""
    POLYGON = "polygon"
    FREEHAND = "freehand"
    PROBE = "probe"
    ARROW = "arrow"
    """Where it points to, then where its text stands."""
    TEXT = "text"
    CALIBRATION = "calibration"
    """A line whose length in mm the reader knows; it makes a spacing of its own kind, CALIBRATED by the user."""
    SPINE = "spine"
    """One point with a vertebral level as text (C1 ... S5)."""


POINTS_NEEDED: Mapping[AnnotationKind, tuple[int, int]] = {
    AnnotationKind.LENGTH: (2, 2),
    AnnotationKind.BIDIRECTIONAL: (4, 4),
    AnnotationKind.ANGLE: (3, 3),
    AnnotationKind.COBB: (4, 4),
    AnnotationKind.RECTANGLE: (2, 2),
    AnnotationKind.ELLIPSE: (2, 2),
    AnnotationKind.CIRCLE: (2, 2),
    AnnotationKind.SPHERE: (2, 2),
    AnnotationKind.POLYGON: (3, 1000),
    AnnotationKind.FREEHAND: (3, 10000),
    AnnotationKind.PROBE: (1, 1),
    AnnotationKind.ARROW: (2, 2),
    AnnotationKind.TEXT: (1, 1),
    AnnotationKind.CALIBRATION: (2, 2),
    AnnotationKind.SPINE: (1, 1),
}
"""Fewest and most points of each kind."""


COUNTED = frozenset({"Pixels"})
"""Names of values that are whole numbers of something."""


VALUES_FOLLOW = "The values follow when"
"""How the words begin for what could not be measured yet."""


@dataclass(frozen=True, slots=True)
class MeasuredValue:
    """One number. `name` is an English source string (`Length`, `Area`, `Mean`, `SD`, `Min`, `Max`, `Long axis` ...).

    `unit` is `mm`, `mm at detector`, `mm (ERMF)`, `mm (calibrated)`, `mm²` ..., `px`, `°`, `HU`, `SUVbw` ...;
    never a bare mm without known spacing.
    """

    name: str
    value: float
    unit: str
    of: str = ""
    """The modality of the series it was measured in, where a drawing has values of two."""

    @property
    def text(self) -> str:
        """With the digits it is worth: counts whole, SUV to a hundredth, small values that are no length to 3 digits."""
        if self.name in COUNTED:
            return f"{self.value:.0f} {self.unit}".strip()
        if self.unit.startswith("SUV"):
            return f"{self.value:.2f} {self.unit}"
        is_small = 0.0 < abs(self.value) < 1.0 and not self.unit.startswith(("mm", "px", "°"))
        return f"{self.value:.3g} {self.unit}".strip() if is_small else f"{self.value:.1f} {self.unit}".strip()


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured in one annotation, where its spacing came from, and the histogram of an area.

    `refused` says in words why nothing could be measured; `values` are then empty. `histogram` is
    (lower edge of the first bin, width of a bin, counts). `notes` are short English source strings
    on what the values leave out (padding, colour, a part beyond the image).
    """

    values: tuple[MeasuredValue, ...] = ()
    spacing_source: SpacingSource | None = None
    refused: str = ""
    histogram: tuple[float, float, tuple[int, ...]] | None = None
    notes: tuple[str, ...] = ()

    @property
    def is_waiting(self) -> bool:
        """Whether there will be more to say once the images have come."""
        return any(words.startswith(VALUES_FOLLOW) for words in (self.refused, *self.notes))


@dataclass(frozen=True, slots=True)
class Source:
    """Who made it. `kind` is `reader`, `program` (AI) or `received`; shown with name, version and date."""

    kind: str = "reader"
    name: str = ""
    version: str = ""
    made: datetime | None = None
    object_uid: str = ""
    """SOP Instance UID of the SR, GSPS, SEG or RTSTRUCT it was read from."""


@dataclass(frozen=True, slots=True)
class LabelPlace:
    """Where the middle of a drawing's words was put by hand: a place of the frame, or of the patient, as `Annotation` says."""

    point: tuple[float, float] | None = None
    patient: Vec3 | None = None


class Verdict(StrEnum):
    """What the reader says of somebody else's finding."""

    OPEN = "open"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Annotation:
    """`uid` is a DICOM UID (2.25.…): the tracking identifier (TID 1500). Identity of the image as in `FrameIdentity`."""

    uid: str
    kind: AnnotationKind
    study_uid: str
    series_uid: str
    sop_instance_uid: str
    frame_number: int
    plane: Plane
    points: tuple[tuple[float, float], ...] = ()
    patient_points: tuple[Vec3, ...] = ()
    text: str = ""
    measured: Measured = field(default_factory=Measured)
    source: Source = field(default_factory=Source)
    verdict: Verdict = Verdict.ACCEPTED
    known_mm: float | None = None
    """Of a calibration line."""
    lesion: str = ""
    """UID of the lesion that is followed over time: the same in every study in which it was measured."""
    lesion_name: str = ""
    label_at: LabelPlace | None = None
    """None: the words stand where they hide least."""
    dimension: str = ""
    """`Dimension.key` of the volume it was drawn in, where a series has several at the same places."""
    fusion: Fusion | None = None
    """What was laid over the image when it was drawn: its values are measured too."""
    slab: Slab | None = None
    """The slab that it was drawn on: its values are those of the projection."""
    subtracted: Mask | None = None
    """The mask of the subtracted X-ray image that it was drawn on: its values are of that image."""
