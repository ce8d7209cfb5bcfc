"""The key to talk is never stuck on: held, tapped, repeated, taken away (F77, F80)."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialog, QLineEdit, QVBoxLayout
from report_seat import ReportSeat, Silence, SpokenDictation

from dictation import models
from dictation.models import EngineModel, EngineSpec
from ui import push_to_talk
from ui.main_window import MainWindow
from ui.push_to_talk import KeyMode, PushToTalk
from workstation.domain.dictation import DictationState

pytestmark = pytest.mark.qt
F4, F9 = Qt.Key.Key_F4, Qt.Key.Key_Insert


class Open(Silence):
    stays_open = True


class Room:
    """The real window with a case open, and microphones that know whether they are on."""

    def __init__(self, window: MainWindow) -> None:
        self.window = window
        self.desk = window.report_panel.dictation.desk
        self.sources: list[Silence] = []
        self.desk.use_source(self._source)
        self.talk = window._talk

    def _source(self, _tell) -> Silence:
        self.sources.append(Open())
        return self.sources[-1]

    @property
    def on(self) -> bool:
        return self.desk.is_listening

    def press(self, repeat: bool = False) -> None:
        self._send(QEvent.Type.KeyPress, repeat)

    def release(self, repeat: bool = False) -> None:
        self._send(QEvent.Type.KeyRelease, repeat)

    def _send(self, kind: QEvent.Type, repeat: bool) -> None:
        widget = self.window.focusWidget() or self.window
        QCoreApplication.sendEvent(widget, QKeyEvent(kind, F4, Qt.KeyboardModifier.NoModifier, "", repeat))


@pytest.fixture
def room(tmp_path, qapp, qtbot, monkeypatch):
    spec = EngineSpec("some", "en", EngineModel("whisper", tmp_path, "en", "some"))
    monkeypatch.setattr(models, "available", lambda *_, **__: (spec,))
    monkeypatch.setattr("ui.report.kept_dictation.make_dictation", lambda *a, **_: SpokenDictation(*a))
    seat = ReportSeat(tmp_path)
    seat.add_case(1)
    seat.add_case(2)
    window = MainWindow(seat)
    qtbot.addWidget(window)
    window.show()
    qtbot.waitExposed(window)
    seat.session.open(seat.items[0])
    made = Room(window)
    made.seat = seat
    yield made
    made.desk.close()
    seat.reports.close()


@pytest.fixture
def long_press(monkeypatch):
    monkeypatch.setattr(push_to_talk, "TAP_SECONDS", 0.0)


@pytest.fixture
def short_press(monkeypatch):
    monkeypatch.setattr(push_to_talk, "TAP_SECONDS", 1e9)


def test_held_it_listens_while_it_is_down(room, long_press):
    room.press()
    for _ in range(5):
        room.press(repeat=True)
        room.release(repeat=True)
        assert room.on
    room.release()
    assert not room.on
    assert not room.talk.is_held


def test_tapped_it_stays_on_until_the_next_tap(room, short_press):
    for expected in (True, False, True, False):
        room.press()
        room.release()
        assert room.on is expected


def test_a_key_that_only_toggles_does_not_mind_how_long_it_is_held(room, long_press):
    room.talk.mode = KeyMode.TOGGLE
    room.press()
    room.press(repeat=True)
    room.release()
    assert room.on
    room.press()
    room.release()
    assert not room.on


def test_a_dead_man_s_key_is_off_after_the_shortest_press_too(room, short_press):
    room.talk.mode = KeyMode.HOLD
    room.press()
    assert room.on
    room.release()
    assert not room.on


def test_another_program_that_takes_the_keyboard_ends_it(room, long_press):
    room.press()
    QCoreApplication.sendEvent(QCoreApplication.instance(), QEvent(QEvent.Type.ApplicationDeactivate))
    assert not room.on
    room.release()  # it arrives nowhere, or late: nothing is turned on by it
    assert not room.on


def test_alt_tab_ends_it_before_the_keyboard_is_gone(room, long_press):
    room.press()
    QTest.keyPress(room.window, Qt.Key.Key_Alt)
    assert not room.on
    QTest.keyRelease(room.window, Qt.Key.Key_Alt)
    room.press(repeat=True)  # the key is still down and repeats
    assert not room.on


def test_its_release_counts_in_a_dialog_that_came_up_meanwhile(room, long_press, qtbot):
    room.press()
    dialog = QDialog(room.window)
    QVBoxLayout(dialog).addWidget(QLineEdit())
    qtbot.addWidget(dialog)
    dialog.open()
    QTest.keyRelease(dialog.findChild(QLineEdit), F4)
    assert not room.on


def test_opening_another_case_with_the_key_down_ends_it_and_the_release_starts_nothing(room, long_press):
    room.press()
    room.seat.session.open(room.seat.items[1])
    assert not room.on
    room.release()
    assert not room.on
    room.press()
    assert room.on


def test_the_filter_on_all_events_is_there_only_while_the_key_is_down(room, long_press, monkeypatch):
    seen: list[QEvent.Type] = []
    real = PushToTalk.eventFilter
    monkeypatch.setattr(PushToTalk, "eventFilter", lambda self, w, e: (seen.append(e.type()), real(self, w, e))[1])
    room.press()
    room.release()
    count = len(seen)
    QTest.mouseMove(room.window)
    QTest.keyClick(room.window, Qt.Key.Key_Home)
    assert len(seen) == count


def test_another_key_may_be_chosen_and_is_held_the_same_way(room, long_press):
    room.talk.pressed(int(F9))
    assert room.on
    QTest.keyRelease(room.window, F4)
    assert room.on
    QTest.keyRelease(room.window, F9)
    assert not room.on


def test_an_unknown_mode_in_the_settings_is_the_usual_one(room):
    assert PushToTalk(room.desk, "sometimes").mode is KeyMode.BOTH


# ---- the half second before the key ------------------------------------------------------


def test_the_microphone_stays_open_for_a_while_and_is_not_opened_twice(room, long_press):
    room.press()
    room.release()
    assert [source.is_on for source in room.sources] == [True]
    room.press()
    assert len(room.sources) == 1
    assert room.on
    room.release()
    room.desk._ready.timeout.emit()  # the while is over
    assert [source.is_on for source in room.sources] == [False]
    room.press()
    assert len(room.sources) == 2


def test_an_open_microphone_is_closed_with_the_report(room, long_press):
    room.press()
    room.release()
    room.seat.session.open(room.seat.items[1])
    assert [source.is_on for source in room.sources] == [False]


def test_another_source_is_heard_at_once_and_a_state_of_before_changes_nothing(room, long_press):
    room.press()
    room.release()
    room.desk.use_source(room._source)
    assert [source.is_on for source in room.sources] == [False]
    room.press()
    room.desk.kept.pipeline.on_state(DictationState.LISTENING)
    assert len(room.sources) == 2
    assert room.on
