"""Which OpenGL there is for 3D, found out where it can do no harm.

VTK ends the program, or prints and draws nothing, where OpenGL is missing or broken. So each way to a
picture without a screen is first tried in a process of its own. X is no such way: an X error
ends the program.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workstation.child_environment import child_environment
from workstation.errors import Refused

_ROOT = Path(__file__).resolve().parent.parent
_PROGRAM = """
import sys
sys.path.insert(0, sys.argv[1])
from rendering.volume_gl import try_out
try_out(sys.argv[2])
"""
TRIAL_SECONDS = 30.0
WINDOWS = ("vtkEGLRenderWindow", "vtkOSOpenGLRenderWindow") if sys.platform.startswith("linux") else ("vtkRenderWindow",)
SOFTWARE = ("llvmpipe", "softpipe", "swrast", "swiftshader", "osmesa", "software", "basic render")
_RENDERER_LINE = "OpenGL renderer string:"
_TRIAL_GREY = 0.6


@dataclass(frozen=True, slots=True)
class Graphics:
    """A way to draw: VTK's class of window, and GL_RENDERER as its driver names itself."""

    window: str
    renderer: str

    @property
    def is_software(self) -> bool:
        return self.window == "vtkOSOpenGLRenderWindow" or any(name in self.renderer.lower() for name in SOFTWARE)


_lock = threading.Lock()
_found: list[Graphics | None] = []


def graphics() -> Graphics:
    """The graphics of this machine, looked for once. Raises Refused where there are none."""
    with _lock:
        if not _found:
            _found.append(next((g for name in WINDOWS if (g := trial(name)) is not None), None))
        found = _found[0]
    if found is None:
        raise Refused(
            "3D is not available",
            "This computer has no OpenGL that can draw without a screen",
            "Install a graphics driver, or Mesa (Debian, Ubuntu: libegl1, libgl1-mesa-dri). All other views work without",
        )
    return found


def is_known() -> bool:
    """Whether `graphics` was asked before."""
    return bool(_found)


def trial(window: str) -> Graphics | None:
    """Draw with this class of window in another process; None when it cannot, however it ends."""
    command = [sys.executable, "-P", "-B", "-c", _PROGRAM, str(_ROOT), window]
    try:
        done = subprocess.run(
            command, capture_output=True, timeout=TRIAL_SECONDS, check=False, text=True, env=child_environment()
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    try:
        answer = json.loads(done.stdout.splitlines()[-1])
        return Graphics(window, str(answer["renderer"]))
    except (IndexError, ValueError, KeyError, TypeError):
        return None


def make_window(name: str) -> Any:
    """A window of this class that never comes to a screen. Raises AttributeError when VTK was built without."""
    from vtkmodules import vtkRenderingCore, vtkRenderingOpenGL2

    window = getattr(vtkRenderingCore if name == "vtkRenderWindow" else vtkRenderingOpenGL2, name)()
    window.SetOffScreenRendering(1)
    window.SetShowWindow(False)
    window.SetMultiSamples(0)  # costs two thirds of a frame on llvmpipe
    return window


def try_out(name: str) -> None:
    """The process of `trial`: prints the renderer once a grey picture came out grey."""
    from vtkmodules.vtkCommonCore import vtkUnsignedCharArray
    from vtkmodules.vtkRenderingCore import vtkRenderer

    window = make_window(name)
    window.SetSize(8, 8)
    if not window.SupportsOpenGL():
        return
    renderer = vtkRenderer()
    renderer.SetBackground(_TRIAL_GREY, _TRIAL_GREY, _TRIAL_GREY)
    window.AddRenderer(renderer)
    window.Render()
    pixels = vtkUnsignedCharArray()
    window.GetRGBACharPixelData(0, 0, 7, 7, 0, pixels)
    if pixels.GetNumberOfTuples() != 64 or abs(pixels.GetComponent(0, 0) - 255 * _TRIAL_GREY) > 2:
        return
    names = [line for line in window.ReportCapabilities().splitlines() if _RENDERER_LINE in line]
    renderer_name = names[0].partition(_RENDERER_LINE)[2].strip() if names else ""
    print("\n" + json.dumps({"renderer": renderer_name}), flush=True)
