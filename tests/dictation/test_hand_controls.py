"""Hand microphones and pedals: reports to buttons, found, read, pulled out, refused (F77)."""

from __future__ import annotations

import argparse
import os
import queue
import tty
from pathlib import Path

import pytest
from hand_devices import (
    DESCRIPTORS,
    EOL,
    F1,
    FOOT,
    FORWARD,
    GAME_PAD,
    INFINITY,
    INSTRUCT,
    MOUSE,
    PLAY,
    POWERMIC_3,
    POWERMIC_4,
    RECORD,
    REWIND,
    SPEECHMIKE,
    UNNAMED,
    VENDOR,
    FakeMachine,
    speechmike,
)

from dictation.hand_controls import doors, hidraw, reader
from dictation.hand_controls.descriptor import read_descriptor
from dictation.hand_controls.devices import device_of, known_devices
from dictation.hand_controls.hidraw import nodes, udev_rule
from dictation.hand_controls.reader import Connected, Gone, HandReader, Pressed, Released
from workstation.domain.hand_button import HandButton
from workstation.errors import Unavailable

MOST = 60


@pytest.fixture
def machine(tmp_path):
    made = FakeMachine(tmp_path / "machine")
    yield made
    made.close()


class Ear:
    """A reader at a machine, and what it told, in order."""

    def __init__(self, machine: FakeMachine) -> None:
        self._told: queue.Queue = queue.Queue()
        self.refusals = 0
        self._machine = machine
        self.reader = HandReader(self._told.put, machine.system, machine.nodes, 0.02, self._open)
        self.reader.start()

    def _open(self, path: Path) -> int:
        if self.refusals > 0:
            self.refusals -= 1
            raise PermissionError(13, "Permission denied", str(path))
        return self._machine.open(path)

    def next(self):
        event = self._told.get(timeout=MOST)
        return (type(event), event.button) if isinstance(event, Pressed | Released) else event

    @property
    def is_quiet(self) -> bool:
        return self._told.empty()


@pytest.fixture
def ear(machine):
    made = Ear(machine)
    yield made
    made.reader.stop()


def down(ids: str, report: bytes) -> set[str] | None:
    vendor, product = (int(part, 16) for part in ids.split(":"))
    device = device_of(vendor, product, read_descriptor(DESCRIPTORS[ids]).usages)
    assert device is not None
    found = device.buttons(report)
    return None if found is None else {button.value for button in found}


# ---- reports -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ids", "report", "buttons"),
    [
        (SPEECHMIKE, speechmike(), set()),
        (SPEECHMIKE, speechmike(RECORD), {"record"}),
        (SPEECHMIKE, speechmike(PLAY), {"play"}),
        (SPEECHMIKE, speechmike(FORWARD), {"forward"}),
        (SPEECHMIKE, speechmike(REWIND), {"rewind"}),
        (SPEECHMIKE, speechmike(EOL), {"eol"}),
        (SPEECHMIKE, speechmike(INSTRUCT), {"instruct"}),
        (SPEECHMIKE, bytes([0x80, 0, 0, 0, 0, 0, 0, 0b0011_1110, 0]), {"f1", "f2", "f3", "f4", "command"}),
        (SPEECHMIKE, speechmike(RECORD, F1), {"record", "f1"}),
        (SPEECHMIKE, speechmike(1 << 0, 1 << 7), set()),  # a code scanner's
        (POWERMIC_3, bytes([0, 0x04, 0]), {"record"}),
        (POWERMIC_3, bytes([0, 0x02, 0]), {"tab_backward"}),
        (POWERMIC_3, bytes([0, 0x08, 0]), {"tab_forward"}),
        (POWERMIC_3, bytes([0, 0x40, 0]), {"play"}),
        (POWERMIC_3, bytes([0, 0x81, 0x03]), {"transcribe", "custom_left", "custom_right", "enter"}),
        (POWERMIC_4, bytes([0x80, 0, 0, 0, 0, 0, 0, 0, 0x01]), {"record"}),
        (POWERMIC_4, bytes([0x80, 0, 0, 0, 0, 0, 0, 0, 0x18]), {"tab_forward", "tab_backward"}),
        (POWERMIC_4, bytes([0x80, 0, 0, 0, 0, 0, 0, 0, 0xE0]), {"rewind", "forward", "enter"}),
        (FOOT, bytes([0b1001]), {"pedal_left", "pedal_top"}),
        (INFINITY, bytes([2, 0]), {"pedal_middle"}),
        (INFINITY, bytes([5, 0]), {"pedal_left", "pedal_right"}),
    ],
)
def test_a_report_says_which_buttons_are_down(ids, report, buttons):
    assert down(ids, report) == buttons


