"""Where frames lie in memory: the early ones of a volume have two places, one after the other."""

from __future__ import annotations

import numpy as np
import pytest

from rendering.frame_layout import FrameLayout, Slot
from rendering.images_memory import WholeMemory

COUNT, SHAPE = 19, (3, 5)


@pytest.fixture
def memory() -> WholeMemory:
    layout = FrameLayout((((COUNT, *SHAPE), "u2"),), tuple(Slot(0, index) for index in range(COUNT)))
    return WholeMemory.empty(layout, stride=8)


def _fill(memory: WholeMemory, *positions: int) -> None:
    for position in positions:
        memory.room(position)[...] = position + 1


def test_every_eighth_frame_of_a_volume_lies_beside_its_like_until_it_moves(memory: WholeMemory) -> None:
    _fill(memory, 0, 8, 16)
    early = memory.every(8)
    assert early is not None
    assert early[:, 0, 0].tolist() == [1, 9, 17]
    assert not memory.blocks[0].any()


def test_a_frame_keeps_its_values_on_the_way_to_its_own_place(memory: WholeMemory) -> None:
    _fill(memory, *range(COUNT))
    seen = memory.view(8)
    for _ in range(4):
        assert [int(memory.view(position)[0, 0]) for position in range(COUNT)] == [*range(1, COUNT + 1)]
        memory.move(1)
    assert memory.early is None
    assert (memory.blocks[0] == np.arange(1, COUNT + 1).reshape(-1, 1, 1)).all()
    assert (seen == 9).all()


def test_a_finer_cut_finds_all_frames_in_their_own_place(memory: WholeMemory) -> None:
    _fill(memory, *range(COUNT))
    memory.move(2)
    assert memory.every(4) is None
    assert memory.blocks[0][::4, 0, 0].tolist() == [1, 5, 9, 13, 17]
