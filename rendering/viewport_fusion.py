"""What a viewport offers beside its picture where values are activity: units, a laid-over window, the hottest place.

The other half of `rendering.viewport.Viewport`, which is the only one that it is a part of.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import replace
from itertools import product

import numpy as np
from numpy.typing import NDArray

from rendering.annotation_geometry import new_annotation
from rendering.fusion import FusionPainter, LaidOver
from rendering.geometry import middle_voxel
from rendering.images import NotYet, SeriesImages
from rendering.picture import Picture
from rendering.reslice import VolumeSource
from rendering.viewport_solid import SolidView
from rendering.viewport_values import PET_WINDOW, ValueScale
from rendering.viewport_views import CutView, FrameView
from rendering.voi_values import ball, brightest
from rendering.volume_presets import presets_for
from workstation.domain.alignment import IDENTITY
from workstation.domain.annotation import Annotation, AnnotationKind
from workstation.domain.geometry import Vec3, VolumeGeometry, dot, length, sub
from workstation.domain.value_unit import ValueUnits
from workstation.domain.viewing import Plane, SolidLook, ViewportState, Window
from workstation.errors import Refused


class ViewportFusion:
    """Raises `Refused` as `Viewport` does."""

    images: SeriesImages
    fusion: FusionPainter
    _scale: ValueScale

    @abstractmethod
    def _view(self, state: ViewportState, width: int, height: int) -> FrameView | CutView | SolidView: ...

    @abstractmethod
    def _seen(self, view: FrameView | CutView, state: ViewportState, width: int, height: int) -> NDArray[np.float32]: ...

    def _fused(self, picture: Picture, state: ViewportState, width: int, height: int, fast: bool = False) -> Picture:
        view = self._view(state, width, height)
        if isinstance(view, SolidView):
            return picture
        return self.fusion.over(picture, view, state, lambda: self._seen(view, state, width, height), fast)

    def value_units(self) -> ValueUnits:
        """What the values can be told in, by `ViewportState.value_unit`, and why not in others."""
        return self._scale.units

    def fused_window(self, state: ViewportState) -> Window | None:
        """The window of what is laid over, in that series' own unit. Raises Refused or NotYet."""
        return None if state.fusion is None else self.fusion.window(state.fusion)

    def mip_state(self) -> ViewportState:
        """The whole volume from the front, the highest value of each line of sight."""
        geometry = self.images.verdict.geometry
        if geometry is None:
            raise Refused("This series has no MIP", " ".join(self.images.verdict.reasons))
        look = next(one for one in presets_for(self.images.series.modality) if one.is_projection)
        window = replace(
            look.window or (PET_WINDOW if self._scale.is_suv else self._scale.window(0, None)), explanation=look.name
        )
        series = self.images.series.series_instance_uid
        return ViewportState(
            self.images.study.study_instance_uid,
            series,
            Plane.THREE_D,
            focus=middle_voxel(geometry),
            window=window,
            solid=SolidLook(look.name),
        )

    def hottest(self, state: ViewportState, width: int, height: int, within: Annotation | None = None) -> Vec3 | None:
        """The LPS point (of the shown series) of the voxel with the highest value: of what is laid over, else of the series.

        In the ball `within`, else in what is seen: of a slab through its thickness, in 3D of the whole volume. None where
        there is no value. Raises Refused, and NotYet until the whole volume is there.
        """
        found = LaidOver(self.images, IDENTITY, "", state.dimension) if state.fusion is None else self.fusion.found(state.fusion)
        source = found.volume()
        if source.partial:
            raise NotYet("The whole series is not loaded yet")
        if within is not None and len(within.patient_points) > 1:
            centre, edge = within.patient_points[:2]
            inside = ball(source, 1.0, found.point(centre), length(sub(edge, centre)))
            voxel = brightest(source, inside.indices)
        else:
            view = self._view(state, width, height)
            voxel = (
                brightest(source)
                if isinstance(view, SolidView)
                else self._hottest_seen(view, state, found, source, width, height)
            )
        return None if voxel is None else found.back(source.geometry.to_patient(*voxel))

    def _hottest_seen(
        self, view: FrameView | CutView, state: ViewportState, found: LaidOver, source: VolumeSource, width: int, height: int
    ) -> tuple[int, int, int] | None:
        if state.fusion is None:
            values = self._seen(view, state, width, height)
        else:
            values = self.fusion.values(found, view, state, width, height).values
        if not np.isfinite(values).any():
            return None
        y, x = np.unravel_index(int(np.nanargmax(values)), values.shape)
        point = view.to_patient(float(x) + 0.5, float(y) + 0.5)
        if point is None:
            raise Refused("No maximum is marked", "This image does not say where in the patient it lies")
        return brightest(source, _voxels_near(source.geometry, found, point, view))

    def ball_at(self, state: ViewportState, width: int, height: int, point: Vec3, radius: float) -> Annotation | None:
        """A drawing of a ball around an LPS point, not measured yet; None where the view does not show the point."""
        view = self._view(state, width, height)
        at = None if isinstance(view, SolidView) else view.to_view(point)
        if at is None or isinstance(view, SolidView):
            return None
        here, beside = view.to_patient(at[0], at[1]), view.to_patient(at[0] + 1.0, at[1])
        if here is None or beside is None:
            return None
        step = length(sub(beside, here))
        ends = [(at[0], at[1]), (at[0] + radius / step, at[1])]
        return replace(new_annotation(view, state, ends, AnnotationKind.SPHERE), fusion=state.fusion)


def _voxels_near(geometry: VolumeGeometry, found: LaidOver, point: Vec3, view: FrameView | CutView) -> NDArray[np.intp]:
    """The voxels around a point of the view, and those before and behind it that the slab takes in."""
    middle = np.array(geometry.to_index(found.point(point)))
    thick = (view.thickness or 0.0) if isinstance(view, CutView) and view.samples > 1 else 0.0
    normal = view.cut.forward if isinstance(view, CutView) else (0.0, 0.0, 0.0)
    ahead = geometry.to_index(found.point((point[0] + normal[0], point[1] + normal[1], point[2] + normal[2])))
    step = np.array(ahead) - middle
    fine = min(geometry.spacing) / 2.0
    reach = math.floor(thick / 2.0 / fine)
    places = middle + np.arange(-reach, reach + 1)[:, np.newaxis] * fine * step
    centres = np.unique(np.rint(places).astype(np.intp), axis=0)
    beside = np.array(list(product((-1, 0, 1), repeat=3)))
    around = np.unique((centres[:, np.newaxis, :] + beside).reshape(-1, 3), axis=0)
    limits = np.array(geometry.shape[::-1])
    around = around[((around >= 0) & (around < limits)).all(axis=1)]
    if isinstance(view, CutView):
        half = max(thick, *(abs(dot(geometry.axis(i), normal)) for i in range(3))) / 2.0 + 1e-6
        away = [abs(dot(sub(found.back(geometry.to_patient(*map(float, v))), point), normal)) for v in around]
        around = around[np.array(away) <= half]
    return around.astype(np.intp)
