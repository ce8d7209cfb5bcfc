"""3D gives its memory back a while after it left the screen, and not before."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QObject

from ui import solid_rest
from workstation.domain.viewing import Layout, Plane

pytestmark = pytest.mark.qt


def test_3d_gives_its_levels_back_once_no_viewport_shows_it(case, seat, qtbot, monkeypatch):
    monkeypatch.setattr(solid_rest, "AFTER_MS", 20)
    viewing, viewport = seat.session.viewing, seat.library.viewport("1.1", "1.1.1")
    given, looks = [], []
    viewport.solid.rest = lambda: given.append(1)
    viewport.picture_of = lambda picture: replace(picture, identity=None, count=0)
    viewing.set_layout(Layout(1, 1))
    widget = case.grid.widget(0)
    rest = solid_rest.SolidRest(widget, viewing)
    widget._solid._rest = rest
    rest._timer.timeout.connect(lambda: looks.append(1))
    viewing.set_plane(Plane.THREE_D)
    widget.grab()
    qtbot.waitUntil(lambda: len(looks) >= 3, timeout=60_000)
    assert given == []
    viewing.set_plane(Plane.STACK)
    qtbot.waitUntil(lambda: given == [1], timeout=60_000)
    assert not rest._timer.isActive()
    viewing.set_plane(Plane.THREE_D)
    widget.grab()
    seat.session.close_case()
    qtbot.waitUntil(lambda: not rest._timer.isActive(), timeout=60_000)


def test_nothing_is_asked_where_there_was_no_3d(case, seat):
    rests = [
        rest for widget in case.grid.widgets for rest in widget.findChildren(QObject) if isinstance(rest, solid_rest.SolidRest)
    ]
    assert rests
    assert not any(rest._timer.isActive() for rest in rests)
    for rest in rests:
        rest.look()
