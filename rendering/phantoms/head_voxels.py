"""Signal of the head on the planes of a scan, for one set of tissue values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from rendering.phantoms import head, noise
from rendering.phantoms.scan import CoarseGrid, Fields, Planes, Pose, TubePainter, blend, coverage, moved_segments
from rendering.phantoms.shapes import Array, Point, ramp

_CORTEX = 2.9


@dataclass(frozen=True)
class Lesion:
    """A round lesion in the white matter; `centre` in anatomy millimetres."""

    centre: Point
    diameter: float


@dataclass(frozen=True)
class Sequence:
    """How a pulse sequence shows each tissue; `noise` is the deviation of each of the two channels."""

    signal: Mapping[str, float]
    noise: float
    bias: float = 0.12


def head_fields(x: Array, y: Array, z: Array, waves: Array, bias: float) -> Fields:
    """Signed distances and slowly varying values of everything but vessels and lesions, at anatomy points."""
    near_coil = ramp(np.sqrt(x * x + (y - 10) ** 2 + (z - 10) ** 2), 20, 100)
    x, y, z = head.bend(x, y, z)
    field: Fields = {"cerebrum": head.cerebrum(x, y, z), "cerebellum": head.cerebellum(x, y, z), "stem": head.brainstem(x, y, z)}
    field["cavity"] = head.cavity(field["cerebrum"], field["cerebellum"], field["stem"])
    field["skin"] = head.skin(x, y, z, field["cavity"])
    field["air"] = head.air(x, y, z)
    field["mucosa"] = np.asarray(field["air"] - 1.6, dtype=np.float32)
    field["face"] = head.face_bone(x, y, z, field["air"])
    field["muscle"] = head.muscle(x, y, z, field["skin"])
    field["marrow"] = head.marrow_bones(x, y, z)
    field["marrow shell"] = np.asarray(field["marrow"] - 1.2, dtype=np.float32)
    field["orbit"] = head.orbits(x, y, z)
    field |= head.eye_parts(x, y, z)
    field["fold"], field["deep"] = head.folds(x, y, z, waves)
    field["sylvian"], field["core"], field["callosum"] = head.sylvian(x, y, z), head.core(x, y, z), head.callosum(x, y, z)
    field["ventricles"] = head.ventricles(x, y, z)
    field["nuclei"], field["pallidum"] = head.nuclei(x, y, z)
    field["bias"] = np.asarray(1 + bias * (near_coil - 0.35), dtype=np.float32)
    return field


class Head:
    """All fields of the head on a coarse grid, then its slices one at a time."""

    def __init__(
        self,
        planes: Planes,
        pose: Pose,
        seed: int,
        sequence: Sequence,
        lesions: tuple[Lesion, ...],
        coarse: float,
        sub_slices: int = 1,
    ) -> None:
        """A slice of `planes` is the mean of `sub_slices` thin ones spread evenly."""
        self._seen, self._sub_slices = planes, sub_slices
        planes = _divided(planes, sub_slices)
        self._planes, self._sequence, self._seed, self._coarse = planes, sequence, seed, coarse
        self._grid = CoarseGrid(planes, pose, coarse, max(coarse, planes.step))
        self._width = max(planes.spacing) * 1.3 + 0.25
        balls = np.asarray([[*n.centre, n.diameter / 2, *n.centre, n.diameter / 2] for n in lesions]).reshape(-1, 8)
        self._lesions = TubePainter(planes, moved_segments(balls, pose), reach=2.5)
        self._vessels = TubePainter(planes, moved_segments(head.vessels(), pose))
        self._compute()

    def _compute(self) -> None:
        waves = head.fold_waves(noise.generator(self._seed, "cortex folds"))
        bias = self._sequence.bias
        self._field = self._grid.fields(lambda x, y, z: head_fields(x, y, z, waves, bias))
        self._field["texture"] = noise.blobs(noise.generator(self._seed, "head texture"), self._grid.shape, 3.0)
        self._field["sway"] = noise.blobs(noise.generator(self._seed, "muscle planes"), self._grid.shape, 16.0 / self._coarse)

    def slices(self) -> Iterator[Array]:
        """Signal (rows, columns) of slice after slice with the noise of a magnitude image (Rice)."""
        rng = noise.generator(self._seed, "head noise", str(self._planes.origin))
        for index in range(self._seen.count):
            picture = self.clean_slice(index)
            real = picture + np.float32(self._sequence.noise) * rng.standard_normal(picture.shape, dtype=np.float32)
            other = np.float32(self._sequence.noise) * rng.standard_normal(picture.shape, dtype=np.float32)
            yield np.asarray(np.sqrt(real * real + other * other), dtype=np.float32)

    def clean_slice(self, index: int) -> Array:
        """Signal of a slice without noise."""
        first = index * self._sub_slices
        thin = [self._thin_slice(i) for i in range(first, first + self._sub_slices)]
        return np.asarray(sum(thin[1:], start=thin[0]) / np.float32(len(thin)), dtype=np.float32)

    def _thin_slice(self, index: int) -> Array:
        picture = np.zeros((self._planes.rows, self._planes.columns), dtype=np.float32)
        if not self._grid.reaches(self._field["skin"], index, self._width):
            return picture
        self._paint_outside(picture, index)
        self._paint_skull(picture, index)
        self._paint_brain(picture, index)
        self._paint_deep(picture, index)
        distance = self._vessels.distances(index)
        if distance is not None:
            blend(picture, coverage(distance, self._width), self._sequence.signal["vessel"])
        picture *= self._grid.on_slice(self._field["bias"], index)
        return picture

    def _paint(self, picture: Array, field: Array, tissue: str, index: int) -> None:
        self._grid.paint(picture, index, field, self._sequence.signal[tissue], self._width)

    def _paint_outside(self, picture: Array, index: int) -> None:
        signal = self._sequence.signal
        surface = self._grid.on_slice(self._field["skin"], index)
        grain = self._grid.on_slice(self._field["texture"], index)
        blend(picture, coverage(surface, self._width), signal["skin"])
        blend(picture, coverage(surface + np.float32(2.2), self._width), np.float32(signal["fat"]) * (1 + 0.05 * grain))
        if self._grid.reaches(self._field["muscle"], index, self._width):
            part = coverage(self._grid.on_slice(self._field["muscle"], index), self._width)
            planes = np.abs(self._grid.on_slice(self._field["sway"], index)) * 4 + 0.45
            blend(picture, part * np.clip(planes, 0.8, 1), np.float32(signal["muscle"]) * (1 + 0.06 * grain))
        self._paint(picture, self._field["orbit"], "fat", index)
        self._paint(picture, self._field["mucosa"], "muscle", index)
        self._paint(picture, self._field["air"], "air", index)
        self._paint(picture, self._field["face"], "bone", index)
        for name, tissue in (("globe", "muscle"), ("vitreous", "vitreous"), ("lens", "lens"), ("nerves", "muscle")):
            self._paint(picture, self._field[name], tissue, index)

    def _paint_skull(self, picture: Array, index: int) -> None:
        signal = self._sequence.signal
        self._paint(picture, self._field["marrow shell"], "bone", index)
        self._paint(picture, self._field["marrow"], "marrow", index)
        if not self._grid.reaches(self._field["cavity"], index, 9):
            return
        inside = self._grid.on_slice(self._field["cavity"], index)
        z = self._grid.anatomy_of(index)[2]
        # Outer table, marrow, inner table; thin and without marrow towards the neck.
        thick = 7.0 - 4.5 * ramp(-z, 35, 62)
        blend(picture, coverage(inside - thick, self._width), signal["bone"])
        diploe = np.asarray(np.abs(inside - (thick + 0.4) / 2) - (thick - 4.4) / 2, np.float32)
        diploe = coverage(diploe, self._width) * ramp(z, -40, -5)
        blend(picture, diploe, signal["marrow"])
        blend(picture, coverage(inside, self._width), signal["csf"])

    def _paint_brain(self, picture: Array, index: int) -> None:
        if not self._grid.reaches(self._field["cavity"], index, self._width):
            return
        x, y, z = self._grid.anatomy_of(index)
        on, signal = self._grid.on_slice, self._sequence.signal
        grain = np.float32(0.012) * on(self._field["texture"], index)
        depth = -on(self._field["cerebrum"], index)
        core = on(self._field["core"], index)
        middle = np.sqrt(x * x + np.maximum(-core, 0) ** 2) - np.float32(0.8)
        below = np.minimum(depth, middle * np.float32(1.5)) - on(self._field["deep"], index)
        furrow = np.sqrt(on(self._field["fold"], index) ** 2 + np.maximum(below, 0) ** 2) - np.float32(0.4)
        furrow += np.maximum(7 - core, 0)
        pial = np.minimum(np.minimum(depth, furrow), np.minimum(on(self._field["sylvian"], index), middle))
        blend(picture, coverage(-pial, self._width), np.float32(signal["grey"]) * (1 + grain))
        white = np.minimum(pial - np.float32(_CORTEX), depth - np.float32(1.5))
        blend(picture, coverage(-white, self._width), np.float32(signal["white"]) * (1 + grain))
        self._paint_cerebellum(picture, index, y, z)
        self._paint(picture, self._field["stem"], "stem", index)
        self._paint(picture, self._field["callosum"], "white", index)

    def _paint_cerebellum(self, picture: Array, index: int, y: Array, z: Array) -> None:
        if not self._grid.reaches(self._field["cerebellum"], index, self._width):
            return
        signal = self._sequence.signal
        whole = -self._grid.on_slice(self._field["cerebellum"], index)
        near = whole > -1.5
        depth, sway = whole[near], self._grid.on_slice(self._field["fold"], index)[near]
        part = picture[near]
        blend(part, coverage(-depth - np.float32(0.9), self._width), signal["csf"])
        turn = np.arctan2(z[near] + 36, y[near] - 28) * 20 + 0.12 * sway + 0.05 * y[near]
        folium = np.minimum(depth, 2.3 * np.abs(np.sin(turn)) + np.maximum(depth - 7, 0) - 0.35)
        blend(part, coverage(-folium, self._width), signal["grey"])
        branch = np.minimum(depth - 5.5, 2.2 * np.abs(np.sin(turn / 2 + 0.8)) + 0.55 * (depth - 13.5))
        blend(part, coverage(-branch, self._width + 0.5), signal["white"])
        picture[near] = part

    def _paint_deep(self, picture: Array, index: int) -> None:
        self._paint(picture, self._field["nuclei"], "nuclei", index)
        self._paint(picture, self._field["pallidum"], "pallidum", index)
        distance = self._lesions.distances(index)
        if distance is not None:
            blend(picture, coverage(distance, self._width + 0.6), self._sequence.signal["lesion"])
        self._paint(picture, self._field["ventricles"], "csf", index)


def _divided(planes: Planes, parts: int) -> Planes:
    """The same block of space in `parts` times as many slices."""
    step = planes.step / parts
    first = np.asarray(planes.origin) - planes.normal * (planes.step - step) / 2
    origin = (float(first[0]), float(first[1]), float(first[2]))
    return replace(planes, count=planes.count * parts, step=step, origin=origin)
