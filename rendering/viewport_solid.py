"""The third way a viewport looks at a series: the whole volume from outside, in parallel projection.

Maps places in the patient to view pixels. There is no way back by geometry alone: a pixel shows everything along
its line of sight, so that it has no value and no length in the patient (rendering.volume_pick asks the voxels).
"""

from __future__ import annotations

from dataclasses import dataclass

from rendering.geometry_screen import ScreenMap, screen_map
from rendering.letters import letters_of_plane
from rendering.picture import FrameIdentity, Letters
from workstation.domain.doubt import SpacingSource
from workstation.domain.geometry import Vec3, VolumeGeometry, add, cross, dot, length, scale, sub, unit
from workstation.domain.turning import FROM_THE_FRONT
from workstation.domain.viewing import CropBox, ViewportState
from workstation.errors import Refused

# The view at zoom 1 is this much wider than the longest edge of the volume. It is the same from
# every side, so that turning does not zoom; only corners, which scans leave empty, reach out of it.
ROOM = 1.1


@dataclass(frozen=True, slots=True)
class Camera:
    """An eye in LPS mm: looks along `forward` at `centre`, which is in the middle of the picture.

    `half_height` is half the picture's height in mm. `mirrored` pictures are to be swapped left
    to right afterwards: an eye cannot see a mirrored patient. `reach` is how far the volume
    can lie from `centre`.
    """

    centre: Vec3
    forward: Vec3
    up: Vec3
    half_height: float
    reach: float
    mirrored: bool


@dataclass(frozen=True, slots=True)
class SolidView:
    """Source coordinates are millimetres from the volume's centre along `right` and `down`."""

    geometry: VolumeGeometry
    right: Vec3
    down: Vec3
    screen: ScreenMap
    spacing_source: SpacingSource

    # What cuts and frames have, and a projection has not.
    identity: FrameIdentity | None = None
    slice_location: float | None = None
    thickness: float | None = None

    @property
    def mm_per_pixel(self) -> float:
        return 1.0 / self.screen.scale

    def letters(self) -> Letters:
        return letters_of_plane(self.screen, self.right, self.down)

    def to_patient(self, x: float, y: float) -> Vec3 | None:
        """None: a pixel of a projection is a line, not a place."""
        return None

    def to_view(self, point: Vec3) -> tuple[float, float, float] | None:
        """None: nothing lies in a projection. `project` says where it is drawn."""
        return None

    def project(self, point: Vec3) -> tuple[float, float]:
        """View pixels at which an LPS point is drawn."""
        offset = sub(point, self.geometry.centre)
        return self.screen.to_view(dot(offset, self.right), dot(offset, self.down))

    def camera(self, width: int, height: int) -> Camera:
        u, v = self.screen.to_source(width / 2, height / 2)
        (ru, rv), (du, dv) = self.screen.source_steps()
        across = add(scale(self.right, ru), scale(self.down, rv))
        downwards = add(scale(self.right, du), scale(self.down, dv))
        forward = cross(self.right, self.down)
        offset = add(scale(self.right, u), scale(self.down, v))
        return Camera(
            centre=add(self.geometry.centre, offset),
            forward=forward,
            up=unit(scale(downwards, -1.0)),
            half_height=height / 2 / self.screen.scale,
            reach=sum(_edges(self.geometry)) + length(offset),
            mirrored=dot(cross(across, downwards), forward) < 0.0,
        )


def solid_view(geometry: VolumeGeometry, source: SpacingSource, state: ViewportState, width: int, height: int) -> SolidView:
    """Raises Refused when the state's directions are none."""
    try:
        right = unit((state.oblique or FROM_THE_FRONT)[0])
        down = (state.oblique or FROM_THE_FRONT)[1]
        down = unit(sub(down, scale(right, dot(down, right))))
    except ValueError as error:
        raise Refused("This view has no direction", str(error)) from error
    half = max(_edges(geometry)) / 2 * ROOM
    screen = screen_map((-half, half, -half, half), (1.0, 1.0), state, width, height)
    return SolidView(geometry, right, down, screen, source)


def box_corners(geometry: VolumeGeometry, crop: CropBox) -> tuple[Vec3, ...]:
    """Corners of a box in LPS mm, voxel edges included; corner i is at the `to` end of axis k where bit k of i is set."""
    counts = geometry.shape[::-1]
    ends = [[share * counts[axis] - 0.5 for share in crop[axis]] for axis in range(3)]
    return tuple(geometry.to_patient(*(ends[axis][corner >> axis & 1] for axis in range(3))) for corner in range(8))


def _edges(geometry: VolumeGeometry) -> tuple[float, float, float]:
    """Lengths in mm of the volume along columns, rows and slices."""
    slices, rows, columns = geometry.shape
    return length(geometry.axis(0)) * columns, length(geometry.axis(1)) * rows, length(geometry.axis(2)) * slices
