"""A slab: several cuts one behind the other, shown as one picture."""

from __future__ import annotations

from dataclasses import dataclass

from workstation.domain.geometry import Vec3

MODE_WORDS = {"MIP": "MIP", "MIN": "MinIP", "MEAN": "Mean"}
"""English source strings."""


@dataclass(frozen=True, slots=True)
class Slab:
    """`samples` cuts `step` (LPS mm) apart around the middle one, projected by `mode`; `mm` is what was asked for."""

    mode: str
    mm: float
    step: Vec3
    samples: int

    @property
    def mode_words(self) -> str:
        """`MIP`, `MinIP`, `Mean`; English source strings."""
        return MODE_WORDS.get(self.mode, self.mode)

    @property
    def words(self) -> str:
        """`MIP 20 mm`."""
        return f"{self.mode_words} {self.mm:g} mm"
