"""G16: from nothing to a visible worklist, against importing every package eagerly."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.figures import Figure, interleaved

REPOSITORY = Path(__file__).resolve().parent.parent
EAGER = (
    "import PySide6.QtWidgets, PySide6.QtMultimedia, vtkmodules.all, pydicom, SimpleITK, imagecodecs; "
    "import vosk, faster_whisper, sqlite_utils, httpx2, os; os._exit(0)"
)
# As the door `open` does.
WINDOW = """
from ui.doors import quickly_imported
with quickly_imported() as app:
    from main import open_core; from workstation.jobs import Jobs; import os
    leave = lambda window: (app.application().processEvents(), os._exit(0))
    app.run(lambda post: open_core(lambda: Jobs(post)), leave)
"""


def measure() -> Iterator[Figure]:
    """Whole processes without their way out, the best of five each in turn, page cache warm, an empty worklist.

    All modules are compiled, ours and others', as they are from the second start on: in a folder of the measurement's own,
    so that neither a machine that keeps no bytecode (PYTHONDONTWRITEBYTECODE) nor what lies in the checkout counts.
    """
    with tempfile.TemporaryDirectory(prefix="lyskasse-bench-") as home:
        value, floor = (min(times) for times in interleaved((program(WINDOW, home), program(EAGER, home)), 5))
    yield Figure("start to a visible worklist", "G16", value, floor, "s", "<= 0.6 x eager imports", value <= 0.6 * floor)


def program(text: str, home: str) -> Callable[[], object]:
    own = {"LYSKASSE_HOME": home, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(REPOSITORY)}
    environment = os.environ | own | {"PYTHONPYCACHEPREFIX": str(Path(home) / "bytecode")}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    return lambda: subprocess.run([sys.executable, "-c", text], check=True, env=environment, cwd=home, capture_output=True)
