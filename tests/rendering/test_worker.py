"""The limited worker process: what it may not do, and what one bad file may do to the others."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import psutil
import pytest
from received import JPEG, dataset, encapsulated, item, items, save, smooth

from rendering import worker_child
from rendering.header import ImageHeader
from rendering.shared_frames import SharedFrames
from rendering.worker import DecodeJob, ImageWorker, WorkerLimits
from workstation.errors import Refused, Unavailable

GREY = smooth(40, 50, 4095)

# A worker in which a file's name decides its fate, where a real one would need a real exploit.
FATAL_PROGRAM = """
import os, sys, time
sys.path.insert(0, sys.argv[1])
from rendering import worker_process

def doomed(function):
    def work(first, *rest):
        name = str(getattr(first, "name", first))
        if "kills" in name:
            os.abort()
        while "hangs" in name:
            time.sleep(0.01)
        return function(first, *rest)
    return work

worker_process.parse_file = doomed(worker_process.parse_file)
worker_process.read_file = doomed(worker_process.read_file)
worker_process.read_frame = doomed(worker_process.read_frame)
worker_process.main(sys.argv[2:])
"""


@pytest.fixture
def worker() -> Iterator[ImageWorker]:
    with ImageWorker(WorkerLimits(processes=1, threads=2)) as running:
        yield running


@pytest.fixture
def fatal_worker(monkeypatch: pytest.MonkeyPatch) -> Iterator[ImageWorker]:
    monkeypatch.setattr(worker_child, "_PROGRAM", FATAL_PROGRAM)
    with ImageWorker(WorkerLimits(seconds=2.0, threads=2)) as running:
        yield running


def image(folder: Path, name: str, pixels: np.ndarray[Any, Any] = GREY) -> Path:
    return save(dataset(pixels, SOPInstanceUID=f"1.2.3.{10**8 + abs(hash(name)) % 10**8}"), folder / f"{name}.dcm")


def jobs_for(worker: ImageWorker, paths: list[Path]) -> list[DecodeJob]:
    """One job a file, headers parsed from a good file where the worker could not."""
    header = ImageHeader.from_json(worker.parse(paths[0]).instance.header)
    return [DecodeJob(str(path), header, 0, slot) for slot, path in enumerate(paths)]


def decode(worker: ImageWorker, jobs: list[DecodeJob], frames: SharedFrames) -> dict[int, Refused | None]:
    found: dict[int, Refused | None] = {}

    def note(slot: int, reason: Refused | None) -> None:
        assert slot not in found, "a slot was reported twice"
        found[slot] = reason

    worker.decode(jobs, frames, note)
    return found


def only_child() -> psutil.Process:
    (child,) = workers()
    return child


def workers() -> list[psutil.Process]:
    """The worker processes; named shared memory has a tracker process of its own."""
    return [child for child in psutil.Process().children() if any("worker_process" in part for part in child.cmdline())]


def test_the_worker_is_another_program_not_a_fork(worker: ImageWorker, tmp_path: Path) -> None:
    worker.parse(image(tmp_path, "a"))
    command = only_child().cmdline()
    assert command[0] == sys.executable
    assert "-P" in command


@pytest.mark.skipif(sys.platform != "linux", reason="limits are read from /proc, which only Linux has")
def test_the_worker_is_limited(worker: ImageWorker, tmp_path: Path) -> None:
    worker.parse(image(tmp_path, "a"))
    child = only_child()
    assert child.rlimit(psutil.RLIMIT_CORE) == (0, 0)
    assert child.rlimit(psutil.RLIMIT_FSIZE) == (0, 0)
    assert 1 << 30 < child.rlimit(psutil.RLIMIT_AS)[0] < 5 << 30
    assert child.rlimit(psutil.RLIMIT_CPU)[0] < 600
    assert child.nice() > psutil.Process().nice()


def test_memory_beyond_the_limit_is_a_refusal(tmp_path: Path) -> None:
    plain = np.zeros((11000, 11000), np.uint16)
    stream = bytes(imagecodecs.jpegls_encode(plain))
    assert len(stream) < 100_000
    large = dataset(plain[:1, :1], JPEG + "80", Rows=11000, Columns=11000, PixelData=encapsulated([stream]))
    with ImageWorker(WorkerLimits(memory=20 << 20, processes=1, threads=1)) as tight:
        jobs = jobs_for(tight, [save(large, tmp_path / "large.dcm")])
        frames = SharedFrames(1, (11000, 11000), "u2")
        assert "more memory than is allowed" in str(decode(tight, jobs, frames)[0])
        frames.close()
        assert tight.parse(image(tmp_path, "small")).instance.rows == 40


def test_files_are_parsed_in_the_order_they_were_named(worker: ImageWorker, tmp_path: Path) -> None:
    paths = [image(tmp_path, f"n{i}", smooth(4 + i % 7, 8, 255, "u1")) for i in range(120)]
    found = list(worker.parse_many(iter(paths)))
    assert [path for path, _ in found] == paths
    rows = [r.instance.rows for _, r in found if not isinstance(r, Refused)]
    assert rows == [4 + i % 7 for i in range(120)]


def test_a_file_that_kills_the_parser_is_refused_alone(fatal_worker: ImageWorker, tmp_path: Path) -> None:
    """F06."""
    paths = [image(tmp_path, name) for name in ("a", "kills", "b", "c")]
    found = [result for _, result in fatal_worker.parse_many(paths)]
    assert [isinstance(r, Refused) for r in found] == [False, True, False, False]
    assert "killed the decoder" in str(found[1])


def test_a_file_that_hangs_the_parser_is_refused_alone(fatal_worker: ImageWorker, tmp_path: Path) -> None:
    """F06."""
    paths = [image(tmp_path, name) for name in ("a", "hangs", "b")]
    found = [result for _, result in fatal_worker.parse_many(paths)]
    assert [isinstance(r, Refused) for r in found] == [False, True, False]
    assert "hung the decoder" in str(found[1])


def test_a_file_that_kills_the_decoder_leaves_the_others_whole(fatal_worker: ImageWorker, tmp_path: Path) -> None:
    """F06."""
    pictures = [smooth(40, 50, 4095, seed=i) for i in range(8)]
    names = ["a", "b", "kills", "c", "d", "kills2", "e", "f"]
    paths = [image(tmp_path, name, pixels) for name, pixels in zip(names, pictures, strict=True)]
    frames = SharedFrames(8, (40, 50), "u2")
    found = decode(fatal_worker, jobs_for(fatal_worker, paths), frames)
    assert {slot for slot, reason in found.items() if reason is not None} == {2, 5}
    assert "killed the decoder" in str(found[2])
    for slot in (0, 1, 3, 4, 6, 7):
        np.testing.assert_array_equal(frames.array[slot], pictures[slot])
    frames.close()


def test_a_file_that_hangs_the_decoder_leaves_the_others_whole(fatal_worker: ImageWorker, tmp_path: Path) -> None:
    """F06."""
    paths = [image(tmp_path, name) for name in ("a", "hangs", "b", "c")]
    frames = SharedFrames(4, (40, 50), "u2")
    found = decode(fatal_worker, jobs_for(fatal_worker, paths), frames)
    assert {slot for slot, reason in found.items() if reason is not None} == {1}
    assert "hung the decoder" in str(found[1])
    np.testing.assert_array_equal(frames.array[3], GREY)
    frames.close()


def test_a_worker_killed_between_jobs_comes_back(worker: ImageWorker, tmp_path: Path) -> None:
    """F06."""
    path = image(tmp_path, "a")
    worker.parse(path)
    first = only_child()
    first.send_signal(signal.SIGKILL)
    first.wait()
    assert worker.parse(path).instance.rows == 40
    assert only_child().pid != first.pid


def test_a_spare_process_takes_over_when_the_decoder_dies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """F06: it ran before the death, so that nobody waits for one to start; and there is a next one."""
    monkeypatch.setattr(worker_child, "_PROGRAM", FATAL_PROGRAM)
    with ImageWorker(WorkerLimits(processes=1, threads=2)) as worker:
        good, bad = image(tmp_path, "good"), image(tmp_path, "kills")
        jobs = jobs_for(worker, [good, bad])
        frames = SharedFrames(2, (40, 50), "u2")
        assert worker._spare is None, "none before anything was decoded"
        assert decode(worker, jobs[:1], frames) == {0: None}
        spare, first = worker._spare, worker._idle[0]
        assert spare is not None
        assert psutil.pid_exists(spare.pid)
        assert first.pid != spare.pid
        assert "killed the decoder" in str(decode(worker, jobs[1:], frames)[1])
        assert not psutil.pid_exists(first.pid)
        assert decode(worker, jobs[:1], frames) == {0: None}
        assert spare.pid in [child.pid for child in worker._idle]
        assert worker._spare is not None
        assert worker._spare.pid not in (first.pid, spare.pid)
        left = [child.pid for child in (*worker._idle, worker._spare)]
    assert not [pid for pid in left if psutil.pid_exists(pid)]


def test_a_file_that_changed_since_it_was_parsed_is_refused(worker: ImageWorker, tmp_path: Path) -> None:
    path = image(tmp_path, "a")
    found = worker.parse(path).instance
    header = ImageHeader.from_json(found.header)
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    frames = SharedFrames.for_header(header)
    reasons = decode(worker, [DecodeJob(str(path), header, 0, 0, found.sha256)], frames)
    assert "checksum" in str(reasons[0])
    assert not frames.array.any()
    frames.close()


def test_a_missing_file_is_refused(worker: ImageWorker, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="cannot be read"):
        worker.parse(tmp_path / "nowhere.dcm")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_not_waited_for(worker: ImageWorker, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.dcm")
    with pytest.raises(Refused, match="Not a file"):
        worker.parse(tmp_path / "pipe.dcm")


def test_a_frame_of_another_shape_than_its_slots_is_refused(worker: ImageWorker, tmp_path: Path) -> None:
    jobs = jobs_for(worker, [image(tmp_path, "a")])
    frames = SharedFrames(1, (50, 40), "u2")
    assert "another kind" in str(decode(worker, jobs, frames)[0])
    frames.close()


def test_a_cancelled_decode_ends_early_and_the_worker_is_fit_for_more(worker: ImageWorker, tmp_path: Path) -> None:
    many = save(dataset(np.stack([GREY] * 500), NumberOfFrames=500), tmp_path / "many.dcm")
    found = worker.parse(many).instance
    header = ImageHeader.from_json(found.header)
    frames = SharedFrames.for_header(header)
    slots: list[int] = []
    jobs = [DecodeJob(str(many), header, i, i) for i in range(500)]
    worker.decode(jobs, frames, lambda slot, _reason: slots.append(slot), lambda: True)
    before = len(slots)
    assert decode(worker, jobs[:3], frames) == {0: None, 1: None, 2: None}
    assert before < 500
    frames.close()


def test_views_outlive_the_block_they_look_into() -> None:
    frames = SharedFrames(2, (3, 4), "i2")
    frames.array[1] = 7
    view = frames.array[1]
    frames.close()
    frames.close()
    assert view.sum() == 84


def test_named_blocks_serve_where_there_is_no_memfd(worker: ImageWorker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rendering.shared_frames.HAS_MEMFD", False)
    jobs = jobs_for(worker, [image(tmp_path, "a")])
    for _ in range(2):
        frames = SharedFrames(1, (40, 50), "u2")
        assert frames.address.name.startswith("named:")
        assert decode(worker, jobs, frames) == {0: None}
        np.testing.assert_array_equal(frames.array[0], GREY)
        frames.close()


def test_two_threads_may_ask_at_once(tmp_path: Path) -> None:
    paths = [image(tmp_path, f"n{i}") for i in range(60)]
    counts: list[int] = []
    with ImageWorker(WorkerLimits(threads=1)) as shared:

        def ask() -> None:
            counts.append(sum(not isinstance(r, Refused) for _, r in shared.parse_many(paths)))

        threads = [threading.Thread(target=ask) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert counts == [60, 60, 60]


def test_a_closed_worker_says_so_and_leaves_no_process(tmp_path: Path) -> None:
    path = image(tmp_path, "a")
    running = ImageWorker()
    running.parse(path)
    running.close()
    assert not workers()
    with pytest.raises(Unavailable):
        running.parse(path)


def test_a_dicomdir_gives_the_files_it_names(worker: ImageWorker, tmp_path: Path) -> None:
    records = items(
        item(DirectoryRecordType="PATIENT"),
        item(DirectoryRecordType="IMAGE", ReferencedFileID=["PAT1", "IM1"]),
        item(DirectoryRecordType="IMAGE", ReferencedFileID=["..", "IM2"]),
    )
    path = save(dataset(DirectoryRecordSequence=records), tmp_path / "DICOMDIR")
    assert worker.media_files(path) == (("PAT1", "IM1"), ("..", "IM2"))
    with pytest.raises(Refused, match="DICOMDIR"):
        worker.parse(path)
    with pytest.raises(Refused, match="Not a DICOMDIR"):
        worker.media_files(image(tmp_path, "a"))
