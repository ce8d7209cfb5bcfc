"""A case saved as objects: looks, drawings and key images as they are, and saved again in place of the earlier ones."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import highdicom
import numpy as np
import pydicom
import pytest
from highdicom.sr.utils import find_content_items
from object_images import Phantom
from object_seat import AUTHOR, K, Seat, seat_of
from pydicom.sr.codedict import codes

from rendering.header import Shutter
from rendering.images import SeriesImages
from rendering.objects.facts import ObjectFacts
from rendering.objects.looking import presented
from rendering.objects.received import found_in
from rendering.objects.references import Code
from rendering.objects.saving import (
    CUTS,
    FILTER,
    TWICE,
    Saved,
    SavedView,
    ToSave,
    case_as_objects,
    own_objects,
)
from rendering.objects.states import state_of
from rendering.objects.write_key_objects import write_kos
from rendering.objects.write_plan import Author, Written
from rendering.viewport import Viewport
from rendering.worker import ImageWorker
from workstation.cache.reading import studies_in
from workstation.domain.key_image import TITLES, KeyImage
from workstation.domain.presenting import Followed
from workstation.domain.study import Instance, Series, Study
from workstation.domain.viewing import Plane, Sizing, ViewportState, Window
from workstation.errors import Refused
from workstation.ports import ObjectFound

TOOLS = Path(sys.executable).parent
SIZE = (300, 200)
LATER = replace(AUTHOR, made=AUTHOR.made + timedelta(minutes=5))


@pytest.fixture(scope="module")
def seat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seat]:
    with ImageWorker() as worker:
        yield seat_of(Phantom(tmp_path_factory.mktemp("images"), slices=5, spacing=(0.5, 0.5)), worker)


@pytest.fixture(scope="module")
def viewport(seat: Seat) -> Iterator[Viewport]:
    images = SeriesImages(seat.study, seat.study.series[0], seat.worker)
    images.load()
    yield Viewport(images)
    images.close()


def look(viewport: Viewport, **changes: object) -> ViewportState:
    return replace(viewport.default_state(), **changes)  # type: ignore[arg-type]


def key(seat: Seat, number: int, title: str = "113000") -> KeyImage:
    header = seat.headers[number]
    return KeyImage(header.study_uid, header.series_uid, header.sop_instance_uid, 1, title)


def wanted(seat: Seat, viewport: Viewport, *states: ViewportState, **values: object) -> ToSave:
    views = tuple(SavedView(viewport, state, *SIZE) for state in states)
    return replace(ToSave(seat.study, views=views), **values)  # type: ignore[arg-type]


def by_modality(saved: Saved) -> dict[str, list[Written]]:
    """Without rejection notes: see `notes`."""
    found: dict[str, list[Written]] = {}
    for one in saved.objects:
        if one not in notes(saved):
            found.setdefault(one.modality, []).append(one)
    return found


def notes(saved: Saved) -> list[Written]:
    return [one for one in saved.objects if one.modality == "KO" and one.is_empty]


def facts_of(seat: Seat, written: Written, folder: Path) -> ObjectFacts:
    path = folder / f"{written.sop_instance_uid}.dcm"
    path.write_bytes(written.data)
    return seat.worker.read_object(path)


def complaints(path: Path) -> list[str]:
    done = subprocess.run([TOOLS / "dciodvfy", "-new", path], capture_output=True, text=True, check=False)
    return [line for line in (done.stdout + done.stderr).splitlines() if line.startswith("Error")]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"window": Window(61.25, 333.5), "inverted": True},
        {"zoom": 2.71828, "pan": (0.123456789, -0.3141592653)},
        {"zoom": 0.37, "rotation": 90, "flipped_vertically": True, "pan": (0.05, 0.02)},
        {"sizing": Sizing.PIXELS, "pan": (0.2, 0.1)},
        {"sizing": Sizing.PIXELS, "zoom": 3.0, "flipped_horizontally": True},
        {"sizing": Sizing.TRUE_SIZE, "pixel_mm": 0.2, "pan": (-0.1, 0.3), "rotation": 270},
        {"followed": Followed("", Shutter((3, 40, 5, 60), (30, 20, 25)))},
    ],
    ids=["as it hangs", "window", "zoom", "turned and flipped", "one to one", "magnified", "true size", "shutter"],
)
def test_a_look_comes_back_as_the_very_same_picture(
    seat: Seat, viewport: Viewport, tmp_path: Path, changes: dict[str, object]
) -> None:
    """Round trip: every pixel of the picture in a view of the same size."""
    state = look(viewport, position=3, **changes)
    saved = case_as_objects(wanted(seat, viewport, state), seat.context, AUTHOR)
    assert saved.left_out == ()
    (written,) = saved.objects
    found = presented(viewport.images, look(viewport, position=3), facts_of(seat, written, tmp_path), *SIZE, screen_mm=0.2)
    assert found.words == ()
    expected = viewport.picture(state, *SIZE).pixels
    assert np.array_equal(viewport.picture(found.state, *SIZE).pixels, expected)
    assert np.ptp(expected) > 50
    assert complaints(tmp_path / f"{written.sop_instance_uid}.dcm") == []


@pytest.mark.parametrize("mode", ["MAGNIFY", "TRUE SIZE"])
def test_other_programs_are_told_one_to_one_and_true_size_by_the_standards_modes(
    seat: Seat, viewport: Viewport, mode: str
) -> None:
    sizing = {"MAGNIFY": Sizing.PIXELS, "TRUE SIZE": Sizing.TRUE_SIZE}[mode]
    saved = case_as_objects(wanted(seat, viewport, look(viewport, sizing=sizing, pixel_mm=0.2)), seat.context, AUTHOR)
    item = pydicom.dcmread(io.BytesIO(saved.objects[0].data)).DisplayedAreaSelectionSequence[0]
    assert item.PresentationSizeMode == mode
    assert item.get("PresentationPixelMagnificationRatio") == (1.0 if mode == "MAGNIFY" else None)
    assert list(item.PresentationPixelSpacing) == [0.5, 0.5]


def test_in_a_view_of_another_size_the_displayed_area_counts(seat: Seat, viewport: Viewport, tmp_path: Path) -> None:
    state = look(viewport, zoom=3.0, pan=(0.2, -0.1))
    (written,) = case_as_objects(wanted(seat, viewport, state), seat.context, AUTHOR).objects
    facts = facts_of(seat, written, tmp_path)
    found = presented(viewport.images, look(viewport), facts, 900, 600).state
    for corner in ((0.0, 0.0), (1.0, 1.0)):
        here = viewport.to_patient(state, *SIZE, corner[0] * 300, corner[1] * 200)
        there = viewport.to_patient(found, 900, 600, corner[0] * 900, corner[1] * 600)
        assert here is not None
        assert there is not None
        assert np.abs(np.subtract(here, there)).max() <= 1.5 * 0.5


def test_each_referenced_image_has_the_look_of_the_viewport_that_shows_its_series(seat: Seat, viewport: Viewport) -> None:
    drawn = seat.drawing(1, K.LENGTH, [(10.0, 20.0), (30.0, 20.0)], "lesion")
    state = look(viewport, position=1, window=Window(61.0, 333.0), rotation=90)
    saved = case_as_objects(wanted(seat, viewport, state, drawings=(drawn,), keys=(key(seat, 2),)), seat.context, AUTHOR)
    (state_object,) = by_modality(saved)["PR"]
    ds = pydicom.dcmread(io.BytesIO(state_object.data))
    shown = viewport.images.identity(1).sop_instance_uid
    expected = {shown, drawn.sop_instance_uid, seat.headers[2].sop_instance_uid}
    assert {i.ReferencedSOPInstanceUID for i in ds.ReferencedSeriesSequence[0].ReferencedImageSequence} == expected
    assert {i.ReferencedImageSequence[0].ReferencedSOPInstanceUID for i in ds.SoftcopyVOILUTSequence} == expected
    assert {(float(i.WindowCenter), float(i.WindowWidth)) for i in ds.SoftcopyVOILUTSequence} == {(61.0, 333.0)}
    assert (ds.ImageRotation, len(ds.DisplayedAreaSelectionSequence), len(ds.GraphicAnnotationSequence)) == (90, 3, 1)


def test_an_image_that_hangs_nowhere_has_its_files_own_window(seat: Seat, viewport: Viewport) -> None:
    """A state without a window would take the image's own away (PS3.4 N.2.1)."""
    saved = case_as_objects(wanted(seat, viewport, keys=(key(seat, 0),)), seat.context, AUTHOR)
    ds = pydicom.dcmread(io.BytesIO(by_modality(saved)["PR"][0].data))
    assert [(i.WindowCenter, i.WindowWidth) for i in ds.SoftcopyVOILUTSequence] == [(40, 400)]


