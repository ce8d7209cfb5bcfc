"""A structured report as a page of plain text in a viewport: what it is, who stands behind it, its lines.

Read in the limited worker, like every file. A report that names another study or patient than the
place it hangs in is not shown.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QPlainTextEdit, QWidget

from rendering.worker import ImageWorker
from ui import plain
from workstation.domain.patient import Patient
from workstation.domain.study import Instance, Series, Study
from workstation.errors import Refused, WorkstationError
from workstation.jobs import BESIDE, Cancel, Jobs

if TYPE_CHECKING:
    from rendering.objects.facts import ObjectFacts

EDGE = 24


def is_report(series: Series) -> bool:
    """Whether there is a text to show and no image."""
    if any(i.has_pixels for i in series.instances):  # most often the first: this is asked at every step of the wheel
        return False
    return any(_is_report(i) for i in series.instances)


def _is_report(instance: Instance) -> bool:
    from rendering.objects.facts import ObjectKind, kind_of  # not before the worklist is shown

    return kind_of(instance.sop_class_uid) is ObjectKind.REPORT


class TextPage(QPlainTextEdit):
    """Lies over one viewport; the wheel scrolls it. Click into it to scroll and copy by keys, Esc goes back."""

    def __init__(self, owner: QWidget, jobs: Jobs) -> None:
        super().__init__(owner)
        self.setObjectName("reportPage")
        self.setReadOnly(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.WidgetWidth)
        self._owner, self._jobs = owner, jobs
        self._wanted = ""
        self.hide()

    def clear_page(self) -> None:
        """Nothing of what hung here may stay, and what is on its way is dropped."""
        self._wanted = ""
        self.setPlainText("")
        self.hide()

    def show_series(self, study: Study, series: Series, reader: ImageWorker) -> None:
        """Read all reports of the series; what cannot be read says why in its place."""
        self.place()
        if self._wanted == series.series_instance_uid:
            return
        self._wanted = series.series_instance_uid
        self.setPlainText(self.tr("Reading the report…"))
        self.show()
        files = [Path(i.path) for i in series.instances if _is_report(i)]

        def work(_: Cancel) -> str:
            return "\n\n\n".join([_whose(study), *(_page(reader, file, study) for file in files)])

        def done(text: str) -> None:
            if self._wanted == series.series_instance_uid:
                self.setPlainText(text)

        self._jobs.run(BESIDE, work, done, lambda error: done(_refused(error)))

    def place(self) -> None:
        self.setGeometry(self._owner.rect().adjusted(EDGE, EDGE, -EDGE, -EDGE))


def _whose(study: Study) -> str:
    """The corners of an image, for a page that has none."""
    patient = study.patient
    who = "   ".join(p for p in (plain.person_name(patient.name), plain.plain(patient.key.patient_id)) if p)
    what = "   ".join(p for p in (plain.dicom_date(study.study_date), plain.plain(study.study_description)) if p)
    return f"{who}\n{what}"


def _page(reader: ImageWorker, file: Path, study: Study) -> str:
    try:
        return report_text(reader.read_object(file), study.study_instance_uid, study.patient)
    except WorkstationError as error:
        return _refused(error)


def _refused(error: Exception) -> str:
    words = str(error) if isinstance(error, WorkstationError) else type(error).__name__
    return plain.plain(words)


def _shown(depth: int, text: str) -> str:
    """One line of a value: a report's paragraphs keep their lines."""
    return "    " * depth + plain.plain(text)


def report_text(facts: ObjectFacts, study_uid: str, patient: Patient) -> str:
    """The page. Raises Refused for a report of another study or patient, and for what is no report."""
    if facts.report is None:
        raise Refused("This object holds no report", "", "See `inspect` for what it is")
    if facts.study_uid != study_uid or facts.patient_id != patient.key.patient_id:
        raise Refused("Not shown: other patient or study", "The report names another than the place it came with", "")
    report = facts.report
    state = [plain.core_text("Complete") if report.complete else plain.core_text("Not complete")]
    verifier = plain.person_name(report.verifier)
    state.append(f"{plain.core_text('verified by')} {verifier}" if report.verified else plain.core_text("not verified"))
    source = " ".join(p for p in (facts.manufacturer, facts.name, facts.version) if p)
    head = (report.title.text, ", ".join(state), plain.person_name(report.observer), source, facts.made.replace("T", " "))
    lines = [plain.plain(part) for part in head if part]
    lines += ["", *(_shown(line.depth, part) for line in report.lines for part in line.text.split("\n"))]
    lines += ["", *(f"{plain.core_text('Not understood')}: {plain.plain(words)}" for words in facts.unread)]
    return "\n".join(lines).rstrip()
