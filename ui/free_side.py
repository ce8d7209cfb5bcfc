"""Words and ruler of an anchored image stand on the side away from the chest wall: in the air, not on the breast."""

from __future__ import annotations

from dataclasses import replace

from rendering.picture import Letters
from ui.corner_line import Corners
from ui.scale_bar import ScaleBar


def lines(corners: Corners, anchor: str) -> Corners:
    """All lines at the side away from `anchor` ("left", "right"; "" leaves them where they are)."""
    if not anchor:
        return corners
    top, bottom = (*corners.top_left, *corners.top_right), (*corners.bottom_left, *corners.bottom_right)
    if anchor == "right":
        return Corners(top_left=top, bottom_left=bottom)
    return Corners(top_right=top, bottom_right=bottom)


def letters(of: Letters, anchor: str) -> Letters:
    """Without the letter on the breast, as long as the one on the other side says the same."""
    if anchor == "left" and of.right:
        return replace(of, left="")
    return replace(of, right="") if anchor == "right" and of.left else of


def ruler(scale: ScaleBar | None, anchor: str) -> ScaleBar | None:
    return replace(scale, on_left=True) if scale is not None and anchor == "right" else scale