def test_key_images_are_a_selection_for_each_title(seat: Seat, viewport: Viewport, tmp_path: Path) -> None:
    marked = (key(seat, 0), key(seat, 1, "113005"), key(seat, 3))
    saved = case_as_objects(wanted(seat, viewport, keys=marked), seat.context, AUTHOR)
    selections = by_modality(saved)["KO"]
    found = {}
    for one in selections:
        facts = facts_of(seat, one, tmp_path)
        assert facts.key_objects is not None
        found[facts.key_objects.title.value] = [image.sop_instance_uid for image in facts.images]
        assert complaints(tmp_path / f"{one.sop_instance_uid}.dcm") == []
    assert found == {
        "113000": [seat.headers[0].sop_instance_uid, seat.headers[3].sop_instance_uid],
        "113005": [seat.headers[1].sop_instance_uid],
    }
    assert len({one.series_uid for one in selections}) == 1


def test_every_title_is_one_of_the_standards_list() -> None:
    """By pydicom's copy of CID 7010: value and meaning."""
    listed = {code.value: code.meaning for code in (getattr(codes.cid7010, name) for name in codes.cid7010.dir())}
    assert {value: listed[value] for value in TITLES} == TITLES


@pytest.mark.parametrize(
    ("title", "words"),
    [
        (Code("113000", "DCM", "Of Interest"), ()),
        (Code("113013", "DCM", "Best In Set"), ()),
        (Code("128203", "DCM", "For Tumor Board"), ()),
        (Code("X1", "99OTHER", "Look here"), ()),
        (Code("113030", "DCM", "Manifest"), ("Manifest: it lists images, and marks none",)),
        (Code("113035", "DCM", "Signed Complete Acquisition Content"), None),
        (Code("128190", "DCM", "Dosimetric Result"), None),
        (Code("113001", "DCM", "Rejected for Quality Reasons"), ("Rejected for Quality Reasons: 2 images are rejected",)),
    ],
    ids=lambda value: value.meaning if isinstance(value, Code) else "",
)
def test_only_selections_that_recommend_images_mark_them(
    seat: Seat, tmp_path: Path, title: Code, words: tuple[str, ...] | None
) -> None:
    """A manifest lists every image of the study: none of them is a key image for that."""
    written = write_kos(seat.context, AUTHOR, [(header, ()) for header in seat.headers[:2]], title)
    (found,) = found_there(seat, as_study(seat, tmp_path, Saved((written,))))
    if words == ():
        assert [key.sop_instance_uid for key in found.key_images] == [h.sop_instance_uid for h in seat.headers[:2]]
        assert found.words == ()
    else:
        assert found.key_images == ()
        assert found.words == (words or (f"{title.meaning}: it lists images, and marks none",))


