"""The order in which a reader pages through the images of a series, where it is not the reading order.

A protocol asks for it (`ViewportState.paging`, `backwards`): by time, by InstanceNumber (0020,0013), by position, or the
other way round. `ViewportState.position` stays the place in the reading order, so nothing else has to know: only the
number of an image and what comes next to it are others. Images whose times are not all known keep the reading order,
and it is said.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from rendering.dimension_rules import seconds
from rendering.geometry import reading_direction
from rendering.header import FrameFacts
from rendering.series_frames import SeriesFrames
from workstation.domain.dimension import Dimension
from workstation.domain.geometry import dot
from workstation.domain.viewing import Paging, Plane, ViewportState

_WORDS = {
    (Paging.AS_READ, True): "Last image first",
    (Paging.POSITION, False): "By position",
    (Paging.POSITION, True): "By position, last first",
    (Paging.TIME, False): "By time",
    (Paging.TIME, True): "By time, latest first",
    (Paging.NUMBER, False): "By number",
    (Paging.NUMBER, True): "By number, last first",
}
_NOT = {
    Paging.POSITION: "Not by position: where the images lie is not known",
    Paging.TIME: "Not by time: it is not known of all images",
    Paging.NUMBER: "Not by number: not all images have one",
}
CUTS_ARE_BY_POSITION = "Planes of a volume are paged by position"


class Pager:
    """Of one series. Holds no state but a cache."""

    def __init__(self, frames: SeriesFrames) -> None:
        self._frames = frames
        self._orders = lru_cache(maxsize=64)(self._order)

    def place(self, state: ViewportState, among: Dimension, position: int) -> int:
        """The place (0-based, of `among`) of the image at a position of the reading order."""
        order = self._asked(state, among)
        return position - among.start if order is None else order.index(position)

    def position(self, state: ViewportState, among: Dimension, place: int) -> int:
        """The position in the reading order of the image at a place."""
        order = self._asked(state, among)
        return among.start + place if order is None else order[place]

    def words(self, state: ViewportState, among: Dimension) -> str:
        """What the images are paged by, or why not, in words; "" for the reading order and in 3D."""
        if state.plane is Plane.THREE_D or (state.paging is Paging.AS_READ and not state.backwards):
            return ""
        if state.plane is not Plane.STACK:
            by_position = state.paging in (Paging.AS_READ, Paging.POSITION)
            return _WORDS[Paging.POSITION, state.backwards] if by_position else CUTS_ARE_BY_POSITION
        if among.count < 2:
            return ""
        known = state.paging is Paging.AS_READ or self._orders(state.paging, among.start, among.count) is not None
        return _WORDS[state.paging, state.backwards] if known else _NOT[state.paging]

    def _asked(self, state: ViewportState, among: Dimension) -> tuple[int, ...] | None:
        if state.paging is Paging.AS_READ and not state.backwards:
            return None
        order = self._orders(state.paging, among.start, among.count) or tuple(range(among.start, among.end))
        return order[::-1] if state.backwards else order

    def _order(self, paging: Paging, start: int, count: int) -> tuple[int, ...] | None:
        """Positions in this order, equals as they are read; None where a value is missing."""
        positions = range(start, start + count)
        if paging is Paging.AS_READ:
            return tuple(positions)
        keys = self._times(positions) if paging is Paging.TIME else [self._key(paging, position) for position in positions]
        known = [key for key in keys if key is not None]
        if len(known) < count:
            return None
        return tuple(position for _, position in sorted(zip(known, positions, strict=True)))

    def _key(self, paging: Paging, position: int) -> tuple[float, ...] | None:
        if paging is Paging.NUMBER:
            number = self._frames.instance(position).instance_number
            return None if number is None else (float(number), float(self._frames.frame(position)))
        plane, first = self._frames.facts(position).plane, self._frames.facts(0).plane
        if plane is None or first is None:
            return None
        return (round(dot(plane.position, reading_direction(first.normal)), 3),)

    def _times(self, positions: range) -> list[tuple[float, ...] | None]:
        """By the first clock that all images have: two clocks do not tell which was first."""
        facts = [self._frames.facts(position) for position in positions]
        for moment in _MOMENTS:
            times = [moment(one) for one in facts]
            if None not in times:
                return [(at,) for at in times if at is not None]
        return [None]


_MOMENTS: tuple[Callable[[FrameFacts], float | None], ...] = (
    lambda facts: seconds(facts.acquisition_time),
    lambda facts: seconds(facts.scan.content_time),
    lambda facts: None if facts.trigger_time is None else facts.trigger_time / 1000.0,
    lambda facts: facts.scan.reference_time,
)