@pytest.mark.parametrize(
    ("ids", "report"),
    [
        (SPEECHMIKE, bytes([0x9E, 0, 0, 0, 0, 0, 0, 0, 1])),  # it was laid down: no press of record
        (SPEECHMIKE, bytes([0x94, 0, 0, 0, 0, 3, 1, 0, 1])),  # its battery
        (SPEECHMIKE, b""),
        (SPEECHMIKE, speechmike(RECORD)[:8]),
        (SPEECHMIKE, speechmike(RECORD) + bytes(56)),
        (POWERMIC_3, bytes([0, 4])),
        (POWERMIC_3, bytes(9)),
        (INFINITY, bytes([2])),
        (INFINITY, bytes([2, 0, 0])),
    ],
)
def test_a_report_about_something_else_or_of_another_length_says_nothing_of_buttons(ids, report):
    assert down(ids, report) is None


def test_every_known_device_has_bits_that_lie_in_its_bytes_and_none_twice():
    for device in known_devices():
        assert max(device.bits.values()) < 8 * device.size
        assert len(set(device.bits.values())) == len(device.bits)
        assert device.at + device.size <= device.least or (device.size, device.least) == (1, 1), device.name
        assert len(device.light_on) == len(device.light_off)


# ---- which part of a device ----------------------------------------------------------------


def test_a_descriptor_names_its_top_collections_and_whether_reports_have_a_number():
    assert read_descriptor(VENDOR).usages == {(0xFFA0, 1)}
    assert read_descriptor(GAME_PAD).usages == {(1, 4)}
    assert read_descriptor(MOUSE).usages == {(1, 2)}  # not the pointer inside
    assert read_descriptor(UNNAMED).usages == {(1, 0)}
    both = read_descriptor(bytes([0xFE, 2, 0, 9, 9]) + GAME_PAD + bytes([0x85, 2]) + VENDOR)
    assert both.usages == {(1, 4), (0xFFA0, 1)}
    assert both.numbered
    assert not read_descriptor(VENDOR).numbered
    assert read_descriptor(bytes.fromhex("0b0100a0ffa101c0")).usages == {(0xFFA0, 1)}  # a usage with its page
    for length in range(len(VENDOR)):
        read_descriptor(VENDOR[:length])


def test_the_mouse_of_a_hand_microphone_and_unknown_devices_are_not_read(machine):
    machine.plug_in(POWERMIC_3, MOUSE, 0)
    machine.plug_in(SPEECHMIKE, VENDOR, 1)
    machine.plug_in(POWERMIC_3, UNNAMED, 2)
    (machine.system / "hidraw3" / "device").mkdir(parents=True)
    (machine.system / "hidraw3" / "device" / "uevent").write_text("HID_ID=spoilt\n")
    (machine.system / "hidraw3" / "device" / "report_descriptor").write_bytes(VENDOR)
    (machine.system / "hidraw4").mkdir()  # gone before it was looked at
    assert [(n.path.name, n.device.name) for n in nodes(machine.system, machine.nodes)] == [
        ("hidraw1", "Philips SpeechMike"),
        ("hidraw2", "Nuance PowerMic II or III"),
    ]


def test_a_report_number_is_not_part_of_the_report(machine, ear):
    hand = machine.plug_in(SPEECHMIKE, bytes([0x85, 7]) + VENDOR)
    assert ear.next() == Connected("Philips SpeechMike")
    hand.say(b"\x07" + speechmike(RECORD))
    assert ear.next() == (Pressed, HandButton.RECORD)


# ---- reading -------------------------------------------------------------------------------


def test_presses_and_releases_are_told_once_each_and_garbage_is_passed_over(machine, ear):
    hand = machine.plug_in()
    assert ear.next() == Connected("Philips SpeechMike")
    assert ear.reader.names == ("Philips SpeechMike",)
    hand.say(speechmike(RECORD))
    assert ear.next() == (Pressed, HandButton.RECORD)
    for report in (
        b"\x80",
        speechmike(RECORD) + bytes(56),
        bytes([0x9E, *bytes(7), 0]),
        speechmike(RECORD),
        speechmike(RECORD, F1),
    ):
        hand.say(report)
    assert ear.next() == (Pressed, HandButton.F1)
    hand.say(speechmike())
    assert [ear.next(), ear.next()] == [(Released, HandButton.F1), (Released, HandButton.RECORD)]
    assert ear.is_quiet


def test_pulled_out_it_says_what_was_held_and_plugged_in_again_it_is_read(machine, ear):
    hand = machine.plug_in()
    ear.next()
    hand.say(speechmike(RECORD))
    ear.next()
    hand.pull_out()
    assert ear.next() == Gone("Philips SpeechMike", frozenset({HandButton.RECORD}))
    again = machine.plug_in(number=5)
    assert ear.next() == Connected("Philips SpeechMike")
    again.say(speechmike(RECORD))
    assert ear.next() == (Pressed, HandButton.RECORD)


