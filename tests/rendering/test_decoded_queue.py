"""What arrives is decoded in the background: the urgent first, never in the way, one bad file alone refused."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_disk import fill

from benchmarks.series import write_ct
from rendering import decoded_queue, subtracting
from rendering.decoded import DecodedStore
from rendering.decoded_queue import DecodeProgress, DecodeQueue
from rendering.images import SeriesImages
from rendering.library import ImageLibrary
from rendering.transfer_syntaxes import VIDEO
from rendering.viewport import Viewport
from rendering.worker import ImageWorker
from workstation.at_rest.vault import Vault
from workstation.cache.cache import StudyCache
from workstation.domain.patient import Patient, PatientKey
from workstation.domain.study import Series, Study
from workstation.domain.value_unit import ValueUnit
from workstation.errors import Refused, Unavailable, WorkstationError
from workstation.jobs import Jobs, MainQueue
from workstation.ports import DecodePriority, ObjectFound

PATIENCE = 10.0


class Seat:
    """A queue with real jobs; `studies` are made of `maker`'s frames under other UIDs."""

    def __init__(self, maker: Any, folder: Path) -> None:
        self.maker = maker
        self.main = MainQueue()
        self.jobs = Jobs(self.main.post)
        self.store = DecodedStore(folder, Vault.with_key(bytes(32)))
        self.queue = DecodeQueue(maker.worker, lambda: self.store, self.jobs)

    def study(self, uid: str, frames: int = 7) -> Study:
        """A stack of one study, its frames filled with their number."""
        first = len(self.maker.headers)
        for number in range(frames):
            self.maker.add(np.full((9, 11), number + 1, "i2"), uid=f"{uid}.1.{number + 1}", study_uid=uid, series_uid=f"{uid}.1")
        made: Series = self.maker.series()
        instances = tuple(replace(i, sha256=f"{i.sop_instance_uid:0>64}") for i in made.instances[first:])
        series = replace(made, series_instance_uid=f"{uid}.1", instances=instances)
        return Study(uid, Patient(PatientKey("P1")), series=(series,))

    def settle(self) -> None:
        self.wait_for(lambda: not self.queue.waiting)

    def wait_for(self, condition: Callable[[], bool]) -> None:
        end = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < end, "it never came"
            self.main.pump(0.01)

    @property
    def order(self) -> list[str]:
        """Studies in the order in which their frames were decoded."""
        uids = (uid.rsplit(".", 2)[0] for batch in self.maker.worker.batches for uid, _ in batch)
        return list(dict.fromkeys(uids))

    @property
    def kept(self) -> set[str]:
        return {entry.study_uid for entry in self.store.entries()}


@pytest.fixture
def seat(maker: Any, tmp_path: Path) -> Iterator[Seat]:
    made = Seat(maker, tmp_path)
    yield made
    made.jobs.close()
    made.store.close()


@pytest.fixture
def gate(seat: Seat) -> Iterator[Any]:
    """The worker stops at each frame until it is let go; `gate.at` is the frame it stands at."""

    class Gate:
        def __init__(self) -> None:
            self.at = ""
            self.open = threading.Event()

        def __call__(self, uid: str) -> None:
            self.at = uid
            assert self.open.wait(PATIENCE)

    gate = Gate()
    seat.maker.worker.before_frame = gate
    yield gate
    gate.open.set()


def reopened(seat: Seat, study: Study) -> SeriesImages:
    return SeriesImages(study, study.series[0], seat.maker.worker, seat.store)


def test_what_arrived_opens_without_the_worker(seat: Seat) -> None:
    study = seat.study("1.2.10")
    seat.queue.decode_later([study])
    seat.settle()
    seat.maker.worker.batches.clear()
    images = reopened(seat, study)
    assert [int(images.values(p).values[0, 0]) for p in range(7)] == list(range(1, 8))
    seat.queue.decode_later([study])
    seat.settle()
    assert seat.maker.worker.batches == []


