"""Noise that looks like what scanners and tissues make, from a seeded generator."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from rendering.phantoms.shapes import Array


def generator(seed: int, *names: str) -> np.random.Generator:
    """One independent stream for each purpose, so that a change in one picture leaves the others as they are."""
    words = [int.from_bytes(name.encode()[:16].ljust(16, b"\0"), "little") for name in names]
    return np.random.default_rng([seed, *words])


def shaped(rng: np.random.Generator, shape: tuple[int, ...], response: Callable[[Array], Array]) -> Array:
    """White noise through an isotropic `response` of frequency (cycles per sample); mean 0, deviation 1."""
    axes = [np.fft.fftfreq(n).astype(np.float32) for n in shape[:-1]] + [np.fft.rfftfreq(shape[-1]).astype(np.float32)]
    grids = np.meshgrid(*axes, indexing="ij", sparse=True)
    frequency = np.sqrt(sum((g * g for g in grids), start=np.float32(0)))
    spectrum = np.fft.rfftn(rng.standard_normal(shape, dtype=np.float32))
    spectrum *= response(np.asarray(frequency, dtype=np.float32))
    spectrum.flat[0] = 0
    result = np.fft.irfftn(spectrum, s=shape, axes=tuple(range(len(shape)))).astype(np.float32)
    return np.asarray(result / result.std(), dtype=np.float32)


def computed_tomography(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Filtered back projection: a ramp at low frequencies, rolled off by the kernel."""
    return shaped(rng, shape, lambda f: np.asarray(np.sqrt(f) * np.exp(-((f / 0.26) ** 2)), dtype=np.float32))


def power_law(rng: np.random.Generator, shape: tuple[int, ...], exponent: float, low: float = 0.0) -> Array:
    """Amplitude falling as frequency to the power -`exponent`, flat below `low` cycles per sample."""
    floor = max(low, 1.0 / max(shape))
    return shaped(rng, shape, lambda f: np.asarray(np.maximum(f, floor) ** np.float32(-exponent), dtype=np.float32))


def blobs(rng: np.random.Generator, shape: tuple[int, ...], size: float) -> Array:
    """Smooth lumps of about `size` samples."""
    return shaped(rng, shape, lambda f: np.asarray(np.exp(-((f * size) ** 2) * 2), dtype=np.float32))


class NoiseBank:
    """Endless slices of correlated noise from a few stored ones, rolled and added.

    Making fresh noise for each of some hundred slices would take longer than all the anatomy.
    """

    def __init__(
        self,
        rng: np.random.Generator,
        make: Callable[[np.random.Generator, tuple[int, ...]], Array],
        shape: tuple[int, int],
        count: int = 8,
    ) -> None:
        self._rng = rng
        self._slices = [make(rng, shape) for _ in range(count)]
        self._shape = shape

    def slice(self) -> Array:
        """The next slice: deviation 1, mean 0."""
        first, second = self._rng.choice(len(self._slices), size=2, replace=False)
        shift = self._rng.integers(0, self._shape[0], size=2)
        moved = np.roll(self._slices[second], (int(shift[0]), int(shift[1])), axis=(0, 1))
        if self._rng.random() < 0.5:
            moved = moved[:, ::-1]
        return np.asarray((self._slices[first] + moved) * np.float32(np.sqrt(0.5)), dtype=np.float32)