def test_two_devices_are_read_beside_each_other(machine, ear):
    hand, foot = machine.plug_in(), machine.plug_in(FOOT, number=1)
    assert {ear.next(), ear.next()} == {Connected("Philips SpeechMike"), Connected("Philips foot control")}
    foot.say(bytes([2]))
    assert ear.next() == (Pressed, HandButton.PEDAL_MIDDLE)
    hand.say(speechmike(PLAY))
    assert ear.next() == (Pressed, HandButton.PLAY)


def test_the_light_goes_on_and_off_and_out_at_the_end(machine):
    hand = machine.plug_in()
    ear = Ear(machine)
    assert ear.next() == Connected("Philips SpeechMike")
    ear.reader.light(True)
    ear.reader.light(True)
    assert hand.told() == bytes([0, 2, 0, 0, 0, 0, 0, 3, 0x30, 0])
    ear.reader.light(False)
    assert hand.told() == bytes([0, 2, 0, 0, 0, 0, 0, 0, 0, 0])
    ear.reader.light(True)
    hand.told()
    pedal = machine.plug_in(INFINITY, number=1)  # without a light
    assert ear.next() == Connected("VEC Infinity foot pedal")
    ear.reader.stop()
    assert hand.told() == bytes([0, 2, 0, 0, 0, 0, 0, 0, 0, 0])
    assert pedal.is_left_alone


def test_plugged_in_while_one_is_recorded_it_shines_at_once(machine, ear):
    ear.reader.light(True)
    assert machine.plug_in(POWERMIC_3).told() == b"\0\1"


def test_a_device_that_may_not_be_read_says_once_what_to_do(machine, ear):
    ear.refusals = 1
    machine.plug_in(number=1)  # the system gives it to the reader a moment later
    assert ear.next() == Connected("Philips SpeechMike")
    ear.refusals = 1_000_000
    machine.plug_in()
    told = ear.next()
    assert isinstance(told, Unavailable)
    assert str(told).startswith("Philips SpeechMike: its buttons may not be read")
    assert "hand-microphones --rule" in told.hint
    ear.refusals = 0  # the rule is there now
    assert ear.next() == Connected("Philips SpeechMike")
    assert ear.is_quiet


def test_its_file_is_opened_for_its_light_too_or_to_read_it_only(tmp_path, monkeypatch):
    firmware, device = os.openpty()
    tty.setraw(device)
    path = tmp_path / "hidraw0"
    path.symlink_to(os.ttyname(device))
    both = reader.opened(path)
    os.write(both, b"on")
    assert os.read(firmware, 9) == b"on"
    with pytest.raises(BlockingIOError):
        os.read(both, 9)  # it never waits
    real = os.open

    def only_read(name, flags, *rest):
        if flags & os.O_RDWR and Path(name) == path:
            raise PermissionError
        return real(name, flags, *rest)

    monkeypatch.setattr(os, "open", only_read)
    less = reader.opened(path)
    with pytest.raises(OSError, match="Bad file"):
        os.write(less, b"on")
    for file in (firmware, device, both, less):
        os.close(file)


def test_where_the_system_shows_no_such_devices_it_says_so_and_nothing_runs(tmp_path):
    made = HandReader(lambda _: None, tmp_path / "none")
    made.start()
    assert made.unavailable is not None
    assert "Linux only" in str(made.unavailable)
    assert made.names == ()
    made.stop()


# ---- the command line ----------------------------------------------------------------------


def test_the_command_line_says_what_is_connected_and_gives_the_rule(machine, capsys, monkeypatch):
    def run(rule: bool = False) -> int:
        return doors.run(argparse.Namespace(rule=rule), None, machine.system, machine.nodes)

    assert run() == 0
    assert "No hand microphone" in capsys.readouterr().out
    for hand in (machine.plug_in(), machine.plug_in(INFINITY, number=1)):
        hand.path.touch()
    assert run() == 0
    assert capsys.readouterr().out.splitlines() == [
        "Philips SpeechMike: read, with its light",
        "VEC Infinity foot pedal: read, without its light",
    ]
    monkeypatch.setattr(doors.os, "access", lambda path, _: path.name != "hidraw0")
    assert run() == 1
    said = capsys.readouterr()
    assert "Philips SpeechMike" not in said.out
    assert "udev" in said.err
    assert run(rule=True) == 0
    assert capsys.readouterr().out == udev_rule()
    assert doors.run(argparse.Namespace(rule=False), None, machine.system / "none", machine.nodes) == 1
    assert "keyboard mode" in capsys.readouterr().err


def test_the_rule_names_every_known_device_and_gives_it_to_who_sits_there():
    rule = udev_rule()
    for vendor, product in {i for device in known_devices() for i in device.ids}:
        (line,) = [line for line in rule.splitlines() if f'"{vendor:04x}", ATTRS{{idProduct}}=="{product:04x}"' in line]
        assert line.endswith(' TAG+="uaccess"')
    assert "MODE=" not in rule  # to nobody else
    assert Path(hidraw.RULE_FILE).name < "73"
