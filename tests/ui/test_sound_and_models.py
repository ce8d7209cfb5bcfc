"""Microphone and level (Shift+F11), speech models (Shift+F12): by keys, at a real sound system and with a real engine."""

from __future__ import annotations

import zipfile

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from report_seat import ReportSeat
from window_seat import HeldJobs

from dictation import model_store, models
from dictation.audio import Level
from dictation.model_trial import Trial
from dictation.sound_check import Sound
from ui import sound_devices
from ui.main_window import MainWindow
from ui.models_dialog import ModelsDialog
from ui.sound_devices import ChosenDevice, Device
from ui.sound_dialog import SoundDialog
from workstation.jobs import MODELS

pytestmark = pytest.mark.qt
MOST = 60_000
NAME = "vosk-model-small-sv-0.15"
FILES = ("am/final.mdl", "conf/model.conf", "graph/HCLr.fst", "graph/Gr.fst")


class Room:
    def __init__(self, seat: ReportSeat, window: MainWindow) -> None:
        self.seat, self.window = seat, window
        self.desk = window.report_panel.dictation.desk

    def dialog(self, kind, key: Qt.Key):
        QTest.keyClick(self.window, key, Qt.KeyboardModifier.ShiftModifier)
        return self.window.findChild(kind)


@pytest.fixture
def room(tmp_path, qtbot, monkeypatch):
    monkeypatch.setenv("LYSKASSE_HOME", str(tmp_path))
    seat = ReportSeat(tmp_path, HeldJobs(MODELS))
    window = MainWindow(seat)
    qtbot.addWidget(window)
    window.show()
    qtbot.waitExposed(window)
    yield Room(seat, window)
    window.report_panel.dictation.desk.close()
    seat.reports.close()


@pytest.fixture
def microphones(sound, qtbot):
    qtbot.waitUntil(lambda: Device("hand", "Hand") in sound_devices.devices(), timeout=MOST)
    return sound


# ---- Shift+F11 -----------------------------------------------------------------------------


def test_one_sees_that_one_is_heard_before_one_dictates_and_nothing_jumps(room, microphones, qtbot, tmp_path):
    import numpy as np

    from dictation.audio import SAMPLE_RATE, write_wav

    dialog = room.dialog(SoundDialog, Qt.Key.Key_F11)
    size, place = dialog.sizeHint(), dialog.meter.geometry()
    voice = tmp_path / "voice.wav"
    write_wav(voice, (9000 * np.sin(np.arange(9 * SAMPLE_RATE) / 12)).astype("<i2").tobytes())
    player = microphones.say("hand", voice)
    qtbot.waitUntil(lambda: dialog.said.text() == "Hand hears you well.", timeout=MOST)
    assert dialog.meter._level > 0.05
    player.kill()
    microphones.mute("hand")
    try:
        qtbot.waitUntil(lambda: dialog.said.text().startswith("The microphone gives no sound at all"), timeout=MOST)
    finally:
        microphones.mute("hand", False)
    assert (dialog.sizeHint(), dialog.meter.geometry()) == (size, place)
    dialog.close()


def test_the_chosen_microphone_is_remembered_and_listens_at_once(room, microphones, qtbot):
    dialog = room.dialog(SoundDialog, Qt.Key.Key_F11)
    names = [dialog.devices.itemText(index) for index in range(dialog.devices.count())]
    assert names[0] == "The system's own choice"
    dialog.devices.setCurrentIndex(names.index("Desk"))
    dialog.devices.activated.emit(names.index("Desk"))
    assert ChosenDevice(room.seat.remembered).device == Device("desk", "Desk")
    assert dialog._microphone.device.device_id == "desk"
    dialog.close()
    assert dialog._microphone is None


def test_a_chosen_microphone_that_is_not_connected_stays_chosen(room, microphones):
    ChosenDevice(room.seat.remembered).choose(Device("usb", "Dr A's microphone"))
    dialog = room.dialog(SoundDialog, Qt.Key.Key_F11)
    assert dialog.devices.currentText() == "Dr A's microphone (not connected)"
    dialog.devices.activated.emit(dialog.devices.currentIndex())
    assert ChosenDevice(room.seat.remembered).device.device_id == "usb"
    assert dialog.said.text().startswith("Another microphone is used") or dialog.said.text() == "Say something."
    dialog.close()


