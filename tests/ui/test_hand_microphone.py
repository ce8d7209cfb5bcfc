"""Hand microphones and pedals at the real window: talk, fields, own commands, unplugged with the button down (F77, F80)."""

from __future__ import annotations

import contextlib
from collections import Counter

import pytest
from hand_devices import EOL, F1, FOOT, FORWARD, INSTRUCT, PLAY, POWERMIC_3, RECORD, REWIND, FakeMachine, speechmike
from PySide6.QtWidgets import QDialog
from report_seat import ReportSeat, Silence, SpokenDictation

from dictation import models
from dictation.hand_controls.reader import Connected, Gone, HandReader, Pressed, Released
from dictation.models import EngineModel, EngineSpec
from ui import hand_microphone
from ui.hand_dialog import HandDialog
from ui.main_window import MainWindow
from workstation.commands import hand, key_file
from workstation.commands.key_file import KeyChoices
from workstation.commands.table import COMMANDS
from workstation.domain.hand_button import HandButton
from workstation.domain.report import SectionCode
from workstation.errors import Unavailable

pytestmark = pytest.mark.qt
MOST = 60_000


class Room:
    """The real window with a case open, at a machine that hand microphones are plugged into."""

    def __init__(self, seat: ReportSeat, window: MainWindow, machine: FakeMachine) -> None:
        self.seat, self.window, self.machine = seat, window, machine
        self.desk = window.report_panel.dictation.desk
        self.hand = window.speech.hand
        self.said: list[str] = []
        self.ran: list[str] = []
        window._session.notice.connect(lambda notice: self.said.append(notice.text))
        self.desk.use_source(lambda _: Silence())

    @property
    def on(self) -> bool:
        return self.desk.is_listening


@pytest.fixture(scope="module")
def shared(tmp_path_factory, qapp):
    home = tmp_path_factory.mktemp("hand")
    spec = EngineSpec("some", "en", EngineModel("whisper", home, "en", "some"))
    machine = FakeMachine(home / "machine")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(models, "available", lambda *_, **__: (spec,))
        patch.setattr("ui.report.kept_dictation.make_dictation", lambda *a, **_: SpokenDictation(*a))
        seat = ReportSeat(home)
        seat.add_case(1)
        window = MainWindow(seat)
        window.speech.hand.reader = HandReader(window.speech.hand._event.emit, machine.system, machine.nodes, 0.02, machine.open)
        window.show()
        seat.session.open(seat.items[0])
        made = Room(seat, window, machine)
        made.hand.start()
        yield made
        made.hand.stop()
        machine.close()
        made.desk.close()
        window.close()
        window.deleteLater()
        seat.reports.close()


@pytest.fixture
def room(shared, qtbot, monkeypatch):
    """As after the start: nobody talks, nothing is plugged in, nothing is chosen."""
    monkeypatch.setattr(hand_microphone, "TAP_SECONDS", 0.0)
    yield shared
    if shared.machine.hands:
        with qtbot.waitSignal(shared.hand.changed, timeout=MOST):
            shared.machine.close()
    shared.desk.stop()
    shared.hand.refused = ()
    shared.window.keys.choose(KeyChoices())
    shared.said.clear()
    shared.ran.clear()


@pytest.fixture
def until(qtbot):
    return lambda holds: qtbot.waitUntil(holds, timeout=MOST)


@pytest.fixture
def plugged(room, until):
    """A SpeechMike that is read."""
    device = room.machine.plug_in()
    until(lambda: room.hand.reader.names == ("Philips SpeechMike",))
    return device


@pytest.fixture
def watched(room, monkeypatch):
    """What would be run is noted instead."""
    monkeypatch.setattr(room.window.runner, "run", room.ran.append)
    return room


# ---- talking -------------------------------------------------------------------------------


def test_held_it_listens_while_it_is_down_and_its_light_is_on(room, plugged, until):
    plugged.say(speechmike(RECORD))
    until(lambda: room.on)
    assert plugged.told()[7] == 3
    plugged.say(speechmike(RECORD, F1))  # another button meanwhile
    plugged.say(speechmike(RECORD))
    plugged.say(speechmike())
    until(lambda: not room.on)
    assert plugged.told()[7] == 0


def test_tapped_it_stays_on_until_the_next_tap(watched, plugged, until, monkeypatch):
    monkeypatch.setattr(hand_microphone, "TAP_SECONDS", 1e9)
    for taps, expected in enumerate((True, False, True, False), start=1):
        for report in (speechmike(RECORD), speechmike(), speechmike(PLAY), speechmike()):
            plugged.say(report)
        until(lambda taps=taps: len(watched.ran) == taps)  # what was said before it is done
        assert watched.on is expected


