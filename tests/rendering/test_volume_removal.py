"""Table and bone taken out of 3D: by overlap with what the phantom is made of, the same at every run, never the values."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rendering.reslice import VolumeSource
from rendering.volume_hidden import together, without
from rendering.volume_reduce import Level
from rendering.volume_removal import body_of, bone_of, find
from workstation.domain.geometry import VolumeGeometry
from workstation.errors import Refused

SPACING = (1.5, 1.5, 2.0)
SHAPE = (48, 128, 128)


def dice(a: Any, b: Any) -> float:
    return 2.0 * float((a & b).sum()) / float(a.sum() + b.sum())


class Phantom:
    """A trunk on a table, in HU with noise: lungs behind a thin wall, a spine with cortex, ribs, an aorta that touches it."""

    def __init__(self, contrast: float = 350.0, noise: float = 12.0) -> None:
        z, y, x = (np.arange(n, dtype=np.float32) * p for n, p in zip(SHAPE, SPACING[::-1], strict=True))
        z, y, x = z[:, None, None], y[None, :, None], x[None, None, :]
        zero = np.zeros(SHAPE, bool)
        self.body = ((x - 96) / 72) ** 2 + ((y - 88) / 52) ** 2 + 0 * z < 1
        self.table = (np.abs(y - 158) < 5) & (np.abs(x - 96) < 85) | zero
        lungs = zero.copy()
        for side in (-34, 34):
            lungs |= ((x - 96 - side) / 24) ** 2 + ((y - 80) / 32) ** 2 + 0 * z < 1
        spine = np.hypot(x - 96, y - 118)
        self.spongy = (spine < 14) | zero
        cortex = (spine >= 14) & (spine < 17) | zero
        ring = np.sqrt(((x - 96) / 64) ** 2 + ((y - 88) / 44) ** 2)
        rib = (np.abs(ring - 1) < 0.09) & (np.abs((z % 24) - 10) < 5)
        self.aorta = (np.hypot(x - 108, y - 94) < 11) | zero
        self.branch = (np.hypot(y - 94, z - 50) < 4) & (x > 108) & (x < 132)
        vessels = self.aorta | self.branch
        self.bone = (self.spongy | cortex | rib) & ~vessels
        self.vessels = vessels & ~self.bone
        hu = np.full(SHAPE, -1000.0, np.float32)
        hu[self.table] = 80.0
        hu[self.body] = 40.0
        hu[lungs] = -820.0
        hu[rib | cortex] = 800.0
        hu[self.spongy] = 210.0
        hu[self.vessels] = contrast
        chance = np.random.default_rng(3)
        hu[self.spongy] += chance.normal(0, 40.0, int(self.spongy.sum())).astype(np.float32)
        self.hu = hu + chance.normal(0, noise, SHAPE).astype(np.float32)
        self.lungs = lungs

    def source(self) -> VolumeSource:
        geometry = VolumeGeometry(SHAPE, ((1.5, 0, 0, 0), (0, 1.5, 0, 0), (0, 0, 2.0, 0)))
        return VolumeSource((self.hu + 1024).astype("i2"), geometry, 1.0, -1024.0, False)


@pytest.fixture(scope="module")
def phantom() -> Phantom:
    return Phantom()


def quiet(_: float) -> None:
    """Nobody looks at the progress."""


def never() -> bool:
    return False


def test_the_body_is_found_with_its_lungs_and_without_the_table(phantom: Phantom) -> None:
    told: list[float] = []
    body = body_of(phantom.hu, SPACING, told.append, never)
    assert dice(body, phantom.body) > 0.98
    assert body[phantom.lungs].mean() > 0.99
    assert body[phantom.table].mean() < 0.01
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_bone_is_hidden_with_its_marrow_and_the_vessel_that_touches_it_stays(phantom: Phantom) -> None:
    bone = bone_of(phantom.hu, SPACING, quiet, never)
    assert bone[phantom.bone].mean() > 0.95
    assert bone[phantom.spongy & phantom.bone].mean() > 0.95
    assert bone[phantom.aorta & phantom.vessels].mean() < 0.05
    assert bone[phantom.branch & phantom.vessels].mean() < 0.15
    assert dice(bone, phantom.bone) > 0.80  # the rim around bone goes with it


def test_without_contrast_nothing_bright_is_left(phantom: Phantom) -> None:
    plain = Phantom(contrast=45.0, noise=25.0)
    bone = bone_of(plain.hu, SPACING, quiet, never)
    left = (plain.hu > 300.0) & ~bone & plain.body
    assert left.sum() < 0.002 * plain.bone.sum()


def test_it_is_the_same_at_every_run(phantom: Phantom) -> None:
    first, second = (bone_of(phantom.hu, SPACING, quiet, never) for _ in range(2))
    assert (first == second).all()


def test_a_phantom_without_bone_or_without_a_body_is_refused_in_words() -> None:
    with pytest.raises(Refused) as refusal:
        bone_of(np.full(SHAPE, 40.0, np.float32), SPACING, quiet, never)
    assert "No bone" in refusal.value.title
    with pytest.raises(Refused) as refusal:
        body_of(np.full(SHAPE, -1000.0, np.float32), SPACING, quiet, never)
    assert "No body" in refusal.value.title


@pytest.mark.parametrize("name", ["table", "bone"])
def test_it_is_given_up_between_its_steps(phantom: Phantom, name: str) -> None:
    source = phantom.source()
    with pytest.raises(InterruptedError):
        find(name, source, Level(source.voxels, source.geometry), quiet, lambda: True)


def test_what_is_hidden_is_left_out_of_a_copy_and_the_values_stay(phantom: Phantom) -> None:
    source = phantom.source()
    before = source.voxels.copy()
    level = Level(source.voxels, source.geometry)
    parts = {name: find(name, source, level, quiet, never) for name in ("table", "bone")}
    both = together(parts, frozenset({"table", "bone"}))
    assert both.mask.sum() >= max(part.mask.sum() for part in parts.values())
    assert len(both.words) == 2
    assert all("check the planes" in words for words in both.words)
    shown = without(level, both, high=False).voxels
    assert shown[phantom.table].max() == source.voxels.min()
    assert shown[phantom.bone & both.mask].max() == source.voxels.min()
    assert (shown[~both.mask] == source.voxels[~both.mask]).all()
    assert without(level, both, high=True).voxels[0, 0, 0] == source.voxels.max()
    assert (source.voxels == before).all()
    assert together({"bone": parts["bone"]}, frozenset({"table", "bone"})) is None


def test_where_memory_lacks_it_is_refused_in_words(monkeypatch: pytest.MonkeyPatch, phantom: Phantom) -> None:
    def lacks(*_: Any) -> Any:
        raise RuntimeError("Exception thrown in SimpleITK: Failed to allocate memory for image.")

    monkeypatch.setattr("rendering.volume_removal._image", lacks)
    source = phantom.source()
    with pytest.raises(Refused) as refusal:
        find("table", source, Level(source.voxels, source.geometry), quiet, never)
    assert "memory" in refusal.value.detail
    assert "SimpleITK" not in str(refusal.value)
