"""Lead times and hanging protocols as DICOM in the real window: opened by key or palette, shown, saved."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog
from received import CT, dataset, save
from seat import evidence_for, item_for, order_for

import main
from ui import app
from ui.lead_times_dialog import LeadTimesDialog
from ui.protocol_exchange import ProtocolExchangeDialog
from workstation.domain.lead_time import LeadEvent, StampSource
from workstation.domain.report import ReportAction, SectionCode
from workstation.jobs import Jobs
from workstation.reporting.lead_times import Told
from workstation.settings import Folders

pytestmark = pytest.mark.qt
PATIENCE = 60_000


@pytest.fixture
def core(tmp_path: Path, qapp: QApplication) -> Iterator[Any]:
    poster = app.MainPoster()
    folders = Folders(tmp_path / "data", tmp_path / "config", tmp_path / "cache")
    made = main.open_core(lambda: Jobs(poster.post), folders=folders)
    yield made
    made.close()


@pytest.fixture
def window(core: Any, qtbot: Any) -> Any:
    from ui.main_window import MainWindow

    made = MainWindow(core)
    qtbot.addWidget(made)
    made.show()
    qtbot.waitExposed(made)
    return made


def signed_exams(core: Any) -> None:
    """Two CT, one of them not signed; their end is known."""
    now = datetime.now(UTC)
    for number, is_signed in (("1", True), ("2", False)):
        order = order_for(f"ACC-{number}", f"1.2.{number}", number=number)
        ended = Told(order.accession_number, LeadEvent.EXAM_END, now - timedelta(seconds=5), StampSource.RIS)
        core.reports.lead_times.told([ended], skew_seconds=300.0)
        report = core.reports.open_draft(item_for(order))
        core.reports.write_section(report.report_uuid, SectionCode.FINDINGS, "No change.")
        if is_signed:
            core.reports.sign(report.report_uuid, ReportAction.SIGN_FINAL, "Dr A", evidence_for(order))


def press(widget: Any, key: str) -> None:
    combination = QKeySequence(key)[0]
    QTest.keyClick(widget, combination.key(), combination.keyboardModifiers())


def shown(window: Any, kind: type, qtbot: Any) -> Any:
    qtbot.waitUntil(lambda: any(one.isVisible() for one in window.findChildren(kind)), timeout=PATIENCE)
    return next(one for one in window.findChildren(kind) if one.isVisible())


def texts(table: Any) -> list[list[str]]:
    return [[table.item(row, column).text() for column in range(table.columnCount())] for row in range(table.rowCount())]


def test_lead_times_by_their_key(core: Any, window: Any, qtbot: Any, tmp_path: Path) -> None:
    signed_exams(core)
    press(window.grid, "Ctrl+F12")
    dialog = shown(window, LeadTimesDialog, qtbot)
    qtbot.waitUntil(lambda: dialog.table.rowCount() == 2, timeout=PATIENCE)
    modality, everything = texts(dialog.table)
    assert modality[:2] == ["CT", "2"]
    assert everything[0] == "All"
    assert ["(1)\n" in cell for cell in modality[5:7]] == [True, True], modality
    dialog.by.setCurrentIndex(2)
    qtbot.waitUntil(lambda: texts(dialog.table)[0][0] == "CT, priority unknown", timeout=PATIENCE)
    assert dialog.table.horizontalHeaderItem(0).text() == "Modality and priority"
    waiting = {row[1]: row[4] for row in texts(dialog.longest)}
    assert waiting["ACC-2"] == "not yet"
    assert "5 min ahead of the RIS's" in dialog.clocks.text()
    said: list[str] = []
    core.session.notice.connect(lambda notice: said.append(notice.text))
    dialog.save_to(tmp_path / "times.csv")
    qtbot.waitUntil(lambda: any("2 examinations saved" in words for words in said), timeout=PATIENCE)
    saved = (tmp_path / "times.csv").read_text(encoding="utf-8")
    assert len(saved.splitlines()) == 3
    assert "ACC-" not in saved
    # Days of which nothing is known are counted as such.
    assert not dialog.first.isVisible()
    dialog.period.setCurrentIndex(3)
    assert dialog.first.isVisible()
    for day in (dialog.first, dialog.last):
        day.setDate(day.date().addDays(-40))
    qtbot.waitUntil(lambda: texts(dialog.table)[0][:2] == ["All", "0"], timeout=PATIENCE)
    assert not dialog.save.isEnabled()
    press(dialog, "Esc")
    assert not dialog.isVisible()


def test_where_there_is_nothing_it_says_so(core: Any, window: Any, qtbot: Any) -> None:
    window.runner.run("case.lead_times")
    dialog = shown(window, LeadTimesDialog, qtbot)
    qtbot.waitUntil(lambda: dialog.table.rowCount() == 1, timeout=PATIENCE)
    assert texts(dialog.table)[0][:3] == ["All", "0", "–"]
    said: list[str] = []
    core.session.notice.connect(lambda notice: said.append(notice.text))
    press(dialog, "Ctrl+Shift+S")
    qtbot.waitUntil(lambda: bool(said), timeout=PATIENCE)
    assert "There is nothing to save" in said[0]
    before = dialog.words.text()
    dialog.period.setCurrentIndex(2)
    qtbot.waitUntil(lambda: dialog.words.text() != before, timeout=PATIENCE)
    assert dialog.words.text().startswith("0 examinations, ")


def test_a_protocol_goes_out_and_another_programs_comes_in(
    core: Any, window: Any, qtbot: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window.runner.run("hanging.exchange")
    dialog = shown(window, ProtocolExchangeDialog, qtbot)
    qtbot.waitUntil(lambda: dialog.table.rowCount() > 10, timeout=PATIENCE)
    said: list[str] = []
    core.session.notice.connect(lambda notice: said.append(notice.text))
    row = next(row for row, cells in enumerate(texts(dialog.table)) if cells[1] == "ct-chest")
    dialog.table.selectRow(row)
    path = tmp_path / "chest.dcm"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    press(dialog, "Ctrl+Shift+S")
    qtbot.waitUntil(lambda: any("is written: chest.dcm" in words for words in said), timeout=PATIENCE)
    ds = pydicom.dcmread(path)
    for tag in (0x00730010, 0x00731001, 0x00731002):
        del ds[tag]
    ds.HangingProtocolName, ds.HangingProtocolDescription = "Thorax", "<b>Theirs</b>"
    ds.save_as(path)
    press(dialog, "Ctrl+Return")
    assert said[-1] == "No object is open"
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(path), ""))
    press(dialog, "Ctrl+O")
    qtbot.waitUntil(dialog.take.isEnabled, timeout=PATIENCE)
    words = dialog.words.toPlainText()
    assert words.startswith("Thorax\n<b>Theirs</b>\n"), "text from outside is plain text"
    assert "Stages:" in words
    assert not list((tmp_path / "config").rglob("thorax.toml")), "nothing is saved before it was shown"
    press(dialog, "Ctrl+Return")
    qtbot.waitUntil(lambda: any("Taken over as your own: Thorax" in words for words in said), timeout=PATIENCE)
    assert list((tmp_path / "config").rglob("thorax.toml"))
    qtbot.waitUntil(lambda: any(cells[1] == "thorax" for cells in texts(dialog.table)), timeout=PATIENCE)


def test_a_broken_object_is_refused_in_words(core: Any, window: Any, qtbot: Any, tmp_path: Path) -> None:
    window.runner.run("hanging.exchange")
    dialog = shown(window, ProtocolExchangeDialog, qtbot)
    said: list[str] = []
    core.session.notice.connect(lambda notice: said.append(notice.text))
    (tmp_path / "bad.dcm").write_bytes(b"nothing of DICOM" * 20)
    dialog.look_at(tmp_path / "bad.dcm")
    qtbot.waitUntil(lambda: any("Not a DICOM file" in words for words in said), timeout=PATIENCE)
    assert not dialog.take.isEnabled()
    QTest.keyClick(dialog, Qt.Key.Key_Escape)


def test_opening_a_case_stamps_who_opened_it_and_what_its_images_say_of_its_end(
    core: Any, window: Any, qtbot: Any, tmp_path: Path
) -> None:
    """The end of the performed procedure step with its zone, from the file; the reader from the seat."""
    told = {
        "AccessionNumber": "ACC-8",
        "PerformedProcedureStepEndDate": "20261122",
        "PerformedProcedureStepEndTime": "101530",
        "TimezoneOffsetFromUTC": "+0200",
    }
    save(dataset(np.zeros((8, 8), np.uint16), sop_class=CT, Modality="CT", **told), tmp_path / "one.dcm")
    core.cache.add([tmp_path / "one.dcm"])
    core.session.signer = "Dr Signe Läkare"
    core.session.refresh_worklist()
    qtbot.waitUntil(lambda: bool(core.session.items), timeout=PATIENCE)
    core.session.open(core.session.items[0])

    def stamps() -> Any:
        return core.reports.lead_times.of("ACC-8", "").stamps

    qtbot.waitUntil(lambda: {LeadEvent.OPENED, LeadEvent.EXAM_END} <= set(stamps()), timeout=PATIENCE)
    opened, ended = stamps()[LeadEvent.OPENED], stamps()[LeadEvent.EXAM_END]
    assert (opened.who, opened.source) == ("Dr Signe Läkare", StampSource.US)
    assert (ended.at, ended.offset_minutes) == (datetime(2026, 11, 22, 8, 15, 30, tzinfo=UTC), 120)
    assert ended.source is StampSource.ARCHIVE
    core.session.close_case()
