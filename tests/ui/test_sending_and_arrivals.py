"""What the window says of objects on their way, and of studies that are not here whole."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from window_seat import NOW

from ui import theme
from ui.archives.missing_dialog import MissingDialog
from ui.archives.send_dialog import SendDialog
from ui.archives.sendings_dialog import SendingsDialog, sending_words, shipments, state_words
from ui.worklist_columns import KEYS
from workstation.archives.retrieve_ledger import Retrieval, RetrieveState
from workstation.domain.archive import Archive, ArchiveKind, FoundInstance, RetrieveProgress
from workstation.domain.order import ReadStatus
from workstation.domain.patient import PatientKey
from workstation.domain.sending import Sending, SendingState
from workstation.signals import Signal

pytestmark = pytest.mark.qt
DISPLAY, COLOUR = Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ForegroundRole
TAKES = Archive("own", ArchiveKind.DICOMWEB, "Own archive", url="http://127.0.0.1:1/dicom-web", can_store=True)
READS = Archive("other", ArchiveKind.DIMSE, "The other hospital", host="127.0.0.1", port=104, called_ae="PRIORS")


def sending(number: int, state: SendingState, minutes: int = 0, study: str = "1.1", reason: str = "") -> Sending:
    row = FoundInstance(f"{study}.1", f"{study}.1.{number}", "1.2")
    return Sending(number, "own", study, row, "0" * 64, state, NOW - timedelta(minutes=minutes), 1, reason)


# ---- on their way ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("waiting", "words", "colour"),
    [
        ((), "", theme.MUTED),
        ((sending(1, SendingState.QUEUED),), "1 object on its way", theme.TEXT),
        (
            (sending(1, SendingState.STORED, 75), sending(2, SendingState.QUEUED, 3)),
            "2 objects on their way, oldest 1 h 15 min",
            theme.TEXT,
        ),
        ((sending(1, SendingState.REJECTED, 5),), "Needs attention: 1 object on its way, oldest 5 min", theme.RED),
        ((sending(1, SendingState.HELD),), "Needs attention: 1 object on its way", theme.RED),
    ],
)
def test_the_badge_tells_how_many_wait_and_since_when(waiting, words, colour):
    assert sending_words(waiting, NOW) == (words, colour)


def test_objects_of_a_study_are_one_row_and_what_needs_attention_stands_first():
    rows = shipments(
        [
            sending(1, SendingState.PROVEN, study="1.1"),
            sending(2, SendingState.PROVEN, study="1.2"),
            sending(3, SendingState.REJECTED, study="1.2"),
            sending(4, SendingState.QUEUED, study="1.3"),
        ]
    )
    assert [row.study_instance_uid for row in rows] == ["1.2", "1.3", "1.1"]
    assert state_words(rows[0]) == "1 refused by the archive, 1 proven to be there"


def test_every_state_has_words():
    assert all(state_words(shipments([sending(1, state)])[0]).startswith("1 ") for state in SendingState)


class FakeSender:
    def __init__(self, *rows: Sending) -> None:
        self.kept = {row.sending_id: row for row in rows}
        self.queued: list[tuple[str, int]] = []

    def rows(self) -> tuple[Sending, ...]:
        return tuple(self.kept.values())

    def open_rows(self) -> tuple[Sending, ...]:
        return tuple(row for row in self.kept.values() if not row.is_proven)

    def retry(self, sending_id: int) -> None:
        self.kept[sending_id] = replace(self.kept[sending_id], state=SendingState.QUEUED, reason="")

    def enqueue(self, archive: str, objects) -> tuple[Sending, ...]:
        self.queued.append((archive, len(list(objects))))
        return (sending(9, SendingState.QUEUED),)


@pytest.fixture
def sends(seat):
    """The seat with an archive that takes objects and one refused object."""
    seat.archives = SimpleNamespace(archives=(TAKES, READS))
    seat.sender = FakeSender(sending(1, SendingState.REJECTED, 5, reason="Unknown patient"), sending(2, SendingState.PROVEN))
    seat.retrievals = FakeRetrievals()
    seat.may_be_sending = True
    seat.start_sending = lambda: seat.sending_changed.emit(None)
    return seat


def test_the_badge_comes_with_what_was_refused_and_goes_when_all_is_proven(sends, window):
    sends.sending_changed.emit(None)
    badge = window.status_line.sending
    assert badge.isVisible()
    assert badge.text().startswith("Needs attention: 1 object on its way")
    sends.sender.kept[1] = replace(sends.sender.kept[1], state=SendingState.PROVEN)
    sends.sending_changed.emit(None)
    assert not badge.isVisible()


def test_what_was_refused_is_said_with_its_reason_and_sent_again(sends, window, qtbot):
    dialog = SendingsDialog(sends)
    qtbot.addWidget(dialog)
    dialog.show()
    assert dialog.table.item(0, 3).text() == "1 refused by the archive, 1 proven to be there"
    qtbot.waitUntil(lambda: dialog.reason.text() == "Unknown patient")
    dialog.retry.click()
    assert dialog.table.item(0, 3).text() == "1 waiting, 1 proven to be there"
    assert not dialog.retry.isEnabled()


def test_return_sends_every_object_of_the_chosen_study_to_an_archive_that_takes_them(sends, window):
    window.worklist.select_study("1.2")
    window.runner.run("archives.send")
    dialog = window.findChild(SendDialog)
    assert [dialog.list.item(n).text() for n in range(dialog.list.count())] == ["Own archive"]
    QTest.keyClick(dialog.list, Qt.Key.Key_Return)
    assert sends.sender.queued == [("own", 20)]
    assert window.banner.text == "1 objects are on their way"


def test_without_an_archive_that_takes_objects_the_reader_is_told_where_to_say_so(seat, window):
    seat.archives, seat.retrievals = SimpleNamespace(archives=(READS,)), FakeRetrievals()
    window.worklist.select_study("1.2")
    window.runner.run("archives.send")
    assert "No archive takes objects from here" in window.banner.text
    assert window.banner.offer.isVisible()


def test_nothing_is_said_to_be_on_its_way_where_nothing_was_ever_sent(window):
    window.runner.run("archives.sendings")
    assert window.banner.text == "Nothing was sent to an archive yet"


# ---- coming ----------------------------------------------------------------------------


class FakeRetrievals:
    def __init__(self) -> None:
        self.progressed: Signal[RetrieveProgress] = Signal()
        self.rows: list[Retrieval] = []
        self.known: dict[str, RetrieveProgress] = {}

    def unfinished(self) -> tuple[Retrieval, ...]:
        return tuple(self.rows)

    def progress_of(self, uid: str) -> tuple[RetrieveProgress, ...]:
        return (self.known[uid],) if uid in self.known else ()

    def begun(self, uid: str, patient: str, received: int, expected: int | None, problem: str = "") -> None:
        self.rows.append(Retrieval(uid, "other", RetrieveState.FETCHING, PatientKey(patient)))
        self.known[uid] = RetrieveProgress("other", uid, received, expected, problem=problem)


@pytest.fixture
def coming(seat):
    seat.archives = SimpleNamespace(archives=(READS,))
    seat.retrievals = FakeRetrievals()
    return seat


def cell(window, uid: str, key: str, role=DISPLAY):
    order = window.worklist.model
    row = next(r for r in range(order.rowCount()) if order.index(r, 0).data(Qt.ItemDataRole.UserRole).study_instance_uid == uid)
    value = order.index(row, KEYS.index(key)).data(role)
    return value.name() if role == COLOUR and value is not None else value


def test_a_row_says_how_much_of_the_study_is_here_until_it_is_proven_to_be_whole(coming, window):
    coming.retrievals.begun("1.2", "ID-2", 137, 402)
    window.worklist.arrivals.follow()
    assert (cell(window, "1.2", "images"), cell(window, "1.2", "images", COLOUR)) == ("137 of 402", theme.AMBER)
    coming.retrievals.progressed.emit(RetrieveProgress("other", "1.2", 402, 402))
    assert cell(window, "1.2", "images") == "402 of 402"
    coming.retrievals.progressed.emit(RetrieveProgress("other", "1.2", 402, 402, is_proven=True))
    assert cell(window, "1.2", "images") == "20"  # what the cache counts
    assert cell(window, "1.1", "images") == "20"


def test_what_went_wrong_is_red_and_in_the_tip(coming, window):
    coming.retrievals.begun("1.2", "ID-2", 137, 402, "The link broke")
    window.worklist.arrivals.follow()
    assert cell(window, "1.2", "images", COLOUR) == theme.RED
    assert "265 images of this study are not here yet" in cell(window, "1.2", "images", Qt.ItemDataRole.ToolTipRole)
    assert "The link broke" in cell(window, "1.2", "images", Qt.ItemDataRole.ToolTipRole)


def test_the_row_of_a_patient_whose_prior_is_on_its_way_says_so(coming, window):
    window.worklist.arrivals.follow()
    assert cell(window, "1.2", "status") == "Unread"
    coming.retrievals.begun("9.9", "ID-2", 0, None)
    coming.retrievals.progressed.emit(RetrieveProgress("other", "9.9", 0, None))
    assert cell(window, "1.2", "status") == "Unread · prior coming"
    assert cell(window, "1.1", "status") == "Unread"
    coming.retrievals.progressed.emit(RetrieveProgress("other", "9.9", 8, 8, is_proven=True))
    assert cell(window, "1.2", "status") == "Unread"


def test_an_order_without_images_offers_to_fetch_only_where_an_archive_can_be_asked(coming, window):
    coming.add_case(4, study_instance_uid="", image_count=0)
    assert cell(window, "", "images") == "none"
    window.worklist.arrivals.follow()
    assert (cell(window, "", "images"), cell(window, "", "images", COLOUR)) == ("Fetch…", theme.ACCENT)
    asked = []
    window.worklist.fetch_asked.disconnect()
    window.worklist.fetch_asked.connect(asked.append)
    row = next(r for r in range(window.worklist.model.rowCount()) if window.worklist.model.index(r, 3).data() == "ID-4")
    window.worklist.table.selectRow(row)
    QTest.keyClick(window.worklist.table, Qt.Key.Key_Return)
    assert [item.patient.key.patient_id for item in asked] == ["ID-4"]
    assert coming.session.case is None


def test_a_study_that_comes_above_leaves_the_chosen_row_chosen(coming, window):
    """Once a reader has touched the list, Return opens what they chose."""
    window.worklist.select_study("1.1")
    QTest.keyClick(window.worklist.table, Qt.Key.Key_Shift)
    assert window.worklist.table.currentIndex().row() == 0
    coming.add_case(7, due=NOW - timedelta(hours=1))
    assert window.worklist.selected().study_instance_uid == "1.1"
    assert window.worklist.table.currentIndex().row() == 1


def test_when_the_first_case_is_signed_the_next_first_one_is_chosen(coming, window):
    window.worklist.select_study("1.1")
    QTest.keyClick(window.worklist.table, Qt.Key.Key_Shift)
    coming.items[0] = replace(coming.items[0], status=ReadStatus.CONFIRMED)
    coming.items.append(coming.items.pop(0))
    coming.session.refresh_worklist()
    assert window.worklist.table.currentIndex().row() == 0


def test_images_that_did_not_come_are_listed_with_their_reasons(qtbot):
    rows = tuple(FoundInstance("1.5.1", f"1.5.1.{n}", "1.2", n) for n in (1, 2))
    progress = RetrieveProgress("other", "1.5", 400, 402, problem="The archive did not give everything", missing=rows)
    dialog = MissingDialog(progress, (("1.5.1.2", "It is of another patient"),))
    qtbot.addWidget(dialog)
    assert dialog.words.text() == "400 of 402 images are here. The archive did not give everything"
    told = [[dialog.table.item(r, c).text() for c in range(3)] for r in range(2)]
    assert told == [["2", "It is of another patient", "1.5.1.2"], ["1", "The archive did not give it", "1.5.1.1"]]


def test_return_in_the_list_sends_once_to_the_chosen_archive(seat, qtbot):
    archives = [Archive(name, ArchiveKind.FOLDER, name, folder="/media/disc") for name in ("first", "second")]
    dialog = SendDialog(seat.add_case(1), archives)
    qtbot.addWidget(dialog)
    chosen = []
    dialog.chosen.connect(chosen.append)
    dialog.show()
    qtbot.waitExposed(dialog)
    QTest.keyClick(dialog.list, Qt.Key.Key_Down)
    QTest.keyClick(dialog.list, Qt.Key.Key_Return)
    assert chosen == ["second"]
    assert not dialog.isVisible()