def test_the_open_case_comes_before_arrivals_and_these_before_what_was_fetched_ahead(seat: Seat) -> None:
    studies = [seat.study(f"1.2.{n}") for n in range(20, 25)]
    wanted = [
        DecodePriority.PREFETCH,
        DecodePriority.ARRIVAL,
        DecodePriority.PREFETCH,
        DecodePriority.ARRIVAL,
        DecodePriority.OPEN,
    ]
    with seat.queue.held():
        for study, priority in zip(studies, wanted, strict=True):
            seat.queue.decode_later([study], priority)
    seat.settle()
    assert seat.order == ["1.2.24", "1.2.21", "1.2.23", "1.2.20", "1.2.22"]


def test_a_study_that_becomes_urgent_moves_up(seat: Seat) -> None:
    studies = [seat.study(f"1.2.{n}") for n in range(20, 23)]
    with seat.queue.held():
        for study in studies:
            seat.queue.decode_later([study], DecodePriority.PREFETCH)
        seat.queue.decode_later([studies[2]], DecodePriority.OPEN)
        seat.queue.decode_later([studies[2]], DecodePriority.PREFETCH)
    seat.settle()
    assert seat.order == ["1.2.22", "1.2.20", "1.2.21"]


def test_a_decode_under_way_gives_way_and_loses_nothing(seat: Seat, gate: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoded_queue, "BATCH_BYTES", 2 * 9 * 11 * 2)
    slow, urgent = seat.study("1.2.20", frames=6), seat.study("1.2.21", frames=2)
    seat.queue.decode_later([slow], DecodePriority.PREFETCH)
    seat.wait_for(lambda: gate.at == "1.2.20.1.1")
    seat.queue.decode_later([urgent], DecodePriority.OPEN)
    gate.open.set()
    seat.settle()
    frames = [uid for batch in seat.maker.worker.batches for uid, _ in batch]
    assert frames[2:4] == ["1.2.21.1.1", "1.2.21.1.2"]
    assert len(frames) == len(set(frames)) == 8
    assert seat.kept == {"1.2.20", "1.2.21"}


def test_nothing_is_decoded_while_the_open_case_loads_or_the_reader_scrolls(seat: Seat, gate: Any) -> None:
    gate.open.set()
    first, second = seat.study("1.2.20"), seat.study("1.2.21")
    with seat.queue.held():
        seat.queue.decode_later([first])
        time.sleep(0.1)
        assert seat.maker.worker.batches == []
        seat.queue.busy(0.3)
    time.sleep(0.1)
    assert seat.maker.worker.batches == []
    seat.settle()
    gate.open.clear()
    gate.at = ""
    seat.queue.decode_later([second])
    seat.wait_for(lambda: gate.at == "1.2.21.1.1")
    with seat.queue.held():
        gate.open.set()
        time.sleep(0.1)
        assert gate.at == "1.2.21.1.1", "it stops within one frame"
    seat.settle()
    assert seat.kept == {"1.2.20", "1.2.21"}


def test_a_bad_file_is_refused_alone(seat: Seat) -> None:
    study, worse = seat.study("1.2.20"), seat.study("1.2.21", frames=2)
    seat.maker.worker.pixels["1.2.20.1.3", 0] = Refused("The pixel data are cut off")
    for number in (1, 2):
        seat.maker.worker.pixels[f"1.2.21.1.{number}", 0] = Refused("The pixel data are cut off")
    seat.queue.decode_later([study, worse])
    seat.settle()
    assert seat.kept == {"1.2.20"}
    images = reopened(seat, study)
    images.load()
    assert [d.text for d in images.doubts if d.code == "frames-refused"] == ["1 image could not be decoded"]
    assert int(images.values(6).values[0, 0]) == 7


def test_a_series_that_grew_while_it_waited_is_decoded_as_it_is_now(seat: Seat) -> None:
    study = seat.study("1.2.20")
    series = study.series[0]
    before = replace(study, series=(replace(series, instances=series.instances[:4]),))
    with seat.queue.held():
        seat.queue.decode_later([before])
        seat.queue.decode_later([study])
    seat.settle()
    (entry,) = seat.store.entries()
    stored = reopened(seat, study).stored
    assert stored is not None
    assert entry.key == stored.key


def test_what_is_cancelled_or_forgotten_is_not_decoded(seat: Seat, gate: Any) -> None:
    studies = [seat.study(f"1.2.{n}") for n in range(20, 24)]
    seat.queue.decode_later(studies[:1])
    seat.wait_for(lambda: gate.at == "1.2.20.1.1")
    seat.queue.decode_later(studies[1:])
    seat.queue.forget("1.2.22")
    seat.queue.forget("1.2.20")
    gate.open.set()
    seat.settle()
    assert seat.kept == {"1.2.21", "1.2.23"}
    with seat.queue.held():
        seat.queue.decode_later([studies[0]])
        seat.queue.cancel()
    seat.settle()
    assert seat.kept == {"1.2.21", "1.2.23"}


