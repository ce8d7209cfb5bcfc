"""Registration at the window: every command by its key alone, words on the prior, nothing covered."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from ui.cell_facts import aligned_line
from ui.corner_line import Tone
from workstation.domain.alignment import Alignment, AlignmentKind
from workstation.domain.viewing import FusionMode
from workstation.session.registering import Told

pytestmark = pytest.mark.qt
CURRENT, PRIOR = "1.1.1", "2.1.1"
CTRL_SHIFT = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def compared(window, seat, qtbot):
    """The first case beside its prior, which lies 20 mm higher in another frame of reference."""
    study = seat.studies["2.1"]
    seat.studies["2.1"] = replace(study, series=tuple(replace(s, frame_of_reference_uid="1.98") for s in study.series))
    seat.studies["1.1"] = replace(seat.studies["1.1"], series=seat.studies["1.1"].series[:1])
    seat.priors["1.1"] = (seat.studies["2.1"],)
    matrix = (1.0, 0, 0, 0, 0, 1.0, 0, 0, 0, 0, 1.0, 20.0)
    seat.library.registrar.found[CURRENT, PRIOR] = Alignment(CURRENT, PRIOR, AlignmentKind.RIGID, matrix, 1.2)
    seat.session.open(seat.items[0])
    qtbot.waitUntil(lambda: window.grid.widget(1).painted is not None)
    window.grid.setFocus()
    return window


def press(window, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    QTest.keyClick(window.grid, key, modifier)


def told(seat) -> str:
    found = seat.session.registering.told(1)
    return found.words if found is not None else ""


def test_each_command_of_comparing_works_by_its_key_alone(compared, seat):
    registering, viewing = seat.session.registering, seat.session.viewing
    assert told(seat) == "Aligned to current, residual 1.2 mm"
    press(compared, Qt.Key.Key_Down)
    assert viewing.state(1).position == viewing.state(0).position + 2
    press(compared, Qt.Key.Key_D, CTRL_SHIFT)
    assert viewing.state(0).fusion.mode is FusionMode.DIFFERENCE
    press(compared, Qt.Key.Key_D, CTRL_SHIFT)
    assert viewing.state(0).fusion is None
    press(compared, Qt.Key.Key_F12)
    assert viewing.state(0).fusion.series_uid == PRIOR
    press(compared, Qt.Key.Key_F12)
    press(compared, Qt.Key.Key_R, Qt.KeyboardModifier.AltModifier)
    assert told(seat) == "Deformed to current, residual 0.4 mm"
    press(compared, Qt.Key.Key_R, CTRL_SHIFT)
    assert told(seat) == "Alignment rejected"
    press(compared, Qt.Key.Key_J, Qt.KeyboardModifier.AltModifier)
    assert registering.alignment(CURRENT, PRIOR).kind is AlignmentKind.BY_HAND


def test_what_cannot_be_done_is_said_in_the_banner(compared, seat):
    press(compared, Qt.Key.Key_R, CTRL_SHIFT)
    assert "rejected" in compared.banner.text
    press(compared, Qt.Key.Key_D, CTRL_SHIFT)
    assert "Nothing to compare" in compared.banner.text
    assert "Ctrl+Shift+R" in compared.banner.text


def test_the_3d_cursor_marks_the_same_anatomy_in_the_prior(compared, seat, qtbot):
    viewing = seat.session.viewing
    viewing.linking.toggle_cursor()
    compared.grid.viewports.show_cursor_at(0, (30.0, 40.0, 30.0))
    assert viewing.state(1).position == 5
    view = compared.grid.widget(1).view()
    assert compared.grid.viewports.cross(1, view) == (30.0, 40.0)
    seat.session.registering.toggle()
    assert compared.grid.viewports.cross(1, view) is None


def test_an_image_behind_another_studys_or_a_difference_does_not_count_as_shown(compared, seat, qtbot):
    """Signing asks for images that were painted: what lies behind was not."""
    viewing = seat.session.viewing
    for key, modifier in ((Qt.Key.Key_F12, Qt.KeyboardModifier.NoModifier), (Qt.Key.Key_D, CTRL_SHIFT)):
        press(compared, key, modifier)
        press(compared, Qt.Key.Key_Down)
        widget = compared.grid.widget(0)
        where = viewing.state(0)
        qtbot.waitUntil(lambda widget=widget, where=where: widget.painted.request.state == where)
        assert f"{CURRENT}.{where.position}" not in {image.sop_instance_uid for image in viewing.shown}
        press(compared, key, modifier)
        qtbot.waitUntil(lambda where=where: f"{CURRENT}.{where.position}" in {i.sop_instance_uid for i in viewing.shown})


def test_no_line_is_drawn_between_images_that_show_the_same(compared):
    view = compared.grid.widget(1).view()
    assert compared.grid.viewports.references(1, view) == ()


def test_the_prior_says_it_beside_its_badge_and_what_warns_is_a_badge():
    plain = aligned_line(Told("Aligned to current, residual 1.2 mm", ("Aligned, residual 1.2 mm",)))
    assert (plain.tone, plain.short, plain.priority) == (Tone.TEXT, ("Aligned, residual 1.2 mm",), 0)
    assert aligned_line(Told("Not aligned to current: it failed", warns=True)).tone is Tone.DOUBT
