"""The mouse on the crosshair of one viewport: taken before anything else looks at it, where it lies on a line."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent

from ui.crosshair import CrosshairHand, Grip
from ui.mouse_events import held_text, notches, wheel_of
from workstation.domain.crosshair import directions_of
from workstation.errors import WorkstationError
from workstation.session.tool import DRAWS
from workstation.session.viewing import Viewing

if TYPE_CHECKING:
    from ui.viewport_widget import ViewportWidget

_SHAPES = {
    Grip.CENTRE: Qt.CursorShape.SizeAllCursor,
    Grip.SHIFT: Qt.CursorShape.OpenHandCursor,
    Grip.TURN: Qt.CursorShape.PointingHandCursor,
    Grip.SLAB: Qt.CursorShape.SplitVCursor,
}


class CrosshairEvents(QObject):
    """Watches a viewport's events. Lines are taken hold of while text and graphics are shown and no tool draws."""

    def __init__(self, widget: ViewportWidget, viewing: Viewing, take_focus: Callable[[], object]) -> None:
        super().__init__(widget)
        self._take_focus = take_focus
        self._widget = widget
        self._viewing = viewing
        self.hand = CrosshairHand(viewing, widget.index, widget.view)
        self._shaped = False
        self._rest = 0.0
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QWheelEvent):
            return self._wheel(event)
        if not isinstance(event, QMouseEvent):
            return False
        at = self._device(event)
        if event.type() == QEvent.Type.MouseButtonPress and event.button() == Qt.MouseButton.LeftButton:
            if not self._is_free or self._is_on_drawing(event) or not self.hand.press(at):
                return False
            self._viewing.activate(self._widget.index)
            self._take_focus()
            return True
        if event.type() == QEvent.Type.MouseButtonRelease and event.button() == Qt.MouseButton.LeftButton:
            return self.hand.release()
        if event.type() != QEvent.Type.MouseMove:
            return False
        if event.buttons() & Qt.MouseButton.LeftButton and self.hand.holds:
            return self.hand.move(at)
        is_free = self._is_free and event.buttons() == Qt.MouseButton.NoButton and not self._is_on_drawing(event)
        self._shape(self.hand.grip_at(at) if is_free else None)
        return self._shaped

    @property
    def _is_free(self) -> bool:
        viewing = self._viewing
        shown = viewing.overlays and viewing.linking.references
        return shown and viewing.tool not in DRAWS and not viewing.looking.picks_region and not viewing.magnifier.is_on

    def _is_on_drawing(self, event: QMouseEvent) -> bool:
        """A drawing that lies on a line goes first: it is the smaller of the two."""
        return self._widget.layer.hit((event.position().x(), event.position().y())) is not None

    def _wheel(self, event: QWheelEvent) -> bool:
        """On a line it scrolls that line's plane; with Alt (`Mouse`) it makes the slab thicker or thinner."""
        does = self._viewing.mouse.action(wheel_of(event), held_text(event.modifiers()))
        alt = does == "slab"
        state = self._viewing.state(self._widget.index)
        if does not in ("images", "slab") or self._viewing.magnifier.is_on or state is None:
            return False
        if not alt and not (self._is_free and self.hand.grip_at(self._device(event))):
            return False
        if alt and directions_of(state) is None:
            return False
        self._rest += notches(event)
        steps = int(self._rest)
        self._rest -= steps
        if steps and alt:
            try:
                self._viewing.planes.thicken(steps, self._widget.index)
            except WorkstationError:
                return False  # nothing there to make thicker
        elif steps and not self.hand.wheel(self._device(event), -steps):
            return False
        event.accept()
        return True

    def _shape(self, grip: tuple[Grip, int] | None) -> None:
        if grip is not None:
            self._widget.setCursor(_SHAPES[grip[0]])
        elif self._shaped:
            self._widget.show_cursor(self._viewing.tool)
        self._shaped = grip is not None

    def _device(self, event: QMouseEvent | QWheelEvent) -> tuple[float, float]:
        ratio, at = self._widget.devicePixelRatioF(), event.position()
        return at.x() * ratio, at.y() * ratio
