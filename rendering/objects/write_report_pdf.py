"""A signed version as printed, in an Encapsulated PDF object (PS3.3 A.45.1, C.24.2)."""

from __future__ import annotations

from pydicom.dataset import Dataset
from pydicom.uid import UID

from rendering.objects.facts import ObjectContext
from rendering.objects.write_plan import Written
from rendering.objects.write_report_frame import NOT_MADE, TITLE, begin_document, images_of, predecessors, requests
from rendering.objects.writing import code_item, finish
from workstation.domain.report_document import ReportDocument
from workstation.errors import Refused

LARGEST_PDF = 64 << 20


def write_pdf(document: ReportDocument, context: ObjectContext, version: str) -> Written:
    """`context` is of a file of the study, `version` the program's. Raises Refused."""
    pdf = document.pdf
    if not pdf.startswith(b"%PDF-") or len(pdf) > LARGEST_PDF:
        raise Refused(NOT_MADE, "What was printed is no PDF that can be sent")
    report = document.report
    ds = begin_document(document, context, version, "DOC", "Radiology report (PDF)")
    del ds.ReferencedPerformedProcedureStepSequence
    ds.ConversionType = "WSD"
    ds.AcquisitionDateTime = ""
    ds.BurnedInAnnotation = "YES"
    ds.DocumentTitle = "Radiology report"
    ds.ConceptNameCodeSequence = [code_item(TITLE)]
    ds.VerificationFlag = "VERIFIED"
    ds.MIMETypeOfEncapsulatedDocument = "application/pdf"
    if asked := _requests(document, str(ds.AccessionNumber)):
        ds.RequestAttributesSequence = asked
    ds.SourceInstanceSequence = [_source(document)]
    if document.replaces:
        ds.PredecessorDocumentsSequence = [predecessors(document.replaces, report.study_instance_uid)]
    ds.EncapsulatedDocumentLength = len(pdf)
    ds.EncapsulatedDocument = pdf if len(pdf) % 2 == 0 else pdf + b"\0"
    return finish(ds)


def _requests(document: ReportDocument, accession_number: str) -> list[Dataset]:
    """As its series module has them (C.24.1): without the numbers of placer and filler, and only with a procedure's ID."""
    found = [item for item in requests(document, accession_number) if item.RequestedProcedureID]
    for item in found:
        del item.PlacerOrderNumberImagingServiceRequest
        del item.FillerOrderNumberImagingServiceRequest
        for keyword in ("ReferencedStudySequence", "RequestedProcedureCodeSequence"):
            if not item[keyword].value:
                del item[keyword]
    return found


def _source(document: ReportDocument) -> Dataset:
    """The first image stands for the study that it was derived from (C.24.2)."""
    images = images_of(document.study)
    if not images:
        raise Refused(NOT_MADE, "No image of its study is on this machine", "Fetch the study from the archive")
    item, image = Dataset(), images[0][1]
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = UID(image.sop_class_uid), UID(image.sop_instance_uid)
    return item
