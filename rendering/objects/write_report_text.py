"""A signed version as a Basic Text SR by TID 2000 (PS3.3 A.35.1, PS3.16 TID 2000).

Each filled section is a heading with its paragraphs below. A version is an object of its own that names those
before it as its predecessors (C.17.2).
"""

from __future__ import annotations

from collections.abc import Iterator

from pydicom.dataset import Dataset

from rendering.objects import content_items as items
from rendering.objects.facts import ObjectContext
from rendering.objects.plain_text import one_line
from rendering.objects.references import Code
from rendering.objects.write_plan import Author, Written
from rendering.objects.write_report_frame import (
    NOT_MADE,
    TITLE,
    author_of,
    begin_document,
    evidence,
    images_of,
    predecessors,
    requests,
    verifying_observer,
)
from rendering.objects.writing import code_item, finish
from workstation.domain.report import Report, SectionCode
from workstation.domain.report_document import ReportDocument
from workstation.errors import Refused

LONGEST_PARAGRAPH = 1 << 15
# Headings and elements of CID 7001 and 7002; the standard has none for what was communicated.
HEADINGS: dict[SectionCode, tuple[Code, Code]] = {
    SectionCode.HISTORY: (Code("121060", "DCM", "History"), Code("121060", "DCM", "History")),
    SectionCode.PROCEDURE: (
        Code("121064", "DCM", "Current Procedure Descriptions"),
        Code("121065", "DCM", "Procedure Description"),
    ),
    SectionCode.COMPARISON: (
        Code("121066", "DCM", "Prior Procedure Descriptions"),
        Code("121067", "DCM", "Prior Procedure Description"),
    ),
    SectionCode.FINDINGS: (Code("121070", "DCM", "Findings"), Code("121071", "DCM", "Finding")),
    SectionCode.IMPRESSION: (Code("121072", "DCM", "Impressions"), Code("121073", "DCM", "Impression")),
    SectionCode.RECOMMENDATION: (Code("121074", "DCM", "Recommendations"), Code("121075", "DCM", "Recommendation")),
    SectionCode.COMMUNICATION: (
        Code("73568-8", "LN", "Communication of critical results"),
        Code("73568-8", "LN", "Communication of critical results"),
    ),
}
ADDENDUM = Code("121078", "DCM", "Addendum")
LANGUAGES = {
    "en": "English", "sv": "Swedish", "no": "Norwegian", "nb": "Norwegian Bokmål", "nn": "Norwegian Nynorsk", "da": "Danish",
    "fi": "Finnish", "is": "Icelandic", "se": "Northern Sami", "smj": "Lule Sami", "sma": "Southern Sami", "de": "German",
}  # fmt: skip


def write_text(document: ReportDocument, context: ObjectContext, version: str) -> Written:
    """`context` is of a file of the study, `version` the program's. Raises Refused."""
    report, study = document.report, document.study
    if not images_of(study):
        raise Refused(NOT_MADE, "No image of its study is on this machine", "Fetch the study from the archive")
    sections = list(_sections(report))
    if not sections:
        raise Refused(NOT_MADE, "The report has no words")
    ds = begin_document(document, context, version, "SR", "Radiology report")
    ds.PerformedProcedureCodeSequence = []
    ds.CompletionFlag, ds.VerificationFlag, ds.PreliminaryFlag = "COMPLETE", "VERIFIED", "FINAL"
    ds.CompletionFlagDescription = one_line(f"{report.status.value}, version {report.version}", 64)
    ds.VerifyingObserverSequence = [verifying_observer(report, study.institution)]
    ds.ReferencedRequestSequence = requests(document, str(ds.AccessionNumber))
    others = [one.study for one in document.others if one.study is not None and images_of(one.study)]
    ds.CurrentRequestedProcedureEvidenceSequence = [evidence(each) for each in (study, *others)]
    if document.replaces:
        ds.PredecessorDocumentsSequence = [predecessors(document.replaces, report.study_instance_uid)]
    ds.ValueType, ds.ContinuityOfContent = "CONTAINER", "SEPARATE"
    ds.ConceptNameCodeSequence = [code_item(TITLE)]
    ds.ContentTemplateSequence = [items.template_item("2000")]
    language = report.language.split("-")[0].lower()
    ds.ContentSequence = [
        items.code(items.HAS_MODIFIER, items.LANGUAGE, Code(language, "RFC5646", LANGUAGES.get(language, language))),
        *_observers(report),
        *sections,
    ]
    return finish(ds)


def _observers(report: Report) -> Iterator[Dataset]:
    """Who signed this version, then who signed those before it (TID 1001, 1002)."""
    signer = author_of(report, "")
    for name in (signer.name, *report.earlier_signers):
        yield from items.observer(Author(name, signer.made))


def _sections(report: Report) -> Iterator[Dataset]:
    for section in report.sections:
        if section.code in HEADINGS and section.text.strip():
            yield _section(*HEADINGS[section.code], section.text)
    for added in report.addenda:
        said = f"{added.signed_by}, {added.at.isoformat(sep=' ', timespec='minutes')}"
        yield _section(ADDENDUM, ADDENDUM, f"{said}\n{added.text}")


def _section(heading: Code, element: Code, text: str) -> Dataset:
    return items.container(items.CONTAINS, heading, [items.text(items.CONTAINS, element, part) for part in _paragraphs(text)])


def _paragraphs(text: str) -> Iterator[str]:
    """Divided at empty lines; each fit for one item, none of it left out."""
    for paragraph in text.strip().split("\n\n"):
        words = paragraph.strip("\n")
        for start in range(0, len(words), LONGEST_PARAGRAPH):
            yield words[start : start + LONGEST_PARAGRAPH]
