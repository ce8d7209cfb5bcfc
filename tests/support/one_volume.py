"""What a made-up viewer says of the volumes at the same places: none unless a test gives it some."""

from __future__ import annotations

from dataclasses import replace

from workstation.domain.anatomy import Anatomy
from workstation.domain.curve import Curve
from workstation.domain.dimension import Dimension
from workstation.domain.viewing import ViewportState


class OneVolume:
    """Beside whatever else the viewer is. `volumes` are what a test gives it."""

    volumes: tuple[Dimension, ...] = ()
    extent: tuple[float, float] | None = None
    made_curve: Curve | Exception | None = None

    def dimensions(self) -> tuple[Dimension, ...]:
        return self.volumes

    def dimension_index(self, state: ViewportState) -> int:
        return state.dimension

    def at_dimension(self, state: ViewportState, dimension: int) -> ViewportState:
        return replace(state, dimension=min(max(dimension, 0), max(len(self.volumes) - 1, 0)))

    def extent_mm(self, state: ViewportState) -> tuple[float, float] | None:
        return self.extent

    def anatomy(self, state: ViewportState) -> Anatomy:
        return Anatomy()

    def stack_step_mm(self, state: ViewportState) -> float:
        return 0.0

    def maskable(self, state: ViewportState) -> None:
        """No X-ray run."""

    def curve(self, annotation: object) -> Curve:
        if isinstance(self.made_curve, Exception):
            raise self.made_curve
        assert self.made_curve is not None
        return self.made_curve


def volumes(*labels: str, kind: str = "b-values", unit: str = "s/mm²", values: tuple[float, ...] = ()) -> tuple[Dimension, ...]:
    """Of these labels, four slices each."""
    known = values or tuple(float(i) for i in range(len(labels)))
    return tuple(Dimension(label, known[i], unit, kind, f"{kind}={known[i]}", 4 * i, 4, None) for i, label in enumerate(labels))
