"""Objects of ours: sound by two other programs and two other libraries, and the same when they are read again."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import highdicom
import pydicom
import pytest
from object_images import NAME, Phantom
from object_seat import AUTHOR, K, Seat, cuts, drawings, seat_of

from rendering.header import Shutter
from rendering.objects.annotations import annotations_of
from rendering.objects.delivery import keep, outgoing
from rendering.objects.layer_paint import unpacked_mask
from rendering.objects.layers import layers_of
from rendering.objects.references import Code
from rendering.objects.write_key_objects import TITLES, write_kos
from rendering.objects.write_plan import Author, Look, Shown, Written
from rendering.objects.write_presentation import write_gsps
from rendering.objects.write_report import write_sr
from rendering.objects.write_segmentation import write_seg
from rendering.worker import ImageWorker
from workstation.at_rest.vault import Vault
from workstation.cache.cache import StudyCache
from workstation.domain.annotation import Annotation, Verdict
from workstation.domain.viewing import Window
from workstation.errors import Refused

TOOLS = Path(sys.executable).parent


@pytest.fixture(scope="module")
def seat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seat]:
    with ImageWorker() as worker:
        yield seat_of(Phantom(tmp_path_factory.mktemp("images")), worker)


def on_disk(written: Written, folder: Path) -> Path:
    path = folder / "object.dcm"
    path.write_bytes(written.data)
    return path


def complaints(path: Path) -> list[str]:
    done = subprocess.run([TOOLS / "dciodvfy", "-new", path], capture_output=True, text=True, check=False)
    return [line for line in (done.stdout + done.stderr).splitlines() if line.startswith("Error")]


def ran(*command: object) -> str:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def read_again(seat: Seat, path: Path) -> dict[str, Annotation]:
    found = annotations_of(seat.worker.read_object(path), seat.study)
    assert not found.words
    return {one.uid: one for one in found.annotations}


def states(seat: Seat) -> Written:
    look = Look(90, True, False, True, Shutter((2, 40, 3, 60), (30, 20, 25)))
    shown = [Shown(header, window=Window(50.5, 350.0, explanation="Bløtvev")) for header in seat.headers]
    (written,) = write_gsps(seat.context, AUTHOR, shown, drawings(seat), look, "målinger")
    return written


def key_images(seat: Seat) -> Written:
    chosen = [(header, ()) for header in seat.headers[:2]]
    return write_kos(seat.context, AUTHOR, chosen, TITLES["for conference"], "Nøkkelbilder <i>1</i>")


def report(seat: Seat) -> Written:
    site = Code("39607008", "SCT", "Lung structure")
    return write_sr(seat.context, AUTHOR, (*drawings(seat), *cuts(seat)), seat.headers, {"2.25.7701": site})


def segments(seat: Seat) -> Written:
    return write_seg(seat.context, AUTHOR, drawings(seat), seat.headers)


@pytest.mark.parametrize("write", [states, key_images, report, segments])
def test_an_object_of_ours_has_no_fault_that_dciodvfy_finds(seat: Seat, write, tmp_path: Path) -> None:
    assert complaints(on_disk(write(seat), tmp_path)) == []


def test_the_validator_would_find_a_fault(seat: Seat, tmp_path: Path) -> None:
    ds = pydicom.dcmread(io.BytesIO(key_images(seat).data))
    del ds.ConceptNameCodeSequence
    ds.save_as(tmp_path / "broken.dcm")
    assert complaints(tmp_path / "broken.dcm")


@pytest.mark.parametrize("write", [states, key_images, report, segments])
def test_an_object_carries_patient_and_study_of_its_images_in_every_letter(seat: Seat, write) -> None:
    """F49: charset and identity of the source file, by pydicom alone."""
    ds = pydicom.dcmread(io.BytesIO(write(seat).data))
    assert ds.SpecificCharacterSet == "ISO_IR 192"
    assert str(ds.PatientName) == NAME == "Åsnes^Øyvind Čálliid"
    assert (ds.PatientID, ds.IssuerOfPatientID, ds.PatientBirthDate, ds.PatientSex) == (
        "TEST-0001",
        "TESTHOSPITAL",
        "19610102",
        "M",
    )
    assert (ds.StudyInstanceUID, ds.StudyDate, ds.AccessionNumber, ds.StudyID) == ("2.25.1001", "20260102", "A1", "S1")
    assert str(ds.ReferringPhysicianName) == "Sjöberg^Åse"
    assert (ds.Manufacturer, ds.TimezoneOffsetFromUTC) == ("Lyskasse", "+0100")
    assert ds.SOPInstanceUID.startswith("2.25.")
    assert ds.SeriesInstanceUID.startswith("2.25.")
    assert ds.SeriesInstanceUID != seat.headers[0].series_uid


def test_drawings_in_a_presentation_state_come_back_the_same(seat: Seat, tmp_path: Path) -> None:
    path = on_disk(states(seat), tmp_path)
    found = read_again(seat, path)
    assert set(found) == {one.uid for one in drawings(seat)}
    for one in drawings(seat):
        again = found[one.uid]
        # A state shows values as text beside the drawing: they are measured again, not read.
        assert replace(again, source=one.source, measured=one.measured, known_mm=one.known_mm) == one
        assert (again.source.kind, again.source.name, again.verdict) == ("received", "Ødegård Ågot, Lyskasse", Verdict.ACCEPTED)


def test_drawings_and_values_in_a_report_come_back_the_same(seat: Seat, tmp_path: Path) -> None:
    """Frames exactly, cuts to the 32 bits that a point in the patient has (PS3.3 C.18.9)."""
    written = report(seat)
    assert not written.left_out
    found = read_again(seat, on_disk(written, tmp_path))
    for one in drawings(seat):
        assert replace(found[one.uid], source=one.source) == one
    for one in cuts(seat):
        again = found[one.uid]
        assert again.patient_points == tuple(pytest.approx(point, abs=1e-4) for point in one.patient_points)
        assert replace(again, source=one.source, patient_points=one.patient_points) == one
    assert len(found) == len(drawings(seat)) + len(cuts(seat))


def test_points_that_32_bits_cannot_hold_come_back_within_a_thousandth_of_a_pixel(seat: Seat, tmp_path: Path) -> None:
    one = seat.drawing(1, K.LENGTH, [(10.1, 20.7), (30.3333333, 47.123456789)])
    found = read_again(seat, on_disk(write_sr(seat.context, AUTHOR, [one], seat.headers), tmp_path))
    assert found[one.uid].points == tuple(pytest.approx(point, abs=1e-3) for point in one.points)


def test_a_length_that_is_none_in_the_patient_is_not_coded_as_one(seat: Seat) -> None:
    """F53: who looks for millimetres must not find those of a detector."""
    ds = pydicom.dcmread(io.BytesIO(report(seat).data))
    units = units_of(ds)
    assert units["mm² at detector"] == "mm2{at_detector}"
    assert units["mm (ERMF)"] == "mm{ERMF}"
    assert units["square pixels"] == "{pixels2}"
    assert units["millimeter"] == "mm"


def units_of(ds: pydicom.Dataset) -> dict[str, str]:
    found = {}
    for item in ds.get("ContentSequence", []):
        if item.ValueType == "NUM":
            unit = item.MeasuredValueSequence[0].MeasurementUnitsCodeSequence[0]
            found[unit.CodeMeaning] = unit.CodeValue
        found.update(units_of(item))
    return found


def test_dcmtk_reads_the_report_and_the_key_images(seat: Seat, tmp_path: Path) -> None:
    said = ran("/usr/bin/dsrdump", "+Pl", on_disk(report(seat), tmp_path))
    assert 'TEXT:(,,"Comment")="lesjon å, Čálliid"' in said
    assert 'NUM:(,,"Length")="15.1875" (mm,UCUM,"millimeter")' in said
    assert 'CODE:(,,"Finding Site")=(39607008,SCT,"Lung structure")' in said
    assert said.count("SCOORD3D:") == len(cuts(seat))
    said = ran("/usr/bin/dsrdump", "+Pl", on_disk(key_images(seat), tmp_path))
    assert 'CONTAINER:(,,"For Conference")' in said
    assert said.count("IMAGE:=(CT image,)") == 2


def test_highdicom_reads_the_report_the_key_images_and_the_segments(seat: Seat, tmp_path: Path) -> None:
    sr = highdicom.sr.srread(on_disk(report(seat), tmp_path))
    groups = sr.content.get_planar_roi_measurement_groups(tracking_uid="2.25.7705")
    assert [group.roi.graphic_type.value for group in groups] == ["POLYLINE"]
    assert groups[0].roi.value.tolist()[0] == [30.5, 40.5]
    mean = groups[0].get_measurements(name=pydicom.sr.coding.Code("373098007", "SCT", "Mean"))
    assert (mean[0].value, mean[0].unit.value) == (-12.25, "[hnsf'U]")
    ko = highdicom.ko.KeyObjectSelectionDocument.from_dataset(pydicom.dcmread(on_disk(key_images(seat), tmp_path)))
    header = seat.headers[1]
    assert ko.resolve_reference(header.sop_instance_uid) == (header.study_uid, header.series_uid, header.sop_instance_uid)
    seg = highdicom.seg.segread(on_disk(segments(seat), tmp_path))
    assert [seg.get_segment_description(n).segment_label for n in seg.segment_numbers][:2] == ["box", "Ellipse 2"]


def test_a_segment_is_the_pixels_that_were_measured(seat: Seat, tmp_path: Path) -> None:
    box = seat.drawing(5, K.RECTANGLE, [(30.0, 40.0), (10.0, 20.0)], "box")
    written = write_seg(seat.context, AUTHOR, [box], seat.headers)
    facts = seat.worker.read_object(on_disk(written, tmp_path))
    (layer,) = layers_of(facts, seat.study).layers
    (mask,) = layer.masks
    assert (layer.name, mask.row, mask.column, mask.rows, mask.columns) == ("box", 20, 10, 21, 21)
    assert unpacked_mask(mask).all()
    assert [one.sop_instance_uid for one in mask.images] == [seat.headers[0].sop_instance_uid]


def test_key_images_come_back_as_they_were_chosen(seat: Seat, tmp_path: Path) -> None:
    facts = seat.worker.read_object(on_disk(key_images(seat), tmp_path))
    assert facts.key_objects is not None
    assert (facts.key_objects.title.text, facts.key_objects.rejects) == ("For Conference", "")
    assert facts.key_objects.description == "Nøkkelbilder <i>1</i>"
    assert [one.sop_instance_uid for one in facts.images] == [h.sop_instance_uid for h in seat.headers[:2]]
    assert facts.creator == "Ødegård Ågot"


def test_drawings_of_cuts_are_left_out_of_a_presentation_state_in_words(seat: Seat) -> None:
    (written,) = write_gsps(seat.context, AUTHOR, [Shown(seat.headers[0])], cuts(seat))
    assert written.left_out == ("A drawing of a cut: a presentation state is of frames only",)


def test_images_of_two_polarities_go_into_a_state_each(seat: Seat) -> None:
    inverse = replace(seat.headers[1], photometric="MONOCHROME1")
    written = write_gsps(seat.context, AUTHOR, [Shown(seat.headers[0]), Shown(inverse)])
    shapes = [pydicom.dcmread(io.BytesIO(one.data)).PresentationLUTShape for one in written]
    assert shapes == ["IDENTITY", "INVERSE"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"study_uid": "2.25.999"}, "more than one study or patient"),
        ({"patient_id": "OTHER"}, "more than one study or patient"),
    ],
)
def test_nothing_is_written_about_images_of_somebody_else(seat: Seat, change: dict[str, str], words: str) -> None:
    """F49."""
    foreign = replace(seat.headers[1], **change)
    for write in (
        lambda: write_kos(seat.context, AUTHOR, [(seat.headers[0], ()), (foreign, ())]),
        lambda: write_gsps(seat.context, AUTHOR, [Shown(foreign)]),
        lambda: write_sr(seat.context, AUTHOR, drawings(seat), [*seat.headers, foreign]),
    ):
        with pytest.raises(Refused) as refused:
            write()
        assert words in str(refused.value)
        assert "OTHER" not in str(refused.value)


def test_a_state_is_refused_for_a_turn_that_it_cannot_hold(seat: Seat) -> None:
    with pytest.raises(Refused, match="cannot be written"):
        write_gsps(seat.context, AUTHOR, [Shown(seat.headers[0])], look=Look(45))


def test_when_it_was_made_needs_a_zone() -> None:
    with pytest.raises(ValueError, match="zone"):
        Author("X", AUTHOR.made.replace(tzinfo=None))


@pytest.mark.parametrize("vault", [Vault.plain(), Vault.with_key(bytes(32))], ids=["plain", "sealed"])
def test_what_is_kept_reloads_from_the_own_cache_the_same(seat: Seat, vault: Vault, tmp_path: Path) -> None:
    """Images and objects through the cache, encrypted or not; the queue gets the very bytes."""
    written = [report(seat), key_images(seat), states(seat)]
    with ImageWorker(key_of=vault.key_of) as worker:
        cache = StudyCache(tmp_path / "cache", worker, vault)
        try:
            cache.add(seat.files)
            keep(written, cache, vault)
            study = cache.study("2.25.1001")
            stored = {i.sop_instance_uid: Path(i.path) for s in study.series for i in s.instances}
            facts = worker.read_object(stored[written[0].sop_instance_uid])
            found = {one.uid: one for one in annotations_of(facts, study).annotations}
            for one in drawings(seat):
                assert replace(found[one.uid], source=one.source) == one
        finally:
            cache.close()
    rows = outgoing(written)
    assert [row.content for row in rows] == [one.data for one in written]
    assert [row.instance.sop_class_uid for row in rows] == [one.sop_class_uid for one in written]
