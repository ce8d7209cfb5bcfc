"""Which OpenGL there is for 3D, found out where it can do no harm.

VTK ends the program, or prints and draws nothing, where OpenGL is missing or broken. So each way to a
picture without a screen is first tried in a process of its own: a grey picture, and where a graphics card
answers also a volume drawn by it. X is no such way: an X error ends the program. Where none works the
processor casts the rays without any OpenGL.
"""

from __future__ import annotations

import ctypes
import json
import subprocess
import sys
import threading
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from workstation.child_environment import child_environment

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
# What every driver of today takes along one direction of a 3D texture (GL_MAX_3D_TEXTURE_SIZE).
USUAL_SIDE = 2048
# GL_GPU_MEMORY_INFO_CURRENT_AVAILABLE_VIDMEM_NVX and GL_TEXTURE_FREE_MEMORY_ATI, both in KiB.
_FREE_MEMORY = (0x9049, 0x87FC)
_LIBRARIES = ("libOpenGL.so.0", "libGL.so.1", "opengl32.dll")


@dataclass(frozen=True, slots=True)
class Graphics:
    """A way to draw: VTK's class of window ("": none, the rays are cast without OpenGL), and GL_RENDERER.

    `card_works` says whether a volume was really drawn by the card. `longest_side` is in voxels, `card_bytes` the
    card's free memory where its driver tells. `failed`: another way was there and ended badly.
    """

    window: str
    renderer: str
    card_works: bool = True
    longest_side: int = USUAL_SIDE
    card_bytes: int | None = None
    failed: bool = False

    @property
    def is_software(self) -> bool:
        """Whether the processor draws, whatever the driver calls itself."""
        named = any(name in self.renderer.lower() for name in SOFTWARE)
        return self.window in ("", "vtkOSOpenGLRenderWindow") or named or not self.card_works

    @property
    def notice(self) -> str:
        """What the reader should know of it; empty when all is as it should be. An English source string."""
        if self.failed or not self.card_works:
            return "The graphics driver failed when it was tried: the processor draws 3D"
        return ""


WITHOUT_OPENGL = Graphics("", "")

_lock = threading.Lock()
_found: list[Graphics] = []


def graphics() -> Graphics:
    """The graphics of this machine, looked for once; `WITHOUT_OPENGL` where there are none that work."""
    with _lock:
        if not _found:
            _found.append(_looked_for())
        return _found[0]


def _looked_for() -> Graphics:
    failed = False
    for name in WINDOWS:
        found, ended_badly = _tried(name)
        failed |= ended_badly
        if found is not None:
            return replace(found, failed=failed)
    return replace(WITHOUT_OPENGL, failed=failed)


def is_known() -> bool:
    """Whether `graphics` was asked before."""
    return bool(_found)


def trial(window: str) -> Graphics | None:
    """Draw with this class of window in another process; None when it cannot, however it ends."""
    return _tried(window)[0]


def _tried(window: str) -> tuple[Graphics | None, bool]:
    """What the trial said, and whether it ended by a signal or never."""
    command = [sys.executable, "-P", "-B", "-c", _PROGRAM, str(_ROOT), window]
    try:
        done = subprocess.run(
            command, capture_output=True, timeout=TRIAL_SECONDS, check=False, text=True, env=child_environment()
        )
    except OSError:
        return None, False
    except subprocess.TimeoutExpired:
        return None, True
    return read_trial(window, done.stdout), done.returncode < 0


def read_trial(window: str, output: str) -> Graphics | None:
    """What a trial printed: a line once OpenGL drew, and the same once more when the card drew a volume."""
    answers = []
    for line in output.splitlines():
        try:
            answer = json.loads(line)
            answers.append((str(answer["renderer"]), int(answer["side"]), answer["free"]))
        except (ValueError, KeyError, TypeError):
            continue
    if not answers:
        return None
    renderer, side, free = answers[0]
    found = Graphics(window, renderer, True, side, free if isinstance(free, int) else None)
    return found if found.is_software else replace(found, card_works=len(answers) > 1)


