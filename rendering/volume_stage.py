"""Where bodies are drawn: a window that no screen shows, on one thread of its own.

An OpenGL context belongs to a thread. VTK lets go of the interpreter while it draws, so that nothing else waits.
What is drawn can be given up: VTK's ray caster asks between rows of the picture.
"""

from __future__ import annotations

import ctypes
import threading
import weakref
from collections.abc import Callable
from concurrent.futures import wait
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from rendering import volume_gl
from rendering.letter_thread import LetterThread
from rendering.viewport_solid import Camera
from rendering.volume_body import Body, Look
from rendering.volume_gl import Graphics
from rendering.volume_pace import STILL, Rung
from workstation.errors import Refused

Size = tuple[int, int]
"""Width and height in pixels."""
Cancelled = Callable[[], bool]

# How often a picture under way is asked whether anybody still wants it.
ASK_SECONDS = 0.005
# Events of VTK's mappers between pieces of their work.
_PIECES = ("VolumeMapperRenderProgressEvent", "VolumeMapperComputeGradientsProgressEvent")
_TINY = (8, 8)
_FULL = 32767  # VTK's fixed point for 1


def never() -> bool:
    return False


class GivenUp(Exception):
    """Nobody wants this picture any more."""


class Stage(Protocol):
    """Draws one body at a time. Only ever used on its own thread, but for `stop`."""

    def draw(self, body: Body, look: Look, camera: Camera, size: Size, rung: Rung) -> NDArray[np.uint8]: ...
    def stop(self) -> None: ...
    def remove(self, body: Body) -> None: ...


class WindowStage:
    """Draws through OpenGL, by the card or the processor."""

    def __init__(self, graphics: Graphics) -> None:
        self._window = volume_gl.make_window(graphics.window)
        self._bodies: list[Body] = []

    def draw(self, body: Body, look: Look, camera: Camera, size: Size, rung: Rung) -> NDArray[np.uint8]:
        if tuple(self._window.GetSize()) != size:
            self._window.SetSize(*size)
        if not any(one is body for one in self._bodies):
            self._bodies.append(body)
            self._window.AddRenderer(body.renderer)
        for one in self._bodies:
            one.renderer.SetDraw(int(one is body))
        body.dress(look)
        body.aim(camera, rung)
        self._window.Render()
        return self._read(*size)

    def stop(self) -> None:
        self._window.SetAbortRender(1)

    def remove(self, body: Body) -> None:
        if any(one is body for one in self._bodies):
            self._bodies = [one for one in self._bodies if one is not body]
            body.mapper.ReleaseGraphicsResources(self._window)
            self._window.RemoveRenderer(body.renderer)

    def _read(self, width: int, height: int) -> NDArray[np.uint8]:
        from vtkmodules.util.numpy_support import vtk_to_numpy
        from vtkmodules.vtkCommonCore import vtkUnsignedCharArray

        data = vtkUnsignedCharArray()
        self._window.GetRGBACharPixelData(0, 0, width - 1, height - 1, 0, data)
        if data.GetNumberOfTuples() != width * height:
            raise Refused("3D could not be drawn", "The graphics driver gave no picture", "All other views work without it")
        rgba: NDArray[np.uint8] = vtk_to_numpy(data).reshape(height, width, 4)  # type: ignore[no-untyped-call]
        return rgba[::-1, :, :3]


class BareStage:
    """Casts the rays without any OpenGL: the mapper's own picture is read from its memory."""

    def __init__(self) -> None:
        from vtkmodules.vtkRenderingOpenGL2 import vtkGenericOpenGLRenderWindow

        self._window = vtkGenericOpenGLRenderWindow()

    def draw(self, body: Body, look: Look, camera: Camera, size: Size, rung: Rung) -> NDArray[np.uint8]:
        self._window.SetSize(*size)
        self._window.SetAbortRender(0)
        if not self._window.HasRenderer(body.renderer):
            self._window.AddRenderer(body.renderer)
        body.dress(look)
        body.aim(camera, rung)
        body.renderer.ComputeAspect()
        body.renderer.UpdateLightsGeometryToFollowCamera()
        mapper, renderer, volume = body.mapper, body.renderer, body.volume
        mapper.PerImageInitialization(renderer, volume, 0, [0.0, 0.0], [0.0, 0.0], [0, 0])
        mapper.PerVolumeInitialization(renderer, volume)
        mapper.PerSubVolumeInitialization(renderer, volume, 0)
        mapper.RenderSubVolume()
        return _of_memory(mapper.GetRayCastImage(), size)

    def stop(self) -> None:
        self._window.SetAbortRender(1)

    def remove(self, body: Body) -> None:
        if self._window.HasRenderer(body.renderer):
            self._window.RemoveRenderer(body.renderer)


