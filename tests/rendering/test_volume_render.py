"""3D: a marker stands where the projection says, letters are right, and what cannot be drawn is refused in words.

OpenGL is among what `make test` installs (deploy/system-packages.txt); without it these tests fail and say so.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from rendering import volume_gl
from rendering.picture import Letters
from rendering.viewport_solid import solid_view
from rendering.volume_gl import Graphics
from rendering.volume_render import Drawn
from workstation.domain.annotation import AnnotationKind
from workstation.domain.doubt import SpacingSource
from workstation.domain.turning import turned
from workstation.domain.viewing import Plane, VoiFunction, Window

WIDTH, HEIGHT = 150, 120
BONE = Window(400.0, 500.0, explanation="CT bone")
MARKER = (5, 14, 17)
SCANS = {
    "head first": {},
    "feet first": {"step": (0.0, 0.0, -3.0)},
    "sagittal": {"row_direction": (0.0, 1.0, 0.0), "column_direction": (0.0, 0.0, -1.0)},
}
LOOKS = {
    "front": (None, Letters("H", "F", "R", "L")),
    "right side": (turned(None, 90.0, 0.0), Letters("H", "F", "P", "A")),
    "above": (turned(None, 0.0, 90.0), Letters("P", "A", "R", "L")),
    "askew": (turned(None, 35.0, 20.0), None),
}


@pytest.fixture(scope="module")
def opengl() -> Graphics:
    graphics = volume_gl.graphics()
    if not graphics.window:
        pytest.fail("needs OpenGL, which `make test` installs (libgl1-mesa-dri)")
    return graphics


def scan_with_marker(maker: Any, acquisition: Any, **changes: Any) -> tuple[Any, Any]:
    """A viewport on air with one bright voxel, and the LPS point of that voxel."""
    scan = acquisition(**{"shape": (16, 18, 22), **changes})
    target = scan.points()[MARKER]
    filled = scan.fill(maker, lambda points: np.where(np.abs(points - target).max(axis=-1) < 0.1, 3000, -1000))
    return filled.viewport(), target


def where(pixels: Any) -> Any:
    """The centre of what is bright, in view pixels."""
    light = pixels.sum(axis=-1).astype(float)
    assert light.sum() > 0, "the picture is black"
    rows, columns = np.mgrid[: light.shape[0], : light.shape[1]] + 0.5
    return np.array([(light * columns).sum(), (light * rows).sum()]) / light.sum()


@pytest.mark.parametrize("scan", SCANS)
@pytest.mark.parametrize("side", LOOKS)
def test_a_marker_is_drawn_where_the_parallel_projection_puts_it(
    opengl: Graphics, maker: Any, acquisition: Any, scan: str, side: str
) -> None:
    viewport, target = scan_with_marker(maker, acquisition, **SCANS[scan])
    oblique, letters = LOOKS[side]
    state = replace(viewport.default_state(Plane.THREE_D), oblique=oblique, window=BONE, zoom=1.2, pan=(0.05, -0.04))
    picture = viewport.picture(state, WIDTH, HEIGHT)
    assert picture.error is None
    assert letters is None or picture.letters == letters
    # By hand, from the directions alone: right and down of the eye, about the volume's middle.
    right, down = (np.array(d) for d in state.oblique or ((1.0, 0.0, 0.0), (0.0, 0.0, -1.0)))
    offset = target - np.array(viewport.images.verdict.geometry.centre)
    middle = np.array([WIDTH * 0.55, HEIGHT * 0.46])
    expected = middle + np.array([offset @ right, offset @ down]) / picture.mm_per_pixel
    assert np.abs(where(picture.pixels) - expected).max() * picture.mm_per_pixel < 1.5 * 1.5


@pytest.mark.parametrize("changes", [{"flipped_horizontally": True}, {"flipped_vertically": True}, {"rotation": 90}])
def test_a_flipped_or_turned_view_keeps_letters_and_marker_together(
    opengl: Graphics, maker: Any, acquisition: Any, changes: dict[str, Any]
) -> None:
    viewport, target = scan_with_marker(maker, acquisition)
    state = replace(viewport.default_state(Plane.THREE_D), window=BONE, **changes)
    picture = viewport.picture(state, WIDTH, HEIGHT)
    geometry = viewport.images.verdict.geometry
    view = solid_view(geometry, SpacingSource.NONE, state, WIDTH, HEIGHT)
    assert np.abs(where(picture.pixels) - view.project(tuple(target))).max() * picture.mm_per_pixel < 1.5 * 1.5
    left = "L" if target[0] > geometry.centre[0] else "R"
    x, y = np.array(view.project(tuple(target))) - (WIDTH / 2, HEIGHT / 2)
    sides = {picture.letters.right: x, picture.letters.left: -x, picture.letters.bottom: y, picture.letters.top: -y}
    assert sides[left] > 0


def test_the_side_that_is_nearer_hides_what_lies_behind(opengl: Graphics, maker: Any, acquisition: Any) -> None:
    """Places alone do not tell front from back in a parallel projection; what hides what does."""

    def vessel_before_bone(points: Any) -> Any:
        depth = points[..., 1] - points[..., 1].mean()
        return np.where((depth > -12.0) & (depth < -4.0), 300, np.where((depth > 4.0) & (depth < 12.0), 1200, -1000))

    viewport = acquisition(shape=(16, 18, 22)).fill(maker, vessel_before_bone).viewport()
    angiography = Window(260.0, 280.0, VoiFunction.LINEAR_EXACT, "CT angiography")
    state = replace(viewport.default_state(Plane.THREE_D), window=angiography, zoom=2.0)
    redness = []
    for degrees in (0.0, 180.0):
        picture = viewport.picture(replace(state, oblique=turned(None, degrees, 0.0)), WIDTH, HEIGHT)
        red, _, blue = picture.pixels[HEIGHT // 2, WIDTH // 2].astype(float)
        assert red > 20.0, "nothing is drawn in the middle"
        redness.append(red / blue)
    # The vessel in front of the bone is red; seen from the back, bone in front of it is white.
    assert redness[0] > 1.5 * redness[1], redness


def test_a_picture_while_moving_has_the_same_place_and_letters(opengl: Graphics, maker: Any, acquisition: Any) -> None:
    viewport, _ = scan_with_marker(maker, acquisition)
    state = replace(viewport.default_state(Plane.THREE_D), window=BONE, zoom=3.0)
    still, moving = (viewport.picture(state, WIDTH, HEIGHT, fast) for fast in (False, True))
    assert moving.letters == still.letters
    assert moving.pixels.shape == still.pixels.shape == (HEIGHT, WIDTH, 3)
    assert np.abs(where(moving.pixels) - where(still.pixels)).max() < 4.0


def test_the_window_moves_the_opacity(opengl: Graphics, maker: Any, acquisition: Any) -> None:
    viewport, _ = scan_with_marker(maker, acquisition)
    state = viewport.default_state(Plane.THREE_D)
    high = viewport.picture(replace(state, window=replace(BONE, center=9000.0)), WIDTH, HEIGHT)
    assert high.window.explanation == "CT bone"
    assert high.pixels.max() == 0
    assert viewport.picture(replace(state, window=BONE), WIDTH, HEIGHT).pixels.max() > 20


def test_a_3d_picture_is_no_frame_has_no_values_and_cannot_be_measured(
    monkeypatch: pytest.MonkeyPatch, maker: Any, acquisition: Any
) -> None:
    viewport, target = scan_with_marker(maker, acquisition)
    state = viewport.default_state(Plane.THREE_D)
    monkeypatch.setattr("rendering.volume_render.SolidRenderer.draw", lambda *_: Drawn(np.zeros((HEIGHT, WIDTH, 3), np.uint8)))
    picture = viewport.picture(state, WIDTH, HEIGHT)
    assert picture.identity is None
    assert picture.mm_per_pixel is not None
    assert (picture.count, picture.window.explanation) == (0, "CT bone")
    assert viewport.probe(state, WIDTH, HEIGHT, 75.0, 60.0) is None
    assert viewport.to_patient(state, WIDTH, HEIGHT, 75.0, 60.0) is None
    assert viewport.to_view(state, WIDTH, HEIGHT, tuple(target)) is None
    assert viewport.annotation_at(state, WIDTH, HEIGHT, ((10.0, 10.0), (50.0, 50.0)), AnnotationKind.LENGTH) is None


def test_a_series_that_is_no_volume_is_refused_in_3d(maker: Any, acquisition: Any) -> None:
    maker.add(np.full((8, 8), 100, "i2"))
    viewport = maker.viewport()
    assert not viewport.can_show(Plane.THREE_D)
    state = replace(viewport.default_state(), plane=Plane.THREE_D)
    picture = viewport.picture(state, 20, 20)
    assert picture.error is not None
    assert "3D" in picture.error.title
    assert picture.pixels.max() == 0


def test_a_volume_that_is_still_loading_is_waited_for(maker: Any, acquisition: Any) -> None:
    images = acquisition(shape=(16, 18, 22)).fill(maker, lambda p: p[..., 0]).images(load=False)
    viewport = type(maker.viewport())(images)
    picture = viewport.picture(viewport.default_state(Plane.THREE_D), 20, 20)
    assert picture.partial
    assert picture.error is None


def test_without_opengl_the_processor_casts_the_same_picture(
    opengl: Graphics, monkeypatch: pytest.MonkeyPatch, maker: Any, acquisition: Any
) -> None:
    viewport, _ = scan_with_marker(maker, acquisition)
    state = replace(viewport.default_state(Plane.THREE_D), window=BONE, zoom=2.0)
    drawn = viewport.picture(state, WIDTH, HEIGHT)
    monkeypatch.setattr(volume_gl, "_found", [volume_gl.WITHOUT_OPENGL])
    cast = viewport.picture(state, WIDTH, HEIGHT)
    rough = viewport.picture(state, WIDTH, HEIGHT, fast=True)
    assert cast.error is rough.error is None
    assert cast.pixels.max() > 20
    assert np.abs(where(cast.pixels) - where(drawn.pixels)).max() < 0.5
    assert abs(cast.pixels.astype(float).sum() / drawn.pixels.astype(float).sum() - 1.0) < 0.05
    assert np.abs(where(rough.pixels) - where(drawn.pixels)).max() < 4.0


def test_the_cards_own_mapper_draws_the_same_places(
    opengl: Graphics, monkeypatch: pytest.MonkeyPatch, maker: Any, acquisition: Any
) -> None:
    """GL_RENDERER alone decides; here it lies, so that Mesa draws what a card would."""
    viewport, _ = scan_with_marker(maker, acquisition)
    state = replace(viewport.default_state(Plane.THREE_D), window=BONE, zoom=2.0, oblique=turned(None, 30.0, 10.0))
    cast = viewport.picture(state, WIDTH, HEIGHT)
    monkeypatch.setattr(volume_gl, "_found", [Graphics(opengl.window, "NVIDIA GeForce RTX 4060/PCIe/SSE2")])
    card = viewport.picture(state, WIDTH, HEIGHT)
    (body,) = viewport.solid._renderer._levels.bodies
    assert body.mapper.IsA("vtkGPUVolumeRayCastMapper")
    assert np.abs(where(card.pixels) - where(cast.pixels)).max() < 2.0


@pytest.mark.parametrize(
    "program",
    ["import os; os.abort()", "raise SystemExit(3)", "print('{}')", "print('not json')", "import time; time.sleep(60)"],
)
def test_opengl_that_ends_hangs_or_lies_is_no_opengl(monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    monkeypatch.setattr(volume_gl, "_PROGRAM", program)
    monkeypatch.setattr(volume_gl, "TRIAL_SECONDS", 0.5 if "sleep" in program else 30.0)
    assert volume_gl.trial("vtkEGLRenderWindow") is None


def test_a_window_that_vtk_does_not_have_is_no_opengl() -> None:
    assert volume_gl.trial("vtkNoSuchWindow") is None
    assert all(name in ("vtkEGLRenderWindow", "vtkOSOpenGLRenderWindow") for name in volume_gl.WINDOWS) or sys.platform != "linux"


@pytest.mark.parametrize(
    ("renderer", "software"),
    [
        ("llvmpipe (LLVM 15.0.6, 256 bits)", True),
        ("Google SwiftShader", True),
        ("softpipe", True),
        ("Microsoft Basic Render Driver", True),
        ("NVIDIA H100 80GB HBM3/PCIe/SSE2", False),
        ("Mesa Intel(R) UHD Graphics 630 (CFL GT2)", False),
    ],
)
def test_the_renderer_says_whether_the_processor_draws(renderer: str, software: bool) -> None:
    assert Graphics("vtkEGLRenderWindow", renderer).is_software is software


def test_a_driver_that_cannot_draw_a_volume_leaves_it_to_the_processor_and_that_is_said() -> None:
    """The trial prints one line for OpenGL and one more once the card drew a volume: it ended in between."""
    line = '{"renderer": "NVIDIA GeForce RTX 4060/PCIe/SSE2", "side": 16384, "free": 4000000000}'
    whole = volume_gl.read_trial("vtkEGLRenderWindow", f"\n{line}\nwarning\n{line}\n")
    assert (whole.is_software, whole.longest_side, whole.card_bytes, whole.notice) == (False, 16384, 4000000000, "")
    broken = volume_gl.read_trial("vtkEGLRenderWindow", f"\n{line}\n")
    assert broken.is_software
    assert "driver failed" in broken.notice


def test_a_trial_that_crashes_is_said_and_the_next_way_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(volume_gl, "_PROGRAM", "import os; os.abort()")
    found = volume_gl._looked_for()
    assert (found.window, found.is_software) == ("", True)
    assert "driver failed" in found.notice
    monkeypatch.setattr(volume_gl, "_PROGRAM", "raise SystemExit(1)")
    assert volume_gl._looked_for().notice == ""