def test_what_is_not_saved_is_told_with_its_reason(seat: Seat, viewport: Viewport) -> None:
    states = (
        look(viewport, sharpening=2),
        look(viewport, zoom=2.0),
        replace(viewport.default_state(Plane.CORONAL)),
    )
    saved = case_as_objects(wanted(seat, viewport, *states), seat.context, AUTHOR)
    assert saved.left_out == (FILTER, TWICE, CUTS)


# Saved again


def as_study(seat: Seat, folder: Path, *saved: Saved) -> Study:
    """The study with the objects in it, as the cache would have it."""
    made = []
    for one in (written for each in saved for written in each.objects):
        path = folder / f"{one.sop_instance_uid}.dcm"
        path.write_bytes(one.data)
        instance = Instance(one.sop_instance_uid, one.sop_class_uid, "1.2.840.10008.1.2.1", 1, 0, 0, 0, str(path), "", 0)
        made.append(Series(one.series_uid, one.modality, instances=(instance,)))
    return replace(seat.study, series=(*seat.study.series, *made))


def found_there(seat: Seat, study: Study) -> list[ObjectFound]:
    return list(found_in(study, seat.worker.read_object, lambda: False))


def saved_twice(seat: Seat, viewport: Viewport, second: ToSave) -> tuple[Saved, Saved]:
    two = (
        seat.drawing(1, K.LENGTH, [(10.0, 20.0), (30.0, 20.0)], "stays"),
        seat.drawing(2, K.PROBE, [(12.0, 22.0)], "goes"),
    )
    first = case_as_objects(
        wanted(seat, viewport, look(viewport), drawings=two, keys=(key(seat, 0), key(seat, 1))), seat.context, AUTHOR
    )
    earlier = tuple(own_objects(first, AUTHOR))
    return first, case_as_objects(replace(second, earlier=earlier), seat.context, LATER)


