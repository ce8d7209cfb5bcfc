"""Faults of the fault list that real files bring: killers, false doubles, names in every writing, texts that bait.

Everything goes through the real worker process and a real cache (F06, F47, F48, F58, F85).
"""

from __future__ import annotations

import struct
import sys
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import psutil
import pytest
from received import CT, JPEG, dataset, encapsulated, save, smooth

from rendering import worker_child
from rendering.images import SeriesImages
from rendering.viewport import Viewport
from rendering.worker import ImageWorker, WorkerLimits
from workstation.cache.cache import StudyCache
from workstation.cache.findings import Finding
from workstation.errors import LethalFile, Refused

GREY = smooth(24, 32, 4095)

# The real worker; a file that holds the words below does what a real exploit would.
DOOMED = """
import os, sys, time
sys.path.insert(0, sys.argv[1])
from rendering import decode, worker_process

def doomed(function):
    def work(data, *rest):
        if b"ABORTS-THE-DECODER" in bytes(data[:]):
            os.abort()
        if b"SEGFAULTS-THE-DECODER" in bytes(data[:]):
            import ctypes
            ctypes.string_at(0)
        if b"KILLED-THE-DECODER" in bytes(data[:]):
            os.kill(os.getpid(), 9)
        while b"HANGS-THE-DECODER" in bytes(data[:]):
            time.sleep(0.01)
        return function(data, *rest)
    return work

worker_process.open_source = doomed(worker_process.open_source)
worker_process.main(sys.argv[2:])
"""


@pytest.fixture
def worker() -> Iterator[ImageWorker]:
    with ImageWorker(WorkerLimits(processes=1, threads=2)) as running:
        yield running


@pytest.fixture
def doomed_worker(monkeypatch: pytest.MonkeyPatch) -> Iterator[ImageWorker]:
    monkeypatch.setattr(worker_child, "_PROGRAM", DOOMED)
    with ImageWorker(WorkerLimits(seconds=1.5, processes=1, threads=2)) as running:
        yield running


def slices(folder: Path, bait: dict[int, str]) -> None:
    """Eight lossless JPEG slices, one series; some with a bait in a text."""
    folder.mkdir(exist_ok=True)
    for number in range(8):
        stream = bytes(imagecodecs.jpegls_encode(np.roll(GREY, number, axis=0)))
        made = dataset(
            GREY,
            JPEG + "80",
            CT,
            PixelData=encapsulated([stream]),
            SOPInstanceUID=f"1.2.3.4.{number + 1}",
            InstanceNumber=number + 1,
            ImageComments=bait.get(number, "nothing"),
        )
        save(made, folder / f"{number}.dcm")


@pytest.mark.parametrize("fate", ["ABORTS", "SEGFAULTS", "HANGS"])
def test_an_image_that_ends_its_decoder_is_a_tile_and_the_others_are_whole(
    tmp_path: Path, doomed_worker: ImageWorker, fate: str
) -> None:
    """F06: the worker dies alone, the tile says why, the next image is decoded by the next worker."""
    slices(tmp_path / "in", {2: f"{fate}-THE-DECODER"})
    with StudyCache(tmp_path / "cache", doomed_worker) as cache:
        assert cache.add([tmp_path / "in"]).imported == 8
        study = cache.study("1.2.826.0.1.1.1")
        images = SeriesImages(study, study.series[0], doomed_worker)
        images.load()
    numbers = {images.instance(position).instance_number: position for position in range(8)}
    with pytest.raises(Refused, match="hung" if fate == "HANGS" else "killed"):
        images.values(numbers[3])
    for number in (1, 2, 4, 5, 6, 7, 8):
        np.testing.assert_array_equal(images.values(numbers[number]).values, np.roll(GREY, number - 1, axis=0))
    assert any("could not be decoded" in doubt.text for doubt in images.doubts)
    assert Viewport(images).images.complete
    images.close()


def living_children() -> set[int]:
    """Process ids; what has ended and only waits to be noticed does not count."""
    return {child.pid for child in psutil.Process().children() if child.status() != psutil.STATUS_ZOMBIE}


