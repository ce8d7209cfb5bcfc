"""The foot of the window tells how far stored results are read again; a press, or the palette, stops it."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from ui.rereading_badge import RereadingBadge
from workstation.commands.table import COMMANDS
from workstation.errors import Refused
from workstation.signals import Signal

pytestmark = pytest.mark.qt


def test_it_is_there_while_there_is_something_to_read(qtbot):
    rereading = SimpleNamespace(changed=Signal(), is_stopped=False, toggle=lambda: None)
    ran = []
    badge = RereadingBadge(SimpleNamespace(rereading=rereading), ran.append, "")
    qtbot.addWidget(badge)
    assert badge.isHidden()
    rereading.changed.emit((16, 340))
    assert (badge.isHidden(), badge.text()) == (False, "Results read again: 16 of 340")
    badge.click()
    assert ran == ["case.read_again"]
    rereading.is_stopped = True
    rereading.changed.emit((16, 340))
    assert badge.text() == "Results read again: 16 of 340, stopped"
    rereading.changed.emit((0, 0))
    assert badge.isHidden()


def test_the_command_stops_it_and_says_when_there_is_nothing():
    (command,) = [one for one in COMMANDS if one.id == "case.read_again"]
    toggled = []
    command.run(SimpleNamespace(session=SimpleNamespace(rereading=SimpleNamespace(toggle=lambda: toggled.append(1)))))
    assert toggled == [1]
    with pytest.raises(Refused, match="Nothing is read again"):
        command.run(SimpleNamespace(session=SimpleNamespace(rereading=None)))
