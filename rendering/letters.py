"""The patient-side letters at the edges of a view (PS3.3 C.7.6.1.1.1)."""

from __future__ import annotations

from rendering.geometry_screen import ScreenMap
from rendering.picture import Letters
from workstation.domain.geometry import Vec3, add, direction_letters, scale

OPPOSITE = str.maketrans("LRAPHF", "RLPAFH")


def letters_of_plane(screen: ScreenMap, u_step: Vec3, v_step: Vec3) -> Letters:
    """Letters where one unit of u and of v are `u_step` and `v_step` in LPS mm."""
    (ru, rv), (du, dv) = screen.source_steps()
    right = add(scale(u_step, ru), scale(v_step, rv))
    down = add(scale(u_step, du), scale(v_step, dv))
    return _all_four(direction_letters(right), direction_letters(down))


def letters_of_orientation(screen: ScreenMap, orientation: tuple[str, ...]) -> Letters:
    """Letters from PatientOrientation (0020,0020): the sides rows and columns run towards.

    Empty when the element does not hold two understood values, or the view is turned by
    anything but quarters: no letter is better than a wrong one.
    """
    if len(orientation) != 2 or not all(value and set(value) <= set("LRAPHF") for value in orientation):
        return Letters()
    (ru, rv), (du, dv) = screen.source_steps()
    right, down = _along(ru, rv, orientation), _along(du, dv, orientation)
    return _all_four(right, down)


def _along(u: float, v: float, orientation: tuple[str, ...]) -> str:
    """The letters of a step that runs along rows (u) or along columns (v), else nothing."""
    if v == 0.0:
        return orientation[0] if u > 0 else orientation[0].translate(OPPOSITE)
    if u == 0.0:
        return orientation[1] if v > 0 else orientation[1].translate(OPPOSITE)
    return ""


def _all_four(right: str, down: str) -> Letters:
    return Letters(top=down.translate(OPPOSITE), bottom=down, left=right.translate(OPPOSITE), right=right)