def test_while_one_dictates_the_dialog_shows_what_dictation_hears(room, microphones):
    dialog = room.dialog(SoundDialog, Qt.Key.Key_F11)
    room.desk._wanted_on = True
    room.desk.state_changed.emit(room.desk.state)
    assert dialog._microphone is None
    room.desk.level_changed.emit(Level(0.4, 1.0))
    assert dialog.meter.shows_clipping
    assert dialog.said.text() == "You are dictating."
    room.desk._wanted_on = False
    dialog.close()


def test_the_meter_of_a_microphone_that_is_gone_rests(room):
    room.desk._wanted_on = True
    room.desk._set_sound(Sound.GONE)
    room.desk.level_changed.emit(Level(0.4, 0.5))
    assert room.window.report_panel.dictation._meter._level == 0.0
    room.desk._wanted_on = False


# ---- Shift+F12 -----------------------------------------------------------------------------


@pytest.fixture
def archive(tmp_path):
    path = tmp_path / "model.zip"
    with zipfile.ZipFile(path, "w") as made:
        for name in FILES:
            made.writestr(f"{NAME}/{name}", b"x")
    return path


@pytest.fixture
def works(monkeypatch):
    monkeypatch.setattr(model_store, "try_out", lambda *_: Trial(True, "a nodule", 0.4, 190))


def test_the_page_says_which_model_writes_which_language_and_what_it_cannot(room):
    dialog = room.dialog(ModelsDialog, Qt.Key.Key_F12)
    assert "en: whisper-tiny.en" in dialog.languages.text()
    assert "sv: typing only" in dialog.languages.text()
    assert dialog.table.item(0, 0).text() == "whisper-tiny.en"
    assert dialog.table.item(0, 3).text() == "Installed by the site"
    assert "It understands English only." in dialog.said.text()
    assert not dialog.remove.isEnabled()


def test_a_model_is_imported_shown_and_removed(room, archive, works):
    dialog = room.dialog(ModelsDialog, Qt.Key.Key_F12)
    dialog.bring(archive)
    assert dialog.stop.isEnabled()
    assert not dialog.bring_file.isEnabled()
    room.seat.jobs.release()
    assert dialog.said.text().startswith("Imported.")
    assert "SHA-256" in dialog.said.text()
    assert "not in our list" in dialog.said.text()
    assert f"sv: {NAME}" in dialog.languages.text()
    names = [dialog.table.item(row, 0).text() for row in range(dialog.table.rowCount())]
    dialog.table.selectRow(names.index("whisper-tiny.en"))
    dialog.table.selectRow(names.index(NAME))
    assert "words of its own list" in dialog.said.text()
    dialog.remove.click()
    assert models.available("sv") == ()
    assert dialog.said.text() == f"Removed: {NAME}"


def test_an_import_is_stopped_and_leaves_nothing(room, archive, works):
    dialog = room.dialog(ModelsDialog, Qt.Key.Key_F12)
    dialog.bring(archive)
    dialog.stop.click()
    room.seat.jobs.release()
    assert models.available("sv") == ()
    assert dialog.said.text() == "Stopped: nothing was imported"
    assert dialog.bring_file.isEnabled()


def test_what_is_no_model_is_refused_in_words(room, tmp_path):
    (tmp_path / "letter.zip").write_bytes(b"Dear colleague")
    dialog = room.dialog(ModelsDialog, Qt.Key.Key_F12)
    dialog.bring(tmp_path / "letter.zip")
    room.seat.jobs.release()
    assert "The model was not imported" in dialog.said.text()
    assert dialog.check.isEnabled()


def test_a_check_asks_the_real_recogniser(room):
    dialog = room.dialog(ModelsDialog, Qt.Key.Key_F12)
    dialog.check.click()
    room.seat.jobs.release()
    assert dialog.said.text().startswith("It works.")
    assert "known as Whisper tiny.en" in dialog.said.text()
    assert "nodule" in dialog.said.text()
