"""Objects of others: known facts of real files, hostile ones, and that none reaches images that are not its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pydicom
import pytest
from object_images import Phantom, sequence
from object_seat import AUTHOR, K, Seat, report_file, seat_of

from rendering.inspect_series import inspect_path
from rendering.objects.annotations import annotations_of, on_displayed_area
from rendering.objects.colour import cielab_of_rgb, rgb_of_cielab
from rendering.objects.facts import ObjectFacts, ObjectKind
from rendering.objects.matching import why_not_shown
from rendering.objects.presentation_facts import DisplayedArea
from rendering.objects.write_key_objects import write_kos
from rendering.worker import ImageWorker, WorkerLimits
from workstation.cache.reading import studies_in
from workstation.domain.annotation import AnnotationKind, Verdict
from workstation.domain.patient import Patient, PatientKey
from workstation.domain.study import Study
from workstation.errors import Refused


@pytest.fixture(scope="module")
def worker() -> Iterator[ImageWorker]:
    with ImageWorker(WorkerLimits(processes=1)) as worker:
        yield worker


@pytest.fixture(scope="module")
def seat(worker: ImageWorker, tmp_path_factory: pytest.TempPathFactory) -> Seat:
    return seat_of(Phantom(tmp_path_factory.mktemp("images")), worker)


def study_of(folder: Path, worker: ImageWorker, study_uid: str) -> Study:
    with studies_in([folder], worker) as found:
        return next(study for study in found.studies if study.study_instance_uid == study_uid)


# Real files


def test_a_real_presentation_state_is_drawn_on_the_one_image_that_it_names(worker: ImageWorker, shared_data: Path) -> None:
    folder = shared_data / "01_CT_chest_NLST101287"
    facts = worker.read_object(folder / "derived" / "GSPS_annotations_lung.dcm")
    assert (facts.kind, facts.label, facts.unread) == (ObjectKind.PRESENTATION, "ANNOT", ())
    state = facts.presentation
    assert state is not None
    assert [graphic.kind for graphic in state.graphics] == ["POLYLINE", "ELLIPSE", "CIRCLE", "POINT"]
    assert (state.windows[0].windows[0].center, state.windows[0].windows[0].width) == (-600.0, 1500.0)
    assert state.layers[0].colour == (243, 255, 0)
    found = annotations_of(facts, study_of(folder, worker, facts.study_uid)).annotations
    assert {one.sop_instance_uid for one in found} == {facts.images[0].sop_instance_uid}
    by_kind = {one.kind: one for one in found if one.kind is not K.TEXT}
    # 150\200 of the file counts from the pixel's corner: half a pixel less from its centre.
    assert by_kind[K.RECTANGLE].points == ((149.5, 199.5), (249.5, 299.5))
    assert by_kind[K.ELLIPSE].points == ((299.5, 219.5), (379.5, 279.5))
    assert by_kind[K.CIRCLE].points == ((255.5, 255.5), (275.5, 255.5))
    texts = {one.text: one.points for one in found if one.kind is K.TEXT}
    assert texts["2R node?"] == ((299.5, 199.5),)
    assert texts["DISPLAY-relative text"][0] == pytest.approx((0.02 * 512 - 0.5, 0.9 * 512 - 0.5), abs=1e-3)


def test_a_real_presentation_state_turns_flips_inverts_and_shutters(worker: ImageWorker, shared_data: Path) -> None:
    path = shared_data / "01_CT_chest_NLST101287" / "derived" / "GSPS_rot90_flip_zoom_inverse_shutter.dcm"
    state = worker.read_object(path).presentation
    assert state is not None
    assert (state.rotation, state.flipped, state.inverse) == (90, True, True)
    assert state.shutter is not None
    assert state.shutter.rectangle == (140, 370, 140, 370)
    assert (state.areas[0].top_left, state.areas[0].bottom_right) == ((129, 129), (384, 384))


def test_real_key_objects_say_what_for_and_a_rejection_says_why(worker: ImageWorker, shared_data: Path) -> None:
    chosen = worker.read_object(shared_data / "02_PETCT_ACRIN042" / "derived" / "KOS_of_interest.dcm")
    rejected = worker.read_object(shared_data / "01_CT_chest_NLST101287" / "derived" / "KOS_rejected_quality.dcm")
    assert chosen.key_objects is not None
    assert rejected.key_objects is not None
    assert (chosen.key_objects.rejects, len(chosen.images)) == ("", 3)
    assert chosen.key_objects.description == "Key images for conference: mediastinal node, liver dome"
    assert (rejected.key_objects.rejects, len(rejected.images)) == ("Rejected for quality reasons", 1)


@pytest.mark.parametrize(
    ("name", "kind", "values"),
    [
        ("sr-ruler", K.LENGTH, {"Length": (4.025316455696, "mm")}),
        ("sr-protractor", K.ANGLE, {"Angle": (90.0, "°")}),
        ("sr-circle", K.CIRCLE, {"Radius": (2.0, "mm"), "Area": (0.125663706144, "cm²")}),
        ("sr-ellipse", K.ELLIPSE, {"Long axis": (3.189873417722, "mm"), "Short axis": (1.898734177215, "mm")}),
        ("sr-rectangle", K.RECTANGLE, {"Width": (6.0, "mm"), "Height": (4.025316455696, "mm")}),
        ("sr-roi", K.POLYGON, {}),
    ],
)
def test_each_kind_of_drawing_of_another_program_is_told(
    worker: ImageWorker, shared_data: Path, name: str, kind: AnnotationKind, values: dict[str, tuple[float, str]]
) -> None:
    folder = shared_data / "18_SR_dwv_annotations"
    facts = worker.read_object(folder / f"{name}.dcm")
    found = annotations_of(facts, study_of(folder, worker, facts.study_uid)).annotations
    assert [one.kind for one in found] == [kind] * 3
    told = {value.name: (value.value, value.unit) for value in found[0].measured.values}
    assert {name: told[name] for name in values} == values
    assert {one.source.kind for one in found} == {"received"}


def test_a_bidirectional_of_another_program_is_one_drawing_with_two_axes(worker: ImageWorker, shared_data: Path) -> None:
    folder = shared_data / "03_MR_sella_MISTERMR"
    facts = worker.read_object(folder / "SR_4701_656922" / "0001_29887240.dcm")
    found = annotations_of(facts, study_of(folder, worker, facts.study_uid)).annotations
    assert [one.kind for one in found] == [K.BIDIRECTIONAL, K.LENGTH]
    assert [round(value.value, 3) for value in found[0].measured.values] == [59.549, 43.36]
    assert len(found[0].points) == 4


def test_a_real_report_of_segment_statistics_keeps_its_values_codes_and_dates(worker: ImageWorker, shared_data: Path) -> None:
    facts = worker.read_object(shared_data / "18_SR_TID1500_QIN_HEADNECK" / "sr.dcm")
    assert facts.report is not None
    assert (facts.creator, facts.made) == ("User2", "2015-08-19T11:21:53")
    first = facts.report.findings[0]
    assert (first.tracking_id, first.finding.text if first.finding else "") == ("primary tumor", "Neoplasm, Primary")
    assert [site.text for site in first.sites] == ["pharyngeal tonsil (adenoid)"]
    mean = first.values[0]
    assert (mean.value, mean.unit.value, mean.derivation.text if mean.derivation else "") == (6.01529, "{SUVbw}g/ml", "Mean")
    assert [one.segments for one in first.segments] == [(1,)]


@pytest.mark.parametrize(
    ("name", "lines", "some"),
    [
        ("reportsi.dcm", 9, "Document Title"),
        ("test-SR.dcm", 25, "Diameter: 3 cm"),
        ("sample-sr.dcm", 18, "Long Axis: 64.4505437946691 px"),
    ],
)
def test_a_report_reads_as_headings_and_lines(worker: ImageWorker, shared_data: Path, name: str, lines: int, some: str) -> None:
    report = worker.read_object(shared_data / "18_SR_text" / name).report
    assert report is not None
    assert len(report.lines) == lines
    assert some in [line.text for line in report.lines]


@pytest.mark.parametrize(
    ("name", "kind", "segments", "masks"),
    [
        ("18_SEG_liver_dcmqi/liver.dcm", "BINARY", {1: "Liver"}, 3),
        ("18_SEG_liver_dcmqi/partial_overlaps.dcm", "BINARY", {1: "GREEN", 5: "DARK_BLUE"}, 7),
        ("20_transfer_syntaxes/misc/liver_deflate.dcm", "BINARY", {1: "Liver"}, 3),
        # Two of its three frames are empty.
        ("18_SEG_small/label.seg", "BINARY", {}, 1),
        ("18_SEG_small/sparse-labelmap-noppv.dcm", "LABELMAP", {0: "Background", 1: "Liver"}, 2),
        ("18_SEG_small/sparse-labelmap-ppv5.dcm", "LABELMAP", {0: "Background", 1: "Liver"}, 2),
        ("18_SEG_SR_highdicom/seg_image_ct_true_fractional.dcm", "FRACTIONAL", {1: "first segment"}, 3),
        ("18_SEG_SR_highdicom/seg_image_ct_binary_overlap.dcm", "BINARY", {1: "first segment", 2: "second segment"}, 8),
        ("18_SEG_SR_highdicom/seg_image_cr_binary.dcm", "BINARY", {1: "first segment"}, 1),
        ("18_SR_TID1500_QIN_HEADNECK/seg.dcm", "BINARY", {1: "Neoplasm, Primary"}, 13),
        ("02_PETCT_ACRIN042/SEG_100_760111/0001_1.760112.dcm", "BINARY", {1: "Segment_1", 2: "Segment_2"}, 58),
    ],
)
def test_a_real_segmentation_has_its_segments(
    worker: ImageWorker, shared_data: Path, name: str, kind: str, segments: dict[int, str], masks: int
) -> None:
    found = worker.read_object(shared_data / name).segmentation
    assert found is not None
    assert (found.kind, len(found.masks)) == (kind, masks)
    labels = {segment.number: segment.label for segment in found.segments}
    assert {number: labels[number] for number in segments} == segments


def test_masks_are_those_that_pydicom_reads(worker: ImageWorker, shared_data: Path) -> None:
    """The independent way: all frames at once by pydicom's own decoder."""
    from rendering.objects.layer_paint import unpacked_mask

    for name in ("18_SEG_liver_dcmqi/partial_overlaps.dcm", "18_SEG_small/label.seg", "18_SEG_small/sparse-labelmap-ppv5.dcm"):
        ds = pydicom.dcmread(shared_data / name)
        found = worker.read_object(shared_data / name).segmentation
        assert found is not None
        pixels = ds.pixel_array
        wanted = pixels == 1 if found.kind == "LABELMAP" else pixels > 0
        assert sum(int((unpacked_mask(mask) > 0).sum()) for mask in found.masks) == int(wanted.sum()) > 0


