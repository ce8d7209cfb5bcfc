"""Drawings on phantoms for tests of measuring: made by way of the view, as a reader's hand does."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from rendering.viewport import Viewport
from workstation.domain.annotation import Annotation, AnnotationKind, Measured
from workstation.domain.doubt import SpacingSource
from workstation.domain.viewing import ViewportState

K = AnnotationKind
SOURCE = SpacingSource
WIDTH, HEIGHT = 400, 300

# A ball of 100 HU in -50 HU: its centre and radius in LPS mm.
CENTRE, RADIUS = np.array([4.0, 30.0, 310.0]), 12.0


def ball(points: Any) -> Any:
    return np.where(np.linalg.norm(points - CENTRE, axis=-1) <= RADIUS, 100.0, -50.0)


def single(maker: Any, pixels: Any, **changes: Any) -> Viewport:
    maker.add(pixels, **changes)
    built: Viewport = maker.viewport()
    return built


def on_frame(
    viewport: Viewport, kind: AnnotationKind, *points: tuple[float, float], position: int = 0, **changes: Any
) -> Measured:
    """Measures a drawing given in frame pixels, drawn by way of the view as a reader's hand does."""
    state = replace(viewport.default_state(), position=position, **changes)
    return viewport.measure(drawn_at(viewport, state, kind, *points))


def drawn_at(viewport: Viewport, state: ViewportState, kind: AnnotationKind, *points: tuple[float, float]) -> Annotation:
    shown = [viewport.frame_to_view(state, WIDTH, HEIGHT, *point) for point in points]
    drawn = viewport.annotation_at(state, WIDTH, HEIGHT, [p for p in shown if p is not None], kind)
    assert drawn is not None
    return drawn


def on_cut(viewport: Viewport, state: ViewportState, kind: AnnotationKind, *points: Any) -> Measured:
    """Measures a drawing given in LPS mm."""
    shown = [viewport.to_view(state, WIDTH, HEIGHT, tuple(float(c) for c in point)) for point in points]
    assert all(s is not None and abs(s[2]) < 1e-6 for s in shown)
    drawn = viewport.annotation_at(state, WIDTH, HEIGHT, [s[:2] for s in shown if s is not None], kind)
    assert drawn is not None
    return viewport.measure(drawn)


def value(measured: Measured, name: str) -> float:
    assert not measured.refused, measured.refused
    return next(v.value for v in measured.values if v.name == name)


def unit(measured: Measured, name: str) -> str:
    return next(v.unit for v in measured.values if v.name == name)


def spaced(maker: Any, row: float = 0.5, column: float = 0.25, source: SpacingSource = SOURCE.PIXEL_SPACING) -> Viewport:
    return single(maker, np.arange(2400, dtype="i2").reshape(40, 60), spacing=(row, column), spacing_source=source)