def test_saved_again_objects_join_their_series_count_on_and_say_what_they_replace(
    seat: Seat, viewport: Viewport, tmp_path: Path
) -> None:
    stays = seat.drawing(1, K.LENGTH, [(10.0, 20.0), (30.0, 20.0)], "stays")
    first, second = saved_twice(seat, viewport, wanted(seat, viewport, look(viewport), drawings=(stays,), keys=(key(seat, 1),)))
    for modality in ("SR", "PR", "KO"):
        (old,), (new,) = by_modality(first)[modality], by_modality(second)[modality]
        was, now = pydicom.dcmread(io.BytesIO(old.data)), pydicom.dcmread(io.BytesIO(new.data))
        assert now.SeriesInstanceUID == was.SeriesInstanceUID
        assert now.SOPInstanceUID != was.SOPInstanceUID
        assert (was.InstanceNumber, now.InstanceNumber) == (1, 2)
        assert (now.SeriesDate, now.SeriesTime, now.SeriesDescription) == (was.SeriesDate, was.SeriesTime, was.SeriesDescription)
        assert complaints_of(new, tmp_path) == []
    (report,) = by_modality(second)["SR"]
    predecessor = pydicom.dcmread(io.BytesIO(report.data)).PredecessorDocumentsSequence[0]
    named = predecessor.ReferencedSeriesSequence[0].ReferencedSOPSequence[0].ReferencedSOPInstanceUID
    assert named == by_modality(first)["SR"][0].sop_instance_uid
    state = pydicom.dcmread(io.BytesIO(by_modality(second)["PR"][0].data))
    assert state.ContentDescription == "Drawings and looks, revision 2, replaces 2026-11-23 01:02"
    selection = facts_of(seat, by_modality(second)["KO"][0], tmp_path)
    assert selection.key_objects is not None
    assert selection.key_objects.description == "revision 2, replaces 2026-11-23 01:02"


def complaints_of(written: Written, folder: Path) -> list[str]:
    path = folder / "checked.dcm"
    path.write_bytes(written.data)
    return complaints(path)


def test_elsewhere_only_the_later_objects_count(seat: Seat, viewport: Viewport, tmp_path: Path) -> None:
    """F62: a drawing and a key image that were taken away before saving again do not come back from the older objects."""
    stays = seat.drawing(1, K.LENGTH, [(10.0, 20.0), (30.0, 20.0)], "stays")
    both = saved_twice(seat, viewport, wanted(seat, viewport, look(viewport), drawings=(stays,), keys=(key(seat, 1),)))
    found = found_there(seat, as_study(seat, tmp_path, *both))
    assert {drawn.text for one in found for drawn in one.annotations} == {"stays"}
    assert [k.sop_instance_uid for one in found for k in one.key_images] == [seat.headers[1].sop_instance_uid]
    assert len([one for one in found if one.presentation is not None]) == 1
    old = {one.sop_instance_uid for one in both[0].objects}
    assert {one.uid for one in found if one.uid in old} == old
    assert {uid for one in found for uid in one.replaces} == old
    words = {words for one in found if one.uid in old for words in one.words}
    assert words == {"It was replaced by a later one of 2026-11-23 01:07:03+01:00"}


def test_all_measurements_taken_back_are_said_to_be_so(seat: Seat, viewport: Viewport, tmp_path: Path) -> None:
    first, second = saved_twice(seat, viewport, wanted(seat, viewport, look(viewport)))
    assert by_modality(second).keys() == {"SR", "PR"}
    assert second.left_out == ()
    (report,) = by_modality(second)["SR"]
    assert (report.is_empty, complaints_of(report, tmp_path)) == (True, [])
    found = found_there(seat, as_study(seat, tmp_path, first, second))
    assert not any(one.annotations for one in found)
    again = replace(wanted(seat, viewport, look(viewport)), earlier=(*own_objects(first, AUTHOR), *own_objects(second, LATER)))
    assert by_modality(case_as_objects(again, seat.context, LATER)).keys() == {"PR"}, "it is said once"


def references(written: Written) -> list[str]:
    tree = pydicom.dcmread(io.BytesIO(written.data)).ContentSequence
    return [item.ReferencedSOPSequence[0].ReferencedSOPInstanceUID for item in tree if item.ValueType == "COMPOSITE"]


