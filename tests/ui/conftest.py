"""Windows without a screen: Qt's offscreen platform and a seat with synthetic pictures."""

from __future__ import annotations

import contextlib
import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
from window_seat import WindowSeat


@pytest.fixture(scope="session")
def qapp_cls():
    from PySide6.QtWidgets import QApplication

    return QApplication


@pytest.fixture(scope="session")
def qapp(qapp_cls, qapp_args, pytestconfig, request):
    from ui import app

    # Qt looks for the sound system once: where a test of this run speaks into microphones, they are there by then.
    if any("sound" in item.fixturenames for item in request.session.items):
        with contextlib.suppress(FileNotFoundError):  # no PulseAudio here: raised again in the tests that need it
            request.getfixturevalue("sound")
    return app.application([])


@pytest.fixture
def seat(tmp_path, qapp):
    return WindowSeat(tmp_path)


@pytest.fixture
def window(seat, qtbot):
    """The real window on the seat, 1280 x 800, with three cases on the worklist."""
    from ui.main_window import MainWindow

    for number in (1, 2, 3):
        seat.add_case(number, grey=60 + 40 * number, series=2, prior=number == 1)
    made = MainWindow(seat)
    qtbot.addWidget(made)
    made.resize(1280, 800)
    made.show()
    qtbot.waitExposed(made)
    return made


@pytest.fixture
def case(window, seat, qtbot):
    """The window with the first case open and painted."""
    seat.session.open(seat.items[0])
    qtbot.waitUntil(lambda: window.grid.widget(0).painted is not None)
    return window