def test_closing_the_program_does_not_wait_for_the_rest(seat: Seat, gate: Any) -> None:
    seat.queue.decode_later([seat.study(f"1.2.{n}") for n in range(20, 30)])
    seat.wait_for(lambda: gate.at == "1.2.20.1.1")
    closing = threading.Thread(target=seat.jobs.close)
    closing.start()
    gate.open.set()
    closing.join(PATIENCE)
    assert not closing.is_alive()
    assert seat.store.entries() == ()
    seat.queue.decode_later([seat.study("1.2.40")])


def test_a_disk_that_takes_no_more_ends_the_queue_and_is_told_once(seat: Seat, monkeypatch: pytest.MonkeyPatch) -> None:
    """F14. (That the system's refusal becomes Unavailable: test_decoded.py.)"""
    told: list[WorkstationError] = []
    seat.queue.failed.connect(told.append)

    def full(_series: Any) -> Any:
        raise Unavailable("The disk is full")

    monkeypatch.setattr(seat.store, "writer", full)
    with seat.queue.held():
        seat.queue.decode_later([seat.study("1.2.20"), seat.study("1.2.21")])
    seat.settle()
    seat.wait_for(lambda: bool(told))
    assert [error.title for error in told] == ["The disk is full"]
    monkeypatch.undo()
    seat.queue.decode_later([seat.study("1.2.22")])
    seat.settle()
    assert seat.kept == {"1.2.22"}


def test_how_far_it_is_is_told(seat: Seat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoded_queue, "ANNOUNCE_SECONDS", 0.0)
    told: list[DecodeProgress] = []
    seat.queue.progress.connect(told.append)
    with seat.queue.held():
        seat.queue.decode_later([seat.study("1.2.20"), seat.study("1.2.21", frames=2)])
    seat.settle()
    seat.wait_for(lambda: told[-1:] == [DecodeProgress(0, 0, 0)])
    assert DecodeProgress(7, 7, 1) in told
    assert DecodeProgress(2, 2, 0) in told


def test_videos_wait_until_they_are_opened(seat: Seat) -> None:
    study = seat.study("1.2.20")
    instances = tuple(replace(i, transfer_syntax_uid=min(VIDEO)) for i in study.series[0].instances)
    seat.queue.decode_later([replace(study, series=(replace(study.series[0], instances=instances),))])
    assert seat.queue.waiting == 0


# With the library


@pytest.fixture
def library(seat: Seat, tmp_path: Path) -> Iterator[ImageLibrary]:
    made = ImageLibrary(seat.maker.worker, seat.jobs, 1 << 20, tmp_path / "library", Vault.with_key(bytes(32)))
    yield made
    made.close_case()
    seat.jobs.close()
    made.close()


def shown(library: ImageLibrary, study: Study, position: int = 0) -> Any:
    viewport = library.viewport(study.study_instance_uid, study.series[0].series_instance_uid)
    assert viewport is not None
    return viewport.picture(replace(viewport.default_state(), position=position), 20, 20)


def test_what_was_opened_once_is_kept_and_opens_at_once_the_next_time(seat: Seat, library: ImageLibrary) -> None:
    study = seat.study("1.2.20")
    library.open_case([study], [])
    assert library.decoded is not None
    store, queue = library.decoded, library.queue
    assert queue is not None
    seat.wait_for(lambda: bool(store.entries()) and not queue.waiting)
    assert len(seat.maker.worker.batches[0]) == 1, "the first frame alone"
    seat.maker.worker.batches.clear()
    library.close_case()
    library.open_case([study], [])
    assert not shown(library, study, 5).partial
    seat.wait_for(lambda: library.progress("1.2.20.1") == (7, 7))
    assert seat.maker.worker.batches == []


