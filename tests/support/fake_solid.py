"""A 3D view of a cube of 100 mm without pixels: what was asked of it, and answers by hand."""

from __future__ import annotations

import threading
from dataclasses import replace

from workstation.domain.geometry import Vec3, dot
from workstation.domain.turning import FROM_THE_FRONT, way_round
from workstation.domain.viewing import CropBox, ViewportState, Window
from workstation.errors import Refused

LOOKS = ("CT bone", "CT angiography", "CT airways", "CT MIP")


class FakeSolid:
    """Implements `workstation.ports.SolidViewer` and what a viewport widget asks besides."""

    def __init__(self) -> None:
        self.modality = "CT"
        self.found: set[str] = set()
        self.asked: list[str] = []
        self.loops: list[tuple[ViewportState, tuple[int, int]]] = []
        self.dropped = 0
        self.goes_on = threading.Event()
        self.goes_on.set()
        self.has_settled = True
        self.bytes = 26_000_000

    def looks(self) -> tuple[str, ...]:
        return LOOKS

    def look_name(self, state: ViewportState) -> str:
        return state.solid.preset or LOOKS[0]

    def with_look(self, state: ViewportState, name: str) -> ViewportState:
        return replace(state, window=Window(1, 2, explanation=name), solid=replace(state.solid, preset=name, opacity=1.0))

    def is_projection(self, state: ViewportState) -> bool:
        return "MIP" in self.look_name(state)

    def needs_hidden(self, state: ViewportState) -> frozenset[str]:
        return frozenset({"table"} if "airways" in self.look_name(state) else ())

    def may_hide(self) -> None:
        if self.modality != "CT":
            raise Refused("Bone and table can be hidden in CT only")

    def is_found(self, state: ViewportState, name: str) -> bool:
        return name in self.found

    def find(self, state, name, progress, cancelled) -> None:
        self.asked.append(name)
        progress(0.5)
        while not self.goes_on.wait(0.005):
            if cancelled():
                raise InterruptedError
        self.found.add(name)
        progress(1.0)

    def make_loop(self, state, size, step_degrees, progress, cancelled) -> int:
        self.loops.append((state, size))
        while not self.goes_on.wait(0.005):
            if cancelled():
                raise InterruptedError
        progress(1.0)
        return len(way_round(state.oblique, step_degrees)) * size[0] * size[1] * 3

    def drop_loop(self) -> None:
        self.dropped += 1

    def thumbnail(self, state, name, size, cancelled):
        return None

    def corners(self, crop: CropBox) -> tuple[Vec3, ...]:
        return tuple(
            tuple(100.0 * crop[axis][corner >> axis & 1] - 50.0 for axis in range(3))  # type: ignore[misc]
            for corner in range(8)
        )

    def project(self, state: ViewportState, width: int, height: int, point: Vec3) -> tuple[float, float]:
        right, down = state.oblique or FROM_THE_FRONT
        return width / 2 + dot(point, right), height / 2 + dot(point, down)