@pytest.mark.parametrize(
    ("name", "first", "structures", "points"),
    [
        ("17_RT_breast/rtss.dcm", ("BODY", (154, 155, 100), "EXTERNAL", 141), None, 51846),
        ("17_RT_phantom/rt.dcm", ("ROI-1", (162, 136, 95), "", 2), 1, 12),
        ("17_RT_phantom/invalid_reference_rt.dcm", ("ROI-1", (255, 0, 255), "", 3), 4, 356),
        ("02_PETCT_ACRIN042/derived/RTSTRUCT_from_SEG.dcm", ("Segment_1", (60, 255, 60), "", 37), 3, 8934),
    ],
)
def test_a_real_structure_set_has_its_contours(
    worker: ImageWorker, shared_data: Path, name: str, first: tuple[Any, ...], structures: int | None, points: int
) -> None:
    found = worker.read_object(shared_data / name).structure_set
    assert found is not None
    one = found.structures[0]
    assert (one.name, one.colour, one.interpreted, len(one.contours)) == first
    assert sum(len(contour.points) for contour in one.contours) == points
    assert structures is None or len(found.structures) == structures


def test_facts_travel_as_they_are(worker: ImageWorker, shared_data: Path) -> None:
    """The pipe is JSON: what it gives back is what went in."""
    for name in ("18_SEG_small/sparse-labelmap-ppv5.dcm", "18_SR_dwv_annotations/sr-circle.dcm", "17_RT_phantom/rt.dcm"):
        facts = worker.read_object(shared_data / name)
        assert ObjectFacts.from_json(facts.to_json()) == facts