def test_a_large_series_of_the_open_case_is_stored_and_then_read_from_there(seat: Seat, library: ImageLibrary) -> None:
    rows = 400
    for number in range(10):
        frame = np.full((rows, rows), number + 1, "i2")
        seat.maker.add(frame, uid=f"1.2.30.1.{number + 1}", study_uid="1.2.30", series_uid="1.2.30.1")
    made = seat.maker.series()
    instances = tuple(replace(i, sha256=f"{i.sop_instance_uid:0>64}") for i in made.instances)
    study = Study(
        "1.2.30", Patient(PatientKey("P1")), series=(replace(made, series_instance_uid="1.2.30.1", instances=instances),)
    )
    library.open_case([study], [("1.2.30", "1.2.30.1")])
    assert library.decoded is not None
    store = library.decoded
    viewport = library.viewport("1.2.30", "1.2.30.1")
    assert isinstance(viewport, Viewport)
    assert viewport.images.is_large
    seat.wait_for(lambda: bool(store.entries()))
    seat.wait_for(lambda: not shown(library, study, 9).partial)
    assert int(viewport.images.values(9).values[0, 0]) == 10


def test_units_that_a_mapping_gives_while_its_series_is_being_opened_are_not_lost(
    seat: Seat, library: ImageLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Objects are read in a job: it may come between the looking for units and the shelf."""
    study, unit = seat.study("1.2.31"), ValueUnit("SUVbw", 2.0)
    found = ObjectFound("mapping", units=(("1.2.31.1", unit),))
    made = subtracting.SubtractingViewport

    def making(*arguments: Any) -> Any:
        job = threading.Thread(target=library._note_units, args=("1.2.31", found))
        job.start()
        job.join(PATIENCE)
        return made(*arguments)

    library._studies = {study.study_instance_uid: study}
    monkeypatch.setattr(subtracting, "SubtractingViewport", making)
    viewport = library.viewport("1.2.31", "1.2.31.1")
    assert isinstance(viewport, Viewport)
    assert viewport.images.mapped_units == (unit,)


def test_a_library_without_a_folder_decodes_what_it_opens(seat: Seat) -> None:
    library = ImageLibrary(seat.maker.worker, seat.jobs)
    study = seat.study("1.2.20")
    library.decode_later([study])
    library.open_case([study], [])
    seat.wait_for(lambda: library.progress("1.2.20.1") == (7, 7))
    assert library.decoded is None
    library.close_case()
    library.close()


def test_where_nothing_can_be_kept_images_are_shown_all_the_same(seat: Seat, tmp_path: Path) -> None:
    """F14: the place of the store cannot be made."""
    (tmp_path / "taken").write_text("a file where the folder should be")
    library = ImageLibrary(seat.maker.worker, seat.jobs, 1 << 20, tmp_path / "taken", Vault.plain())
    told: list[WorkstationError] = []
    library.failed.connect(told.append)
    study = seat.study("1.2.20")
    library.open_case([study], [])
    seat.wait_for(lambda: library.progress("1.2.20.1") == (7, 7))
    assert shown(library, study, 3).error is None
    seat.settle()
    seat.wait_for(lambda: bool(told))
    assert [error.title for error in told] == ["Decoded images cannot be written"]
    library.close_case()
    library.close()


@pytest.mark.parametrize("vault", [Vault.plain(), Vault.with_key(bytes(32))], ids=["plain", "sealed"])
@pytest.mark.parametrize("codec", ["", "JPEG 2000"])
def test_an_imported_study_opens_from_the_store_though_its_files_are_gone(tmp_path: Path, codec: str, vault: Vault) -> None:
    """From files on a disk, through the cache, the real worker and the queue, to a picture."""
    write_ct(tmp_path / "files", 10, 64, codec)
    main = MainQueue()
    with ImageWorker(key_of=vault.key_of) as worker, StudyCache(tmp_path / "cache", worker, vault) as cache:
        jobs = Jobs(main.post)
        library = ImageLibrary(worker, jobs, 0, tmp_path / "decoded", vault)
        assert library.queue is not None
        cache.added.append(lambda result: library.decode_later([cache.study(uid) for uid in result.studies]))
        cache.add([tmp_path / "files"])
        study = cache.study(cache.studies()[0].study_instance_uid)
        plain = SeriesImages(study, study.series[0], worker)
        plain.load()
        end = time.monotonic() + 4 * PATIENCE
        while library.queue.waiting and time.monotonic() < end:
            main.pump(0.01)
        for instance in study.series[0].instances:
            Path(instance.path).unlink()
        library.open_case([study], [])
        viewport = library.viewport(study.study_instance_uid, study.series[0].series_instance_uid)
        assert viewport is not None
        for position in range(10):
            assert (viewport.images.container(position) == plain.container(position)).all()
            assert viewport.images.container(position).std() > 100
        jobs.wait_idle(main.pump, PATIENCE)
        assert not viewport.images.volume().partial
        library.close_case()
        jobs.close()
        library.close()


@pytest.mark.parametrize("is_room_made", [True, False])
def test_a_full_disk_has_room_made_before_decoding_ahead_is_given_up(maker: Any, small_disk: Path, is_room_made: bool) -> None:
    """F14: the series is tried once more; without room the reader is told, and nothing half is left."""
    seat = Seat(maker, small_disk / "decoded")
    try:
        study = seat.study("1.2.90")
        filler = fill(small_disk)
        asked: list[int] = []
        told: list[WorkstationError] = []

        def make_room(size: int) -> bool:
            asked.append(size)
            if is_room_made:
                filler.unlink()
            return is_room_made

        seat.queue.make_room = make_room
        seat.queue.failed.connect(told.append)
        seat.queue.decode_later([study])
        seat.settle()
        seat.main.pump(0.05)
        assert len(asked) == 1
        assert asked[0] > 0
        assert seat.kept == ({"1.2.90"} if is_room_made else set())
        assert [error.title for error in told] == ([] if is_room_made else ["The disk is full"])
        assert not [path for path in (small_disk / "decoded" / "writing").rglob("*") if path.stat().st_size > 100]
    finally:
        seat.jobs.close()
        seat.store.close()


def test_what_is_listed_and_was_here_before_is_decoded_when_nothing_else_waits(seat: Seat) -> None:
    """Today's list opens at once, also when its studies came before there were decoded images."""
    kept, here, bad = seat.study("1.2.91"), seat.study("1.2.92"), seat.study("1.2.93")
    seat.queue.decode_later([kept])
    seat.settle()
    for number in range(7):
        seat.maker.worker.pixels[f"1.2.93.1.{number + 1}", 0] = Refused("The pixel data are cut off")
    studies = {study.study_instance_uid: study for study in (kept, here, bad)}
    looked_up: list[str] = []

    def study_of(uid: str) -> Study:
        looked_up.append(uid)
        if uid not in studies:
            raise Refused("The study is not on this machine")
        return studies[uid]

    listed = ["1.2.91", "1.2.404", "1.2.92", "1.2.93"]
    seat.maker.worker.batches.clear()
    seat.queue.decode_listed(listed, study_of)
    seat.wait_for(lambda: seat.kept == {"1.2.91", "1.2.92"} and len(looked_up) == 4)
    seat.settle()
    assert seat.order == ["1.2.92", "1.2.93"]
    seat.maker.worker.batches.clear()
    seat.queue.decode_listed(listed, study_of)
    seat.wait_for(lambda: len(looked_up) == 8)
    seat.settle()
    assert seat.order == [], "what cannot be decoded is not tried at each look at the worklist"


def test_a_worklist_that_cannot_be_looked_up_ends_no_decoding(seat: Seat) -> None:
    """A mistake of ours there: what arrives afterwards is decoded all the same."""

    def study_of(uid: str) -> Study:
        raise KeyError(uid)

    seat.queue.decode_listed(["1.2.94"], study_of)
    seat.main.pump(0.1)
    seat.queue.decode_later([seat.study("1.2.95")])
    seat.wait_for(lambda: seat.kept == {"1.2.95"})


def test_an_arrival_goes_before_what_is_listed(seat: Seat, gate: Any) -> None:
    listed = {uid: seat.study(uid) for uid in ("1.2.94", "1.2.95")}
    arrived = seat.study("1.2.96")
    seat.queue.decode_listed(list(listed), lambda uid: listed[uid])
    seat.wait_for(lambda: gate.at.startswith("1.2.94"))
    seat.queue.decode_later([arrived])
    gate.open.set()
    seat.wait_for(lambda: seat.kept == {"1.2.94", "1.2.95", "1.2.96"})
    assert seat.order == ["1.2.94", "1.2.96", "1.2.95"]
