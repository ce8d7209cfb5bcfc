"""What is known in the open case of how its series lie in each other's space.

An alignment of two series holds for all series of their two spaces. A space is a patient and a Frame
of Reference UID (0020,0052); a series that names none is a space of its own.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import replace

from workstation.domain.alignment import Alignment, same_frame
from workstation.domain.study import Series, Study


class Alignments:
    """One alignment at a time between two spaces: the latest. Those that are rejected are kept and move nothing."""

    def __init__(self) -> None:
        self._spaces: dict[str, str] = {}
        self._edges: dict[frozenset[str], Alignment] = {}

    def open_case(self, studies: Sequence[Study]) -> None:
        """More studies of the same case keep what is known of those before."""
        self._spaces = {s.series_instance_uid: space_of(study, s) for study in studies for s in study.series}
        known = self._spaces.keys()
        self._edges = {key: a for key, a in self._edges.items() if a.fixed in known and a.moving in known}

    def close_case(self) -> None:
        self._spaces.clear()
        self._edges.clear()

    def put(self, alignment: Alignment) -> None:
        """In place of what was known of the two spaces; of series that are not open it is passed over."""
        spaces = self._spaces.get(alignment.fixed), self._spaces.get(alignment.moving)
        if spaces[0] and spaces[1] and spaces[0] != spaces[1]:
            self._edges[frozenset((spaces[0], spaces[1]))] = alignment

    def drop(self, fixed: str, moving: str) -> None:
        self._edges.pop(self._key(fixed, moving), None)

    def space(self, series_uid: str) -> str:
        return self._spaces.get(series_uid, "")

    def share_space(self, one: str, other: str) -> bool:
        return one in self._spaces and self._spaces[one] == self._spaces.get(other)

    def found(self, fixed: str, moving: str) -> Alignment | None:
        """What lies between the spaces of two series, rejected or not, as it was found: of the series it was found with."""
        return self._edges.get(self._key(fixed, moving))

    def between(self, fixed: str, moving: str) -> Alignment | None:
        """From one series to the other, put together and turned round where it must be; None where nothing leads."""
        start, end = self._spaces.get(fixed), self._spaces.get(moving)
        if not start or not end:
            return None
        if start == end:
            return same_frame(fixed, moving)
        whole = next((path for space, path in self._reached(start, fixed) if space == end), None)
        return replace(whole, fixed=fixed, moving=moving) if whole is not None else None

    def _reached(self, start: str, fixed: str) -> Iterable[tuple[str, Alignment]]:
        """The spaces that are reached, the fewest steps first."""
        seen, waiting = {start}, deque([(start, same_frame(fixed, fixed))])
        while waiting:
            here, so_far = waiting.popleft()
            yield here, so_far
            for alignment in self._edges.values():
                step = self._leaving(alignment, here)
                if step is None or not step.is_used or (there := self._spaces[step.moving]) in seen:
                    continue
                seen.add(there)
                waiting.append((there, step if here == start else so_far.then(step)))

    def _leaving(self, alignment: Alignment, space: str) -> Alignment | None:
        if self._spaces[alignment.fixed] == space:
            return alignment
        return alignment.inverse() if self._spaces[alignment.moving] == space else None

    def _key(self, fixed: str, moving: str) -> frozenset[str]:
        return frozenset((self._spaces.get(fixed, ""), self._spaces.get(moving, "")))


def space_of(study: Study, series: Series) -> str:
    uid = series.frame_of_reference_uid
    return f"{study.patient.key}/{uid}" if uid else f"series {series.series_instance_uid}"
