"""Damaged and hostile files, thousands from one seed, through the real worker (reliability F87).

The parent never fails, no file takes longer than the limit, memory stays bounded, and what is shown after
all is of the size that both the header and the codestream say.
`LYSKASSE_FUZZ_FILES` and `LYSKASSE_FUZZ_SEED` make a longer or another run by hand.
"""

from __future__ import annotations

import os
import struct
import time
from collections import Counter
from pathlib import Path

import psutil
import pytest
from mutations import mutants, wholes

from rendering.header import ImageHeader
from rendering.shared_frames import SharedFrames
from rendering.worker import DecodeJob, ImageWorker, WorkerLimits
from workstation.domain.study import ParsedInstance
from workstation.errors import Refused

FILES = int(os.environ.get("LYSKASSE_FUZZ_FILES", "1500"))
SEED = int(os.environ.get("LYSKASSE_FUZZ_SEED", "20261122"))
# Of the test's own process, and of a worker over what it is allowed.
MOST_GROWTH = 300 << 20
LIMIT = 10.0
MOST_FRAMES = 3
# A header may rightly describe a picture larger than is worth decoding here.
MOST_DECODED = 64 << 20
BATCH = 100


@pytest.mark.timeout(0 if "LYSKASSE_FUZZ_FILES" in os.environ else 300)
def test_no_mutant_does_more_harm_than_being_refused(tmp_path: Path) -> None:
    outcomes: Counter[str] = Counter()
    before = psutil.Process().memory_info().rss
    slowest = 0.0
    with ImageWorker(WorkerLimits(seconds=LIMIT)) as worker:
        batch: dict[Path, tuple[str, bytes]] = {}
        for number, (what, data) in enumerate(mutants(tmp_path, FILES, SEED)):
            path = tmp_path / f"{number}.dcm"
            path.write_bytes(data)
            batch[path] = what, data
            if len(batch) == BATCH or number == FILES - 1:
                slowest = max(slowest, try_all(worker, batch, outcomes))
                batch = {}
    grown = psutil.Process().memory_info().rss - before
    assert sum(outcomes.values()) == FILES
    assert outcomes["shown"] > FILES // 50
    assert outcomes["refused"] > FILES // 4
    assert slowest < LIMIT, f"a file took {slowest:.1f} s"
    assert grown < MOST_GROWTH, f"grew by {grown >> 20} MB"
    # Nothing that a few damaged bytes do may need the last line of defence more than rarely.
    assert outcomes["killed its worker"] <= FILES // 1000, outcomes


def try_all(worker: ImageWorker, batch: dict[Path, tuple[str, bytes]], outcomes: Counter[str]) -> float:
    """Counts what became of each file; the longest time that one took to be decoded."""
    slowest = 0.0
    for path, found in worker.parse_many(batch):
        what, data = batch[path]
        if isinstance(found, Refused):
            outcomes["killed its worker" if "killed" in found.detail or "hung" in found.detail else "refused"] += 1
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
