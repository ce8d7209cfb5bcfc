"""Claims, conflicts and deliveries in the window, by keys alone, against a real RIS with a second reader at it."""

from __future__ import annotations

import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fault_proxy import FaultProxy, Trouble
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog
from two_readers import FINDINGS, Reader, Study, ask, make_studies, reports_of, task_of

import main
from ui import theme
from ui.conflict_dialog import ConflictDialog
from ui.deliveries_dialog import UNFOUND, DeliveriesDialog, cells, history_words, state_colour, summary_words
from ui.delivery_alarm import DeliveryAlarm
from ui.driver import Driver
from ui.report.printing_dialog import VersionPrintDialog
from ui.report.take_over_dialog import TakeOverDialog
from ui.worklist_columns import status_words
from workstation.domain.claim import ClaimState
from workstation.domain.delivery import Delivery, DeliveryState
from workstation.domain.order import WorklistItem
from workstation.domain.report import ReportStatus
from workstation.jobs import Jobs
from workstation.reporting.conflicts import Choice
from workstation.ris.embedded import EmbeddedRis
from workstation.session.case import Notice
from workstation.settings import Folders

pytestmark = pytest.mark.qt
SECONDS = 60.0
NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


class Room:
    """Anna's window, Bo without one, and the RIS between them."""

    def __init__(self, home: Path, ris: EmbeddedRis, studies: list[Study], bo: Reader) -> None:
        from ui import app
        from ui.main_window import MainWindow

        self.ris, self.studies, self.bo = ris, studies, bo
        self.proxy = FaultProxy(ris.base_url.removesuffix("/fhir"))
        folders = Folders(home / "data", home / "config", home / "cache")
        folders.make()
        (folders.config / "settings.toml").write_text('signer = "Dr Anna"\nat_rest = false\nundo_seconds = 0\n')
        poster = app.MainPoster()
        self.core = main.open_core(lambda: Jobs(poster.post), f"{self.proxy.base_url}/fhir", folders)
        self.core.session.second_look = None
        self.said: list[str] = []
        self.core.session.notice.connect(lambda notice: self.said.append(notice.text))
        self.window = MainWindow(self.core)
        self.window.resize(1366, 768)
        self.window.show()
        self.driver = Driver(self.window, home / "pictures")

    def close(self) -> None:
        self.window.leaving.agree()
        self.window.close()
        self.core.close()
        self.proxy.close()
        self.window.deleteLater()

    def wait(self, until: Callable[[], Any], what: str) -> Any:
        end = time.monotonic() + SECONDS
        while not (found := until()):
            assert time.monotonic() < end, f"waited for {what}; said: {self.said}"
            QApplication.processEvents()
            self.bo.queue.pump(0.005)
        return found

    def item(self, study: Study) -> WorklistItem | None:
        return next((i for i in self.core.session.items if i.study_instance_uid == study.uid and i.order is not None), None)

    def open(self, study: Study) -> None:
        self.core.poll_orders()
        self.wait(lambda: self.item(study), "the order")
        self.window.show_worklist()
        self.core.session.open(self.wait(lambda: self.item(study), "the row"))
        desk = self.core.session.desk
        self.wait(lambda: desk.report is not None and desk.report.accession_number == study.accession, "the report")
        self.wait(lambda: study.uid in {s.study_uid for s in self.core.session.viewing.shown}, "the image")
        self.wait(lambda: self.core.session.claiming.claim is not None, "the claim")

    def write(self, words: str) -> None:
        self.driver.press("F3")
        self.driver.type(words)
        desk = self.core.session.desk
        self.window.report_panel.flush()
        self.wait(lambda: desk.report.text(FINDINGS).endswith(words), "the words on disk")  # type: ignore[union-attr]

    def sign(self) -> None:
        self.driver.press("Ctrl+Return")
        self.wait(lambda: self.core.session.desk.delivery is not None, "the signature")

    def delivered(self, state: DeliveryState = DeliveryState.CONFIRMED) -> None:
        def there() -> bool:
            self.core.wake_outbox()
            delivery = self.core.session.desk.delivery
            return delivery is not None and delivery.state is state

        self.wait(there, f"the delivery {state.value}")

    def dialog(self, kind: type[QDialog]) -> Any:
        found = self.wait(
            lambda: [w for w in QApplication.topLevelWidgets() if isinstance(w, kind) and w.isVisible()], kind.__name__
        )
        return found[-1]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, qapp: Any) -> Iterator[Room]:
    home = tmp_path_factory.mktemp("others")
    inbox = home / "inbox"
    inbox.mkdir()
    with EmbeddedRis() as ris:
        studies = make_studies(ris, inbox, 6)
        bo = Reader(home / "bo", ris, "Dr Bo")
        bo.core.cache.add([inbox])
        bo.poll()
        room = Room(home / "anna", ris, studies, bo)
        room.core.cache.add([inbox])
        try:
            yield room
        finally:
            room.close()
            bo.close()


