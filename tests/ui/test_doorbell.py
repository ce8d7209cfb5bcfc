"""A second start brings the open window to the front, and opens none of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtWidgets import QWidget

from ui.doorbell import Doorbell, only_window, ring
from workstation.errors import WorkstationError
from workstation.instance_lock import AlreadyOpen, sole_instance

pytestmark = pytest.mark.qt
SECOND = "import sys; from pathlib import Path; from ui.doorbell import only_window\nwith only_window(Path(sys.argv[1])): pass"


@pytest.fixture
def window(qtbot):
    made = QWidget()
    qtbot.addWidget(made)
    made.show()
    return made


def test_a_second_start_shows_the_window_that_is_minimised(tmp_path, window, qtbot):
    with only_window(tmp_path):
        Doorbell(tmp_path, window)
        window.showMinimized()
        root = Path(__file__).resolve().parents[2]
        second = subprocess.Popen([sys.executable, "-c", SECOND, str(tmp_path)], cwd=root, stderr=subprocess.PIPE, text=True)
        qtbot.waitUntil(lambda: not window.isMinimized(), timeout=20_000)
        _, said = second.communicate()
        assert second.returncode != 0
        assert "Lyskasse is already open" in said


def test_nobody_answers_where_no_window_is_open(tmp_path, qapp):
    assert not ring(tmp_path)
    with sole_instance(tmp_path), pytest.raises(AlreadyOpen), only_window(tmp_path):
        pytest.fail("it is held")


def test_a_bell_left_by_the_dead_is_taken_over(tmp_path, window):
    first, second = Doorbell(tmp_path, window), Doorbell(tmp_path, window)
    assert first._server.isListening()
    assert second._server.isListening()
    assert ring(tmp_path)


def test_what_goes_wrong_inside_is_not_taken_for_a_second_start(tmp_path):
    class OtherTrouble(WorkstationError):
        pass

    with pytest.raises(OtherTrouble), only_window(tmp_path):
        raise OtherTrouble("something else")
