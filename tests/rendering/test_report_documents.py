"""Documents of signed versions: sound by two other programs, whole when they are read again, never of another patient."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pydicom
import pytest
from object_images import CT, NAME, STUDY, Phantom, save
from object_seat import Seat, seat_of

from rendering.objects.report_texts import report_texts, words_of
from rendering.objects.write_report_pdf import write_pdf
from rendering.objects.write_report_text import HEADINGS, write_text
from rendering.worker import ImageWorker
from workstation.domain.earlier_report import EarlierReport
from workstation.domain.order import Order
from workstation.domain.report import Addendum, JointOrder, Report, ReportSection, ReportStatus, SectionCode
from workstation.domain.report_document import SOP_CLASS, AlsoAnswered, DocumentKind, ReportDocument, document_name
from workstation.domain.study import Instance, Series, Study
from workstation.errors import Refused

TOOLS = Path(sys.executable).parent
AT = datetime(2026, 11, 23, 1, 2, 3, tzinfo=timezone(timedelta(hours=1)))
UUID = "6b1fe1a8-70b2-4a47-b7a1-1f9d31b4b7a7"
PDF = b"%PDF-1.4\nnot a page, but ours\n%%EOF"
WORDS = {
    SectionCode.HISTORY: "Hosta sedan tre veckor. Čáhppes jiekŋa, ŧ đ ŋ ž.",
    SectionCode.FINDINGS: "Ingen <b>pleuravätska</b> & inga lungødem.\n\nAndra stycket\nmed rad två.",
    SectionCode.IMPRESSION: "Normalt.",
    SectionCode.RECOMMENDATION: "CT om tre månader.",
    SectionCode.COMMUNICATION: "Ringt 08:15.",
}


@pytest.fixture(scope="module")
def seat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seat]:
    with ImageWorker() as worker:
        yield seat_of(Phantom(tmp_path_factory.mktemp("images")), worker)


def report(version: int = 1, **changes: object) -> Report:
    sections = tuple(ReportSection(code, WORDS.get(code, "")) for code in SectionCode)
    made = Report(
        UUID, "A1", STUDY, "TEST-0001", "TESTHOSPITAL", "order-1", "Patient/1", "CT thorax – prøve", ReportStatus.FINAL, version,
        sections, "sv", "Åse Läkare", AT, "24627-2", "20260102",
    )  # fmt: skip
    return replace(made, **changes)  # type: ignore[arg-type]


def document(seat: Seat, kind: DocumentKind = DocumentKind.TEXT, version: int = 1, **changes: object) -> ReportDocument:
    order = Order("order-1", "A1", seat.study.patient, "CT")
    order = replace(order, placer_number="P-17", filler_number="F-4", requested_procedure_id="RP1")
    before = tuple(document_name(UUID, earlier, kind) for earlier in range(max(1, version - 1), version))
    made = ReportDocument(document_name(UUID, version, kind), report(version), seat.study, order, before, PDF)
    return replace(made, **changes)  # type: ignore[arg-type]


def written(seat: Seat, what: ReportDocument, tmp_path: Path) -> Path:
    write = write_pdf if what.name.kind is DocumentKind.PDF else write_text
    path = tmp_path / f"{what.name.kind}.dcm"
    path.write_bytes(write(what, seat.context, "1.2").data)
    return path


def complaints(path: Path) -> list[str]:
    done = subprocess.run([TOOLS / "dciodvfy", "-new", path], capture_output=True, text=True, check=False)
    return [line for line in (done.stdout + done.stderr).splitlines() if line.startswith("Error")]


def ran(*command: object) -> str:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("kind", DocumentKind)
def test_a_report_for_several_orders_names_each_request_and_the_images_of_each_study(
    seat: Seat, tmp_path: Path, kind: DocumentKind
) -> None:
    neck, own = JointOrder("order-2", "A2", STUDY, "CT neck"), JointOrder("order-3", "A3", "1.2.3.9", "CT abdomen")
    asked = replace(Order("order-2", "A2", seat.study.patient, "CT neck"), placer_number="P-2", requested_procedure_id="RP2")
    others = (AlsoAnswered(neck, asked), AlsoAnswered(own, None, replace(seat.study, study_instance_uid="1.2.3.9")))
    joint = replace(report(), joint=(neck, own))
    path = written(seat, document(seat, kind, report=joint, others=others), tmp_path)
    assert complaints(path) == []
    ds = pydicom.dcmread(path)
    if kind is DocumentKind.PDF:
        assert [one.AccessionNumber for one in ds.RequestAttributesSequence] == ["A1", "A2"]
        return
    said = [
        (one.AccessionNumber, one.StudyInstanceUID, one.RequestedProcedureDescription) for one in ds.ReferencedRequestSequence
    ]
    assert said == [("A1", STUDY, "CT thorax – prøve"), ("A2", STUDY, "CT neck"), ("A3", "1.2.3.9", "CT abdomen")]
    assert [one.PlacerOrderNumberImagingServiceRequest for one in ds.ReferencedRequestSequence] == ["P-17", "P-2", ""]
    assert [one.StudyInstanceUID for one in ds.CurrentRequestedProcedureEvidenceSequence] == [STUDY, "1.2.3.9"]


@pytest.mark.parametrize("kind", DocumentKind)
@pytest.mark.parametrize("version", [1, 2])
def test_dciodvfy_finds_no_fault(seat: Seat, tmp_path: Path, kind: DocumentKind, version: int) -> None:
    assert complaints(written(seat, document(seat, kind, version), tmp_path)) == []


def test_the_validator_would_find_a_fault(seat: Seat, tmp_path: Path) -> None:
    ds = pydicom.dcmread(written(seat, document(seat), tmp_path))
    del ds.VerifyingObserverSequence
    ds.save_as(tmp_path / "broken.dcm")
    assert complaints(tmp_path / "broken.dcm")


def test_the_text_says_whose_it_is_who_signed_and_what_it_answers(seat: Seat, tmp_path: Path) -> None:
    """reporting-ris.md 1.4: everything that it names, by pydicom alone."""
    ds = pydicom.dcmread(written(seat, document(seat, version=2), tmp_path))
    assert ds.SOPClassUID == SOP_CLASS[DocumentKind.TEXT]
    assert (ds.SpecificCharacterSet, ds.TimezoneOffsetFromUTC) == ("ISO_IR 192", "+0100")
    assert (str(ds.PatientName), ds.PatientID, ds.IssuerOfPatientID) == (NAME, "TEST-0001", "TESTHOSPITAL")
    assert (ds.StudyInstanceUID, ds.StudyDate, ds.AccessionNumber, ds.Modality) == (STUDY, "20260102", "A1", "SR")
    assert (ds.CompletionFlag, ds.VerificationFlag, ds.PreliminaryFlag) == ("COMPLETE", "VERIFIED", "FINAL")
    verifier = ds.VerifyingObserverSequence[0]
    assert (str(verifier.VerifyingObserverName), verifier.VerificationDateTime) == ("Läkare^Åse", "20261123010203+0100")
    request = ds.ReferencedRequestSequence[0]
    assert (request.AccessionNumber, request.PlacerOrderNumberImagingServiceRequest) == ("A1", "P-17")
    assert (request.FillerOrderNumberImagingServiceRequest, request.RequestedProcedureID) == ("F-4", "RP1")
    assert request.RequestedProcedureDescription == "CT thorax – prøve"
    template = ds.ContentTemplateSequence[0]
    assert (template.MappingResource, template.TemplateIdentifier) == ("DCMR", "2000")
    language = ds.ContentSequence[0]
    assert (language.ConceptNameCodeSequence[0].CodeValue, language.ConceptCodeSequence[0].CodeValue) == ("121049", "sv")
    listed = [
        (series.SeriesInstanceUID, item.ReferencedSOPInstanceUID)
        for series in ds.CurrentRequestedProcedureEvidenceSequence[0].ReferencedSeriesSequence
        for item in series.ReferencedSOPSequence
    ]
    assert listed == [(header.series_uid, header.sop_instance_uid) for header in seat.headers]


def test_each_section_is_under_its_heading_whole_and_as_it_was_written(seat: Seat, tmp_path: Path) -> None:
    ds = pydicom.dcmread(written(seat, document(seat), tmp_path))
    found = {}
    for item in ds.ContentSequence:
        if item.ValueType == "CONTAINER":
            paragraphs = [child.TextValue.replace("\r\n", "\n") for child in item.ContentSequence]
            found[item.ConceptNameCodeSequence[0].CodeValue] = "\n\n".join(paragraphs)
    assert found == {HEADINGS[code][0].value: text for code, text in WORDS.items()}
    assert {"121060", "121070", "121072", "121074"} <= set(found)


def test_dcmtk_reads_it_and_makes_a_page_of_it(seat: Seat, tmp_path: Path) -> None:
    path = written(seat, document(seat), tmp_path)
    said = ran("/usr/bin/dsrdump", "+Pl", path)
    assert 'CONTAINER:(,,"Diagnostic Imaging Report")' in said
    assert "Čáhppes jiekŋa, ŧ đ ŋ ž." in said
    assert "VERIFIED" in said
    page = ran("/usr/bin/dsr2html", path)
    assert "<b>pleuravätska" not in page  # nobody's words become markup


def test_a_new_version_is_an_object_of_its_own_that_names_the_one_before(seat: Seat, tmp_path: Path) -> None:
    first = pydicom.dcmread(written(seat, document(seat), tmp_path))
    assert "PredecessorDocumentsSequence" not in first
    what = document(seat, version=2, report=report(2, status=ReportStatus.CORRECTED, reason="Wrong side"))
    second = pydicom.dcmread(written(seat, what, tmp_path))
    assert second.SOPInstanceUID != first.SOPInstanceUID
    assert second.SeriesInstanceUID == first.SeriesInstanceUID
    assert (second.InstanceNumber, second.CompletionFlagDescription) == (2, "corrected, version 2")
    series = second.PredecessorDocumentsSequence[0].ReferencedSeriesSequence[0]
    assert [item.ReferencedSOPInstanceUID for item in series.ReferencedSOPSequence] == [first.SOPInstanceUID]


def test_the_same_version_is_the_same_object_whenever_it_is_made(seat: Seat) -> None:
    assert write_text(document(seat), seat.context, "1.2").data == write_text(document(seat), seat.context, "1.2").data


def test_addenda_and_all_who_signed_stand_in_it(seat: Seat, tmp_path: Path) -> None:
    added = Addendum("Sammanlignet med 2019: uendret.", "Ola Nilsen", AT)
    signed = report(2, status=ReportStatus.APPENDED, addenda=(added,), earlier_signers=("Ågot Lis",))
    facts = seat.worker.read_object(written(seat, document(seat, version=2, report=signed), tmp_path))
    assert facts.report is not None
    assert "ADDENDUM\nOla Nilsen, 2026-11-23 01:02+01:00\nSammanlignet med 2019: uendret." in words_of(facts.report)
    names = [line.value for line in facts.report.lines if line.name == "Person Observer Name"]
    assert names == ["Läkare Åse", "Lis Ågot"]


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"patient_id": "TEST-0002"}, "another patient"),
        ({"patient_issuer": "OTHERHOSPITAL"}, "another patient"),
        ({"study_instance_uid": "2.25.7"}, "another study"),
        ({"accession_number": "A2"}, "another accession number"),
        ({"signed_at": None}, "not signed"),
    ],
)
@pytest.mark.parametrize("kind", DocumentKind)
def test_no_document_is_made_of_images_that_are_not_the_reports(
    seat: Seat, kind: DocumentKind, changes: dict[str, object], why: str
) -> None:
    """F49: patient and study are those of the files, and must be those of the report."""
    write = write_pdf if kind is DocumentKind.PDF else write_text
    with pytest.raises(Refused, match=why):
        write(document(seat, kind, report=report(**changes)), seat.context, "1.2")


def test_the_pdf_is_kept_byte_for_byte(seat: Seat, tmp_path: Path) -> None:
    ds = pydicom.dcmread(written(seat, document(seat, DocumentKind.PDF), tmp_path))
    assert ds.MIMETypeOfEncapsulatedDocument == "application/pdf"
    assert ds.EncapsulatedDocument[: ds.EncapsulatedDocumentLength] == PDF
    assert (str(ds.PatientName), ds.AccessionNumber, ds.Modality) == (NAME, "A1", "DOC")
    assert ds.RequestAttributesSequence[0].RequestedProcedureID == "RP1"
    with pytest.raises(Refused, match="no PDF"):
        write_pdf(document(seat, DocumentKind.PDF, pdf=b"<html>"), seat.context, "1.2")


# ---- reports of others ----------------------------------------------------------------------


def somebody_elses(seat: Seat, tmp_path: Path, **changes: object) -> Path:
    """A Basic Text SR of another program: Latin-1, its own headings, text below the root and one very long paragraph."""
    ds = pydicom.dcmread(io.BytesIO(write_text(document(seat), seat.context, "1").data))
    ds.SpecificCharacterSet, ds.StudyDescription = "ISO_IR 100", "CT thorax"
    del ds.ReferencedRequestSequence
    ds.PatientName = "Åsnes^Øyvind"
    ds.Manufacturer, ds.ManufacturerModelName = "Invented Systems", "Reporter"
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = "2.25.99001"
    ds.VerificationFlag = "UNVERIFIED"
    del ds.VerifyingObserverSequence
    container = next(item for item in ds.ContentSequence if item.ValueType == "CONTAINER")
    for item in ds.ContentSequence[3:]:
        for child in item.ContentSequence:
            child.TextValue = "Førstelinje.\r\nAndre linje." + " Mer." * 3000
    ds.ContentSequence[2].PersonName = "Läkare^Åse"
    ds.ContentSequence = [*ds.ContentSequence[:3], container]
    container.ConceptNameCodeSequence[0].CodeMeaning = "Befund"
    for keyword, value in changes.items():
        setattr(ds, keyword, value)
    return save(ds, tmp_path / "theirs.dcm")


def texts(seat: Seat, *paths: Path) -> list[EarlierReport]:
    sop_class = SOP_CLASS[DocumentKind.TEXT]
    instances = tuple(Instance(f"2.25.9900{i}", sop_class, "", 1, 1, 0, 0, str(path), "", 0) for i, path in enumerate(paths))
    study = replace(seat.study, series=(*seat.study.series, Series("2.25.98", "SR", instances=instances)))
    return list(report_texts(study, seat.worker.read_object, lambda: False))


def test_a_report_of_another_program_is_read_whole(seat: Seat, tmp_path: Path) -> None:
    (found,) = texts(seat, somebody_elses(seat, tmp_path))
    assert found.text.startswith("BEFUND\nFørstelinje.\nAndre linje. Mer.")
    assert found.text.count("Mer.") == 3000
    assert (found.status, found.signer, found.day) == ("preliminary", "Läkare Åse", "20260102")
    assert found.patient.key == seat.study.patient.key


def test_a_report_that_names_another_patient_is_not_among_this_ones(seat: Seat, tmp_path: Path) -> None:
    """F49."""
    assert texts(seat, somebody_elses(seat, tmp_path, PatientID="TEST-0009")) == []


def test_a_report_that_cannot_be_read_is_named_with_the_reason(seat: Seat, tmp_path: Path) -> None:
    broken = tmp_path / "broken.dcm"
    broken.write_bytes(b"\0" * 128 + b"DICM" + b"nonsense")
    (found,) = texts(seat, broken)
    assert found.text == ""
    assert found.form


def test_measurements_are_no_report_and_a_replaced_one_is_not_shown(seat: Seat, tmp_path: Path) -> None:
    for version, folder in ((1, tmp_path / "1"), (2, tmp_path / "2")):
        folder.mkdir()
        written(seat, document(seat, version=version), folder)
    found = texts(seat, tmp_path / "1" / "sr.dcm", tmp_path / "2" / "sr.dcm")
    assert [one.uid for one in found] == [f"object/{document_name(UUID, 2, DocumentKind.TEXT).sop_instance_uid}"]
    assert CT not in SOP_CLASS.values()


def test_a_pdf_among_the_objects_is_named_and_not_opened(seat: Seat) -> None:
    paper = Instance("2.25.97", SOP_CLASS[DocumentKind.PDF], "", 1, 1, 0, 0, "/nowhere", "", 0)
    study: Study = replace(seat.study, series=(Series("2.25.96", "DOC", series_description="Old report", instances=(paper,)),))
    (found,) = report_texts(study, seat.worker.read_object, lambda: False)
    assert (found.form, found.text, found.procedure) == ("PDF", "", "Old report")
