"""Current and prior in one viewport: what changed as a difference, or the one in place of the other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from workstation.domain.alignment import Alignment, AlignmentKind
from workstation.domain.viewing import Fusion, FusionMode, Plane, ViewportState
from workstation.errors import Refused
from workstation.ports import SeriesKey
from workstation.session.fusing import alignment_words
from workstation.session.pairs import Pair

if TYPE_CHECKING:
    from workstation.session.viewing import Viewing

IMAGE_MAP = "image"
"""The colour map of an image that stands in place of another one."""


class Comparing:
    """Acts on the active viewport and the one it is compared with (`Registering.pair_of`). Raises Refused, in words."""

    def __init__(
        self, viewing: Viewing, pair_of: Callable[[int], Pair], alignment: Callable[[str, str], Alignment | None]
    ) -> None:
        self._viewing = viewing
        self._pair_of = pair_of
        self._alignment = alignment

    def toggle_difference(self) -> None:
        """The active series less the other one, in colours; away again with the same key."""
        state, fusion = self._laid_over()
        if fusion is not None and fusion.mode is FusionMode.DIFFERENCE:
            self._viewing.fusing.toggle()
            return
        other, found = self._other(state)
        self._viewing.fusing.lay_over(state, _fusion(other, found, FusionMode.DIFFERENCE))

    def blink(self) -> None:
        """The other series in place of the active one, as it lies in the patient, and back."""
        state, fusion = self._laid_over()
        if covers(fusion):
            self._viewing.fusing.toggle()
            return
        other, found = self._other(state)
        shown = next((c.state for c in self._viewing.cells if c.state and (c.state.study_uid, c.state.series_uid) == other), None)
        window = shown.window if shown is not None else None
        made = replace(
            _fusion(other, found, FusionMode.OVERLAY), colour_map=IMAGE_MAP, opacity=1.0, window=window or state.window
        )
        self._viewing.fusing.lay_over(state, made)

    def follow(self, _: str) -> None:
        """An alignment is another now: what is laid through it goes with it, or goes away where it was rejected."""
        for index, cell in enumerate(self._viewing.cells):
            state = cell.state
            if state is None or state.fusion is None or state.fusion.transform is None:
                continue
            fusion, found = state.fusion, self._alignment(state.series_uid, state.fusion.series_uid)
            made = None if found is None else replace(fusion, **_way(found))
            if made != fusion:
                self._viewing.put(index, replace(state, fusion=made))

    def _laid_over(self) -> tuple[ViewportState, Fusion | None]:
        state = self._viewing.state()
        if state is None:
            raise Refused("Nothing to compare", "No images hang in the active viewport")
        if state.plane is Plane.THREE_D:
            raise Refused("Nothing to compare", "A 3D view has nothing laid over it", "Alt+1 shows the images")
        return state, state.fusion

    def _other(self, state: ViewportState) -> tuple[SeriesKey, Alignment]:
        pair = self._pair_of(self._viewing.active)
        mine = state.study_uid, state.series_uid
        other = pair.moving if pair.fixed == mine else pair.fixed
        found = self._alignment(mine[1], other[1])
        if found is None:
            raise Refused("Nothing to compare", "The images are not aligned", "Press Ctrl+Shift+R, or Alt+J to align by hand")
        return other, found


def covers(fusion: Fusion | None) -> bool:
    """Whether another series' images stand in place of one's own."""
    return fusion is not None and fusion.mode is FusionMode.OVERLAY and fusion.colour_map == IMAGE_MAP and fusion.opacity >= 1.0


def hides(fusion: Fusion | None) -> bool:
    """Whether what is laid over leaves nothing of the image to be read: it does not count as shown."""
    return fusion is not None and (covers(fusion) or fusion.mode is FusionMode.DIFFERENCE)


def _fusion(other: SeriesKey, found: Alignment, mode: FusionMode) -> Fusion:
    return replace(Fusion(*other, mode=mode), **_way(found))


def _way(found: Alignment) -> dict[str, Any]:
    is_same = found.kind is AlignmentKind.SAME_FRAME
    return {
        "transform": None if is_same else found.matrix,
        "warp": found.warp,
        "words": "" if is_same else alignment_words(found),
    }
