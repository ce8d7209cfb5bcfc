"""Damaged and hostile files, thousands from one seed, through the real worker (reliability F87).

The parent never fails, no file takes longer than the limit, memory stays bounded, and what is shown after
all is of the size that both the header and the codestream say.
The long run of 20,000 of our own files and as many real ones:
`LYSKASSE_FUZZ_FILES=20000 python -m pytest -s tests/journeys/test_fuzz.py` (`LYSKASSE_FUZZ_SEED` for another one).
"""

from __future__ import annotations

import os
import struct
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest
from mutations import mutants, real, wholes

from rendering.header import ImageHeader
from rendering.shared_frames import SharedFrames
from rendering.worker import DecodeJob, ImageWorker, WorkerLimits
from workstation.domain.study import ParsedInstance
from workstation.errors import Refused

OWN_FILES = int(os.environ.get("LYSKASSE_FUZZ_FILES", "1000"))
REAL_FILES = int(os.environ.get("LYSKASSE_FUZZ_FILES", "500"))
SEED = int(os.environ.get("LYSKASSE_FUZZ_SEED", "20261122"))
# Of the test's own process, and of a worker over what it is allowed.
MOST_GROWTH = 300 << 20
LIMIT = 10.0
MOST_FRAMES = 3
# A header may rightly describe a picture larger than is worth decoding here.
MOST_DECODED = 64 << 20
BATCH = 100


LONG = pytest.mark.timeout(0 if "LYSKASSE_FUZZ_FILES" in os.environ else 300)


@dataclass
class Tally:
    """What became of the files; the longest time (s) and the most memory (bytes) that any of them took."""

    outcomes: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0
    parent_growth: int = 0
    worker_peak: int = 0


@LONG
def test_no_mutant_of_our_files_does_more_harm_than_being_refused(tmp_path: Path) -> None:
    """F87, F04, F06: every transfer syntax, header and video."""
    judge(tried(tmp_path, wholes(tmp_path), OWN_FILES), OWN_FILES)


@LONG
def test_no_mutant_of_a_real_file_does_more_harm_than_being_refused(tmp_path: Path, shared_data: Path) -> None:
    """F87 with the real files of every transfer syntax and of every kind of object."""
    judge(tried(tmp_path, real(shared_data), REAL_FILES), REAL_FILES)


def judge(tally: Tally, files: int) -> None:
    print(f"{files} mutants: {tally}")
    assert sum(tally.outcomes.values()) == files
    assert tally.outcomes["shown"] > files // 50
    assert tally.outcomes["refused"] > files // 8
    assert tally.slowest < LIMIT, f"a file took {tally.slowest:.1f} s"
    assert tally.parent_growth < MOST_GROWTH, f"grew by {tally.parent_growth >> 20} MB"
    assert tally.worker_peak < WorkerLimits().memory + MOST_GROWTH, f"a worker held {tally.worker_peak >> 20} MB"
    # Nothing that a few damaged bytes do may need the last line of defence more than rarely.
    assert tally.outcomes["killed its worker"] <= files // 1000 + 1, tally.outcomes


def tried(folder: Path, whole: dict[str, bytes], files: int) -> Tally:
    tally = Tally()
    before = psutil.Process().memory_info().rss
    with ImageWorker(WorkerLimits(seconds=LIMIT)) as worker:
        batch: dict[Path, tuple[str, bytes]] = {}
        for number, (what, data) in enumerate(mutants(whole, files, SEED)):
            path = folder / f"{number}.dcm"
            path.write_bytes(data)
            batch[path] = what, data
            if len(batch) == BATCH or number == files - 1:
                tally.slowest = max(tally.slowest, try_all(worker, batch, tally.outcomes))
                tally.worker_peak = max(tally.worker_peak, *workers_memory())
                tally.parent_growth = max(tally.parent_growth, psutil.Process().memory_info().rss - before)
                batch = {}
    return tally


def workers_memory() -> list[int]:
    """The most that each living worker ever held, target blocks included, in bytes; 0 for none."""
    peaks = [0]
    for child in psutil.Process().children():
        try:
            status = Path(f"/proc/{child.pid}/status").read_text()
        except OSError:
            continue
        peaks += [int(line.split()[1]) << 10 for line in status.splitlines() if line.startswith("VmHWM")]
    return peaks


def try_all(worker: ImageWorker, batch: dict[Path, tuple[str, bytes]], outcomes: Counter[str]) -> float:
    """Counts what became of each file; the longest time that one took to be decoded."""
    slowest = 0.0
    for path, found in worker.parse_many(batch):
        what, data = batch[path]
        if isinstance(found, Refused):
            died = "killed" in found.detail or "hung" in found.detail
            outcomes["killed its worker" if died else "refused"] += 1
            if died:
                print(f"parsing, {found.detail}: {what}")
        elif not found.instance.has_pixels:
            outcomes["no pixels"] += 1
        else:
            start = time.monotonic()
            outcomes[decoded(worker, path, found, what, data)] += 1
            slowest = max(slowest, time.monotonic() - start)
        path.unlink()
    return slowest


def decoded(worker: ImageWorker, path: Path, found: ParsedInstance, what: str, data: bytes) -> str:
    header = ImageHeader.from_json(found.instance.header)
    block = SharedFrames.for_header(header, 0)
    count = min(header.frames, MOST_FRAMES, MOST_DECODED // max(1, block.frame_bytes))
    if not count:
        return "too large to try"
    frames = SharedFrames.for_header(header, count)
    reasons: dict[int, Refused | None] = {}
    jobs = [DecodeJob(str(path), header, frame, frame, found.instance.sha256) for frame in range(count)]
    worker.decode(jobs, frames, reasons.__setitem__)
    assert set(reasons) == set(range(count)), what
    frames.close()
    refused = [r for r in reasons.values() if r is not None]
    if not refused and header.encapsulated:
        assert sizes_agree(data, header), f"{what}: {header.columns} x {header.rows} is not what its codestream says"
    if any("killed" in r.detail or "hung" in r.detail for r in refused):
        print(f"decoding, {refused[0].detail}: {what}")
        return "killed its worker"
    return "refused" if refused else "shown"


def sizes_agree(data: bytes, header: ImageHeader) -> bool:
    """Whether the first codestream behind the pixel data's offset is of the header's size."""
    stream = data[header.pixel_offset :]
    siz = stream.find(b"\xff\x4f\xff\x51")
    if 0 <= siz < 400:
        right, bottom, left, top = struct.unpack_from(">4I", stream, siz + 8)
        return (bottom - top, right - left) == (header.rows, header.columns)
    start = stream.find(b"\xff\xd8\xff")
    if not 0 <= start < 400:
        return True
    at = start + 2
    while at + 9 < len(stream):
        marker, size = stream[at + 1], struct.unpack_from(">H", stream, at + 2)[0]
        if marker in (0xC0, 0xC1, 0xC2, 0xC3, 0xF7):
            return struct.unpack_from(">HH", stream, at + 5) == (header.rows, header.columns)
        at += 2 + size
    return True


def test_every_whole_file_is_shown(tmp_path: Path) -> None:
    with ImageWorker() as worker:
        for name, data in wholes(tmp_path).items():
            path = tmp_path / "a.dcm"
            path.write_bytes(data)
            assert decoded(worker, path, worker.parse(path), name, data) == "shown", name
