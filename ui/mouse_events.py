"""Qt's mouse events in the words of `workstation.session.mouse`."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent

from ui.gestures import PIXELS_PER_STEP, WHEEL_STEP, Button
from workstation.session.mouse import HELD, TILT, WHEEL

_BUTTONS = {
    Qt.MouseButton.LeftButton: Button.LEFT,
    Qt.MouseButton.MiddleButton: Button.MIDDLE,
    Qt.MouseButton.RightButton: Button.RIGHT,
    Qt.MouseButton.BackButton: Button.BACK,
    Qt.MouseButton.ForwardButton: Button.FORWARD,
}
_HELD = (
    (Qt.KeyboardModifier.ControlModifier, "Ctrl"),
    (Qt.KeyboardModifier.AltModifier, "Alt"),
    (Qt.KeyboardModifier.ShiftModifier, "Shift"),
)


def held_text(modifiers: Qt.KeyboardModifier) -> str:
    """The keys held, as `Ctrl+Shift`; empty for a combination that means nothing here."""
    text = "+".join(name for modifier, name in _HELD if modifiers & modifier)
    return text if text in HELD else ""


def pressed(event: QMouseEvent) -> tuple[Button, str] | None:
    """The button and what is held with it; None for a button without a name."""
    button = _BUTTONS.get(event.button())
    return (button, held_text(event.modifiers())) if button is not None else None


def wheel_of(event: QWheelEvent) -> str:
    """Whether the wheel was turned or tilted. With Alt held Qt tells of every turn as of a tilt."""
    angle = event.angleDelta()
    is_alt = bool(event.modifiers() & Qt.KeyboardModifier.AltModifier)
    return TILT if angle.x() and not angle.y() and not is_alt else WHEEL


def notches(event: QWheelEvent) -> float:
    """How far a wheel turned, in notches, away from the reader positive; parts of one from smooth wheels and touchpads.

    What a touchpad adds after the fingers left it is none: images would run on past the place that was aimed at.
    """
    if event.phase() == Qt.ScrollPhase.ScrollMomentum:
        return 0.0
    angle, pixels = event.angleDelta(), event.pixelDelta()
    is_touch = event.phase() != Qt.ScrollPhase.NoScrollPhase and not pixels.isNull()
    if is_touch:
        return (pixels.y() or pixels.x()) / PIXELS_PER_STEP
    return (angle.y() or angle.x()) / WHEEL_STEP