@pytest.fixture
def room(made: Room) -> Iterator[Room]:
    made.said.clear()
    yield made
    made.proxy.trouble_for = lambda method, path: None
    for widget in QApplication.topLevelWidgets():
        if isinstance(widget, QDialog):
            widget.close()
    made.bo.leave()
    made.core.session.close_case()


def amend(room: Room, study: Study, old: str, new: str) -> None:
    (held,) = reports_of(room.ris, study)
    (form,) = held["presentedForm"]
    text = b64decode(form["data"]).decode().replace(old, new)
    data = b64encode(text.encode()).decode()
    ask(
        room.ris,
        "PUT",
        f"DiagnosticReport/{held['id']}",
        {**held, "status": "amended", "presentedForm": [{**form, "data": data}]},
    )


def test_what_another_reads_is_marked_shown_and_taken_over_with_a_reason(room: Room) -> None:
    """F66 and F67 by keys: the row, the panel, Ctrl+Shift+B."""
    study, panel = room.studies.pop(), room.window.report_panel
    room.bo.open(study)
    room.open(study)
    assert "Read by Dr Bo" in panel.claim_line.claim.text()
    assert panel.editor(FINDINGS).isReadOnly()
    row = room.item(study)
    assert row is not None
    assert status_words(row) == "Read by Dr Bo"
    room.driver.press("Ctrl+Return")
    assert any("Not signed. Dr Bo reads this examination" in line for line in room.said)
    room.driver.press("Ctrl+Shift+B")
    asked = room.dialog(TakeOverDialog)
    assert not asked.take.isEnabled()
    QTest.keyClicks(asked.reason, "Bo is at lunch")
    QTest.keyClick(asked.reason, Qt.Key.Key_Return)
    room.wait(lambda: room.core.session.claiming.is_ours, "the claim")
    assert not panel.editor(FINDINGS).isReadOnly()
    assert panel.claim_line.claim.text() == "Claimed: you read this"
    room.bo.poll()
    assert any("Dr Anna has taken over this examination (Bo is at lunch)" in line for line in room.bo.said)
    room.driver.press("Ctrl+Shift+B")
    room.wait(lambda: room.core.session.claiming.claim.state is ClaimState.FREE, "the release")  # type: ignore[union-attr]
    assert panel.claim_line.claim.text() == "Not claimed: you can look, not write"
    assert task_of(room.ris, study)["status"] == "requested"


