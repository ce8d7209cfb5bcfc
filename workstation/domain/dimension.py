"""Dimension: one of the volumes that lie at the same places in one series (a phase, a b-value, a moment)."""

from __future__ import annotations

from dataclasses import dataclass

from workstation.domain.geometry import VolumeGeometry


@dataclass(frozen=True, slots=True)
class Dimension:
    """`count` frames from position `start` of the reading order on, one at each place.

    `label` tells it from its neighbours in words with units (`b 1000`, `12.4 s`), empty for a series that has
    only one; its numbers stand in `value` and `unit` (s, ms, s/mm², %, keV, ° ...; "" where they have none).
    `kind` is the English plural of what tells them apart. `key` is unique within the series and stays
    the same when more of it arrives: drawings on cuts are bound to it. `geometry` is None where these
    frames cannot be cut through; `reason` then says why. `is_aside`: images of another kind that
    lay in the same series (a localizer), no step of the dimension.
    """

    label: str = ""
    value: float | None = None
    unit: str = ""
    kind: str = ""
    key: str = ""
    start: int = 0
    count: int = 0
    geometry: VolumeGeometry | None = None
    reason: str = ""
    shares_window: bool = True
    is_aside: bool = False

    @property
    def end(self) -> int:
        """One past its last position."""
        return self.start + self.count

    def holds(self, position: int) -> bool:
        return self.start <= position < self.end
