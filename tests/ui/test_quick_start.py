"""What the way to a visible worklist leaves for later, and that whoever waits for the window hears of it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

import main
from ui import app
from workstation.jobs import Jobs
from workstation.settings import Folders

pytestmark = pytest.mark.qt

REPOSITORY = Path(__file__).resolve().parents[2]
HEAVY = ("numpy", "vtkmodules", "pydicom", "SimpleITK", "imagecodecs", "httpx2", "PySide6.QtMultimedia", "rendering.viewport")
PROGRAM = f"""
import linecache, sys
from main import open_core
from ui import app
from workstation.jobs import Jobs
running, poster = app.application([]), app.MainPoster()
window = app.open_window(open_core(lambda: Jobs(poster.post)))
running.processEvents()
print([m for m in {HEAVY!r} if m in sys.modules], window.isVisible())
print([f for f in linecache.cache if f.endswith(("core.py", "main_window.py"))])
sys.stdout.flush()
import os; os._exit(0)
"""


def test_the_worklist_is_shown_without_what_only_images_and_sound_need(tmp_path: Path) -> None:
    """Half a second each. And PySide reads nobody's source on the way."""
    environment = os.environ | {"LYSKASSE_HOME": str(tmp_path), "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == ["[] True", "[]"]


def test_who_waits_for_the_window_is_given_it(qapp, tmp_path, monkeypatch):
    """A second start rings at a door that the first one has put up by then (F08)."""
    monkeypatch.setattr(QApplication, "exec", lambda _: 7)
    folders = Folders(tmp_path / "data", tmp_path / "config", tmp_path / "cache")
    windows = []
    status = app.run(lambda post: main.open_core(lambda: Jobs(post), "", folders), windows.append)
    assert status == 7
    assert [type(window).__name__ for window in windows] == ["MainWindow"]
