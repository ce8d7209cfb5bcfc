"""Marks of computer-aided detection lie on the mammogram that their report names, at their place, however it hangs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from made_breasts import made_breast
from object_images import save
from pydicom.dataset import Dataset

from rendering.images import SeriesImages
from rendering.objects.annotations import annotations_of
from rendering.viewport import Viewport
from rendering.worker import ImageWorker, WorkerLimits
from workstation.cache.reading import studies_in
from workstation.domain.annotation import AnnotationKind, Verdict
from workstation.domain.study import Study
from workstation.domain.viewing import Held, Sizing

STUDY, MG, CAD = "2.25.5001", "1.2.840.10008.5.1.4.1.1.1.2", "1.2.840.10008.5.1.4.1.1.88.50"
RIGHT, LEFT = "2.25.5002.1", "2.25.5002.2"
MARK = (300.0, 640.0)


@pytest.fixture(scope="module")
def worker() -> Iterator[ImageWorker]:
    with ImageWorker(WorkerLimits(processes=1)) as worker:
        yield worker


def common(uid: str, series: str, modality: str, sop_class: str) -> Dataset:
    made = Dataset()
    made.SpecificCharacterSet, made.SOPClassUID, made.SOPInstanceUID = "ISO_IR 192", sop_class, uid
    made.StudyInstanceUID, made.SeriesInstanceUID, made.Modality = STUDY, series, modality
    made.PatientName, made.PatientID, made.PatientBirthDate, made.PatientSex = "Test^One", "T1", "19610102", "F"
    made.StudyDate, made.StudyTime, made.StudyID, made.AccessionNumber = "20260102", "101112", "S1", "A1"
    made.SeriesNumber = made.InstanceNumber = "1"
    return made


def mammogram(folder: Path, uid: str, side: str) -> None:
    """A right breast that was stored with its chest wall at the left, as some machines do: it hangs mirrored."""
    made = common(uid, uid + ".1", "MG", MG)
    made.ImageLaterality, made.ViewPosition = side, "CC"
    made.PatientOrientation = ["A", "R"] if side == "L" else ["A", "L"]
    made.ImagerPixelSpacing = ["0.1", "0.1"]
    pixels = made_breast(seed=5 if side == "L" else 6)
    made.Rows, made.Columns = pixels.shape
    made.SamplesPerPixel, made.PhotometricInterpretation, made.PresentationIntentType = 1, "MONOCHROME2", "FOR PRESENTATION"
    made.BitsAllocated, made.BitsStored, made.HighBit, made.PixelRepresentation = 16, 12, 11, 0
    made.PixelData = pixels.tobytes()
    save(made, folder / f"{side}.dcm")


def code(value: str, meaning: str, scheme: str = "DCM") -> list[Dataset]:
    made = Dataset()
    made.CodeValue, made.CodingSchemeDesignator, made.CodeMeaning = value, scheme, meaning
    return [made]


def item(relation: str, kind: str, name: list[Dataset] | None, *children: Dataset, **elements: Any) -> Dataset:
    made = Dataset()
    made.RelationshipType = relation
    if kind:
        made.ValueType = kind
    if name:
        made.ConceptNameCodeSequence = name
    if kind == "CONTAINER":
        made.ContinuityOfContent = "SEPARATE"
    for keyword, value in elements.items():
        setattr(made, keyword, value)
    if children:
        made.ContentSequence = list(children)
    return made


def image_of(uid: str) -> Dataset:
    made = Dataset()
    made.ReferencedSOPClassUID, made.ReferencedSOPInstanceUID = MG, uid
    return item("CONTAINS", "IMAGE", None, ReferencedSOPSequence=[made])


def by_reference(*place: int) -> Dataset:
    return item("SELECTED FROM", "", None, ReferencedContentItemIdentifier=list(place))


def place(name: tuple[str, str], kind: str, points: list[float], *image: int) -> Dataset:
    return item("HAS PROPERTIES", "SCOORD", code(*name), by_reference(*image), GraphicType=kind, GraphicData=points)


def finding(intent: str, *places: Dataset, what: tuple[str, str] = ("F-01775", "Calcification Cluster")) -> Dataset:
    return item(
        "CONTAINS",
        "CODE",
        code("111059", "Single Image Finding"),
        item("HAS CONCEPT MOD", "CODE", code("111056", "Rendering Intent"), ConceptCodeSequence=code(intent, "Rendering")),
        *places,
        ConceptCodeSequence=code(*what, "SRT"),
    )


OUTLINE = [280.0, 620.0, 320.0, 620.0, 330.0, 660.0, 270.0, 660.0, 280.0, 620.0]
CENTER = ("111010", "Center"), "POINT", [MARK[0] + 0.5, MARK[1] + 0.5]


def report(folder: Path, *findings: Dataset) -> Path:
    """The image library has the right image first, the left one second: 1.1.1 and 1.1.2."""
    made = common("2.25.5003", "2.25.5003.1", "SR", CAD)
    made.ContentDate, made.ContentTime, made.CompletionFlag, made.VerificationFlag = (
        "20260102",
        "101112",
        "COMPLETE",
        "UNVERIFIED",
    )
    made.ValueType, made.ContinuityOfContent, made.ConceptNameCodeSequence = (
        "CONTAINER",
        "SEPARATE",
        code("111036", "Mammography CAD Report"),
    )
    library = item("CONTAINS", "CONTAINER", code("111028", "Image Library"), image_of(RIGHT), image_of(LEFT))
    algorithm = item("HAS OBS CONTEXT", "TEXT", code("111001", "Algorithm Name"), TextValue="Invented CAD")
    impression = item("CONTAINS", "CONTAINER", code("111034", "Individual Impression/Recommendation"), algorithm, *findings)
    summary = item(
        "CONTAINS",
        "CODE",
        code("111017", "CAD Processing and Findings Summary"),
        impression,
        ConceptCodeSequence=code("111242", "All"),
    )
    made.ContentSequence = [library, summary]
    return save(made, folder / "cad.dcm")


@pytest.fixture
def study(tmp_path: Path, worker: ImageWorker) -> Iterator[Study]:
    mammogram(tmp_path, RIGHT, "R")
    mammogram(tmp_path, LEFT, "L")
    with studies_in([tmp_path], worker) as found:
        yield found.studies[0]


def test_a_mark_lies_on_the_image_of_the_library_that_it_names_by_its_place(
    tmp_path: Path, worker: ImageWorker, study: Study
) -> None:
    path = report(
        tmp_path,
        finding("111150", place(("111041", "Outline"), "POLYLINE", OUTLINE, 1, 1, 2), place(*CENTER, 1, 1, 2)),
        finding("111151", place(*CENTER, 1, 1, 1), what=("F-01796", "Mammography breast density")),
        finding("111152", place(*CENTER, 1, 1, 2)),
    )
    found = annotations_of(worker.read_object(path), study)
    assert [(one.sop_instance_uid, one.kind) for one in found.annotations] == [
        (LEFT, AnnotationKind.POLYGON),
        (RIGHT, AnnotationKind.TEXT),
    ]
    assert found.annotations[0].points == ((279.5, 619.5), (319.5, 619.5), (329.5, 659.5), (269.5, 659.5))
    assert found.annotations[1].points == (MARK,)
    assert found.annotations[0].text == "Calcification Cluster"
    assert {(one.verdict, one.source.kind, one.source.name) for one in found.annotations} == {
        (Verdict.OPEN, "program", "Invented CAD")
    }


@pytest.mark.parametrize("wrong", [(1, 1, 3), (1, 9), (2, 1, 1), (1, 1), ()])
def test_a_mark_that_names_nothing_is_said_and_not_drawn(
    tmp_path: Path, worker: ImageWorker, study: Study, wrong: tuple[int, ...]
) -> None:
    path = report(tmp_path, finding("111150", place(*CENTER, *wrong)))
    found = annotations_of(worker.read_object(path), study)
    assert found.annotations == ()
    assert any("names no image" in words for words in found.words)


@pytest.mark.parametrize(("uid", "anchor", "flipped"), [(LEFT, "left", False), (RIGHT, "right", True), (RIGHT, "left", False)])
def test_a_mark_is_seen_where_its_pixels_are_mirrored_and_anchored(
    tmp_path: Path, worker: ImageWorker, study: Study, uid: str, anchor: str, flipped: bool
) -> None:
    path = report(tmp_path, finding("111150", place(*CENTER, 1, 1, 1 if uid == RIGHT else 2)))
    (mark,) = annotations_of(worker.read_object(path), study).annotations
    series = next(one for one in study.series if one.instances[0].sop_instance_uid == uid)
    images = SeriesImages(study, series, worker)
    images.load()
    viewport = Viewport(images)
    held = Held(uid, (-0.5, 640.0), 0.4)
    state = replace(viewport.default_state(), anchor=anchor, flipped_horizontally=flipped, sizing=Sizing.SAME_SCALE, pixel_mm=0.2)
    state = replace(state, held=held)
    ((x, y),) = viewport.on_view(mark, state, 500, 700) or ()
    across = (MARK[0] + 0.5) / 2
    assert (x, y) == pytest.approx((500 - across if flipped else across, 0.4 * 700))
    other = next(one for one in study.series if one.instances[0].sop_instance_uid != uid)
    strange = SeriesImages(study, other, worker)
    strange.load()
    assert Viewport(strange).on_view(mark, Viewport(strange).default_state(), 500, 700) is None