def test_a_tap_is_short_by_the_device_s_clock_however_busy_the_window_is(room, monkeypatch):
    monkeypatch.setattr(hand_microphone, "TAP_SECONDS", 0.4)
    room.hand._heard(Pressed(HandButton.RECORD, 100.0))
    room.hand._heard(Released(HandButton.RECORD, 100.2))
    assert room.on
    room.desk.stop()
    room.hand._heard(Pressed(HandButton.RECORD, 200.0))
    room.hand._heard(Released(HandButton.RECORD, 200.5))
    assert not room.on


@pytest.mark.parametrize(
    ("action", "after_press", "after_release", "after_second"),
    [("talk held", True, False, True), ("talk on and off", True, True, False), ("talk end", False, False, False)],
)
def test_the_reader_says_how_the_button_talks(room, action, after_press, after_release, after_second):
    room.window.keys.set_hand(HandButton.INSTRUCT, action)
    seen = []
    for event in (Pressed(HandButton.INSTRUCT, 1.0), Released(HandButton.INSTRUCT, 1.1), Pressed(HandButton.INSTRUCT, 2.0)):
        room.hand._heard(event)
        seen.append(room.on)
    assert seen == [after_press, after_release, after_second]
    room.hand._heard(Released(HandButton.INSTRUCT, 2.1))


def test_the_record_button_talks_as_the_key_to_talk_does_unless_it_is_given_another_way(room, monkeypatch):
    for key, record in (("hold", "talk held"), ("toggle", "talk on and off"), ("both", "talk"), ("sometimes", "talk")):
        monkeypatch.setattr(room.window.keys, "_dictation_key", key)
        assert room.window.keys.hand[HandButton.RECORD] == record
    monkeypatch.setattr(room.window.keys, "_dictation_key", "hold")
    room.window.keys.set_hand(HandButton.RECORD, "talk on and off")
    assert room.window.keys.hand[HandButton.RECORD] == "talk on and off"


def test_another_button_s_release_ends_nothing(room):
    room.hand._heard(Pressed(HandButton.RECORD, 1.0))
    room.hand._heard(Released(HandButton.F1, 9.0))
    assert room.on
    room.hand._heard(Released(HandButton.RECORD, 10.0))
    assert not room.on


def test_the_middle_pedal_listens_while_the_foot_is_on_it(room, until):
    pedal = room.machine.plug_in(FOOT)
    until(lambda: room.hand.reader.names == ("Philips foot control",))
    pedal.say(bytes([2]))
    until(lambda: room.on)
    pedal.say(bytes([0]))
    until(lambda: not room.on)


def test_unplugged_with_the_button_down_the_recording_ends_and_the_text_is_kept(room, plugged, until):
    plugged.say(speechmike(RECORD))
    until(lambda: room.on)
    spoken = room.desk.kept.pipeline
    spoken.speak("said-1")
    plugged.pull_out()
    until(lambda: not room.on)
    spoken.write("said-1", "No pneumothorax.")
    until(lambda: "No pneumothorax." in room.seat.text())
    assert room.said[-1] == "Philips SpeechMike was unplugged. What you said is kept"
    again = room.machine.plug_in()
    until(lambda: room.hand.reader.names == ("Philips SpeechMike",))
    again.say(speechmike(RECORD))
    until(lambda: room.on)


def test_unplugged_with_nothing_held_nothing_ends(room):
    room.desk.start()
    room.hand._heard(Gone("Philips SpeechMike", frozenset({HandButton.F1})))
    assert room.on
    assert room.said == []


# ---- what else buttons do ------------------------------------------------------------------


def test_buttons_run_what_they_are_given_by_the_program_or_the_reader(watched, plugged, until):
    watched.window.keys.set_hand(HandButton.F1, "report.remark")
    for button in (FORWARD, REWIND, EOL, PLAY, INSTRUCT, F1):
        plugged.say(speechmike(button))
        plugged.say(speechmike())
    until(lambda: watched.ran[-1:] == ["report.remark"])
    assert watched.ran == [
        "template.next_field",
        "template.previous_field",
        "report.next_section",
        "dictation.hear",
        "report.remark",
    ]
    assert not watched.on