def test_a_selection_that_was_sent_is_taken_back_by_a_rejection_note(seat: Seat, viewport: Viewport, tmp_path: Path) -> None:
    """IHE RAD IOCM: programs that know nothing of our series read from the note that the selection does not hold."""
    first, second = saved_twice(seat, viewport, wanted(seat, viewport, look(viewport)))
    (selection,), (note,) = by_modality(first)["KO"], notes(second)
    ds = pydicom.dcmread(io.BytesIO(note.data))
    assert [item.CodeValue for item in ds.ConceptNameCodeSequence] == ["113001"]
    assert references(note) == [selection.sop_instance_uid]
    (series,) = ds.CurrentRequestedProcedureEvidenceSequence[0].ReferencedSeriesSequence
    assert series.ReferencedSOPSequence[0].ReferencedSOPInstanceUID == selection.sop_instance_uid
    assert complaints_of(note, tmp_path) == []
    assert not any(one.key_images for one in found_there(seat, as_study(seat, tmp_path, first, second)))
    # It is said once; marked and saved anew, the selection is new, and the note takes nothing of it away.
    earlier = (*own_objects(first, AUTHOR), *own_objects(second, LATER))
    again = case_as_objects(replace(wanted(seat, viewport), earlier=earlier), seat.context, LATER)
    assert notes(again) == []
    after = replace(LATER, made=LATER.made + timedelta(minutes=5))
    anew = case_as_objects(replace(wanted(seat, viewport, keys=(key(seat, 2),)), earlier=earlier), seat.context, after)
    assert notes(anew) == []
    found = found_there(seat, as_study(seat, tmp_path, first, second, anew))
    assert [k.sop_instance_uid for one in found for k in one.key_images] == [seat.headers[2].sop_instance_uid]


def test_a_selection_that_was_changed_takes_the_one_before_back(seat: Seat, viewport: Viewport) -> None:
    first, second = saved_twice(seat, viewport, wanted(seat, viewport, keys=(key(seat, 1),)))
    (old,), (new,), (note,) = by_modality(first)["KO"], by_modality(second)["KO"], notes(second)
    assert references(note) == [old.sop_instance_uid]
    numbers = [pydicom.dcmread(io.BytesIO(one.data)).InstanceNumber for one in (old, new, note)]
    assert numbers == [1, 2, 3]


def from_elsewhere(written: Written) -> Written:
    """As if another program had made it, in a series of its own."""
    ds = pydicom.dcmread(io.BytesIO(written.data))
    ds.Manufacturer = ds.ManufacturerModelName = "Other"
    ds.SeriesInstanceUID = f"{ds.SeriesInstanceUID}.9"
    out = io.BytesIO()
    pydicom.dcmwrite(out, ds, enforce_file_format=True)
    return replace(written, data=out.getvalue(), series_uid=str(ds.SeriesInstanceUID))


def test_what_a_note_of_others_rejects_is_not_shown_and_says_why(seat: Seat, viewport: Viewport, tmp_path: Path) -> None:
    """F60: objects are hidden; images stay, and bear the reason."""
    first, second = saved_twice(seat, viewport, wanted(seat, viewport))
    selection, note = from_elsewhere(by_modality(first)["KO"][0]), from_elsewhere(notes(second)[0])
    found = found_there(seat, as_study(seat, tmp_path, Saved((selection,)), Saved((note,))))
    assert not any(one.key_images for one in found)
    words = {one.uid: one.words for one in found}
    why = "Rejected for quality reasons: Taken back by the reader: not key images any more"
    assert words[selection.sop_instance_uid] == (f"It is not shown. {why}",)
    assert words[note.sop_instance_uid] == ()
    ds = pydicom.dcmread(io.BytesIO(note.data))
    ds.PatientID = "SOMEBODY-ELSE"
    out = io.BytesIO()
    pydicom.dcmwrite(out, ds, enforce_file_format=True)
    foreign = replace(note, data=out.getvalue())
    found = found_there(seat, as_study(seat, tmp_path, Saved((selection,)), Saved((foreign,))))
    assert any(one.key_images for one in found), "a note of another patient rejects nothing (F49)"
    images = write_kos(
        seat.context, AUTHOR, [(seat.headers[0], ())], Code("113037", "DCM", "Rejected for Patient Safety Reasons")
    )
    (of_images,) = found_there(seat, as_study(seat, tmp_path, Saved((images,))))
    assert of_images.rejected == ((seat.headers[0].sop_instance_uid, "Rejected for patient safety reasons"),)


