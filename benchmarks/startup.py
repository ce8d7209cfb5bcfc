"""G16: from nothing to a visible worklist, against importing every package eagerly."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.figures import Figure, seconds

REPOSITORY = Path(__file__).resolve().parent.parent
EAGER = (
    "import PySide6.QtWidgets, PySide6.QtMultimedia, vtkmodules.all, pydicom, SimpleITK, imagecodecs; "
    "import vosk, faster_whisper, sqlite_utils, httpx2"
)
WINDOW = (
    "from main import open_core; from ui import app; from workstation.jobs import Jobs; import os; "
    "a = app.application([]); p = app.MainPoster(); c = open_core(lambda: Jobs(p.post)); "
    "w = app.open_window(c); a.processEvents(); os._exit(0)"
)


def measure() -> Iterator[Figure]:
    """Whole processes, the best of three each, page cache warm, an empty worklist."""
    with tempfile.TemporaryDirectory(prefix="lyskasse-bench-") as home:
        value = _best(WINDOW, home)
        floor = _best(EAGER, home)
    yield Figure("start to a visible worklist", "G16", value, floor, "s", "<= 0.6 x eager imports", value <= 0.6 * floor)


def _best(program: str, home: str) -> float:
    environment = os.environ | {"LYSKASSE_HOME": home, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(REPOSITORY)}

    def run() -> None:
        subprocess.run([sys.executable, "-c", program], check=True, env=environment, cwd=home, capture_output=True)

    run()
    return min(seconds(run) for _ in range(3))
