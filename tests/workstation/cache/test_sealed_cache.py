"""A cache that seals: nothing in plain on the disk, and nothing that was touched is ever shown."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from plaintext_scan import plaintext_below

from rendering.header import ImageHeader
from rendering.shared_frames import SharedFrames
from rendering.worker import DecodeJob, ImageWorker
from workstation.at_rest.vault import Purpose, Vault, is_sealed
from workstation.cache.cache import StudyCache
from workstation.cache.quarantine import QuarantineKind
from workstation.domain.study import Instance
from workstation.errors import Refused

NEEDLES = ("Ödla^Påhittad", "PAHITT-4711", "ACC-PAHITT")
VAULT = Vault.with_key(bytes(range(32)))
Series = Callable[..., list[Path]]


@pytest.fixture(scope="module")
def worker() -> Iterator[ImageWorker]:
    with ImageWorker(key_of=VAULT.key_of) as started:
        yield started


@pytest.fixture
def inbox(tmp_path: Path, series: Series) -> Path:
    """Six slices, each of other pixels."""
    folder = tmp_path / "inbox"
    pixels = iter(range(100))
    for number, path in enumerate(series(folder, 6), start=1):
        _rewritten(path, number + next(pixels))
    return folder


def _rewritten(path: Path, seed: int) -> None:
    import pydicom

    dataset = pydicom.dcmread(path)
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.PatientName, dataset.PatientID, dataset.AccessionNumber = NEEDLES
    dataset.Rows = dataset.Columns = 512
    dataset.BitsAllocated = dataset.BitsStored = 16
    dataset.HighBit = 15
    dataset.PixelData = np.random.default_rng(seed).integers(0, 4000, (512, 512), "u2").tobytes()
    dataset["PixelData"].VR = "OW"
    dataset.save_as(path)


def images(cache: StudyCache) -> list[Instance]:
    return [instance for series in cache.study("1.2.3").series for instance in series.instances]


def decoded(worker: ImageWorker, instance: Instance) -> tuple[np.ndarray, list[Refused | None]]:
    header = ImageHeader.from_json(instance.header)
    frames, answers = SharedFrames.for_header(header), []
    frames.array[...] = 7
    worker.decode([DecodeJob(instance.path, header, 0, 0, instance.sha256)], frames, lambda _, why: answers.append(why))
    return frames.array[0], answers


def test_nothing_that_is_kept_lies_in_plain_while_running_or_after(tmp_path: Path, inbox: Path, worker: ImageWorker) -> None:
    """F89: the disk of a stolen computer."""
    packed = tmp_path / "packed.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for path in sorted(inbox.iterdir())[3:]:
            archive.write(path, path.name)
    seen = []
    root = tmp_path / "cache"

    def look(*_: object) -> None:
        seen.append(plaintext_below(root, NEEDLES, skip=("index.db", "index.db-wal", "index.db-shm")))

    with StudyCache(root, worker, VAULT) as cache:
        result = cache.add([sorted(inbox.iterdir())[0], sorted(inbox.iterdir())[1], packed], progress=look)
        assert (result.imported, result.refused) == (5, ())
        assert cache.study("1.2.3").patient.name == NEEDLES[0]
        look()
    look()
    assert len(seen) == 7
    assert [hit for hits in seen for hit in hits] == []
    assert plaintext_below(inbox, NEEDLES) != [], "the scan finds nothing anywhere"


def test_the_index_is_sealed_with_the_rest(tmp_path: Path, inbox: Path, worker: ImageWorker) -> None:
    """F89."""
    with StudyCache(tmp_path / "cache", worker, VAULT) as cache:
        cache.add([inbox])
        assert plaintext_below(tmp_path / "cache", NEEDLES) == []
    assert plaintext_below(tmp_path / "cache", NEEDLES) == []


def test_the_security_log_and_what_is_set_aside_are_sealed_and_come_back(
    tmp_path: Path, inbox: Path, worker: ImageWorker
) -> None:
    """F47: another version of an image, with a program in its preamble."""
    import pydicom

    root, first = tmp_path / "cache", sorted(inbox.iterdir())[0]
    other = tmp_path / "other.dcm"
    dataset = pydicom.dcmread(first)
    dataset.ImageComments, dataset.preamble = "changed", b"MZ".ljust(128, b"!")
    dataset.save_as(other)
    with StudyCache(root, worker, VAULT) as cache:
        cache.add([inbox])
        assert cache.add([other]).quarantined == 1
        assert [alert.event for alert in cache.alerts()] == ["preamble: a Windows program"]
        assert plaintext_below(root, [*NEEDLES, "preamble", "other.dcm"]) == []
        before = cache.quarantined()
    for path in root.glob("index.db*"):
        path.unlink()
    with StudyCache(root, worker, VAULT) as cache:
        assert cache.quarantined() == before
        assert [file.kind for file in before] == [QuarantineKind.OTHER_BYTES]
        assert len(images(cache)) == 6


def test_a_sealed_image_is_painted_as_it_came_and_a_touched_one_never(tmp_path: Path, inbox: Path, worker: ImageWorker) -> None:
    """F16, F17: a bit flipped, cut, blocks reordered, swapped with another sealed file, emptied."""
    with StudyCache(tmp_path / "cache", worker, VAULT) as cache:
        cache.add([inbox])
        found = images(cache)
    truth = np.random.default_rng(1).integers(0, 4000, (512, 512), "u2")
    pixels, answers = decoded(worker, found[0])
    assert answers == [None]
    assert np.array_equal(pixels, truth)
    path, other = Path(found[0].path), Path(found[1].path)
    whole = path.read_bytes()
    stride = (128 << 10) + 16
    reordered = whole[:32] + whole[32 + stride : 32 + 2 * stride] + whole[32 : 32 + stride] + whole[32 + 2 * stride :]
    for touched in (
        whole[:-1] + bytes([whole[-1] ^ 1]),
        whole[:200] + bytes([whole[200] ^ 1]) + whole[201:],
        whole[: 32 + 2 * stride],
        reordered,
        other.read_bytes(),
        b"",
    ):
        path.write_bytes(touched)
        pixels, answers = decoded(worker, found[0])
        assert len(answers) == 1
        assert isinstance(answers[0], Refused)
        assert not np.array_equal(pixels, truth)
        assert not pixels.any() or (pixels == 7).all()
    path.write_bytes(whole)
    assert decoded(worker, found[0])[1] == [None]


def test_damaged_and_swapped_files_are_set_aside_when_the_index_is_made_again(
    tmp_path: Path, inbox: Path, worker: ImageWorker
) -> None:
    """F16, F17."""
    root = tmp_path / "cache"
    with StudyCache(root, worker, VAULT) as cache:
        cache.add([inbox])
        one, two, three = (Path(instance.path) for instance in images(cache)[:3])
        data = bytearray(one.read_bytes())
        data[-3] ^= 4
        one.write_bytes(data)
        shutil.copy(two, three)
        assert cache.rebuild() == 2
        assert {file.kind for file in cache.quarantined()} == {QuarantineKind.DAMAGED}
        assert len(images(cache)) == 4


def test_without_the_key_nothing_is_taken_for_damaged(tmp_path: Path, inbox: Path, worker: ImageWorker) -> None:
    root = tmp_path / "cache"
    with StudyCache(root, worker, VAULT) as cache:
        cache.add([inbox])
    for path in root.glob("index.db*"):
        path.unlink()
    before = sorted(root.glob("objects/*/*"))
    with pytest.raises(Refused, match="There is no key for it here"), ImageWorker() as keyless:
        StudyCache(root, keyless)
    assert sorted(root.glob("objects/*/*")) == before


def test_a_cache_from_before_is_read_and_sealed_one_file_after_the_other(
    tmp_path: Path, inbox: Path, worker: ImageWorker
) -> None:
    root = tmp_path / "cache"
    with StudyCache(root, worker) as cache:
        cache.add([inbox])
    assert plaintext_below(root, NEEDLES) != []
    with StudyCache(root, worker, VAULT) as cache:
        assert [decoded(worker, instance)[1] for instance in images(cache)] == [[None]] * 6
        assert cache.seal_existing() == 6
        assert cache.seal_existing() == 0
        assert all(is_sealed(Path(instance.path)) for instance in images(cache))
        assert [decoded(worker, instance)[1] for instance in images(cache)] == [[None]] * 6
        assert cache.add([inbox]).duplicates == 6
        assert plaintext_below(root / "objects", NEEDLES) == []


def test_files_that_come_sealed_from_the_archive_process_are_taken_in(tmp_path: Path, inbox: Path, worker: ImageWorker) -> None:
    with StudyCache(tmp_path / "cache", worker, VAULT) as cache, cache.receiving_folder() as folder:
        for path in sorted(inbox.iterdir()):
            with VAULT.create(folder / path.name, Purpose.INCOMING) as file:
                file.write(path.read_bytes())
        assert plaintext_below(folder, NEEDLES) == []
        assert cache.add([folder]).imported == 6
        assert decoded(worker, images(cache)[5])[1] == [None]