def test_a_conflict_is_seen_compared_and_settled_by_keys(room: Room) -> None:
    """F68: banner, badge, Ctrl+Shift+X, the three versions, the addendum that is the default, Ctrl+Return."""
    study, panel = room.studies.pop(), room.window.report_panel
    room.open(study)
    room.write("no nodule")
    room.sign()
    room.delivered()
    assert not panel.claim_line.conflict.isVisible()
    amend(room, study, "no nodule", "one nodule")
    room.core.poll_orders()
    room.wait(lambda: room.core.session.settling.standing is not None, "the RIS's version")
    assert "This report was changed in the RIS" in room.window.banner.text
    assert panel.claim_line.conflict.isVisible()
    assert "the RIS holds another version" in panel._state.text
    room.driver.press("Ctrl+Shift+X")
    dialog = room.dialog(ConflictDialog)
    room.wait(lambda: "changed in the RIS" in dialog.head.text(), "the comparison")
    assert dialog.columns[0].text.toPlainText() == "Findings\nno nodule"
    assert dialog.columns[2].text.toPlainText() == "Findings\nnoone nodule"
    assert dialog.choice is Choice.ADDENDUM
    assert not dialog.go.isEnabled()
    QTest.keyClick(dialog, Qt.Key.Key_2, Qt.KeyboardModifier.AltModifier)
    assert dialog.choice is Choice.CORRECTION
    QTest.keyClick(dialog.reason, Qt.Key.Key_Return)
    assert dialog.isVisible()
    QTest.keyClick(dialog, Qt.Key.Key_1, Qt.KeyboardModifier.AltModifier)
    QTest.keyClicks(dialog.addendum, "seen before")
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    room.driver.press("Ctrl+Shift+X")
    dialog = room.dialog(ConflictDialog)
    room.wait(lambda: dialog.addendum.toPlainText() == "seen before", "what was written before")
    amend(room, study, "one nodule", "two nodules")
    room.core.poll_orders()
    standing = room.core.session.settling.standing
    room.wait(lambda: room.core.session.settling.standing not in (None, standing), "the newer version")
    QTest.keyClick(dialog.addendum, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    room.wait(lambda: "changed again" in dialog.problem.text(), "the refusal")
    room.wait(lambda: "two nodules" in dialog.columns[2].text.toPlainText(), "the newer version beside ours")
    assert dialog.addendum.toPlainText() == "seen before"
    QTest.keyClick(dialog.addendum, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    room.wait(lambda: room.core.session.desk.report.status is ReportStatus.APPENDED, "the addendum")  # type: ignore[union-attr]
    room.delivered()
    (held,) = reports_of(room.ris, study)
    text = b64decode(held["presentedForm"][0]["data"]).decode()
    assert "two nodules" in text
    assert "seen before" in text
    room.wait(lambda: room.core.session.settling.standing is None, "peace")
    assert not panel.claim_line.conflict.isVisible()


def test_text_of_the_ris_is_plain_text_in_the_comparison(room: Room) -> None:
    """F85: markup stays the characters that it is."""
    study = room.studies.pop()
    room.open(study)
    room.write("no nodule")
    room.sign()
    room.delivered()
    amend(room, study, "no nodule", "<img src=x onerror=alert(1)><b>bold</b>")
    room.core.poll_orders()
    room.wait(lambda: room.core.session.settling.standing is not None, "the RIS's version")
    room.driver.press("Ctrl+Shift+X")
    dialog = room.dialog(ConflictDialog)
    room.wait(lambda: "changed in the RIS" in dialog.head.text(), "the comparison")
    assert "<img src=x onerror=alert(1)><b>bold</b>" in dialog.columns[2].text.toPlainText()
    QTest.keyClick(dialog, Qt.Key.Key_3, Qt.KeyboardModifier.AltModifier)
    QTest.keyClick(dialog, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    room.wait(lambda: room.core.session.settling.standing is None, "peace")
    room.wait(lambda: (row := room.item(study)) is not None and status_words(row) == "Left to the RIS", "the row")


def test_offline_reports_are_counted_and_sent_by_a_key_and_a_conflict_opens_from_its_row(room: Room) -> None:
    """F27 and F66: the status line, F8, Shift+F4, Ctrl+Shift+X, the history, the copy."""
    study = room.studies.pop()
    room.proxy.trouble_for = lambda method, path: Trouble.DROP_BEFORE
    room.window.show_worklist()
    room.window.worklist.select_study(study.uid)
    room.driver.press("Return")
    desk = room.core.session.desk
    room.wait(lambda: desk.report is not None and desk.report.accession_number == study.accession, "the report")
    room.wait(lambda: study.uid in {s.study_uid for s in room.core.session.viewing.shown}, "the image")
    room.wait(lambda: room.core.session.claiming.claim is not None, "no claim")
    assert room.window.report_panel.claim_line.claim.text() == "Nobody else can be told that you read this"
    room.write("mine")
    room.sign()
    room.wait(lambda: "1 report not confirmed" in room.window.status_line.deliveries.text(), "the count")
    assert not room.window.leaving.may_close()
    assert room.window.leaving.question is not None
    room.window.leaving.question.reject()
    room.bo.open(study)
    room.bo.write("his")
    room.bo.sign()
    room.bo.delivered()
    room.proxy.trouble_for = lambda method, path: None
    room.driver.press("Shift+F4")
    assert any("What waits is tried now" in line for line in room.said)
    room.delivered(DeliveryState.CONFLICT)
    room.wait(lambda: any("The RIS holds something else" in line for line in room.said), "the alarm")
    room.driver.press("F8")
    dialog = room.dialog(DeliveriesDialog)
    room.wait(lambda: dialog.chosen is not None and "conflict" in dialog.history.toPlainText(), "the row and its history")
    assert dialog.chosen.state is DeliveryState.CONFLICT
    assert "1 in conflict" in dialog.summary.text()
    QTest.keyClick(dialog.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    room.wait(lambda: "FINDINGS\nmine" in QApplication.clipboard().text(), "the copy")
    QTest.keyClick(dialog.table, Qt.Key.Key_I, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    printing = room.dialog(VersionPrintDialog)
    room.wait(printing.print_button.isEnabled, "the pages")
    printing.close()
    dialog.activateWindow()
    room.wait(dialog.isActiveWindow, "the list in front")
    QTest.keyClick(dialog.table, Qt.Key.Key_X, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    compared = room.dialog(ConflictDialog)
    room.wait(lambda: "another report of this examination" in compared.head.text(), "the comparison")
    assert compared.columns[0].title.text() == "Last common: none"
    assert compared.addendum.toPlainText() == "mine"
    QTest.keyClick(compared, Qt.Key.Key_3, Qt.KeyboardModifier.AltModifier)
    QTest.keyClick(compared, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    room.wait(lambda: dialog.chosen is not None and dialog.chosen.state is not DeliveryState.CONFLICT, "the choice")
    states = [d.state for d in room.core.reports.ledger.of_report(desk.report.report_uuid)]  # type: ignore[union-attr]
    assert states == [DeliveryState.DISCARDED]


# ---- words -----------------------------------------------------------------------------------


def delivery(state: DeliveryState, minutes: float, number: int = 1) -> Delivery:
    return Delivery(number, f"r{number}", 1, f"A{number}", state, NOW - timedelta(minutes=minutes))


def test_the_summary_counts_by_state_and_says_the_age_of_the_oldest() -> None:
    waiting = [
        delivery(DeliveryState.QUEUED, 200, 1),
        delivery(DeliveryState.REJECTED, 5, 2),
        delivery(DeliveryState.QUEUED, 1, 3),
    ]
    done = delivery(DeliveryState.CONFIRMED, 9000, 4)
    words, colour = summary_words([*waiting, done], NOW)
    assert words == "Not confirmed: 2 waiting, 1 refused. Age of the oldest: 3 h 20 min."
    assert colour == theme.RED
    assert summary_words([done], NOW)[0] == "Every signed report is where it belongs."


def test_what_the_ris_accepted_and_does_not_hold_is_an_alarm_in_words_once() -> None:
    """F33 and F34: a second "yes" changes nothing; only reading back ends it."""
    lost, fresh = delivery(DeliveryState.ACKNOWLEDGED, 10), delivery(DeliveryState.ACKNOWLEDGED, 1, 2)
    assert cells(lost, NOW)[4] == UNFOUND
    assert state_colour(lost, NOW) == theme.RED
    assert state_colour(fresh, NOW) == theme.AMBER
    said: list[Notice] = []
    alarm = DeliveryAlarm(said.append)
    alarm.look([lost, fresh], NOW)
    alarm.look([lost, fresh], NOW)
    assert [(n.text, n.error, n.command) for n in said] == [
        ("The RIS said yes to a report and does not hold it: call the RIS desk", True, "report.deliveries")
    ]
    alarm.look([lost, fresh], NOW + timedelta(minutes=5))
    assert len(said) == 2


def test_the_history_names_each_step_its_time_and_what_the_ris_said() -> None:
    events = (("signed", "", "queued", "", NOW), ("RIS refuses", "sending", "rejected", "HTTP status 422: <b>no</b>", NOW))
    lines = history_words(events, ()).split("\n")
    assert lines[0].endswith("signed: queued")
    assert lines[1].endswith("RIS refuses: rejected  HTTP status 422: <b>no</b>")