@pytest.mark.parametrize("fate", ["ABORTS", "SEGFAULTS"])
def test_an_image_that_ended_its_decoder_is_not_given_to_one_again(tmp_path: Path, doomed_worker: ImageWorker, fate: str) -> None:
    """F06: marked in the index and beside the files, so that no opening, restart or rebuild ends a decoder for it."""
    slices(tmp_path / "in", {2: f"{fate}-THE-DECODER"})
    with StudyCache(tmp_path / "cache", doomed_worker) as cache:
        cache.add([tmp_path / "in"])
        doomed_worker.lethal = cache
        study = cache.study("1.2.826.0.1.1.1")
        images = SeriesImages(study, study.series[0], doomed_worker)
        images.load()
        images.close()
        assert [doubt.code for doubt in cache.doubts_of(study.study_instance_uid)] == ["lethal-image"]
        (marked,) = [i.sha256 for i in study.series[0].instances if cache.is_lethal(i.sha256)]
    for again in range(2):
        with StudyCache(tmp_path / "cache", doomed_worker) as cache:
            if again:
                cache.rebuild()
            doomed_worker.lethal = cache
            assert cache.is_lethal(marked)
            study = cache.study("1.2.826.0.1.1.1")
            assert len(study.series[0].instances) == 8, "the image stays in its study"
            before = living_children()
            images = SeriesImages(study, study.series[0], doomed_worker)
            images.load()
            assert before <= living_children(), "no decoder died; a spare one may have come"
            numbers = {images.instance(position).instance_number: position for position in range(8)}
            with pytest.raises(Refused, match="killed the decoder before"):
                images.values(numbers[3])
            np.testing.assert_array_equal(images.values(numbers[4]).values, np.roll(GREY, 3, axis=0))
            images.close()
    with StudyCache(tmp_path / "cache", doomed_worker) as cache:
        found: list[Finding] = []
        cache.examine(found.append)
        (said,) = [one for one in found if one.code == "undecodable"]
        assert said.words.startswith("1 images are not decoded any more")
        cache.examine(found.append, repair=True)
        assert not cache.is_lethal(marked)
        assert cache.doubts_of(study.study_instance_uid) == ()


def test_a_decoder_that_somebody_shot_says_nothing_against_the_image(tmp_path: Path, doomed_worker: ImageWorker) -> None:
    """The system ends processes when memory is short: the image may be shown again a moment later."""
    slices(tmp_path / "in", {2: "KILLED-THE-DECODER"})
    with StudyCache(tmp_path / "cache", doomed_worker) as cache:
        cache.add([tmp_path / "in"])
        doomed_worker.lethal = cache
        study = cache.study("1.2.826.0.1.1.1")
        images = SeriesImages(study, study.series[0], doomed_worker)
        images.load()
        assert any("could not be decoded" in doubt.text for doubt in images.doubts)
        images.close()
        assert not [i for i in study.series[0].instances if cache.is_lethal(i.sha256)]


def test_a_file_that_ends_its_parser_is_set_aside_with_the_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """F06: quarantined, and a second import of the folder does not try it again for nothing."""
    program = DOOMED.replace("worker_process.open_source = doomed(worker_process.open_source)", PARSER)
    monkeypatch.setattr(worker_child, "_PROGRAM", program)
    slices(tmp_path / "in", {2: "ABORTS-THE-DECODER"})
    with (
        ImageWorker(WorkerLimits(seconds=2.0, processes=1, threads=2)) as doomed,
        StudyCache(tmp_path / "cache", doomed) as cache,
    ):
        result = cache.add([tmp_path / "in"])
        assert result.imported == 7
        assert len(result.refused) == 1
        assert list((tmp_path / "cache").rglob("*quarantine*"))
        with pytest.raises(LethalFile):
            doomed.parse(tmp_path / "in" / "2.dcm")


PARSER = """
from rendering import parse
parse.read_received = doomed(parse.read_received)
"""


# One person, as five machines write the name.
NAMES = {
    "UTF-8, composed": ("ISO_IR 192", unicodedata.normalize("NFC", "Ångström^Åse Bjørg").encode()),
    "UTF-8, decomposed": ("ISO_IR 192", unicodedata.normalize("NFD", "Ångström^Åse Bjørg").encode()),
    "Latin-1": ("ISO_IR 100", "Ångström^Åse Bjørg".encode("latin-1")),
    "Latin-1, untagged": ("", "Ångström^Åse Bjørg".encode("latin-1")),
    "ISO 2022": ("ISO 2022 IR 6\\ISO 2022 IR 100", "Ångström^Åse Bjørg".encode("latin-1")),
}


