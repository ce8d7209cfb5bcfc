"""Memory that is used again: nobody ever sees in it what another had there."""

from __future__ import annotations

import gc
import sys
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rendering import decoded_file, frame_memory
from rendering.decoded import DecodedStore
from rendering.decoded_file import DamagedEntry, DecodedFile, StoredSeries
from rendering.frame_layout import FrameLayout
from rendering.frame_memory import LARGE_PAGE, WORTH_LARGE_PAGES, zeros
from rendering.frame_stock import FrameStock
from rendering.images_memory import WholeMemory
from workstation.at_rest.vault import Vault

SIZE = 1 << 16
PATIENCE = 60.0


@pytest.fixture(autouse=True)
def no_rooms(monkeypatch: pytest.MonkeyPatch) -> None:
    """What other tests left is not looked at, and nothing is left to them."""
    monkeypatch.setattr(decoded_file, "_ROOMS", deque(maxlen=decoded_file._ROOMS.maxlen))


@pytest.fixture
def stock() -> FrameStock:
    return FrameStock(3 * SIZE, frame_memory._anonymous)


def together(count: int, work: Callable[[int, threading.Barrier], None]) -> None:
    """Runs `work` in so many threads that meet at the barrier; raises what the first of them raised."""
    barrier, raised = threading.Barrier(count, timeout=PATIENCE), []

    def run(number: int) -> None:
        try:
            work(number, barrier)
        except BaseException as error:
            raised.append(error)
            barrier.abort()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    if raised:
        raise raised[0]


# Rooms for sealed bytes on their way


def test_threads_that_read_at_the_same_time_have_rooms_of_their_own() -> None:
    """Twice as many as are kept, three rounds: rooms are fresh, used again and left over."""
    count = 2 * (decoded_file._ROOMS.maxlen or 0)

    def work(number: int, all_there: threading.Barrier) -> None:
        for turn in range(3):
            all_there.wait()
            with decoded_file._scratch(SIZE) as room:
                room[:] = bytes([number + 1]) * SIZE
                all_there.wait()
                assert room.tobytes() == bytes([number + 1]) * SIZE, turn
                all_there.wait()

    together(count, work)
    assert len({id(room) for room in decoded_file._ROOMS}) == decoded_file._ROOMS.maxlen


def test_a_room_that_is_free_is_used_again_also_after_an_error() -> None:
    with decoded_file._scratch(SIZE) as room:
        first = room.obj
    with suppress(DamagedEntry), decoded_file._scratch(SIZE - 5) as smaller:
        assert (smaller.obj is first, len(smaller)) == (True, SIZE - 5)
        raise decoded_file.damaged()
    with decoded_file._scratch(SIZE) as again:
        assert again.obj is first
        with decoded_file._scratch(SIZE) as inner:
            assert inner.obj is not first


def test_no_room_grows_beyond_what_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoded_file, "LARGEST_KEPT", SIZE)
    with decoded_file._scratch(SIZE + 1) as large:
        assert len(large) == SIZE + 1
    assert not decoded_file._ROOMS
    with decoded_file._scratch(SIZE):
        pass
    assert [len(room) for room in decoded_file._ROOMS] == [SIZE]
    with decoded_file._scratch(SIZE + 1) as large:
        assert len(large) == SIZE + 1


@pytest.fixture
def sealed(tmp_path: Path) -> Any:
    """A sealed entry of 12 frames of two sizes, and what they are; the last one is damaged."""
    rng = np.random.default_rng(5)
    frames = [rng.integers(0, 4096, (90 + 30 * (n % 2), 77), dtype=np.uint16) for n in range(12)]
    layout = FrameLayout.of([(f.shape, f.dtype.str[1:]) for f in frames])
    described = StoredSeries("ab" * 32, "1.2", "1.2.3", layout, tuple(("1.2.4", n) for n in range(len(frames))))
    store = DecodedStore(tmp_path, Vault.with_key(bytes(32)))
    with store.writer(described) as writer:
        for position, frame in enumerate(frames):
            writer.put(position, frame)
    (path,) = tmp_path.glob("ab/*")
    slot, (shape, _) = layout.slots[-1], layout.kind(len(frames) - 1)
    data = bytearray(path.read_bytes())
    data[decoded_file.offsets_of(layout, decoded_file.TAG)[slot.block] + slot.index * (2 * shape[0] * shape[1] + 16)] ^= 1
    path.write_bytes(data)
    entry = store.find(described)
    assert entry is not None
    yield entry, frames
    store.close()


def test_frames_that_were_handed_out_stay_what_they_are_while_others_are_read(sealed: tuple[DecodedFile, list[Any]]) -> None:
    entry, frames = sealed
    handed: list[Any] = []

    def work(number: int, _: threading.Barrier) -> None:
        for turn in range(3 * (len(frames) - 1)):
            position = (number + turn) % (len(frames) - 1)
            frame = np.empty_like(frames[position])
            entry.read_into(position, frame)
            handed.append((position, frame))
            with pytest.raises(DamagedEntry):
                entry.read_into(len(frames) - 1, np.empty_like(frames[-1]))

    together(4, work)
    assert len(handed) == 4 * 3 * (len(frames) - 1)
    assert all((frame == frames[position]).all() for position, frame in handed)