def _of_memory(image: Any, size: Size) -> NDArray[np.uint8]:
    """A vtkFixedPointRayCastImage, 16 bit RGBA of a part of the view at a pitch of its own, as the whole view."""
    wide, high = image.GetImageMemorySize()
    in_use, origin, view = image.GetImageInUseSize(), image.GetImageOrigin(), image.GetImageViewportSize()
    address = int(image.GetImage().split("_")[1], 16)
    memory = (ctypes.c_uint16 * (wide * high * 4)).from_address(address)
    part = np.ctypeslib.as_array(memory).reshape(high, wide, 4)[: in_use[1], : in_use[0], :3]
    whole = np.zeros((view[1], view[0], 3), np.uint8)
    whole[origin[1] : origin[1] + in_use[1], origin[0] : origin[0] + in_use[0]] = np.minimum(part, _FULL) >> 7
    return resized(whole, size)[::-1]


def resized(picture: NDArray[np.uint8], size: Size) -> NDArray[np.uint8]:
    """The picture at another size, filled in linearly."""
    if picture.shape[1::-1] == size:
        return picture
    for axis, wanted in ((0, size[1]), (1, size[0])):
        count = picture.shape[axis]
        places = ((np.arange(wanted) + 0.5) * count / wanted - 0.5).clip(0, count - 1)
        below = places.astype(np.intp)
        share = (places - below).reshape((-1, 1, 1) if axis == 0 else (1, -1, 1)).astype(np.float32)
        first, second = picture.take(below, axis), picture.take(np.minimum(below + 1, count - 1), axis)
        picture = (first + (second.astype(np.float32) - first) * share).astype(np.uint8)
    return picture


class Lane:
    """A thread with its stage, begun with the first picture. May be asked from any thread."""

    def __init__(self, name: str) -> None:
        self._thread = LetterThread(f"volume {name}")
        self._stages: dict[Graphics, Stage] = {}
        self._lock = threading.Lock()
        self._drawing: tuple[Stage, Cancelled] | None = None
        self._watched: weakref.WeakSet[Body] = weakref.WeakSet()

    def draw(
        self, graphics: Graphics, body: Body, look: Look, camera: Camera, size: Size, rung: Rung, cancelled: Cancelled
    ) -> NDArray[np.uint8]:
        """RGB (height, width, 3), not turned for a mirrored eye. Raises GivenUp once `cancelled`, or Refused."""
        work = self._thread.submit(lambda: self._draw(graphics, body, look, camera, size, rung, cancelled))
        while not wait([work], ASK_SECONDS).done:
            if cancelled() and not work.cancel():
                self._stop(cancelled)
        if work.cancelled() or cancelled():
            raise GivenUp
        return work.result()

    def run(self, work: Callable[[], object]) -> None:
        """Something else that has to happen on this thread, after what waits."""
        self._thread.submit(work)

    def light(self, graphics: Graphics, body: Body, look: Look, camera: Camera, cancelled: Cancelled) -> None:
        """On this lane's thread: have VTK prepare what light takes, by a tiny picture, and let the body go again."""
        self._draw(graphics, body, look, camera, _TINY, STILL, cancelled)
        self._stage(graphics).remove(body)

    def remove(self, graphics: Graphics, body: Body) -> None:
        """Let a body go. Also called by the garbage collector, in the middle of any call: takes no lock."""
        self._thread.leave(lambda: self._stage(graphics).remove(body))

    def _stage(self, graphics: Graphics) -> Stage:
        if graphics not in self._stages:
            self._stages[graphics] = WindowStage(graphics) if graphics.window else BareStage()
        return self._stages[graphics]

    def _stop(self, cancelled: Cancelled) -> None:
        with self._lock:
            if self._drawing is not None and self._drawing[1] is cancelled:
                self._drawing[0].stop()

    def _draw(
        self, graphics: Graphics, body: Body, look: Look, camera: Camera, size: Size, rung: Rung, cancelled: Cancelled
    ) -> NDArray[np.uint8]:
        if cancelled():
            raise GivenUp
        stage = self._stage(graphics)
        self._watch(body, stage)
        with self._lock:
            self._drawing = (stage, cancelled)
        try:
            return stage.draw(body, look, camera, size, rung)
        except MemoryError:
            raise Refused("3D needs more memory than is free", "", "Close other cases or programs and try again") from None
        finally:
            with self._lock:
                self._drawing = None

    def _watch(self, body: Body, stage: Stage) -> None:
        """VTK clears a wish to stop when it begins: between its pieces the wish is looked at again."""

        def asked(_caller: Any, _event: str) -> None:
            drawing = self._drawing
            if drawing is not None and drawing[1]():
                stage.stop()

        if body not in self._watched:
            self._watched.add(body)
            for event in _PIECES:
                body.mapper.AddObserver(event, asked)