def test_inspecting_a_file_names_what_the_object_holds(worker: ImageWorker, shared_data: Path) -> None:
    found = inspect_path(shared_data / "18_SR_dwv_annotations" / "sr-ruler.dcm", worker, decode=False)
    (row,) = found.series
    (held,) = row["objects"]
    assert held["holds"] == "structured report, Imaging Measurement Report, 31 lines, 3 findings, of 1 image"
    assert held["findings"][0]["values"] == [{"name": "Length", "value": 4.025316455696, "unit": "mm"}]


# Whose it is (F49, F75)


def kos_facts(seat: Seat, tmp_path: Path) -> ObjectFacts:
    path = tmp_path / "kos.dcm"
    path.write_bytes(write_kos(seat.context, AUTHOR, [(header, ()) for header in seat.headers]).data)
    return seat.worker.read_object(path)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"StudyInstanceUID": "2.25.666"}, "another study"),
        ({"PatientID": "SOMEBODY-ELSE"}, "another patient"),
        ({"IssuerOfPatientID": "OTHERHOSPITAL"}, "another patient"),
        ({"CurrentRequestedProcedureEvidenceSequence": []}, "None of the images|does not say"),
    ],
)
def test_an_object_of_somebody_else_is_not_shown_and_says_so(
    seat: Seat, tmp_path: Path, change: dict[str, Any], words: str
) -> None:
    """F49, F75: right images named, but another patient, study, issuer, or no images at all."""
    path = report_file(seat, tmp_path)
    ds = pydicom.dcmread(path)
    for keyword, value in change.items():
        setattr(ds, keyword, value)
    if "CurrentRequestedProcedureEvidenceSequence" in change:
        ds.ContentSequence = ds.ContentSequence[:4]
    ds.save_as(path)
    facts = seat.worker.read_object(path)
    with pytest.raises(Refused, match="not shown") as refused:
        annotations_of(facts, seat.study)
    said = str(refused.value)
    assert any(part in said for part in words.split("|"))
    assert "SOMEBODY" not in said


