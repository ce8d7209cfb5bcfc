"""The decoded store gives back what was written, whole and proved, or nothing."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rendering.decoded import DecodedStore
from rendering.decoded_file import PAGE, PREAMBLE, DamagedEntry, StoredSeries
from rendering.frame_layout import FrameLayout
from workstation.at_rest.vault import Vault
from workstation.errors import Unavailable

VAULTS = {"plain": Vault.plain(), "sealed": Vault.with_key(bytes(32))}
KEY = "ab" + "0" * 62
SECRET = "1.2.826.0.1.7777"


@pytest.fixture(params=list(VAULTS))
def vault(request: pytest.FixtureRequest) -> Vault:
    return VAULTS[request.param]


@pytest.fixture
def store(tmp_path: Path, vault: Vault) -> Any:
    made = DecodedStore(tmp_path, vault)
    yield made
    made.close()


def series(frames: list[Any], key: str = KEY, uid: str = "1.2.3") -> StoredSeries:
    layout = FrameLayout.of([(f.shape, f.dtype.str[1:]) for f in frames])
    return StoredSeries(key, "1.2", uid, layout, tuple((f"{SECRET}.{i}", 0) for i in range(len(frames))))


def written(store: DecodedStore, frames: list[Any], **of: str) -> StoredSeries:
    described = series(frames, **of)
    with store.writer(described) as writer:
        for position in reversed(range(len(frames))):
            writer.put(position, frames[position])
    return described


def slices(count: int = 6, seed: int = 1) -> list[Any]:
    rng = np.random.default_rng(seed)
    return list(rng.integers(-1000, 3000, (count, 40, 52), dtype=np.int16))


def read(store: DecodedStore, described: StoredSeries, position: int) -> Any:
    entry = store.find(described)
    assert entry is not None
    frame = np.empty(*described.layout.kind(position))
    entry.read_into(position, frame)
    return frame


def file_of(folder: Path, key: str = KEY) -> Path:
    return folder / key[:2] / f"{key[2:]}.frames"


def flip(path: Path, offset: int) -> None:
    with path.open("r+b") as file:
        file.seek(offset)
        byte = file.read(1)[0]
        file.seek(offset)
        file.write(bytes([byte ^ 0x10]))


def test_every_kind_of_frame_comes_back_as_it_was(store: DecodedStore) -> None:
    rng = np.random.default_rng(3)
    frames = [
        rng.integers(0, 255, (7, 5), dtype=np.uint8),
        rng.integers(-9, 9, (40, 52), dtype=np.int16),
        rng.integers(0, 255, (9, 4, 3), dtype=np.uint8),
        rng.random((3, 3), dtype=np.float32),
        rng.integers(-9, 9, (40, 52), dtype=np.int16),
        rng.integers(0, 1 << 31, (2, 6), dtype=np.uint32),
    ]
    described = written(store, frames)
    for position, frame in enumerate(frames):
        found = read(store, described, position)
        assert found.dtype == frame.dtype
        assert (found == frame).all()


def test_a_plain_entry_is_a_map_of_whole_blocks_on_pages(tmp_path: Path) -> None:
    store, frames = DecodedStore(tmp_path, Vault.plain()), slices()
    entry = store.find(written(store, frames))
    assert entry is not None
    (block,) = entry.mapped()
    assert block.shape == (6, 40, 52)
    assert block.ctypes.data % PAGE == 0
    entry.check(2, block[2])
    assert (block == np.stack(frames)).all()
    store.close()


def test_a_sealed_entry_shows_neither_pixels_nor_names(tmp_path: Path) -> None:
    store, frames = DecodedStore(tmp_path, Vault.with_key(bytes(32))), slices()
    written(store, frames)
    data = file_of(tmp_path).read_bytes()
    assert frames[0].tobytes()[:16] not in data
    assert SECRET.encode() not in data
    assert file_of(tmp_path).stat().st_mode & 0o077 == 0
    store.close()


@pytest.mark.parametrize("where", ["first frame", "last frame", "about", "positions", "preamble", "places"])
def test_one_flipped_bit_is_never_read_over(tmp_path: Path, store: DecodedStore, where: str) -> None:
    """F16."""
    frames = slices()
    described = written(store, frames)
    path = file_of(tmp_path)
    size, stride = path.stat().st_size, 40 * 52 * 2
    places = {
        "first frame": PAGE + 100,
        "last frame": PAGE + 5 * stride + 300,
        "about": PREAMBLE.unpack(path.read_bytes()[: PREAMBLE.size])[3] + 30,
        "positions": size - 50,
        "preamble": 20,
        "places": 33,
    }
    flip(path, places[where])
    entry = store.find(described)
    if where.endswith("frame"):
        assert entry is not None
        at = 0 if where.startswith("first") else 5
        with pytest.raises(DamagedEntry):
            entry.read_into(at, np.empty((40, 52), np.int16))
        assert (read(store, described, 3) == frames[3]).all()
    else:
        assert entry is None
        assert not path.exists()


def test_a_bit_that_flips_in_a_map_is_noticed(tmp_path: Path) -> None:
    """F16."""
    store, frames = DecodedStore(tmp_path, Vault.plain()), slices()
    entry = store.find(written(store, frames))
    assert entry is not None
    (block,) = entry.mapped()
    flip(file_of(tmp_path), PAGE + 2 * 40 * 52 * 2 + 11)
    entry.check(1, block[1])
    with pytest.raises(DamagedEntry):
        entry.check(2, block[2])
    store.close()


@pytest.mark.parametrize("size", [0, 10, PAGE, PAGE + 5000, -1])
def test_a_file_that_was_cut_is_thrown_away(tmp_path: Path, store: DecodedStore, size: int) -> None:
    """F17."""
    described = written(store, slices())
    path = file_of(tmp_path)
    os.truncate(path, size if size >= 0 else path.stat().st_size - 1)
    assert store.find(described) is None
    assert not store.holds(KEY)


def test_a_file_that_was_swapped_for_another_series_is_thrown_away(tmp_path: Path, store: DecodedStore) -> None:
    """F17, I6."""
    other = "cd" + "1" * 62
    described = written(store, slices())
    written(store, slices(seed=2), key=other, uid="1.2.4")
    file_of(tmp_path, other).replace(file_of(tmp_path))
    assert store.find(described) is None


def test_frames_of_other_instances_are_not_taken(store: DecodedStore) -> None:
    """F17, I6: the entry itself says of which instances its frames are."""
    described = written(store, slices())
    swapped = (described.frames[1], described.frames[0], *described.frames[2:])
    assert store.find(replace(described, frames=swapped)) is None


def test_a_sealed_frame_does_not_open_at_another_place(tmp_path: Path) -> None:
    """F17."""
    store, frames = DecodedStore(tmp_path, Vault.with_key(bytes(32))), slices()
    described = written(store, frames)
    path, stride = file_of(tmp_path), 40 * 52 * 2 + 16
    data = bytearray(path.read_bytes())
    first, second = (slice(PAGE + i * stride, PAGE + (i + 1) * stride) for i in (0, 1))
    data[first], data[second] = data[second], data[first]
    path.write_bytes(data)
    with pytest.raises(DamagedEntry):
        read(store, described, 0)
    store.close()


def test_an_entry_of_another_key_or_kind_is_thrown_away(tmp_path: Path, vault: Vault) -> None:
    others = [Vault.with_key(bytes([9]) * 32), *(v for v in VAULTS.values() if v.is_sealing != vault.is_sealing)]
    for other in others:
        first = DecodedStore(tmp_path, vault)
        described = written(first, slices())
        second = DecodedStore(tmp_path, other)
        assert second.find(described) is None
        assert not first.holds(KEY)
        first.close()
        second.close()


def test_nothing_is_there_until_all_of_it_is(tmp_path: Path, store: DecodedStore) -> None:
    frames = slices()
    described = series(frames)

    def half() -> None:
        with store.writer(described) as writer:
            writer.put(0, frames[0])
            assert not store.holds(KEY)
            raise InterruptedError

    with pytest.raises(Unavailable):
        half()
    assert store.find(described) is None
    assert store.entries() == ()
    assert not list(tmp_path.rglob("*.frames"))
    assert [p.name for p in (tmp_path / "writing").glob("*/*")] == ["held"]


def test_what_a_killed_program_left_is_gone_at_the_next_start(tmp_path: Path) -> None:
    """F04: a real process, killed while it writes."""
    program = (
        "import sys, time; sys.path[:0] = sys.argv[2:]; from pathlib import Path; import numpy as np;"
        "from test_decoded import series, slices; from rendering.decoded import DecodedStore;"
        "from workstation.at_rest.vault import Vault;"
        "store = DecodedStore(Path(sys.argv[1]), Vault.with_key(bytes(32))); frames = slices(); w = store.writer(series(frames));"
        "writer = w.__enter__(); [writer.put(i, f) for i, f in enumerate(frames)]; print('writing', flush=True); time.sleep(60)"
    )
    here = Path(__file__)
    command = [sys.executable, "-c", program, str(tmp_path), str(here.parent), str(here.parent.parent.parent)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"writing\n"
        running = DecodedStore(tmp_path, Vault.with_key(bytes(32)))
        assert len([p for p in (tmp_path / "writing").glob("*/*") if p.name != "held"]) == 1
        child.send_signal(signal.SIGKILL)
    running.close()
    store = DecodedStore(tmp_path, Vault.with_key(bytes(32)))
    assert store.entries() == ()
    assert [p.name for p in (tmp_path / "writing").glob("*/*")] == ["held"]
    store.close()


def test_a_disk_that_takes_no_more_is_told_and_leaves_nothing(tmp_path: Path, store: DecodedStore) -> None:
    """F14: the system itself refuses the write."""
    frames = slices(40)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, hard))
    try:
        with pytest.raises(Unavailable, match="cannot be written"):
            written(store, frames)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert store.find(series(frames)) is None
    assert [p.name for p in (tmp_path / "writing").glob("*/*")] == ["held"]
    assert (read(store, written(store, frames), 39) == frames[39]).all()


def test_a_frame_that_could_not_be_decoded_is_left_out(store: DecodedStore) -> None:
    frames = slices()
    described = series(frames)
    with store.writer(described) as writer:
        for position in (0, 2, 3, 5):
            writer.put(position, frames[position])
        assert writer.count == 4
    entry = store.find(described)
    assert entry is not None
    assert [entry.holds(p) for p in range(6)] == [True, False, True, True, False, True]
    assert entry.held_count == 4


def test_entries_tell_their_studies_size_and_use_to_a_program_that_has_just_started(tmp_path: Path, vault: Vault) -> None:
    first = DecodedStore(tmp_path, vault)
    keys = ["ab" + str(i) * 62 for i in range(3)]
    kept = [written(first, slices(), key=key, uid=f"1.2.{i}") for i, key in enumerate(keys)]
    for age, key in enumerate(keys):
        then = time.time() - 1000 + age
        os.utime(file_of(tmp_path, key), (then, then))
    first.close()
    store = DecodedStore(tmp_path, vault)
    assert [e.key for e in store.entries()] == keys
    assert [(e.study_uid, e.series_uid) for e in store.entries()] == [("1.2", f"1.2.{i}") for i in range(3)]
    assert store.bytes == sum(e.bytes for e in store.entries()) == sum(p.stat().st_size for p in tmp_path.rglob("*.frames"))
    assert store.find(kept[0]) is not None
    assert [e.key for e in store.entries()] == [keys[1], keys[2], keys[0]]
    store.close()


def test_an_entry_that_is_removed_stays_readable_for_who_has_it_open(store: DecodedStore) -> None:
    frames = slices()
    entry = store.find(written(store, frames))
    assert entry is not None
    store.remove(KEY)
    store.remove(KEY)
    assert store.bytes == 0
    frame = np.empty((40, 52), np.int16)
    entry.read_into(4, frame)
    assert (frame == frames[4]).all()


def test_a_series_that_grew_replaces_what_it_was(store: DecodedStore) -> None:
    written(store, slices(3))
    written(store, slices(2), key="ee" + "2" * 62, uid="1.2.99")
    written(store, slices(5), key="cd" + "2" * 62)
    assert {e.series_uid for e in store.entries()} == {"1.2.3", "1.2.99"}
    assert not store.holds(KEY)
