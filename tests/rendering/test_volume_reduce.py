"""How much of a volume 3D draws here: the size is checked before anything is copied, and what is left out is said."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from rendering import volume_reduce
from rendering.volume_gl import Graphics
from rendering.volume_reduce import factors, means, picked, plan
from workstation.domain.geometry import VolumeGeometry
from workstation.errors import Refused

PROCESSOR = Graphics("vtkEGLRenderWindow", "llvmpipe")
CARD = Graphics("vtkEGLRenderWindow", "NVIDIA GeForce RTX 4060/PCIe/SSE2", card_bytes=4 << 30)
GB = 1 << 30


def grid(shape: tuple[int, int, int], slice_mm: float = 1.0) -> VolumeGeometry:
    return VolumeGeometry(shape, ((0.7, 0.0, 0.0, 1.0), (0.0, 0.7, 0.0, 2.0), (0.0, 0.0, slice_mm, 3.0)))


def test_means_are_of_blocks_and_stay_in_place() -> None:
    voxels = np.arange(10 * 20 * 20, dtype="i2").reshape(10, 20, 20)
    by = factors(grid((10, 20, 20)), 1000, 2048)
    small = means(voxels, grid((10, 20, 20)), by)
    assert by == (1, 2, 2)  # the finest directions first
    assert small.voxels.shape == small.geometry.shape == (10, 10, 10)
    assert small.voxels.dtype == voxels.dtype
    assert small.voxels[3, 4, 5] == np.rint(voxels[3, 8:10, 10:12].mean())
    assert small.geometry.to_patient(0, 0, 0) == pytest.approx((1.35, 2.35, 3.0))
    assert small.geometry.centre == pytest.approx(grid((10, 20, 20)).centre)
    assert small.copied_bytes == small.voxels.nbytes


def test_the_first_level_is_of_single_voxels_at_their_own_places() -> None:
    voxels = np.arange(8 * 20 * 20, dtype="i2").reshape(8, 20, 20)
    level = picked(voxels, grid((8, 20, 20)), (2, 4, 4))
    assert level.voxels[1, 2, 3] == voxels[3, 10, 14]
    assert level.geometry.to_patient(3, 2, 1) == pytest.approx(grid((8, 20, 20)).to_patient(14, 10, 3))


def test_a_small_volume_is_not_copied() -> None:
    voxels = np.zeros((4, 5, 6), "i2")
    assert means(voxels, grid((4, 5, 6)), (1, 1, 1)).voxels is voxels
    assert picked(voxels, grid((4, 5, 6)), (1, 1, 1)).voxels is voxels
    found = plan(grid((4, 5, 6)), 2, PROCESSOR, 8 * GB)
    assert (found.first, found.moving, found.draws_whole, found.words) == ((1, 1, 1), (1, 1, 1), True, "")


def test_a_thorax_is_turned_at_half_resolution_and_drawn_whole_when_still() -> None:
    found = plan(grid((400, 512, 512)), 2, PROCESSOR, 8 * GB)
    assert found.moving == (2, 2, 2)
    assert found.draws_whole
    assert found.words == ""
    assert 400 * 512 * 512 // math.prod(found.first) <= volume_reduce.FIRST_VOXELS


def test_where_memory_lacks_the_whole_is_not_drawn_and_that_is_said() -> None:
    found = plan(grid((400, 512, 512)), 2, PROCESSOR, 300 << 20)
    assert not found.draws_whole
    assert found.words.startswith("3D shown at half resolution: 512 x 512 x 400 voxels")


def test_four_gigabytes_of_photon_counting_ct_are_reduced_and_that_is_said() -> None:
    """G18: 2,000 x 1024 x 1024 on a machine of 8 GB; what is copied is a hundredth of it."""
    found = plan(grid((2000, 1024, 1024), 0.2), 2, PROCESSOR, 2 * GB)
    assert not found.draws_whole
    assert 2000 * 1024 * 1024 // math.prod(found.moving) <= volume_reduce.SOFTWARE_VOXELS
    assert found.words.startswith("3D shown at an eighth of its resolution: 1024 x 1024 x 2000 voxels")


def test_a_card_takes_no_direction_longer_than_its_textures_and_no_more_than_its_memory() -> None:
    assert plan(grid((400, 512, 512)), 2, CARD, 8 * GB).moving == (1, 1, 1)
    long = plan(grid((3000, 512, 512)), 2, CARD, 8 * GB)
    assert long.moving == (2, 1, 1)
    assert "graphics card" in long.words
    small = plan(grid((400, 512, 512)), 2, Graphics("vtkEGLRenderWindow", "Mesa Intel(R) UHD", card_bytes=128 << 20), 8 * GB)
    assert small.moving != (1, 1, 1)
    assert small.words.startswith("3D shown at half resolution")


def test_what_would_hide_what_one_looks_for_is_refused_before_anything_is_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(volume_reduce, "SOFTWARE_VOXELS", 4)
    with pytest.raises(Refused) as refusal:
        plan(grid((64, 64, 64)), 2, PROCESSOR, 8 * GB)
    assert "too large" in refusal.value.title
    assert "64 x 64 x 64" in refusal.value.detail


def test_a_file_on_disk_is_read_slice_by_slice_and_given_up_between(tmp_path: Any) -> None:
    """A volume larger than memory is a map of its file: no slice is read after nobody wants it."""
    voxels = np.memmap(tmp_path / "voxels", "i2", "w+", shape=(64, 32, 32))
    asked: list[int] = []

    def cancelled() -> bool:
        asked.append(1)
        return len(asked) > 3

    with pytest.raises(InterruptedError):
        means(voxels, grid((64, 32, 32)), (2, 2, 2), cancelled)
    assert len(asked) == 4
