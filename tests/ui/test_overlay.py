"""What is painted over images: in its place, in its colour, and never as a picture when there is none."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtGui import QColor, QImage, QPainter

from rendering.picture import Letters
from ui import overlay, theme
from ui.corner_line import Corners, Line, Tone
from ui.overlay import DrawnLine, OverlayFacts
from ui.scale_bar import scale_bar
from workstation.domain.doubt import SpacingSource
from workstation.errors import Refused

pytestmark = pytest.mark.qt


def painted(paint, width: int = 300, height: int = 300) -> np.ndarray:
    image = QImage(width, height, QImage.Format.Format_RGB888)
    image.fill(QColor("black"))
    painter = QPainter(image)
    paint(painter, width, height)
    painter.end()
    return (
        np.frombuffer(image.constBits(), np.uint8)
        .reshape(height, image.bytesPerLine())[:, : width * 3]
        .reshape(height, width, 3)
        .copy()
    )


def rgb(colour: str) -> tuple[int, int, int]:
    return tuple(int(colour[i : i + 2], 16) for i in (1, 3, 5))


def holds(pixels: np.ndarray, colour: str) -> bool:
    return bool((np.abs(pixels.astype(int) - rgb(colour)).max(axis=-1) <= 3).any())


def with_facts(facts: OverlayFacts, text: bool = True):
    return lambda painter, width, height: overlay.paint(painter, width, height, facts, text)


def test_letters_stand_at_their_own_edges(qapp):
    for side, box in {
        "top": np.s_[:40, 100:200],
        "bottom": np.s_[260:, 100:200],
        "left": np.s_[100:200, :40],
        "right": np.s_[100:200, 260:],
    }.items():
        pixels = painted(with_facts(OverlayFacts(letters=Letters(**{side: "A"}))))
        inside = pixels[box].max()
        pixels = pixels.copy()
        pixels[box] = 0
        assert inside > 180
        assert pixels.max() == 0


def test_active_prior_and_both_have_frames_of_their_own_colours(qapp):
    active = painted(with_facts(OverlayFacts(active=True)))
    prior = painted(with_facts(OverlayFacts(is_prior=True)))
    both = painted(with_facts(OverlayFacts(active=True, is_prior=True)))
    assert tuple(active[0, 150]) == rgb(theme.ACCENT)
    assert tuple(prior[0, 150]) == rgb(theme.PRIOR)
    assert tuple(both[0, 150]) == rgb(theme.ACCENT)
    assert tuple(both[2, 150]) == rgb(theme.PRIOR)
    assert tuple(active[299, 150]) == tuple(active[150, 0]) == tuple(active[150, 299]) == rgb(theme.ACCENT)


def test_hiding_the_text_leaves_the_doubts(qapp):
    corners = Corners((Line("BERG", 1), Line("Gap of 2 slices", 0, Tone.DOUBT)))
    shown = painted(with_facts(OverlayFacts(corners, letters=Letters("A", "P", "R", "L"))))
    hidden = painted(with_facts(OverlayFacts(corners, letters=Letters("A", "P", "R", "L")), text=False))
    assert holds(hidden, theme.AMBER)
    assert hidden[260:].max() == 0
    assert shown[260:].max() > 180


def test_the_load_bar_is_as_long_as_what_is_loaded(qapp):
    pixels = painted(with_facts(OverlayFacts(loaded=(30, 120))))
    assert tuple(pixels[298, 10]) == rgb(theme.ACCENT)
    assert tuple(pixels[298, 74]) == rgb(theme.ACCENT)
    assert tuple(pixels[298, 80]) == rgb(theme.LINE)
    assert painted(with_facts(OverlayFacts(loaded=(120, 120)))).max() == 0


def test_reference_lines_leave_the_point_of_the_crosshair_free(qapp):
    line = DrawnLine((0, 150), (300, 150), colour=theme.ACCENT)
    pixels = painted(with_facts(OverlayFacts(lines=(line,), cross=(150, 150))))
    assert pixels[148:153, 148:153].max() == 0
    assert pixels[150, 60].max() > 150
    assert overlay.around(DrawnLine((0, 10), (300, 10)), (150, 150)) == [DrawnLine((0, 10), (300, 10))]


def test_a_refusal_is_words_on_black_and_fits_the_smallest_cell(qapp):
    refusal = Refused("This image is truncated", "The file ends before its pixels do " * 3, "Ask for the study again")
    for size in (300, 120, 60):
        pixels = painted(lambda p, w, h: overlay.paint_refusal(p, w, h, refusal), size, size)
        assert tuple(pixels[0, 0]) == (0, 0, 0)
        assert pixels.max() > 120
        reds = (pixels[..., 0] > 150) & (pixels[..., 1] < 160)
        assert reds.any()


@pytest.mark.parametrize(
    ("mm_per_pixel", "source", "height", "text", "length"),
    [
        (1.0, SpacingSource.PIXEL_SPACING, 400, "10 cm", 100),
        (0.5, SpacingSource.PIXEL_SPACING, 400, "5 cm", 100),
        (0.1, SpacingSource.CALIBRATED, 400, "1 cm", 100),
        (0.02, SpacingSource.PIXEL_SPACING, 400, "2 mm", 100),
        (0.2, SpacingSource.DETECTOR, 400, "20 mm at detector", 100),
        (0.2, SpacingSource.ERMF, 400, "20 mm (ERMF)", 100),
    ],
)
def test_the_scale_bar_is_a_round_length_with_its_unit(mm_per_pixel, source, height, text, length):
    bar = scale_bar(mm_per_pixel, source, height)
    assert bar.text == text
    assert bar.length == pytest.approx(length)


def test_without_known_spacing_there_is_no_scale_bar():
    assert scale_bar(None, SpacingSource.PIXEL_SPACING, 400) is None
    assert scale_bar(1.0, SpacingSource.NONE, 400) is None
    assert scale_bar(0.0, SpacingSource.PIXEL_SPACING, 400) is None


def test_the_scale_bar_never_takes_more_than_a_third():
    for step in range(1, 300):
        bar = scale_bar(step * 0.013, SpacingSource.PIXEL_SPACING, 400)
        assert 400 * 0.1 <= bar.length <= 400 * 0.3 + 1e-6
