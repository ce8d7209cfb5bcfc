"""G10 and F18: files into the cache (parse, check, hash, seal, index, commit) against pydicom's bare header parse.

No program that keeps what it reads can come near a bare parse: it writes the bytes and waits for the
disk. The second floor is therefore a durable copy of the same files, by as many threads as keep the
disk busy; the third compares processor time, which says the same on a busy machine as on an idle one.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import statistics
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import psutil
import pydicom

from benchmarks.figures import Figure, interleaved
from benchmarks.series import write_ct
from rendering.worker import ImageWorker
from workstation.at_rest.vault import Vault
from workstation.cache.cache import StudyCache

FILES = 600
RUNS = 5
LEAST_RATE = 0.7
MOST_HASH = 0.05
REBUILD_RATE = 1000
WATCHED = "(a ratio to watch)"


def measure() -> Iterator[Figure]:
    """A CT of 512 x 512. Plain and sealed caches and the floor are timed in turn, medians given."""
    with tempfile.TemporaryDirectory(prefix="lyskasse-bench-") as folder:
        root = Path(folder)
        paths = write_ct(root / "files", FILES)
        yield from _against_bare_parse(root, paths)


def _against_bare_parse(root: Path, paths: list[Path]) -> Iterator[Figure]:
    vaults = {"plain": Vault.plain(), "sealed": Vault.with_key(bytes(32))}
    with ExitStack() as workers:
        works = [_ingest(root / name, paths, vault, workers) for name, vault in vaults.items()]
        floors = (lambda: _bare(paths), lambda: _hash(paths), lambda: _copy(paths, root / "copies"))
        *taken, bare, hashing, copying = interleaved((*works, *floors), RUNS)
        processor = {name: _processor_time(work) for name, work in zip(vaults, works, strict=True)}
        least = sum(map(_processor_time, floors))
    floor = statistics.median(bare)
    goal = f"<= {1 / LEAST_RATE:.2f} x (0.7 of its rate)"
    for name, times in zip(vaults, taken, strict=True):
        value = statistics.median(times)
        yield Figure(
            f"ingest of {FILES} CT files, {name}", "G10", value * 1e3, floor * 1e3, "ms", goal, value * LEAST_RATE <= floor
        )
    value, whole = statistics.median(hashing), statistics.median(taken[0])
    yield Figure("of which SHA-256", "G10", value * 1e3, whole * 1e3, "ms", "<= 0.05 x ingest", value <= MOST_HASH * whole)
    copied = statistics.median(copying)
    for name, times in zip(vaults, taken, strict=True):
        value = statistics.median(times)
        yield Figure(f"ingest, {name}, against a copy and fsync", "G10", value * 1e3, copied * 1e3, "ms", WATCHED, True)
    for name, value in processor.items():
        title = f"its processor time, {name}, against parse + hash + copy"
        yield Figure(title, "G10", value * 1e3, least * 1e3, "ms", WATCHED, True)
    for name, vault in vaults.items():
        yield _rebuilding(root / f"again-{name}", paths, vault, name, floor)


def _ingest(root: Path, paths: list[Path], vault: Vault, workers: ExitStack) -> Callable[[], None]:
    """Each time into an empty cache; making the cache and starting the worker are not part of it."""
    worker = workers.enter_context(ImageWorker(key_of=vault.key_of))
    worker.parse(paths[0])

    def work() -> None:
        shutil.rmtree(root, ignore_errors=True)
        with StudyCache(root, worker, vault) as cache:
            assert cache.add(paths).imported == len(paths)

    return work


def _processor_time(work: Callable[[], None]) -> float:
    """Seconds of all processors that this process and those it started spent on one run."""
    before = _spent()
    work()
    return _spent() - before


def _spent() -> float:
    own = psutil.Process()
    times = [one.cpu_times() for one in (own, *own.children(recursive=True))]
    return sum(found.user + found.system for found in times)


def _bare(paths: list[Path]) -> None:
    for path in paths:
        pydicom.dcmread(path, stop_before_pixels=True)


def _hash(paths: list[Path]) -> None:
    for path in paths:
        hashlib.sha256(path.read_bytes()).digest()


def _copy(paths: list[Path], folder: Path) -> None:
    """What any program must do that keeps them: the bytes on the disk, 16 files at once."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()

    def one(path: Path) -> None:
        with (folder / path.name).open("wb") as copy:
            copy.write(path.read_bytes())
            copy.flush()
            os.fsync(copy.fileno())

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(one, paths))


def _rebuilding(root: Path, paths: list[Path], vault: Vault, name: str, floor: float) -> Figure:
    with ImageWorker(key_of=vault.key_of) as worker, StudyCache(root, worker, vault) as cache:
        cache.add(paths)
        value = statistics.median(interleaved((cache.rebuild,), RUNS)[0])
    holds = len(paths) / value >= REBUILD_RATE
    title = f"index made again from {FILES} files, {name}"
    return Figure(title, "F18", value * 1e3, floor * 1e3, "ms", f"<= {FILES} ms (1,000 files/s)", holds)
