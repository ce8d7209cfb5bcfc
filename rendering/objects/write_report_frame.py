"""What the documents of a signed version have in common: whose they are, who signed, what they replace, by which request.

Patient and study are those of a file of the study, never those of the report: where the two do not agree nothing is made.
"""

from __future__ import annotations

from collections.abc import Sequence

from pydicom.dataset import Dataset
from pydicom.uid import UID

from rendering.objects.facts import ObjectContext
from rendering.objects.plain_text import one_line
from rendering.objects.references import Code
from rendering.objects.write_plan import Author, Joining
from rendering.objects.writing import begin, code_item, content
from workstation.domain.order import Order
from workstation.domain.report import Report
from workstation.domain.report_document import DocumentName, ReportDocument
from workstation.domain.study import Instance, Study
from workstation.errors import Refused

TITLE = Code("18748-4", "LN", "Diagnostic Imaging Report")
NOT_MADE = "The report's document was not made"
UNKNOWN_PLACE = "Not stated"


def checked_context(document: ReportDocument, context: ObjectContext) -> None:
    """Raises Refused for a study, patient or accession number that is not the report's (F49)."""
    report = document.report
    if report.signed_at is None:
        raise Refused(NOT_MADE, "It is not signed")
    if context.study_uid != report.study_instance_uid or document.study.study_instance_uid != report.study_instance_uid:
        raise Refused(NOT_MADE, "The images are of another study than the report", "Call support. Nothing was sent")
    if context.patient_id != report.patient_id or (
        report.patient_issuer and context.patient_issuer and context.patient_issuer != report.patient_issuer
    ):
        raise Refused(NOT_MADE, "The images are of another patient than the report", "Call support. Nothing was sent")
    if context.accession_number and report.accession_number and context.accession_number not in report.accession_numbers:
        raise Refused(NOT_MADE, "The images have another accession number than the report", "Ask the RIS desk which is right")


def begin_document(document: ReportDocument, context: ObjectContext, version: str, modality: str, title: str) -> Dataset:
    """A dataset with all that does not depend on its kind. `version` is the program's. Raises Refused."""
    checked_context(document, context)
    report, name = document.report, document.name
    author = author_of(report, version)
    ds = begin(context, author, modality, name.sop_class_uid, title, Joining(name.series_instance_uid, report.version))
    ds.SOPInstanceUID = UID(name.sop_instance_uid)
    if not ds.AccessionNumber:
        ds.AccessionNumber = one_line(report.accession_number, 16)
    content(ds, author)
    ds.ReferencedPerformedProcedureStepSequence = []
    return ds


def author_of(report: Report, version: str) -> Author:
    assert report.signed_at is not None
    return Author(report.signed_by, report.signed_at, version)


def images_of(study: Study) -> list[tuple[str, Instance]]:
    """(Series Instance UID, instance) of every image that is here."""
    return [(series.series_instance_uid, one) for series in study.series for one in series.instances if one.has_pixels]


def evidence(study: Study) -> Dataset:
    """All images that were there to be read (C.17.2.2)."""
    by_series: dict[str, list[Dataset]] = {}
    for series_uid, instance in images_of(study):
        item = Dataset()
        item.ReferencedSOPClassUID = UID(instance.sop_class_uid)
        item.ReferencedSOPInstanceUID = UID(instance.sop_instance_uid)
        by_series.setdefault(series_uid, []).append(item)
    return _in_study(study.study_instance_uid, by_series)


def predecessors(replaces: Sequence[DocumentName], study_uid: str) -> Dataset:
    by_series: dict[str, list[Dataset]] = {}
    for name in replaces:
        item = Dataset()
        item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = UID(name.sop_class_uid), UID(name.sop_instance_uid)
        by_series.setdefault(name.series_instance_uid, []).append(item)
    return _in_study(study_uid, by_series)


def _in_study(study_uid: str, by_series: dict[str, list[Dataset]]) -> Dataset:
    study = Dataset()
    study.StudyInstanceUID = UID(study_uid)
    study.ReferencedSeriesSequence = []
    for uid, items in by_series.items():
        series = Dataset()
        series.SeriesInstanceUID, series.ReferencedSOPSequence = UID(uid), items
        study.ReferencedSeriesSequence.append(series)
    return study


def requests(document: ReportDocument, accession_number: str) -> list[Dataset]:
    """The requests that the report answers, its own first (C.17.2), and those that are read together with it."""
    report, codes = document.report, _codes(document.study)
    number = accession_number if not document.others else report.accession_number
    found = [_request(report.study_instance_uid, number, report.procedure, document.order, codes)]
    for one in document.others:
        joint, uid = one.joint, one.joint.study_instance_uid or report.study_instance_uid
        own = _codes(one.study) if one.study is not None else []
        found.append(_request(uid, joint.accession_number, joint.procedure, one.order, own))
    return found


def _request(
    study_uid: str, accession_number: str, procedure: str, order: Order | None, codes: list[tuple[str, str, str]]
) -> Dataset:
    """What is not known stays empty; nothing is made up."""
    item = Dataset()
    item.StudyInstanceUID = UID(study_uid)
    item.ReferencedStudySequence = []
    item.AccessionNumber = one_line(accession_number, 16)
    item.PlacerOrderNumberImagingServiceRequest = one_line(order.placer_number if order else "", 64)
    item.FillerOrderNumberImagingServiceRequest = one_line(order.filler_number if order else "", 64)
    item.RequestedProcedureID = one_line(order.requested_procedure_id if order else "", 16)
    item.RequestedProcedureDescription = one_line(procedure, 64)
    item.RequestedProcedureCodeSequence = [code_item(Code(*parts)) for parts in codes]
    return item


def _codes(study: Study) -> list[tuple[str, str, str]]:
    """Those of the images that are whole, the first alone: the element takes one."""
    split = [[*code.split("|"), "", "", ""][:3] for code in study.procedure_codes]
    return [(value, scheme, meaning or value) for value, scheme, meaning in split if value and scheme][:1]


def verifying_observer(report: Report, institution: str) -> Dataset:
    """Who signed, and when (C.17.2)."""
    assert report.signed_at is not None
    item = Dataset()
    item.VerifyingObserverName = author_of(report, "").person_name
    item.VerifyingObserverIdentificationCodeSequence = []
    item.VerifyingOrganization = one_line(institution, 64) or UNKNOWN_PLACE
    item.VerificationDateTime = report.signed_at.strftime("%Y%m%d%H%M%S%z")
    return item
