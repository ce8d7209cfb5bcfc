"""A Basic Text SR as a page in a viewport: ours and others', with the lines that it was written in."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from object_images import Phantom
from object_seat import seat_of

from rendering.objects.write_report_text import write_text
from rendering.worker import ImageWorker
from ui.text_page import report_text
from workstation.domain.report import Report, ReportSection, ReportStatus, SectionCode
from workstation.domain.report_document import DocumentKind, ReportDocument, document_name

pytestmark = pytest.mark.qt


def test_paragraphs_keep_their_lines_and_markup_is_text(tmp_path: Path) -> None:
    at = datetime(2026, 11, 23, 1, 2, 3, tzinfo=timezone(timedelta(hours=1)))
    words = "Ingen <b>pleuravätska</b>.\nAndra raden.\n\nNytt stycke, Čáhppes. " + "Mer. " * 2000
    with ImageWorker() as worker:
        seat = seat_of(Phantom(tmp_path / "images"), worker)
        report = Report(
            "u", "A1", "2.25.1001", "TEST-0001", "TESTHOSPITAL", "o", "Patient/1", "CT", ReportStatus.FINAL, 1,
            (ReportSection(SectionCode.FINDINGS, words),), "sv", "Åse Läkare", at,
        )  # fmt: skip
        document = ReportDocument(document_name("u", 1, DocumentKind.TEXT), report, seat.study)
        path = tmp_path / "sr.dcm"
        path.write_bytes(write_text(document, seat.context, "1").data)
        page = report_text(worker.read_object(path), "2.25.1001", seat.study.patient)
    lines = [line.strip() for line in page.split("\n")]
    assert "Complete, verified by Läkare Åse" in lines
    place = lines.index("Finding: Ingen <b>pleuravätska</b>.")
    assert lines[place + 1] == "Andra raden."
    assert lines[place + 2].startswith("Finding: Nytt stycke, Čáhppes. Mer.")
    assert page.count("Mer.") == 2000
