"""Hounsfield units of the chest on the planes of a scan."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from rendering.phantoms import noise, thorax_organs, thorax_tubes, thorax_wall
from rendering.phantoms.scan import CoarseGrid, Fields, Planes, Pose, Segments, TubePainter, blend, coverage, moved_segments
from rendering.phantoms.shapes import Array, Point, ramp

_LOWEST, _HIGHEST, _FAR = -300.0, 240.0, 30.0  # where the rib cage and the shoulders can be
_IN_CAGE = ("left ventricle", "right ventricle", "right atrium", "left atrium", "heart muscle", "heart", "lung",
            "cartilage")  # fmt: skip
AIR, LUNG, FAT, MUSCLE = -1000.0, -868.0, -104.0, 56.0


@dataclass(frozen=True)
class Nodule:
    """A solid ball. `centre` in anatomy millimetres."""

    centre: Point
    diameter: float
    hounsfield: float = 30.0


@dataclass(frozen=True)
class Contrast:
    """Hounsfield units of what contrast medium changes."""

    aorta: float = 178.0
    pulmonary: float = 192.0
    veins: float = 158.0
    chambers: float = 180.0
    heart_muscle: float = 102.0
    liver: float = 108.0
    spleen: float = 122.0

    @classmethod
    def none(cls) -> Contrast:
        """Without contrast medium."""
        return cls(42, 42, 42, 42, 46, 58, 48)


Field = Callable[[Array, Array, Array], Array]


def chest_fields(x: Array, y: Array, z: Array, body: Field = thorax_wall.body) -> Fields:
    """Signed distances and slowly varying values of everything but vessels, at anatomy points."""
    bx, by, bz = thorax_wall.unlike(x, y, z)
    field: Fields = {"wall": thorax_wall.cage(bx, by, bz), "body": body(bx, by, bz)}
    field["muscle"] = thorax_wall.muscles(bx, by, bz, field["wall"], field["body"])
    field |= thorax_organs.abdomen(x, y, z, field["wall"])
    field["diaphragm"] = np.asarray(np.maximum(field["cavity"], field["wall"] - 2) - 2.5, dtype=np.float32)
    spine, field["disc"], field["canal"] = thorax_wall.spine(x, y, z)
    field["bone"] = spine
    field["marrow value"] = np.asarray(150 + 55 * ramp(-spine, -1, 4), dtype=np.float32)
    field["inner wall"] = np.asarray(field["wall"] + 1.5, dtype=np.float32)
    field["lung value"] = np.full(field["wall"].shape, LUNG, dtype=np.float32)
    if float(z.min()) < _HIGHEST and float(z.max()) > _LOWEST:
        field |= _within_cage(x, y, z, field["wall"])
        ribs, field["cartilage"] = thorax_wall.ribs(bx, by, bz, field["wall"])
        other = np.minimum(thorax_wall.sternum(bx, by, bz), thorax_wall.girdle(bx, by, bz))
        field["bone"] = np.minimum(np.minimum(ribs, spine), other)
    field["bone"] = np.maximum(field["bone"], field["body"] + 3)
    return nowhere(field, x, y, z, _IN_CAGE)


def nowhere(field: Fields, x: Array, y: Array, z: Array, names: tuple[str, ...]) -> Fields:
    """`field` with those of `names` that were not worth computing here, because they lie far away.

    Distances stop at `_FAR`, so that interpolation meets no step where the computing begins.
    """
    far = np.full(np.broadcast_shapes(x.shape, y.shape, z.shape), _FAR, dtype=np.float32)
    return field | {name: np.minimum(field[name], _FAR) if name in field else far for name in names}


def _within_cage(x: Array, y: Array, z: Array, wall: Array) -> Fields:
    field = thorax_organs.heart(x, y, z)
    field["lung"] = thorax_organs.lungs_from(x, y, z, wall, thorax_organs.mediastinum(x, y, z, field["heart"]))
    fissure = np.exp(-((thorax_organs.fissures(x, y, z) / 1.6) ** 2))
    field["lung value"] = np.asarray(LUNG + 0.22 * y + 42 * fissure, dtype=np.float32)
    return field


Layers = tuple[tuple[str, float], ...]
"""Names of fields with their Hounsfield units, in the order in which they are painted."""


class Chest:
    """All fields of the chest on a coarse grid, then its slices one at a time.

    `anatomy` may add fields to those of the chest; `extra` layers are painted after the
    organs and `last` ones over everything.
    """

    def __init__(
        self,
        planes: Planes,
        pose: Pose,
        seed: int,
        nodules: tuple[Nodule, ...],
        contrast: Contrast,
        *,
        noise_level: float = 13.0,
        coarse: float = 2.9,
        leaves: int = 2600,
        anatomy: Callable[[Array, Array, Array], Fields] = chest_fields,
        extra: Layers = (),
        last: Layers = (),
    ) -> None:
        self._planes, self._pose, self._contrast, self._noise_level = planes, pose, contrast, noise_level
        self._nodules, self._leaves, self._anatomy = nodules, leaves, anatomy
        self._extra, self._last = extra, last
        self._grid = CoarseGrid(planes, pose, coarse, max(4.0, planes.step))
        self._seed = seed
        self._width = max(planes.spacing) * 1.35
        self._compute_fields()
        self._compute_tubes()

    def _compute_fields(self) -> None:
        rng = noise.generator(self._seed, "chest texture")
        self._field = self._grid.fields(self._anatomy)
        wobble = noise.blobs(rng, self._grid.shape, 5.0)
        self._field |= {"wobble": wobble, "sway": noise.blobs(rng, self._grid.shape, 14.0)}
        self._field["lung value"] += 14 * wobble
        self._field["marrow value"] += 26 * wobble

    def _compute_tubes(self) -> None:
        value = self._contrast
        rng = noise.generator(self._seed, "lung vessels")
        clear = self._nodules[0].centre if self._nodules else (0.0, 0.0, 900.0)
        tree, twigs = thorax_tubes.lung_vessels(rng, clear, 7.0, self._leaves)
        airways = np.vstack([thorax_tubes.airways(), twigs])
        walls = airways.copy()
        walls[:, [3, 7]] += np.clip(walls[:, [3, 7]] * 0.3, 0.5, 1.3)
        gullet = thorax_tubes.oesophagus()
        hollow = gullet.copy()
        hollow[:, [3, 7]] *= 0.25
        nodules = np.asarray([[*n.centre, n.diameter / 2, *n.centre, n.diameter / 2] for n in self._nodules]).reshape(-1, 8)
        groups: list[tuple[Segments, float]] = [
            (thorax_tubes.hepatic_vessels(), value.liver + 38),
            (gullet, 42.0),
            (hollow, -300.0),
            (thorax_tubes.systemic_veins(), value.veins),
            (thorax_tubes.pulmonary_veins(), value.chambers),
            (thorax_tubes.pulmonary_arteries(), value.pulmonary),
            (thorax_tubes.arch_branches(), value.aorta),
            (thorax_tubes.aorta(), value.aorta),
            (tree, min(value.pulmonary, 120.0)),
            (walls, 20.0),
            (airways, AIR + 4),
        ]
        self._tubes = [(TubePainter(self._planes, moved_segments(s, self._pose)), v) for s, v in groups]
        self._nodule_painters = [
            (TubePainter(self._planes, moved_segments(nodules[i : i + 1], self._pose)), n.hounsfield)
            for i, n in enumerate(self._nodules)
        ]

    def slices(self) -> Iterator[Array]:
        """Hounsfield units (rows, columns) of slice after slice, noise included."""
        rng = noise.generator(self._seed, "chest noise", str(self._planes.origin))
        shape = (self._planes.rows, self._planes.columns)
        bank = noise.NoiseBank(rng, noise.computed_tomography, shape)
        for index in range(self._planes.count):
            picture = self.clean_slice(index)
            level = self._noise_level * (1 + 0.9 * float(ramp(self._planes.position(index)[2], 55, 115)))
            picture += np.float32(level) * bank.slice()
            yield picture

    def clean_slice(self, index: int) -> Array:
        """Hounsfield units of a slice without noise."""
        picture = np.full((self._planes.rows, self._planes.columns), AIR, dtype=np.float32)
        self._paint_table(picture, index)
        self._paint_soft(picture, index)
        self._paint_organs(picture, index)
        for painter, value in self._tubes[:-3]:
            self._paint_tube(picture, painter, value, index)
        self._paint_bone(picture, index)
        for painter, value in self._tubes[-3:] + self._nodule_painters:
            self._paint_tube(picture, painter, value, index)
        for name, value in self._last:
            self._paint(picture, self._field[name], value, index)
        return picture

    def _paint(self, picture: Array, field: Array, value: Array | float, index: int) -> None:
        self._grid.paint(picture, index, field, value, self._width)

    def _paint_tube(self, picture: Array, painter: TubePainter, value: float, index: int) -> None:
        distance = painter.distances(index)
        if distance is not None:
            blend(picture, coverage(distance, self._width), np.float32(value))

    def _paint_table(self, picture: Array, index: int) -> None:
        zero = np.zeros(1, dtype=np.float32)
        c, r = np.arange(self._planes.columns, dtype=np.float32)[None, :], np.arange(self._planes.rows, dtype=np.float32)[:, None]
        x, y, _ = self._planes.points(zero + index, r, c)
        depth = y - (124 - 0.00042 * x * x)
        inside = np.maximum(np.abs(x) - 205, 0)
        blend(picture, coverage(np.maximum(np.abs(depth + 3.0) - 3.0, inside), 2.0), np.float32(-930))
        blend(picture, coverage(np.maximum(np.abs(depth - 14) - 14, inside), 1.5), np.float32(-905))
        for middle in (0.8, 27.0):
            blend(picture, coverage(np.maximum(np.abs(depth - middle) - 0.8, inside), 1.2), np.float32(-180))

    def _paint_soft(self, picture: Array, index: int) -> None:
        skin = self._grid.on_slice(self._field["body"], index)
        blend(picture, coverage(skin, self._width), np.float32(18))
        fat = np.float32(FAT) + 9 * self._grid.on_slice(self._field["wobble"], index)
        blend(picture, coverage(skin + np.float32(1.9), self._width), fat)
        self._paint_muscle(picture, index)
        self._paint(picture, self._field["inner wall"], -96.0, index)

    def _paint_muscle(self, picture: Array, index: int) -> None:
        part = coverage(self._grid.on_slice(self._field["muscle"], index), self._width)
        sheets = thorax_wall.fascia(
            self._grid.on_slice(self._field["wall"], index), self._grid.on_slice(self._field["sway"], index)
        )
        blend(
            picture,
            part * (1 - sheets * np.float32(0.85)),
            np.float32(MUSCLE) + 5 * self._grid.on_slice(self._field["wobble"], index),
        )

    def _paint_organs(self, picture: Array, index: int) -> None:
        contrast, field = self._contrast, self._field
        self._paint(picture, field["diaphragm"], MUSCLE, index)
        self._paint(picture, field["cavity"], FAT + 2, index)
        self._paint(picture, field["liver"], contrast.liver, index)
        self._paint(picture, field["spleen"], contrast.spleen, index)
        self._paint(picture, field["stomach"], 62.0, index)
        self._paint(picture, field["stomach inside"], 14.0, index)
        self._paint(picture, field["stomach air"], AIR + 10, index)
        self._paint(picture, field["heart"], -70.0, index)
        self._paint(picture, field["heart muscle"], contrast.heart_muscle, index)
        for chamber, bonus in (("right atrium", -14.0), ("right ventricle", 6.0), ("left atrium", 4.0), ("left ventricle", 0.0)):
            self._paint(picture, field[chamber], contrast.chambers + bonus, index)
        self._paint(picture, self._field["lung"], self._field["lung value"], index)
        for name, value in self._extra:
            self._paint(picture, self._field[name], value, index)

    def _paint_bone(self, picture: Array, index: int) -> None:
        self._paint(picture, self._field["cartilage"], 105.0, index)
        self._paint(picture, self._field["disc"], 82.0, index)
        self._paint(picture, self._field["canal"], 28.0, index)
        if not self._grid.reaches(self._field["bone"], index, self._width):
            return
        distance = self._grid.on_slice(self._field["bone"], index)
        # A dense shell of a millimetre and a half over spongy marrow.
        depth = coverage(distance + np.float32(1.6), 1.6)
        marrow = self._grid.on_slice(self._field["marrow value"], index)
        blend(picture, coverage(distance, self._width), np.float32(690) + depth * (marrow - np.float32(690)))
