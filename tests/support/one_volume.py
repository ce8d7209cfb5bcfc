"""What a made-up viewer says of a series that holds one volume only."""

from __future__ import annotations

from workstation.domain.dimension import Dimension
from workstation.domain.viewing import ViewportState


class OneVolume:
    """Beside whatever else the viewer is."""

    def dimensions(self) -> tuple[Dimension, ...]:
        return ()

    def dimension_index(self, state: ViewportState) -> int:
        return 0

    def at_dimension(self, state: ViewportState, dimension: int) -> ViewportState:
        return state