def test_an_object_about_images_that_are_not_here_is_not_shown(seat: Seat, tmp_path: Path) -> None:
    facts = kos_facts(seat, tmp_path)
    elsewhere = replace(seat.study, series=tuple(replace(s, instances=()) for s in seat.study.series))
    assert "None of the images that it names are here" in why_not_shown(facts, elsewhere)
    assert why_not_shown(facts, seat.study) == ""


def test_an_issuer_that_only_one_side_knows_is_no_difference(seat: Seat, tmp_path: Path) -> None:
    facts = kos_facts(seat, tmp_path)
    patient = Patient(PatientKey(seat.study.patient.key.patient_id, ""))
    assert why_not_shown(facts, replace(seat.study, patient=patient)) == ""


def test_what_an_algorithm_found_is_its_own_and_open(seat: Seat, tmp_path: Path) -> None:
    """A finding that names an algorithm is a program's, dated and versioned, and waits for the reader's verdict."""
    path = report_file(seat, tmp_path)
    ds = pydicom.dcmread(path)
    group = ds.ContentSequence[-1].ContentSequence[0]
    for value, meaning, text in (("111001", "Algorithm Name", "NoduleNet"), ("111003", "Algorithm Version", "2.1")):
        (name,) = sequence({"CodeValue": value, "CodingSchemeDesignator": "DCM", "CodeMeaning": meaning})
        (item,) = sequence(
            {"RelationshipType": "HAS CONCEPT MOD", "ValueType": "TEXT", "ConceptNameCodeSequence": [name], "TextValue": text}
        )
        group.ContentSequence.append(item)
    ds.save_as(path)
    first, second = annotations_of(seat.worker.read_object(path), seat.study).annotations[:2]
    assert (first.source.kind, first.source.name, first.source.version) == ("program", "NoduleNet, Lyskasse", "2.1")
    assert first.source.made is not None
    assert first.source.made.isoformat() == "2026-11-23T01:02:03+01:00"
    assert first.verdict is Verdict.OPEN
    assert (second.source.kind, second.verdict) == ("received", Verdict.ACCEPTED)


# Small conversions


def test_colours_of_the_standard_space_are_those_of_the_screen() -> None:
    """(217, 130, 101) is Slicer's liver: 41661, 41167, 40792 in a published segmentation."""
    assert rgb_of_cielab((41661, 41167, 40792)) == (217, 130, 101)
    assert rgb_of_cielab((65535, 32896, 32896)) == (255, 255, 255)
    for rgb in ((0, 0, 0), (255, 0, 0), (12, 200, 99)):
        assert rgb_of_cielab(cielab_of_rgb(rgb)) == rgb


@pytest.mark.parametrize(
    ("rotation", "area", "point", "pixel"),
    [
        (0, DisplayedArea((1, 1), (100, 50)), (0.0, 0.0), (-0.5, -0.5)),
        (0, DisplayedArea((1, 1), (100, 50)), (1.0, 1.0), (99.5, 49.5)),
        (0, DisplayedArea((100, 1), (1, 50)), (0.0, 0.0), (99.5, -0.5)),
        (90, DisplayedArea((1, 50), (100, 1)), (0.0, 0.0), (-0.5, 49.5)),
        (90, DisplayedArea((1, 50), (100, 1)), (1.0, 0.0), (-0.5, -0.5)),
        (90, DisplayedArea((1, 50), (100, 1)), (0.0, 1.0), (99.5, 49.5)),
        (180, DisplayedArea((100, 50), (1, 1)), (0.25, 0.0), (74.5, 49.5)),
    ],
)
def test_a_place_on_the_displayed_area_is_one_of_the_image(
    rotation: int, area: DisplayedArea, point: tuple[float, float], pixel: tuple[float, float]
) -> None:
    assert on_displayed_area(area, rotation, point) == pixel
