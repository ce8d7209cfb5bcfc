"""Tools by keys alone: arrows move a cursor or a chosen drawing, Return sets a point, Esc leaves."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from workstation.domain.viewing import Plane
from workstation.errors import Refused
from workstation.ports import SeriesViewer
from workstation.session.annotating import READER, Annotating
from workstation.session.handles import handles
from workstation.session.tool import Tool
from workstation.session.viewing import Viewing
from workstation.signals import Signal

# One step of an arrow key on a cut, which has no pixels of its own.
CUT_STEP_MM = 0.5
# Moving over this many pixels doubles the width of the window, as a drag does.
WINDOW_DRAG = 300.0
ZOOM_PER_PIXEL = 1.008
PAN_PIXELS = 1000.0
PIXELS_PER_IMAGE = 8.0


class PointingKeys:
    """What keys do with the chosen tool in the active viewport."""

    def __init__(self, annotating: Annotating, viewing: Viewing, viewer_of: Callable[[str, str], SeriesViewer | None]) -> None:
        self._annotating = annotating
        self._drawing = annotating.drawing
        self._viewing = viewing
        self._viewer_of = viewer_of
        self.handle: int | None = None
        """The handle that arrow keys move; None: the whole drawing."""
        annotating.selection_changed.connect(lambda _: self._let_handle_go())
        self.pointed: Signal[int] = Signal()
        """Return with the crosshair: the place is `drawing.cursor` in this viewport."""

    @property
    def take_arrows(self) -> bool:
        """Whether arrow keys move a cursor or a chosen drawing now, instead of scrolling."""
        if self._drawing.is_by_keys or self._annotating.labels.is_by_keys or self._viewing.solid.takes_arrows:
            return True
        if self._viewing.subtracting.is_by_keys:
            return True
        drawn = self._annotating.find(self._annotating.selected) if self._annotating.is_chosen else None
        return drawn is not None and self._drawing.seen(drawn, self._viewing.active) is not None

    def use(self, tool: Tool) -> None:
        """Take a tool; take it again to use it by keys."""
        if self._viewing.tool is tool and not self._drawing.is_by_keys:
            self._annotating.select("")
            self._drawing.begin_by_keys()
        else:
            self._viewing.set_tool(tool)

    def begin(self) -> bool:
        """Return in the images: ends what is being drawn, or begins to draw by keys. False when it means nothing here."""
        if self._drawing.kind is None:
            return False
        if self._drawing.is_begun:
            self._drawing.finish()
        else:
            self.use(self._viewing.tool)
        return True

    def take_label(self) -> None:
        """Take the words of the selected drawing, or let go of them."""
        self._drawing.end_keys()
        self._annotating.labels.take(self._annotating.find(self._annotating.selected))

    def next_handle(self) -> None:
        """The next handle of the selected drawing is what arrow keys move; after the last one the whole again.

        Raises Refused where there is none.
        """
        drawn = self._annotating.find(self._annotating.selected)
        if drawn is None:
            raise Refused("No handle to move", "No drawing is selected", "Click one, or press J to go to one")
        if drawn.source.kind != READER:
            raise Refused("This was not drawn here", "It is a finding of another source", "Accept or reject it, or draw your own")
        seen = self._drawing.seen(drawn, self._viewing.active)
        count = len(handles(drawn.kind, seen)) if seen else 0
        if count < 2:
            raise Refused("No handle to move", "This drawing moves as a whole", "Use the arrow keys")
        following = 0 if self.handle is None else self.handle + 1
        self._annotating.labels.cancel()
        self._annotating.select(drawn.uid, by_hand=True)
        self.handle = following if following < count else None
        self._drawing.changed.emit(self._viewing.active)

    def _let_handle_go(self) -> None:
        self.handle = None

    def set_point(self) -> None:
        """Return where the cursor is. With words in the hand they are put there, with a chosen drawing it is let go."""
        if self._viewing.solid.takes_arrows:
            self._viewing.solid.leave()
        elif self._viewing.subtracting.let_go():
            return
        elif self._annotating.labels.is_by_keys:
            self._annotating.labels.let_go()
        elif not self._drawing.is_by_keys:
            self._annotating.select("")
        elif self._viewing.tool is Tool.CROSSHAIR:
            self.pointed.emit(self._viewing.active)
        else:
            self._drawing.set_point()

    def take_back(self) -> None:
        """Take the last point back; words go where they hide least; a chosen drawing is removed."""
        if self._viewing.subtracting.is_by_keys:
            self._viewing.subtracting.undo()
        elif self._annotating.labels.is_by_keys:
            self._annotating.labels.put_back()
        elif self._drawing.is_by_keys:
            self._drawing.take_back()
        else:
            self._annotating.remove_selected()

    def escape(self) -> bool:
        """Give up the drawing, then the cursor, then the selection, then the tool. False when nothing was left."""
        if self._viewing.solid.leave() or self._viewing.subtracting.let_go():
            return True
        if self._annotating.labels.cancel() or self._drawing.cancel() or self._drawing.end_keys():
            return True
        if self.handle is not None:
            self._annotating.select(self._annotating.selected, by_hand=True)
            return True
        if self._annotating.selected:
            self._annotating.select("")
            return True
        if self._drawing.kind is not None or self._viewing.tool is Tool.CROSSHAIR:
            self._viewing.set_tool(Tool.WINDOW)
            return True
        return False

    def arrow(self, right: float, down: float, image_pixels: float = 1.0) -> None:
        """An arrow key: (right, down) in screen pixels for a cursor, `image_pixels` of the image for a chosen drawing."""
        tool = self._viewing.tool
        if self._viewing.solid.takes_arrows:
            self._viewing.solid.arrow(right, down)
        elif self._viewing.subtracting.is_by_keys:
            self._viewing.subtracting.arrow(right, down)
        elif self._annotating.labels.is_by_keys:
            self._annotating.labels.move(right, down)
        elif not self._drawing.is_by_keys:
            step = self._view_pixels(image_pixels) / math.hypot(right, down)
            if step:
                self._annotating.nudge(right * step, down * step, self.handle)
        elif tool in _ACTS:
            _ACTS[tool](self._viewing, right, down)
        else:
            self._drawing.move_cursor(right, down)

    def _view_pixels(self, image_pixels: float) -> float:
        """How far so many pixels of the image are in the view; of a cut so many CUT_STEP_MM. 0 without an image."""
        index = self._viewing.active
        state = self._viewing.state(index)
        viewer = self._viewer_of(state.study_uid, state.series_uid) if state is not None else None
        drawn = self._annotating.find(self._annotating.selected)
        points = self._drawing.seen(drawn, index) if drawn is not None else None
        if state is None or viewer is None or not points:
            return 0.0
        size = self._drawing.size(index)
        (x, y) = points[0]
        if state.plane is Plane.STACK:
            found = [viewer.to_frame(state, *size, x + away, y) for away in (-0.5, 0.5)]
            return _per_step(found, 1.0) * image_pixels
        return _per_step([viewer.to_patient(state, *size, x + away, y) for away in (-0.5, 0.5)], CUT_STEP_MM) * image_pixels


def _window(viewing: Viewing, right: float, down: float) -> None:
    window = viewing.window()
    if window is not None:
        share = window.width / WINDOW_DRAG
        width = max(window.width + right * share, share)
        viewing.set_window(replace(window, width=width, center=window.center + down * share))


def _scroll(viewing: Viewing, right: float, down: float) -> None:
    steps = max(round(abs(right + down) / PIXELS_PER_IMAGE), 1)
    viewing.scroll(steps if right + down > 0 else -steps)


_ACTS: Mapping[Tool, Callable[[Viewing, float, float], None]] = {
    Tool.WINDOW: _window,
    Tool.PAN: lambda viewing, right, down: viewing.pan_by(right / PAN_PIXELS, down / PAN_PIXELS),
    Tool.ZOOM: lambda viewing, right, down: viewing.zoom_by(ZOOM_PER_PIXEL ** (right - down)),
    Tool.SCROLL: _scroll,
}
"""What arrows do with a tool that draws nothing."""


def _per_step(ends: Sequence[Sequence[float] | None], size: float) -> float:
    first, second = ends
    if first is None or second is None:
        return 0.0
    step = math.dist(first, second)
    return size / step if step else 0.0