def test_forward_goes_from_field_to_field_and_then_from_section_to_section(room, until):
    room.window.focus_report()
    findings, order = room.window.report_panel.editor(SectionCode.FINDINGS), room.window.report_panel.templates._order
    room.seat.session.desk.section = SectionCode.FINDINGS
    after = order[order.index(SectionCode.FINDINGS) + 1]
    room.window.runner.run("template.next_field")
    assert room.seat.session.desk.section is after
    room.window.runner.run("template.previous_field")
    assert room.seat.session.desk.section is SectionCode.FINDINGS
    until(findings.hasFocus)


def test_no_button_signs_or_leaves_a_case_whatever_the_file_says():
    wanted = {
        button.value: command.id for button, command in zip(HandButton, (c for c in COMMANDS if c.confirm_by_key), strict=False)
    }
    assert "report.sign_final" in wanted.values()
    assert hand.in_force(wanted) == hand.in_force()
    assert hand.in_force({"f1": "no.such", "no such": "report.remark", "f2": "report.remark"}) == {
        **hand.in_force(),
        HandButton.F2: "report.remark",
    }
    assert all(hand.may(action) for action in hand.DEFAULTS.values())
    assert set(hand.TITLES) == set(HandButton)


def test_choices_are_written_into_the_file_of_keys_and_read_back(tmp_path):
    choices = KeyChoices(mouse={"Back": "pan"}, hand={"f1": "template.insert", "record": "talk held"})
    assert key_file.parse(key_file.as_text(choices)) == choices
    with pytest.raises(key_file.KeyFileRefused, match="is not used"):
        key_file.parse("[hand]\nf1 = 3\n")


# ---- what is said, and the dialog ----------------------------------------------------------


def test_a_device_that_may_not_be_read_is_said_in_words(room):
    room.hand._heard(Unavailable("Philips SpeechMike: its buttons may not be read", "Not allowed", "Allow it"))
    assert room.said == ["Philips SpeechMike: its buttons may not be read. Not allowed. Allow it"]
    room.hand._heard(Connected("Philips SpeechMike"))
    assert room.hand.refused == ()


@pytest.fixture
def dialog(room, qtbot):
    room.window.runner.run("dictation.hand")
    made = room.window.findChild(HandDialog)
    yield made
    with contextlib.suppress(RuntimeError):  # it is closed and gone
        made.reject()


def test_while_the_dialog_is_open_a_press_shows_its_row_and_does_nothing(dialog, watched, plugged, until):
    until(lambda: dialog.state.text().startswith("Connected: Philips SpeechMike"))
    plugged.say(speechmike(RECORD))
    until(lambda: dialog.said.text() == "Pressed: Record")
    plugged.say(speechmike(EOL))
    until(lambda: dialog.said.text() == "Pressed: EOL / priority")
    assert dialog.focusWidget() is dialog.boxes[HandButton.EOL]
    assert not watched.on
    assert watched.ran == []
    dialog.reject()
    plugged.say(speechmike())
    plugged.say(speechmike(EOL))
    until(lambda: watched.ran == ["report.next_section"])


def test_a_choice_is_in_force_at_once_kept_and_undone(room, dialog):
    dialog.choose(HandButton.F1, "template.insert")
    assert room.window.keys.hand[HandButton.F1] == "template.insert"
    assert key_file.load(room.seat.folders.config / "keys.toml").hand == {"f1": "template.insert"}
    dialog.choose(HandButton.RECORD, "talk held")
    dialog.undo.click()
    assert dialog.boxes[HandButton.RECORD].currentData() == "talk"
    dialog.reset.click()
    assert room.window.keys.hand == hand.in_force()
    assert not dialog.reset.isEnabled()


def test_the_dialog_offers_each_thing_once_and_nothing_that_a_button_may_not_do(dialog):
    box = dialog.boxes[HandButton.F1]
    offered = [box.itemData(index) for index in range(box.count())]
    assert max(Counter(offered).values()) == 1
    assert all(map(hand.may, offered))
    assert "case.next" not in offered


def test_the_dialog_says_what_is_there_and_why_not(room, dialog, until):
    until(lambda: dialog.state.text().startswith("None is connected"))
    device = room.machine.plug_in(POWERMIC_3)
    until(lambda: dialog.state.text().startswith("Connected: Nuance PowerMic II or III"))
    device.pull_out()
    until(lambda: dialog.state.text().startswith("None is connected"))
    room.hand._heard(Unavailable("It may not be read", "", "Allow it"))
    assert dialog.state.text() == "It may not be read. Allow it"
    assert isinstance(dialog, QDialog)
