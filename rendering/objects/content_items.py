"""Content items of structured reports as datasets (PS3.3 C.17.3)."""

from __future__ import annotations

from collections.abc import Sequence

from pydicom.dataset import Dataset
from pydicom.uid import UID

from rendering.header import ImageHeader
from rendering.objects.plain_text import many_lines
from rendering.objects.references import Code
from rendering.objects.shapes import Shape
from rendering.objects.write_plan import Author, Earlier
from rendering.objects.writing import by_series, code_item, image_item

CONTAINS, HAS_CONTEXT, HAS_MODIFIER = "CONTAINS", "HAS OBS CONTEXT", "HAS CONCEPT MOD"
INFERRED, SELECTED = "INFERRED FROM", "SELECTED FROM"

LANGUAGE = Code("121049", "DCM", "Language of Content Item and Descendants")
ENGLISH = Code("en", "RFC5646", "English")
OBSERVER_TYPE, PERSON = Code("121005", "DCM", "Observer Type"), Code("121006", "DCM", "Person")
PERSON_NAME = Code("121008", "DCM", "Person Observer Name")


def item(relation: str, kind: str, name: Code | None, *children: Dataset) -> Dataset:
    made = Dataset()
    made.RelationshipType, made.ValueType = relation, kind
    if name is not None:
        made.ConceptNameCodeSequence = [code_item(name)]
    if children:
        made.ContentSequence = list(children)
    return made


def container(relation: str, name: Code, children: Sequence[Dataset], template: str = "") -> Dataset:
    made = item(relation, "CONTAINER", name, *children)
    made.ContinuityOfContent = "SEPARATE"
    if template:
        made.ContentTemplateSequence = [template_item(template)]
    return made


def template_item(number: str) -> Dataset:
    made = Dataset()
    made.MappingResource, made.TemplateIdentifier = "DCMR", number
    return made


def text(relation: str, name: Code, value: str) -> Dataset:
    made = item(relation, "TEXT", name)
    made.TextValue = many_lines(value, 1 << 16)
    return made


def uidref(relation: str, name: Code, value: str) -> Dataset:
    made = item(relation, "UIDREF", name)
    made.UID = UID(value)
    return made


def code(relation: str, name: Code, value: Code) -> Dataset:
    made = item(relation, "CODE", name)
    made.ConceptCodeSequence = [code_item(value)]
    return made


def image(relation: str, header: ImageHeader, frames: tuple[int, ...] = (), name: Code | None = None) -> Dataset:
    made = item(relation, "IMAGE", name)
    made.ReferencedSOPSequence = [image_item(header, frames)]
    return made


def composite(relation: str, named: Earlier) -> Dataset:
    """An object that is no image."""
    made = item(relation, "COMPOSITE", None)
    made.ReferencedSOPSequence = [_reference(named)]
    return made


def _reference(named: Earlier) -> Dataset:
    made = Dataset()
    made.ReferencedSOPClassUID, made.ReferencedSOPInstanceUID = UID(named.sop_class_uid), UID(named.sop_instance_uid)
    return made


def number(name: Code, value: float, unit: Code, *children: Dataset) -> Dataset:
    """A NUM with the value as a decimal string and, where that rounds it, as a 64-bit float too."""
    made = item(CONTAINS, "NUM", name, *children)
    measured = Dataset()
    digits = next((n for n in range(17, 0, -1) if len(f"{value:.{n}g}") <= 16), 1)
    measured.NumericValue = f"{value:.{digits}g}"
    if float(measured.NumericValue) != value:
        measured.FloatingPointValue = value
    measured.MeasurementUnitsCodeSequence = [code_item(unit)]
    made.MeasuredValueSequence = [measured]
    return made


def scoord(relation: str, name: Code | None, shape: Shape, header: ImageHeader, frame: int) -> Dataset:
    """A place in an image (C.18.6): it counts from the corner of the first pixel, we from its centre."""
    made = item(relation, "SCOORD", name, image(SELECTED, header, (frame,)))
    made.GraphicType = shape.kind
    made.GraphicData = [value + 0.5 for point in shape.points for value in point]
    return made


def scoord3d(relation: str, name: Code | None, shape: Shape, frame_of_reference_uid: str) -> Dataset:
    """A place in the patient in LPS mm (C.18.9)."""
    made = item(relation, "SCOORD3D", name)
    made.GraphicType = shape.kind
    made.GraphicData = [value for point in shape.points for value in point]
    made.ReferencedFrameOfReferenceUID = UID(frame_of_reference_uid)
    return made


def observer(author: Author) -> tuple[Dataset, Dataset]:
    """Who observed (TID 1002)."""
    name = item(HAS_CONTEXT, "PNAME", PERSON_NAME)
    name.PersonName = author.person_name
    return code(HAS_CONTEXT, OBSERVER_TYPE, PERSON), name


def set_evidence(ds: Dataset, headers: tuple[ImageHeader, ...], study_uid: str) -> None:
    """All images that the content names (C.17.2.2)."""
    series = []
    for uid, own in by_series(headers).items():
        one = Dataset()
        one.SeriesInstanceUID = UID(uid)
        one.ReferencedSOPSequence = [image_item(header) for header in own]
        series.append(one)
    study = Dataset()
    study.StudyInstanceUID = UID(study_uid)
    study.ReferencedSeriesSequence = series
    ds.CurrentRequestedProcedureEvidenceSequence = [study]


def set_predecessors(ds: Dataset, earlier: Sequence[Earlier], study_uid: str) -> None:
    """The documents that this one replaces (C.17.2); none, none is said."""
    if earlier:
        ds.PredecessorDocumentsSequence = [_by_series(earlier, study_uid)]


def set_evidence_of(ds: Dataset, named: Sequence[Earlier], study_uid: str) -> None:
    """As `set_evidence`, of objects that are no images."""
    ds.CurrentRequestedProcedureEvidenceSequence = [_by_series(named, study_uid)]


def _by_series(named: Sequence[Earlier], study_uid: str) -> Dataset:
    series: dict[str, list[Dataset]] = {}
    for one in named:
        series.setdefault(one.series_uid, []).append(_reference(one))
    study = Dataset()
    study.StudyInstanceUID = UID(study_uid)
    study.ReferencedSeriesSequence = []
    for uid, names in series.items():
        item_of_series = Dataset()
        item_of_series.SeriesInstanceUID, item_of_series.ReferencedSOPSequence = UID(uid), names
        study.ReferencedSeriesSequence.append(item_of_series)
    return study
