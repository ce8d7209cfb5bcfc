"""What is asked for when planes through a volume are to become a series of their own."""

from __future__ import annotations

from dataclasses import dataclass

from workstation.domain.viewing import ViewportState
from workstation.errors import Refused

MOST_PLANES = 1000


@dataclass(frozen=True, slots=True)
class PlaneBatch:
    """`number` parallel planes `step_mm` apart, the middle of them the one that `state` shows, each a slab as `state` says.

    `back_mm` moves the middle against the reading direction (towards head, front or right). Raises Refused for
    what cannot be made.
    """

    state: ViewportState
    number: int = 1
    step_mm: float = 1.0
    back_mm: float = 0.0
    description: str = ""

    def __post_init__(self) -> None:
        if not 1 <= self.number <= MOST_PLANES:
            raise Refused("No series of that many planes", f"{self.number} were asked for", f"Choose 1 to {MOST_PLANES}")
        if self.number > 1 and not 0.05 <= self.step_mm <= 500.0:
            raise Refused("No series with that step", f"{self.step_mm:g} mm was asked for", "Choose 0.05 to 500 mm")

    @property
    def offsets(self) -> tuple[float, ...]:
        """Of each plane from the shown one along the reading direction, in mm."""
        middle = (self.number - 1) / 2.0
        return tuple((one - middle) * self.step_mm - self.back_mm for one in range(self.number))
