"""A viewport paints every one of its pixels itself: nothing of what stood there before is seen through it (F63)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtGui import QImage

from workstation.domain.viewing import Layout
from workstation.errors import Refused

pytestmark = pytest.mark.qt
MAGENTA = 0xFFFF00FF


def left_over(widget, ratio: float) -> int:
    """How many pixels still have the colour that stood there before."""
    image = QImage(round(widget.width() * ratio), round(widget.height() * ratio), QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(ratio)
    image.fill(MAGENTA)
    widget.render(image)
    return int((np.frombuffer(image.constBits(), np.uint32) == MAGENTA).sum())


def spoilt(picture, kind: str):
    """What comes instead of a whole picture."""
    if kind == "refused":
        return replace(picture, error=Refused("This image is truncated"))
    if kind == "smaller":
        return replace(picture, pixels=np.ascontiguousarray(picture.pixels[: picture.pixels.shape[0] // 2, :-9]))
    return replace(picture, partial=True)


@pytest.mark.parametrize("kind", ["refused", "smaller", "on its way"])
def test_nothing_is_seen_through_a_viewport(case, seat, kind):
    seat.session.viewing.set_layout(Layout(1, 1))
    widget = case.grid.widget(0)
    assert [left_over(widget, ratio) for ratio in (1.0, 1.5, 2.0)] == [0, 0, 0]
    seat.library.viewport("1.1", "1.1.1").picture_of = lambda picture: spoilt(picture, kind)
    seat.session.viewing.scroll(1)
    assert left_over(widget, 1.0) == 0
    widget.clear()
    widget._viewing.clear()
    assert left_over(widget, 1.0) == 0