def test_objects_of_two_places_do_not_replace_each_other(seat: Seat, viewport: Viewport, tmp_path: Path) -> None:
    """Two readers at two computers: each has a series of its own."""
    one = seat.drawing(1, K.LENGTH, [(10.0, 20.0), (30.0, 20.0)], "one")
    other = seat.drawing(2, K.PROBE, [(12.0, 22.0)], "other")
    saved = [
        case_as_objects(wanted(seat, viewport, look(viewport), drawings=(drawn,)), seat.context, author)
        for drawn, author in ((one, AUTHOR), (other, replace(LATER, name="Else^Somebody")))
    ]
    found = found_there(seat, as_study(seat, tmp_path, *saved))
    assert {drawn.text for each in found for drawn in each.annotations} == {"one", "other"}
    assert not any(each.replaces for each in found)


def test_a_foreign_object_of_another_patient_replaces_nothing(seat: Seat, viewport: Viewport, tmp_path: Path) -> None:
    """F49: a predecessor that is named from outside counts within the patient and study only."""
    first = case_as_objects(
        wanted(seat, viewport, drawings=(seat.drawing(1, K.PROBE, [(12.0, 22.0)], "ours"),)), seat.context, AUTHOR
    )
    _, second = saved_twice(seat, viewport, wanted(seat, viewport))
    (report,) = by_modality(second)["SR"]
    ds = pydicom.dcmread(io.BytesIO(report.data))
    ds.PatientID = "TEST-0002"
    named = ds.PredecessorDocumentsSequence[0].ReferencedSeriesSequence[0].ReferencedSOPSequence[0]
    named.ReferencedSOPInstanceUID = by_modality(first)["SR"][0].sop_instance_uid
    out = io.BytesIO()
    pydicom.dcmwrite(out, ds)
    forged = replace(second, objects=(replace(report, data=out.getvalue()),))
    found = found_there(seat, as_study(seat, tmp_path, first, forged))
    assert "ours" in {drawn.text for each in found for drawn in each.annotations}


def test_the_authors_version_stands_in_every_object(seat: Seat, viewport: Viewport) -> None:
    author = Author("Dr Test", AUTHOR.made, "0.1.0")
    drawn = seat.drawing(1, K.PROBE, [(12.0, 22.0)])
    saved = case_as_objects(wanted(seat, viewport, look(viewport), drawings=(drawn,), keys=(key(seat, 0),)), seat.context, author)
    assert [pydicom.dcmread(io.BytesIO(one.data)).SoftwareVersions for one in saved.objects] == ["0.1.0"] * 3


def test_a_length_on_an_oblique_plane_is_measured_and_reported_in_the_patient(
    seat: Seat, viewport: Viewport, tmp_path: Path
) -> None:
    """TID 1500 with SCOORD3D, from a drawing as the viewport makes it; highdicom alone reads the points (PS3.3 C.18.9)."""
    turned = ((0.8, 0.0, 0.6), (0.0, 1.0, 0.0))
    state = replace(viewport.default_state(Plane.OBLIQUE), oblique=turned)
    drawn = viewport.annotation_at(state, *SIZE, [(120.0, 90.0), (180.0, 110.0)], K.LENGTH)
    assert drawn is not None
    drawn = replace(drawn, uid="2.25.990", measured=viewport.measure(drawn))
    saved = case_as_objects(wanted(seat, viewport, state, drawings=(drawn,)), seat.context, AUTHOR)
    assert saved.left_out == (CUTS,)
    (report,) = saved.objects
    path = tmp_path / "sr.dcm"
    path.write_bytes(report.data)
    assert complaints(path) == []
    kinds = highdicom.sr.ValueTypeValues
    (number,) = find_content_items(highdicom.sr.srread(path), value_type=kinds.NUM, recursive=True)
    (place,) = find_content_items(number, value_type=kinds.SCOORD3D)
    assert place.ReferencedFrameOfReferenceUID == seat.headers[0].frame_of_reference_uid
    points = np.array(place.GraphicData, float).reshape(-1, 3)
    assert points == pytest.approx(np.array(drawn.patient_points), abs=1e-4)
    assert float(number.MeasuredValueSequence[0].NumericValue) == pytest.approx(np.linalg.norm(points[1] - points[0]), abs=1e-4)
    assert abs(points[1] - points[0])[2] > 0.5, "it leaves the acquired slice"
    (found,) = found_there(seat, as_study(seat, tmp_path, saved))
    (again,) = found.annotations
    assert (again.plane, again.kind) == (Plane.OBLIQUE, K.LENGTH)
    assert again.patient_points == tuple(pytest.approx(point, abs=1e-4) for point in drawn.patient_points)