def make_window(name: str) -> Any:
    """A window of this class that never comes to a screen. Raises AttributeError when VTK was built without."""
    from vtkmodules import vtkRenderingCore, vtkRenderingOpenGL2

    window = getattr(vtkRenderingCore if name == "vtkRenderWindow" else vtkRenderingOpenGL2, name)()
    window.SetOffScreenRendering(1)
    window.SetShowWindow(False)
    window.SetMultiSamples(0)  # costs two thirds of a frame on llvmpipe
    return window


def try_out(name: str) -> None:
    """The process of `trial`: prints what was found once a grey picture came out grey, and again after a volume."""
    from vtkmodules.vtkRenderingCore import vtkRenderer
    from vtkmodules.vtkRenderingOpenGL2 import vtkTextureObject

    window = make_window(name)
    window.SetSize(8, 8)
    if not window.SupportsOpenGL():
        return
    renderer = vtkRenderer()
    renderer.SetBackground(_TRIAL_GREY, _TRIAL_GREY, _TRIAL_GREY)
    window.AddRenderer(renderer)
    window.Render()
    if abs(_middle(window) - 255 * _TRIAL_GREY) > 2:
        return
    names = [line for line in window.ReportCapabilities().splitlines() if _RENDERER_LINE in line]
    renderer_name = names[0].partition(_RENDERER_LINE)[2].strip() if names else ""
    side = vtkTextureObject.GetMaximumTextureSize3D(window)
    answer = json.dumps({"renderer": renderer_name, "side": side if side > 0 else USUAL_SIDE, "free": _free_bytes()})
    print("\n" + answer, flush=True)
    if not Graphics(name, renderer_name).is_software and _draws_a_volume(window, renderer):
        print("\n" + answer, flush=True)


def _middle(window: Any) -> float:
    """The red of a pixel in the middle of an 8 x 8 picture, -1 when there is none."""
    from vtkmodules.vtkCommonCore import vtkUnsignedCharArray

    pixels = vtkUnsignedCharArray()
    window.GetRGBACharPixelData(0, 0, 7, 7, 0, pixels)
    return pixels.GetComponent(36, 0) if pixels.GetNumberOfTuples() == 64 else -1.0


def _draws_a_volume(window: Any, renderer: Any) -> bool:
    """Whether the card's own volume mapper draws a full white cube white."""
    import vtkmodules.vtkRenderingVolumeOpenGL2  # noqa: F401  what the mapper draws with
    from vtkmodules.vtkCommonDataModel import vtkImageData, vtkPiecewiseFunction
    from vtkmodules.vtkRenderingCore import vtkColorTransferFunction, vtkVolume
    from vtkmodules.vtkRenderingVolume import vtkGPUVolumeRayCastMapper

    image = vtkImageData()
    image.SetDimensions(8, 8, 8)
    image.AllocateScalars(4, 1)  # VTK_SHORT
    image.GetPointData().GetScalars().Fill(1000)
    opacity, colour, volume, mapper = vtkPiecewiseFunction(), vtkColorTransferFunction(), vtkVolume(), vtkGPUVolumeRayCastMapper()
    opacity.AddPoint(0.0, 0.0)
    opacity.AddPoint(500.0, 1.0)
    colour.AddRGBPoint(0.0, 1.0, 1.0, 1.0)
    mapper.SetInputData(image)
    if not mapper.IsRenderSupported(window, volume.GetProperty()):
        return False
    volume.SetMapper(mapper)
    volume.GetProperty().SetScalarOpacity(opacity)
    volume.GetProperty().SetColor(colour)
    renderer.AddVolume(volume)
    renderer.SetBackground(0.0, 0.0, 0.0)
    renderer.ResetCamera()
    window.Render()
    return _middle(window) > 200


def _free_bytes() -> int | None:
    """Free memory of the card as NVIDIA's and AMD's drivers tell it, asked in the current context."""
    for library in _LIBRARIES:
        try:
            ask = ctypes.CDLL(library).glGetIntegerv
        except (OSError, AttributeError):
            continue
        for name in _FREE_MEMORY:
            answer = (ctypes.c_int * 4)()
            ask(name, answer)
            if answer[0] > 0:
                return int(answer[0]) * 1024
    return None
