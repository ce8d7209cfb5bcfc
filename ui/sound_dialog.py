"""Microphone and level, before one dictates: speak, and see that it is heard."""

from __future__ import annotations

import time

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QHideEvent
from PySide6.QtWidgets import QComboBox, QDialog, QLabel, QVBoxLayout, QWidget

from dictation.audio import Level, level
from dictation.sound_check import TROUBLE, Sound, SoundCheck
from ui import sound_devices
from ui.microphone import Microphone, MicrophoneGone
from ui.plain import plain
from ui.report.dictation_bar import LevelMeter
from ui.report.dictation_desk import DictationDesk
from ui.sound_devices import DEFAULT, ChosenDevice, Device
from workstation.errors import WorkstationError
from workstation.settings import Remembered, Settings

REFRESH_MS = 2000
FAINT = 0.01
"""Below this nobody speaks, or too far away."""
METER_HEIGHT = 18


class SoundDialog(QDialog):
    """Listens by itself unless somebody dictates: then it shows what dictation hears."""

    _chunk = Signal(bytes)

    def __init__(self, desk: DictationDesk, remembered: Remembered, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("soundDialog")
        self.setWindowTitle(self.tr("Microphone"))
        self._desk = desk
        self._choice = ChosenDevice(remembered)
        self._microphone: Microphone | None = None
        self._check = SoundCheck()
        self._spoken_at = time.monotonic()
        self.devices = QComboBox()
        self.meter = LevelMeter(METER_HEIGHT)
        self.said = QLabel()
        self._build(settings)
        self._chunk.connect(self._heard)
        desk.level_changed.connect(self._show_level)
        desk.state_changed.connect(self._state_changed)  # a method, so that it ends with the dialog
        self._refresh = QTimer(self)
        self._refresh.setInterval(REFRESH_MS)
        self._refresh.timeout.connect(self._fill)
        self._refresh.start()
        self._fill()
        self.devices.activated.connect(self._chosen)
        self._listen()
        self.setFixedWidth(460)

    def _build(self, settings: Settings) -> None:
        self.devices.setAccessibleName(self.tr("Microphone"))
        for label in (self.said,):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
            label.setAlignment(Qt.AlignmentFlag.AlignTop)
            label.setFixedHeight(3 * self.fontMetrics().lineSpacing())  # nothing moves when the words change
        note = QLabel(self._how(settings))
        note.setTextFormat(Qt.TextFormat.PlainText)
        note.setWordWrap(True)
        note.setProperty("role", "muted")
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 14, 18, 14)
        column.setSpacing(10)
        for widget in (self.devices, self.meter, self.said, note):
            column.addWidget(widget)

    def _how(self, settings: Settings) -> str:
        ways = {
            "hold": self.tr("The key to talk listens while it is held."),
            "toggle": self.tr("The key to talk starts and stops."),
        }
        way = ways.get(settings.dictation_key, self.tr("The key to talk: tap it to start and stop, or hold it while you speak."))
        kept = self.tr("The sound of your words is kept, sealed, for {0} days.").format(settings.keep_sound_days)
        not_kept = self.tr("The sound of your words is not kept on this machine.")
        return f"{way} {kept if self._desk.kept_sound.is_on_disk else not_kept}"

    # ---- devices -----------------------------------------------------------------------

    def _fill(self) -> None:
        """Again now and then: a microphone may be plugged in while one looks."""
        wanted = self._choice.device
        try:
            found = sound_devices.devices()
        except WorkstationError as error:
            self.said.setText(str(error))
            found = ()
        rows = [Device("", self.tr("The system's own choice")), *found]
        if wanted.device_id and wanted.device_id not in {device.device_id for device in found}:
            rows.append(Device(wanted.device_id, self.tr("{0} (not connected)").format(wanted.name)))
        if rows == [self.devices.itemData(index) for index in range(self.devices.count())]:
            return
        self.devices.clear()
        for device in rows:
            self.devices.addItem(plain(device.name), device)
        ids = [device.device_id for device in rows]
        self.devices.setCurrentIndex(ids.index(wanted.device_id))

    def _chosen(self, index: int) -> None:
        device = self.devices.itemData(index)
        found = next((there for there in sound_devices.devices() if there.device_id == device.device_id), None)
        self._choice.choose(found or (DEFAULT if not device.device_id else self._choice.device))
        self._desk.forget_open_microphone()
        self._close()
        self._listen()

    # ---- listening ---------------------------------------------------------------------

    def _state_changed(self, _: object) -> None:
        self._listen()

    def _listen(self) -> None:
        """With a microphone of our own only while dictation has none: some systems give it to one program once."""
        if self._desk.is_listening:
            self._close()
            return
        if self._microphone is not None or not self.isEnabled():
            return
        self._check = SoundCheck()
        self._spoken_at = time.monotonic()
        microphone = Microphone(self._told, self._choice.device)
        try:
            microphone.start(self._chunk.emit)
        except WorkstationError as error:
            self.said.setText(str(error))
            return
        self._microphone = microphone
        self.said.setText(self.tr("Say something."))

    def _close(self) -> None:
        microphone, self._microphone = self._microphone, None
        if microphone is not None:
            microphone.stop()
        self.meter.rest()

    def _told(self, error: WorkstationError) -> None:
        self.said.setText(str(error))
        if isinstance(error, MicrophoneGone):
            self.meter.rest()

    def _heard(self, chunk: bytes) -> None:
        if self._microphone is None:
            return
        heard = level(chunk)
        if heard.loudness > FAINT:
            self._spoken_at = time.monotonic()
        sound = self._check.hear(heard, len(chunk), time.monotonic() - self._spoken_at)
        self.meter.show_level(heard)
        name = plain(self._microphone.device.name)
        if sound is not Sound.GOOD:
            self.said.setText(str(TROUBLE[sound]))
        elif heard.loudness > FAINT:
            self.said.setText(self.tr("{0} hears you well.").format(name))

    def _show_level(self, heard: Level) -> None:
        if self._microphone is None:
            self.meter.show_level(heard)
            self.said.setText(self.tr("You are dictating."))

    def hideEvent(self, event: QHideEvent) -> None:
        self._close()
        super().hideEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        self._refresh.stop()
        self.setEnabled(False)
        self._close()
        super().closeEvent(event)
