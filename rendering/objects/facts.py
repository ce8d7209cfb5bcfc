"""ObjectFacts: what an object about images says, read once by the limited worker.

Presentation states (PS3.3 A.33), key object selections (PS3.16 TID 2010), structured reports (TID
1500 and any other tree), segmentations (PS3.3 A.51) and RT structure sets (A.19). Everything
here travels as JSON. Lengths are mm, points of the patient LPS. Points of an image are (column,
row) with 0.0 at the CENTRE of the first pixel, as in workstation.domain.annotation; the files
count from that pixel's corner. Frame numbers are 1-based. All text is from outside: plain text.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from rendering.header_json import decode, encode
from rendering.objects.presentation_facts import Presentation
from rendering.objects.references import UNSAID, Code, ImageReference, Point
from workstation.domain.dose import DoseReport
from workstation.domain.geometry import FramePlane, Vec3


class ObjectKind(StrEnum):
    PRESENTATION = "presentation state"
    KEY_OBJECTS = "key objects"
    REPORT = "structured report"
    SEGMENTATION = "segmentation"
    STRUCTURES = "structure set"
    VALUE_MAP = "value mapping"


_STORAGE = "1.2.840.10008.5.1.4.1.1."
# SOP class stems (PS3.4 B.5).
_STEMS: dict[ObjectKind, str] = {
    ObjectKind.PRESENTATION: "11.1 11.2 11.3 11.4 11.5 11.6 11.7 11.8 11.9 11.10 11.11 11.12",
    ObjectKind.KEY_OBJECTS: "88.59",
    ObjectKind.REPORT: "88.11 88.22 88.33 88.34 88.35 88.40 88.50 88.65 88.67 88.68 88.71 88.76",
    ObjectKind.SEGMENTATION: "66.4 66.7",
    ObjectKind.STRUCTURES: "481.3",
    ObjectKind.VALUE_MAP: "67",
}
_KINDS = {stem: kind for kind, stems in _STEMS.items() for stem in stems.split()}


def kind_of(sop_class_uid: str) -> ObjectKind | None:
    """What a SOP class is an object of, None for one that is not read as one."""
    return _KINDS.get(sop_class_uid.removeprefix(_STORAGE))


@dataclass(frozen=True, slots=True)
class KeyObjects:
    """`title` as TID 2010 has it. `rejects` is why the images are not to be shown (IHE IOCM), empty otherwise."""

    title: Code
    rejects: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class FindingValue:
    """One number of a measurement group. `unit` is its UCUM code."""

    name: Code
    value: float
    unit: Code
    derivation: Code | None = None
    method: Code | None = None


@dataclass(frozen=True, slots=True)
class Region:
    """SCOORD (`points` of `image`) or SCOORD3D (`patient_points`); `value` is which number it belongs to, -1 none."""

    kind: str
    points: tuple[Point, ...] = ()
    image: ImageReference | None = None
    patient_points: tuple[Vec3, ...] = ()
    frame_of_reference_uid: str = ""
    value: int = -1


@dataclass(frozen=True, slots=True)
class Finding:
    """A measurement group (TID 1410, 1411, 1501). `notes` are its other coded or written evaluations."""

    tracking_id: str = ""
    tracking_uid: str = ""
    finding: Code | None = None
    category: Code | None = None
    sites: tuple[Code, ...] = ()
    laterality: Code | None = None
    method: Code | None = None
    values: tuple[FindingValue, ...] = ()
    regions: tuple[Region, ...] = ()
    segments: tuple[ImageReference, ...] = ()
    images: tuple[ImageReference, ...] = ()
    algorithm_name: str = ""
    algorithm_version: str = ""
    notes: tuple[tuple[Code, str], ...] = ()

    def note(self, value: str) -> str:
        """The first note under the concept of this code value."""
        return next((text for name, text in self.notes if name.value == value), "")


@dataclass(frozen=True, slots=True)
class ReportLine:
    """A heading (`value` empty) or a line of a report, `depth` steps in."""

    depth: int
    name: str
    value: str = ""

    @property
    def text(self) -> str:
        return ": ".join(part for part in (self.name, self.value) if part)


@dataclass(frozen=True, slots=True)
class Report:
    """`title` is the root's concept. `verified` is by VerificationFlag (0040,A493), with the first verifier's name."""

    title: Code
    lines: tuple[ReportLine, ...] = ()
    findings: tuple[Finding, ...] = ()
    observer: str = ""
    complete: bool = False
    verified: bool = False
    verifier: str = ""
    procedure: Code | None = None


@dataclass(frozen=True, slots=True)
class Segment:
    number: int
    label: str = ""
    description: str = ""
    category: Code = UNSAID
    property_type: Code = UNSAID
    colour: tuple[int, int, int] | None = None
    algorithm_type: str = ""
    algorithm_name: str = ""
    algorithm_version: str = ""
    tracking_id: str = ""
    tracking_uid: str = ""


@dataclass(frozen=True, slots=True)
class SegmentMask:
    """One segment in one frame. `mask` is zlib-compressed: the `rows` x `columns` part of the frame that begins at
    (`row`, `column`), one bit a pixel (numpy.packbits order), or one byte (0 to 255 of the whole) when `is_fraction`."""

    segment: int
    row: int
    column: int
    rows: int
    columns: int
    mask: bytes
    is_fraction: bool = False
    plane: FramePlane | None = None
    images: tuple[ImageReference, ...] = ()


@dataclass(frozen=True, slots=True)
class Segmentation:
    """`kind` is BINARY, FRACTIONAL or LABELMAP. `spacing` is the distance of its frames in mm where they are parallel."""

    kind: str
    rows: int
    columns: int
    frame_of_reference_uid: str = ""
    fraction_type: str = ""
    frames: int = 0
    slice_thickness: float | None = None
    segments: tuple[Segment, ...] = ()
    masks: tuple[SegmentMask, ...] = ()


@dataclass(frozen=True, slots=True)
class Contour:
    """`kind` is CLOSED_PLANAR, CLOSEDPLANAR_XOR, OPEN_PLANAR, OPEN_NONPLANAR or POINT. Points are LPS mm."""

    kind: str
    points: tuple[Vec3, ...]
    image_uid: str = ""


@dataclass(frozen=True, slots=True)
class Structure:
    """One region of interest of a structure set. `interpreted` is RTROIInterpretedType (PTV, ORGAN ...)."""

    number: int
    name: str = ""
    description: str = ""
    colour: tuple[int, int, int] | None = None
    interpreted: str = ""
    algorithm: str = ""
    frame_of_reference_uid: str = ""
    contours: tuple[Contour, ...] = ()


@dataclass(frozen=True, slots=True)
class StructureSet:
    label: str = ""
    approval: str = ""
    structures: tuple[Structure, ...] = ()


@dataclass(frozen=True, slots=True)
class ValueMapping:
    """Real value = stored value x `slope` + `intercept` in `unit`, on these images. `slope` None: a table, which is not read."""

    images: tuple[ImageReference, ...]
    unit: Code | None
    slope: float | None
    intercept: float = 0.0
    label: str = ""
    explanation: str = ""


@dataclass(frozen=True, slots=True)
class ObjectFacts:
    """One object. `made` is when (`YYYY-MM-DDTHH:MM:SS`, perhaps with a zone, or empty); `creator` a person's name.

    `name` and `version` are of the program that made it. `images` are the images it is about,
    nothing else. `unread` says in words what of it was not understood. `predecessors` are the SOP Instance UIDs
    of the documents that it replaces (C.17.2).
    """

    kind: ObjectKind
    sop_class_uid: str
    sop_instance_uid: str
    study_uid: str
    series_uid: str
    patient_id: str = ""
    patient_issuer: str = ""
    patient_name: str = ""
    patient_birth_date: str = ""
    label: str = ""
    description: str = ""
    creator: str = ""
    made: str = ""
    manufacturer: str = ""
    name: str = ""
    version: str = ""
    frame_of_reference_uid: str = ""
    images: tuple[ImageReference, ...] = ()
    presentation: Presentation | None = None
    key_objects: KeyObjects | None = None
    report: Report | None = None
    segmentation: Segmentation | None = None
    structure_set: StructureSet | None = None
    value_mappings: tuple[ValueMapping, ...] = ()
    unread: tuple[str, ...] = ()
    predecessors: tuple[str, ...] = ()
    dose: DoseReport | None = None

    def to_json(self) -> dict[str, Any]:
        data: dict[str, Any] = encode(self)
        return data

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> ObjectFacts:
        """The inverse of `to_json`. Raises KeyError, TypeError or ValueError for other data."""
        facts: ObjectFacts = decode(cls, data)
        return facts


@dataclass(frozen=True, slots=True)
class ObjectContext:
    """Whose object a new one will be: the Patient and Study Modules of a source file (PS3.3 C.7.1.1, C.7.2.1).

    Text as the file has it, all component groups of names kept, charset decoded.
    """

    study_uid: str
    patient_name: str = ""
    patient_id: str = ""
    patient_issuer: str = ""
    patient_birth_date: str = ""
    patient_sex: str = ""
    study_date: str = ""
    study_time: str = ""
    study_id: str = ""
    study_description: str = ""
    accession_number: str = ""
    referring_physician: str = ""
    frame_of_reference_uid: str = ""
    position_reference: str = ""

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> ObjectContext:
        context: ObjectContext = decode(cls, data)
        return context