def test_frames_of_one_image_are_told_apart(seat: Seat, tmp_path: Path) -> None:
    """A state and a selection of single frames: others of the same image are not theirs (F49)."""
    phantom = Phantom(tmp_path / "frames", slices=1, spacing=(0.5, 0.5))
    (path,) = phantom.write(SOPClassUID="1.2.840.10008.5.1.4.1.1.7.3", SOPInstanceUID="2.25.1004.1", NumberOfFrames=4)
    ds = pydicom.dcmread(path)
    ds.PixelData = b"".join(ds.PixelData for _ in range(4))
    ds.save_as(path)
    with studies_in([phantom.folder], seat.worker) as found:
        (study,) = found.studies
        images = SeriesImages(study, study.series[0], seat.worker)
        images.load()
        several = Viewport(images)
        marked = KeyImage(study.study_instance_uid, study.series[0].series_instance_uid, "2.25.1004.1", 2)
        view = SavedView(several, replace(several.default_state(), position=2, zoom=2.0), *SIZE)
        saved = case_as_objects(ToSave(study, keys=(marked,), views=(view,)), seat.context, AUTHOR)
        state, selection = by_modality(saved)["PR"][0], by_modality(saved)["KO"][0]
        facts = facts_of(seat, state, tmp_path)
        by = state_of(facts, study)
        assert by.places == (("2.25.1004.1", 2), ("2.25.1004.1", 3))
        assert [by.is_for("2.25.1004.1", frame) for frame in (1, 2, 3, 4)] == [False, True, True, False]
        with pytest.raises(Refused, match="not for this image"):
            presented(images, several.default_state(), facts, *SIZE)
        assert [image.frames for image in facts_of(seat, selection, tmp_path).images] == [(2,)]
        images.close()


def test_a_cut_is_an_image_only_where_it_shows_one_acquired_slice(viewport: Viewport) -> None:
    """What K marks: an axial plane on a slice is that image, between two, as a slab, coronal or in 3D it is none."""
    on_slice = viewport.at_index(viewport.default_state(Plane.AXIAL), 1)
    assert viewport.image_of(on_slice) == (viewport.images.identity(1).sop_instance_uid, 1)
    assert on_slice.focus is not None
    x, y, z = on_slice.focus
    assert viewport.image_of(replace(on_slice, focus=(x, y, z + 1.0))) is None
    assert viewport.image_of(replace(on_slice, slab_mm=6.0)) is None
    assert viewport.image_of(viewport.default_state(Plane.CORONAL)) is None
    assert viewport.image_of(viewport.default_state(Plane.THREE_D)) is None


@pytest.mark.parametrize("exact", [(1e9, 0.0, 0.0), (-2.0, 0.0, 0.0), (2.0, 1e9, 0.0), (7.0, 0.1, 0.1), (2.0,), ()])
def test_an_exact_view_that_is_not_the_displayed_area_does_not_count(
    seat: Seat, viewport: Viewport, tmp_path: Path, exact: tuple[float, ...]
) -> None:
    """What a private element says can only refine what every program reads of the state."""
    state = look(viewport, zoom=2.0, pan=(0.1, 0.05))
    (written,) = case_as_objects(wanted(seat, viewport, state), seat.context, AUTHOR).objects
    ds = pydicom.dcmread(io.BytesIO(written.data))
    item = ds.DisplayedAreaSelectionSequence[0]
    item.private_block(0x0071, "LYSKASSE VIEW")[1].value = list(exact)
    ds.save_as(tmp_path / "other.dcm")
    item.remove_private_tags()
    ds.save_as(tmp_path / "plain.dcm")
    found, plain = (
        presented(viewport.images, look(viewport), seat.worker.read_object(tmp_path / name), *SIZE).state
        for name in ("other.dcm", "plain.dcm")
    )
    assert (found.zoom, found.pan) == (plain.zoom, plain.pan) != (state.zoom, state.pan)
