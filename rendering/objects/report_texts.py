"""The reports in words among a study's objects: Basic Text SR and its like as text, an encapsulated PDF by its name.

Measurements (TID 1500), doses and evidence of programs are no reports: they are shown with the images.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from rendering.objects.facts import ObjectFacts, Report, ReportLine
from rendering.objects.revisions import replaced
from workstation.domain.earlier_report import EarlierReport, ReportOrigin
from workstation.domain.patient import Patient, PatientKey
from workstation.domain.study import Series, Study
from workstation.errors import WorkstationError

_STORAGE = "1.2.840.10008.5.1.4.1.1."
BASIC_TEXT, ENHANCED, ENCAPSULATED_PDF = f"{_STORAGE}88.11", f"{_STORAGE}88.22", f"{_STORAGE}104.1"
# What a report says of itself before it begins (TID 1204, 1002, 1001, 1210).
_ABOUT = ("language of", "country of", "observer", "procedure reported", "equivalent meaning")


def report_texts(study: Study, read: Callable[[Path], ObjectFacts], cancelled: Callable[[], bool]) -> Iterator[EarlierReport]:
    """Those that no later one replaces. One that cannot be read is named, with the reason in place of its text."""
    documents = [(series, one) for series in study.series for one in series.instances]
    facts: list[ObjectFacts] = []
    refused: list[EarlierReport] = []
    for series, instance in documents:
        if cancelled():
            return
        if instance.sop_class_uid == ENCAPSULATED_PDF:
            refused.append(_named(study, series, instance.sop_instance_uid, "PDF"))
        elif instance.sop_class_uid in (BASIC_TEXT, ENHANCED):
            try:
                facts.append(read(Path(instance.path)))
            except WorkstationError as error:
                refused.append(_named(study, series, instance.sop_instance_uid, error.title))
    later = replaced(facts)
    for one in facts:
        report = one.report
        is_of_it = one.study_uid == study.study_instance_uid and one.patient_id == study.patient.key.patient_id
        if report is not None and is_of_it and not report.findings and one.sop_instance_uid not in later:
            yield _report(study, one, report)
    yield from refused


def _named(study: Study, series: Series, uid: str, form: str) -> EarlierReport:
    return EarlierReport(
        f"object/{uid}",
        ReportOrigin.OBJECT,
        study.patient,
        "",
        series.series_description or study.study_description,
        study.study_instance_uid,
        study.accession_number,
        study.study_date,
        form=form,
    )


def _report(study: Study, facts: ObjectFacts, report: Report) -> EarlierReport:
    key = PatientKey(facts.patient_id, facts.patient_issuer or study.patient.key.issuer)
    return EarlierReport(
        f"object/{facts.sop_instance_uid}",
        ReportOrigin.OBJECT,
        Patient(key, "", facts.patient_birth_date or study.patient.birth_date),
        words_of(report),
        study.study_description or report.title.text,
        study.study_instance_uid,
        study.accession_number,
        study.study_date,
        facts.made,
        " ".join((report.verifier or report.observer).replace("^", " ").split()),
        "final" if report.complete and report.verified else "preliminary",
    )


def words_of(report: Report) -> str:
    """The headings and what stands below them; what the report says of its language and observers is left out."""
    lines: list[str] = []
    for line in report.lines[1:]:
        if line.depth == 1 and any(word in line.name.lower() for word in _ABOUT):
            continue
        if not line.value:
            lines += ["", line.name.upper()]
        else:
            lines.append(_line(line))
    return "\n".join(lines).strip()


def _line(line: ReportLine) -> str:
    """Below a heading the text alone; its concept (Finding, Impression) says nothing new."""
    return line.value if line.depth > 1 else line.text
