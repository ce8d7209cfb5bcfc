"""Measures again what was drawn before its image had come: "the values follow" is a promise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from workstation.domain.annotation import Annotation, Measured
from workstation.session.drawn import Drawn


class LateValues:
    """Used on the main thread. What it writes is no step of undo: nobody did anything."""

    def __init__(self, drawn: Drawn, measure: Callable[[Annotation], Measured]) -> None:
        self._drawn = drawn
        self._measure = measure
        drawn.changed.connect(self.look)

    def look(self, series_uid: str) -> None:
        """Frames of a series came, or its drawings changed."""
        waiting = [a for a in self._drawn.kept.values() if a.series_uid == series_uid and a.measured.is_waiting]
        fresh = [(a, replace(a, measured=self._measure(a))) for a in waiting if a.uid not in self._drawn.waiting]
        changes = [(before, after) for before, after in fresh if before != after]
        if changes:
            self._drawn.write(changes)