def named(path: Path, charset: str, raw: bytes, number: int, patient: str = "P1") -> Path:
    """A file whose name stands there in these very bytes."""
    placeholder = b"N" * (len(raw) + len(raw) % 2)
    made = dataset(
        GREY,
        PatientName=placeholder.decode(),
        PatientID=patient,
        StudyInstanceUID=f"1.2.9.{number}",
        SeriesInstanceUID=f"1.2.9.{number}.1",
        SOPInstanceUID=f"1.2.9.{number}.1.1",
    )
    save(made, path)
    data = path.read_bytes().replace(placeholder, raw.ljust(len(placeholder)))
    if charset:
        value = charset.encode().ljust(len(charset) + len(charset) % 2)
        start = 144 + struct.unpack_from("<I", data, 140)[0]
        data = data[:start] + struct.pack("<HH2sH", 0x0008, 0x0005, b"CS", len(value)) + value + data[start:]
    path.write_bytes(data)
    return path


def test_a_name_is_the_same_however_it_was_written_and_studies_match_by_id(tmp_path: Path, worker: ImageWorker) -> None:
    """F58: priors of one patient are found whatever the character set, and never by the name."""
    inbox = tmp_path / "in"
    inbox.mkdir()
    for number, (charset, raw) in enumerate(NAMES.values()):
        named(inbox / f"{number}.dcm", charset, raw, number)
    named(inbox / "other.dcm", *NAMES["UTF-8, composed"], 77, patient="P2")
    with StudyCache(tmp_path / "cache", worker) as cache:
        assert cache.add([inbox]).imported == len(NAMES) + 1
        studies = [study for study in cache.studies() if study.patient.key.patient_id == "P1"]
        assert len(studies) == len(NAMES)
        assert {study.patient.name for study in studies} == {unicodedata.normalize("NFC", "Ångström^Åse Bjørg")}
        priors = cache.priors_of(studies[0])
        assert {study.study_instance_uid for study in priors} == {s.study_instance_uid for s in studies[1:]}


def test_a_name_of_more_than_sixty_four_letters_is_kept_whole(tmp_path: Path, worker: ImageWorker) -> None:
    """F58: PS3.5 6.2 allows 64 for each component group; what comes longer is not cut."""
    name = "Å" * 70 + "^" + "ö" * 50
    path = named(tmp_path / "long.dcm", "ISO_IR 192", name.encode(), 1)
    assert worker.parse(path).study.patient.name == name


# A worker that dies of what it must not do.
WATCHED = """
import os, sys

def watch(event, arguments):
    if event.startswith("socket.") or (event == "open" and "bait.txt" in str(arguments[0])):
        os.abort()

sys.addaudithook(watch)
"""


def test_texts_that_name_files_and_servers_open_neither(
    tmp_path: Path, worker: ImageWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F85: a spy on every open() and every socket, in this process and in the worker, which it would end."""
    monkeypatch.setattr(worker_child, "_PROGRAM", WATCHED + worker_child._PROGRAM)
    bait = tmp_path / "bait.txt"
    bait.write_text("taken")
    seen: list[str] = []
    watching = True

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        if watching and (event.startswith("socket.") or (event == "open" and "bait.txt" in str(arguments[0]))):
            seen.append(f"{event} {arguments[:1]}")

    sys.addaudithook(watch)
    made = dataset(
        GREY,
        PatientName=f"<img src='file://{bait}'>",
        StudyDescription=f"<script src='http://127.0.0.1:9/x'></script> {bait}",
        SeriesDescription=f"file://{bait}",
    )
    made.RetrieveURL = f"file://{bait}"
    save(made, tmp_path / "in.dcm")
    try:
        with StudyCache(tmp_path / "cache", worker) as cache:
            assert cache.add([tmp_path / "in.dcm"]).imported == 1
            study = cache.studies()[0]
            assert study.patient.name.startswith("<img src")
            assert "<script src='http" in study.study_description
            whole = cache.study(study.study_instance_uid)
            images = SeriesImages(whole, whole.series[0], worker)
            images.load()
            assert images.values(0).values.shape == GREY.shape
            images.close()
    finally:
        watching = False
    assert seen == []
