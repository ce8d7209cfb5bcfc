"""What results of programs say of findings, as their objects state it; nothing is made up, and no person's object counts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset
from received import dataset, save

from rendering.parse import parse_bytes
from rendering.parse_ai import DEEPEST
from workstation.domain.ai_result import AI_RESULT, AiFlag, AiResult, Counted, results_in

CLASS = "1.2.840.10008.5.1.4.1.1."
CAD, COMPREHENSIVE, DOSE = CLASS + "88.50", CLASS + "88.33", CLASS + "88.67"
SEG, STRUCTURES = CLASS + "66.4", CLASS + "481.3"
ALL_WITH, ALL_WITHOUT, NONE_DID = "111242", "111241", "111245"
ALTERED, ANATOMY, TISSUE = ("49755003", "SCT"), ("123037004", "SCT"), ("85756007", "SCT")


@pytest.fixture
def said(tmp_path: Path) -> Any:
    """What an object of a class with these elements is told to say; None where it names no program."""

    def read(sop_class: str, modality: str, **elements: Any) -> AiResult | None:
        made = dataset(sop_class=sop_class)
        made.SOPInstanceUID, made.Modality = "2.25.7", modality
        made.StudyInstanceUID, made.SeriesInstanceUID = "2.25.5", "2.25.6"
        made.Manufacturer, made.ManufacturerModelName = "Invented", "Reader 3"
        for keyword, value in elements.items():
            setattr(made, keyword, value)
        series = parse_bytes(save(made, tmp_path / "a.dcm").read_bytes(), "a.dcm").series
        found = results_in(series.attributes.get(AI_RESULT, ()))
        return found[0] if found else None

    return read


def code(value: str, scheme: str = "DCM") -> list[Dataset]:
    made = Dataset()
    made.CodeValue, made.CodingSchemeDesignator, made.CodeMeaning = value, scheme, "said"
    return [made]


def item(kind: str, concept: tuple[str, str], *below: Dataset, coded: tuple[str, str] | None = None, text: str = "") -> Dataset:
    made = Dataset()
    made.RelationshipType, made.ValueType, made.ConceptNameCodeSequence = "CONTAINS", kind, code(*concept)
    if coded:
        made.ConceptCodeSequence = code(*coded)
    if text:
        made.TextValue = text
    if below:
        made.ContentSequence = list(below)
    return made


def algorithm(name: str = "Invented CAD") -> Dataset:
    return item("TEXT", ("111001", "DCM"), text=name)


def mark(intent: str = "111150", what: tuple[str, str] = ("F-01775", "SRT")) -> Dataset:
    return item("CODE", ("111059", "DCM"), item("CODE", ("111056", "DCM"), coded=(intent, "DCM")), coded=what)


def cad(summary: str, *marks: Dataset) -> dict[str, Any]:
    whole = [item("CONTAINER", ("111034", "DCM"), algorithm(), *marks)]
    if summary:
        whole = [item("CODE", ("111017", "DCM"), *whole, coded=(summary, "DCM"))]
    return {"ContentSequence": whole}


NIPPLE, HIDDEN = mark(what=("T-04100", "SRT")), mark("111152")


@pytest.mark.parametrize(
    ("summary", "marks", "flag", "count"),
    [
        (ALL_WITH, (mark(), mark("111151"), HIDDEN, NIPPLE), AiFlag.POSITIVE, 2),
        (ALL_WITH, (), AiFlag.POSITIVE, 0),
        (ALL_WITHOUT, (HIDDEN, NIPPLE), AiFlag.NEGATIVE, 0),
        (NONE_DID, (), AiFlag.UNCLEAR, 0),
        ("111243", (), AiFlag.UNCLEAR, 0),
        (ALL_WITHOUT, (mark(),), AiFlag.UNCLEAR, 1),
        ("", (mark(),), AiFlag.POSITIVE, 1),
        ("", (), AiFlag.UNCLEAR, 0),
    ],
    ids=["two", "uncounted", "none", "no algorithm ran", "not all ran", "against itself", "no summary", "nothing said"],
)
def test_a_cad_report_says_it_in_its_summary(said: Any, summary: str, marks: Any, flag: AiFlag, count: int) -> None:
    found = said(CAD, "SR", **cad(summary, *marks))
    assert (found.flag, found.count, found.source) == (flag, count, "Invented CAD")


def test_a_cad_report_that_nests_too_deeply_is_not_read_and_says_nothing(said: Any) -> None:
    below = mark()
    for _ in range(DEEPEST):
        below = item("CONTAINER", ("111034", "DCM"), below)
    found = said(CAD, "SR", ContentSequence=[item("CODE", ("111017", "DCM"), below, coded=(ALL_WITHOUT, "DCM"))])
    assert found.flag is AiFlag.PRESENT


def group(*below: Dataset, category: tuple[str, str] | None = None, named: tuple[str, str] | None = None) -> Dataset:
    said = [item("CODE", ("276214006", "SCT"), coded=category)] if category else []
    said += [item("CODE", ("121071", "DCM"), coded=named)] if named else []
    return item("CONTAINER", ("125007", "DCM"), *said, *below)


PRESENT = item("CODE", ("130999", "DCM"), coded=("52101004", "SCT"))
ABSENT = item("CODE", ("130999", "DCM"), coded=("2667000", "SCT"))
NODULE = ("27925004", "SCT")


@pytest.mark.parametrize(
    ("content", "flag", "count", "counted"),
    [
        ((group(category=ALTERED), group(named=NODULE), group(category=ANATOMY)), AiFlag.POSITIVE, 2, Counted.FINDINGS),
        ((group(named=NODULE, category=ALTERED),), AiFlag.POSITIVE, 1, Counted.FINDINGS),
        ((group(category=ANATOMY), group(category=TISSUE)), AiFlag.UNCLEAR, 2, Counted.MEASUREMENTS),
        ((group(ABSENT, named=NODULE),), AiFlag.NEGATIVE, 0, Counted.NOTHING),
        ((group(PRESENT), group(ABSENT)), AiFlag.POSITIVE, 1, Counted.FINDINGS),
        ((PRESENT,), AiFlag.POSITIVE, 1, Counted.FINDINGS),
        ((ABSENT, ABSENT), AiFlag.NEGATIVE, 0, Counted.NOTHING),
        ((), AiFlag.UNCLEAR, 0, Counted.NOTHING),
    ],
    ids=["lesions", "said twice", "organs", "denied", "one of two", "no group", "absent", "nothing"],
)
def test_a_report_of_a_program_says_it_by_codes(said: Any, content: Any, flag: AiFlag, count: int, counted: Counted) -> None:
    found = said(COMPREHENSIVE, "SR", ContentSequence=[algorithm(), *content])
    assert (found.flag, found.count, found.counted) == (flag, count, counted)


def test_a_report_of_a_person_and_a_machines_dose_are_no_results_of_programs(said: Any) -> None:
    assert said(COMPREHENSIVE, "SR", ContentSequence=[group(category=ALTERED)]) is None
    assert said(DOSE, "SR", ContentSequence=[algorithm(), PRESENT]) is None


def segment(number: int, kind: str, category: tuple[str, str]) -> Dataset:
    made = Dataset()
    made.SegmentNumber, made.SegmentAlgorithmType, made.SegmentAlgorithmName = number, kind, "Lung net"
    made.SegmentedPropertyCategoryCodeSequence = code(*category)
    made.SegmentedPropertyTypeCodeSequence = code("1", "99X")
    return made


def frame(number: int) -> Dataset:
    made, of = Dataset(), Dataset()
    of.ReferencedSegmentNumber = number
    made.SegmentIdentificationSequence = [of]
    return made


@pytest.mark.parametrize(
    ("segments", "frames", "flag", "count", "counted"),
    [
        ([(1, "AUTOMATIC", ALTERED), (2, "AUTOMATIC", ANATOMY)], (1, 1, 2), AiFlag.POSITIVE, 1, Counted.FINDINGS),
        ([(1, "AUTOMATIC", ALTERED), (2, "AUTOMATIC", ALTERED)], (2, 2), AiFlag.POSITIVE, 1, Counted.FINDINGS),
        ([(1, "AUTOMATIC", ALTERED), (2, "AUTOMATIC", ANATOMY)], (2,), AiFlag.UNCLEAR, 2, Counted.SEGMENTS),
        ([(1, "AUTOMATIC", TISSUE)], (1,), AiFlag.UNCLEAR, 1, Counted.SEGMENTS),
    ],
    ids=["a lesion", "one of two is drawn", "described and not drawn", "an organ"],
)
def test_a_segmentation_states_a_finding_only_where_it_draws_altered_tissue(
    said: Any, segments: Any, frames: Any, flag: AiFlag, count: int, counted: Counted
) -> None:
    made = {"SegmentSequence": [segment(*one) for one in segments]}
    found = said(SEG, "SEG", PerFrameFunctionalGroupsSequence=[frame(one) for one in frames], **made)
    assert (found.flag, found.count, found.counted, found.source) == (flag, count, counted, "Lung net")


def test_what_a_hand_drew_is_no_result_of_a_program(said: Any) -> None:
    assert said(SEG, "SEG", SegmentSequence=[segment(1, "MANUAL", ALTERED), segment(2, "SEMIAUTOMATIC", ALTERED)]) is None
    assert said(STRUCTURES, "RTSTRUCT", **structures(("MANUAL", "GTV"))) is None


def structures(*regions: tuple[str, str]) -> dict[str, Any]:
    made, observed, drawn = [], [], []
    for number, (how, what) in enumerate(regions, 1):
        region, seen, contour = Dataset(), Dataset(), Dataset()
        region.ROINumber, region.ROIName, region.ROIGenerationAlgorithm = number, "x", how
        seen.ObservationNumber, seen.ReferencedROINumber, seen.RTROIInterpretedType = number, number, what
        contour.ReferencedROINumber, contour.ContourSequence = number, [Dataset()]
        contour.ContourSequence[0].ContourGeometricType = "POINT"
        made, observed, drawn = [*made, region], [*observed, seen], [*drawn, contour]
    return {"StructureSetROISequence": made, "RTROIObservationsSequence": observed, "ROIContourSequence": drawn}


def test_a_structure_set_states_a_finding_only_where_it_draws_a_tumour_by_itself(said: Any) -> None:
    found = said(STRUCTURES, "RTSTRUCT", **structures(("AUTOMATIC", "GTV"), ("AUTOMATIC", "ORGAN"), ("MANUAL", "GTV")))
    assert (found.flag, found.count, found.source) == (AiFlag.POSITIVE, 1, "Invented Reader 3")
    found = said(STRUCTURES, "RTSTRUCT", **structures(("AUTOMATIC", "ORGAN"), ("AUTOMATIC", "")))
    assert (found.flag, found.count, found.counted) == (AiFlag.UNCLEAR, 2, Counted.CONTOURS)


def test_what_it_replaces_is_told_with_it(said: Any) -> None:
    study, series, instance = Dataset(), Dataset(), Dataset()
    instance.ReferencedSOPClassUID, instance.ReferencedSOPInstanceUID = CAD, "2.25.99"
    series.SeriesInstanceUID, series.ReferencedSOPSequence = "2.25.6", [instance]
    study.StudyInstanceUID, study.ReferencedSeriesSequence = "2.25.5", [series]
    assert said(CAD, "SR", PredecessorDocumentsSequence=[study], **cad(ALL_WITHOUT)).replaces == ("2.25.99",)


def test_a_programs_name_cannot_break_the_line(said: Any) -> None:
    below = [algorithm("Bad|name|\n" + "x" * 300), ABSENT]
    found = said(COMPREHENSIVE, "SR", ContentSequence=below)
    assert found.flag is AiFlag.NEGATIVE
    assert found.source.startswith("Bad name xx")
    assert len(found.source) == 80