# Memory of frames


@pytest.mark.skipif(sys.platform != "linux", reason="large pages are asked for on Linux alone")
@pytest.mark.parametrize("extra", [0, 1, LARGE_PAGE - 1])
def test_large_memory_is_whole_large_pages_and_small_memory_is_not(extra: int) -> None:
    rounded = WORTH_LARGE_PAGES + (LARGE_PAGE if extra else 0)
    assert len(frame_memory._anonymous(WORTH_LARGE_PAGES + extra)) == rounded
    assert len(frame_memory._anonymous(WORTH_LARGE_PAGES - LARGE_PAGE + extra)) == WORTH_LARGE_PAGES - LARGE_PAGE + extra


@pytest.mark.parametrize("is_for_frames", [False, True])
def test_an_array_is_as_large_as_asked_for_whatever_lies_behind_it(is_for_frames: bool) -> None:
    shape = (3, 1733, 1111)
    assert np.prod(shape) * 2 > WORTH_LARGE_PAGES
    block = zeros(shape, "u2", is_for_frames)
    assert (block.shape, block.dtype, block.flags.writeable) == (shape, np.dtype("u2"), True)
    assert not block.any()
    block[-1, -1, -1] = 7
    assert block.sum() == 7


def test_memory_of_a_closed_series_is_given_to_the_next_one_cleared(stock: FrameStock) -> None:
    """Nothing of one patient's pixels is left (F63)."""
    room = stock.room(SIZE)
    frame = np.frombuffer(room, "u2").reshape(64, -1)
    place, part = frame.ctypes.data, frame[7:9]
    frame[:] = 999
    del room, frame
    assert stock.bytes == 0, "somebody still looks into it"
    assert (part == 999).all()
    del part
    assert stock.bytes == SIZE
    again = np.frombuffer(stock.room(SIZE - 100), "u1")
    assert again.ctypes.data == place
    assert (len(again), again.any(), stock.bytes) == (SIZE - 100, False, 0)


def test_a_room_that_is_looked_into_is_never_given_to_another(stock: FrameStock) -> None:
    def work(number: int, all_there: threading.Barrier) -> None:
        for _ in range(20):
            frame = np.frombuffer(stock.room(SIZE), "u1")
            assert not frame.any()
            frame[:] = number + 1
            all_there.wait()
            assert (frame == number + 1).all()
            all_there.wait()
            del frame

    together(5, work)
    assert stock.bytes == 3 * SIZE


def test_the_stock_keeps_no_more_than_it_may_and_the_latest_of_it(stock: FrameStock) -> None:
    rooms = [stock.room(quarters * SIZE // 4) for quarters in (5, 4, 6)]
    while rooms:
        del rooms[0]
    assert stock.bytes == 10 * SIZE // 4, "the first had to go for the third"
    huge = stock.room(4 * SIZE)
    del huge
    assert stock.bytes == 10 * SIZE // 4


def test_a_much_larger_room_is_left_to_who_needs_it(stock: FrameStock) -> None:
    room = stock.room(2 * SIZE)
    del room
    small = stock.room(SIZE)
    assert stock.bytes == 2 * SIZE
    large = stock.room(2 * SIZE - 1)
    assert (stock.bytes, len(large), len(small)) == (0, 2 * SIZE - 1, SIZE)


def test_rooms_that_a_collection_brings_back_in_the_middle_are_no_harm(stock: FrameStock) -> None:
    """The collector runs wherever something is allocated: also while the stock looks for a room."""
    for _ in range(3):
        cycle: list[Any] = [stock.room(SIZE)]
        cycle.append(cycle)
    del cycle
    kept = stock.room(SIZE)
    del kept

    class Meddling(list[Any]):
        def remove(self, room: Any) -> None:
            gc.collect()
            super().remove(room)

    stock._rooms = Meddling(stock._rooms)
    assert len(stock.room(SIZE)) == SIZE
    assert stock.bytes <= 3 * SIZE


def test_frames_of_a_series_lie_in_memory_of_the_stock_and_what_is_beside_them_does_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stock = FrameStock(2 * LARGE_PAGE, frame_memory._anonymous)
    monkeypatch.setattr(frame_memory, "_stock", lambda: stock)
    monkeypatch.setattr(frame_memory, "WORTH_LARGE_PAGES", SIZE)
    layout = FrameLayout.of([((128, 256), "u2")] * 2)
    memory = WholeMemory.empty(layout)
    memory.room(1)[...] = 5
    del memory
    kept = stock.bytes
    assert kept >= 2 * SIZE
    beside = zeros((128, 512), "u2")
    del beside
    assert stock.bytes == kept
    assert not WholeMemory.empty(layout).view(1).any()
