"""Our own archive (Orthanc) and the other hospital's (dcmqrscp): search, fetch, prove, lose and resume, for real."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from real_archives import RealArchive, dcmqrscp, orthanc, study
from shaping_proxy import Shape, ShapingProxy

from rendering.worker import ImageWorker
from workstation.archives.config import put_archive
from workstation.archives.directory import ArchiveDirectory
from workstation.archives.remote import RemoteConnection
from workstation.archives.retrieve import Retrievals, StudyChange
from workstation.archives.retrieve_fetch import Tries
from workstation.archives.retrieve_ledger import RetrieveLedger
from workstation.archives.secrets import Secrets
from workstation.archives.sending import Sender
from workstation.archives.sending_ledger import SendingLedger
from workstation.at_rest.vault import Vault
from workstation.cache.cache import StudyCache
from workstation.domain.archive import Archive, FoundInstance, RetrieveMethod, RetrieveProgress, StudyQuery
from workstation.domain.sending import SendingState
from workstation.jobs import Jobs, MainQueue
from workstation.ris.outbox import Backoff

REPOSITORY = Path(__file__).resolve().parents[2]
CURRENT, PRIOR, SHARED = "1.2.826.0.1.3680043.10.1", "1.2.826.0.1.3680043.10.2", "1.2.826.0.1.3680043.10.3"
MOST_WASTE = 1.10


class Hooked(RemoteConnection):
    """Does something to the archive once the list of images has been given."""

    after_list: Callable[[], None] | None = None

    def find_instances(self, study_instance_uid: str, series_instance_uid: str = "") -> tuple[FoundInstance, ...]:
        rows = super().find_instances(study_instance_uid, series_instance_uid)
        if Hooked.after_list is not None:
            hook, Hooked.after_list = Hooked.after_list, None
            hook()
        return rows


@pytest.fixture(scope="module")
def reader() -> Iterator[ImageWorker]:
    worker = ImageWorker()
    yield worker
    worker.close()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealArchive]:
    with orthanc(tmp_path_factory.mktemp("home")) as archive:
        yield archive


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealArchive]:
    with dcmqrscp(tmp_path_factory.mktemp("other")) as archive:
        yield archive


@pytest.fixture(scope="module")
def filled(home: RealArchive, other: RealArchive, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Our archive has the current study, the other one has the prior; one study is in both."""
    files = tmp_path_factory.mktemp("files")
    shared = study(files / "shared", images=3, uid=SHARED, StudyDate="20250101")
    home.store([*study(files / "current", images=5, series=2, uid=CURRENT), *shared])
    other.store([*study(files / "prior", images=4, uid=PRIOR, StudyDate="20240101"), *shared])


class Reading:
    """What the program has of archives, without a screen."""

    def __init__(self, folder: Path, reader: ImageWorker, *archives: Archive) -> None:
        self.cache = StudyCache(folder / "cache", reader)
        secrets = Secrets(folder, Vault.plain(), None, {})
        self.directory = ArchiveDirectory(folder, secrets, Hooked, self.cache.alert)
        for archive in archives:
            self.directory.add(archive)
        tries = Tries(most=4, backoff=Backoff(base=0.2, cap=0.5))
        ledger = RetrieveLedger(folder / "retrievals.db")
        self.queue = MainQueue()
        self.jobs = Jobs(self.queue.post)
        self.retrievals = Retrievals(self.directory, self.cache, ledger, self.jobs, tries)
        self.folder = folder

    def close(self) -> None:
        self.jobs.close()
        self.retrievals.close()
        self.directory.close()
        self.cache.close()


@pytest.fixture
def read(tmp_path: Path, reader: ImageWorker) -> Iterator[Callable[..., Reading]]:
    made: list[Reading] = []

    def make(*archives: Archive) -> Reading:
        made.append(Reading(tmp_path / f"reading-{len(made)}", reader, *archives))
        return made[-1]

    yield make
    Hooked.after_list = None
    for reading in made:
        reading.close()


@pytest.mark.usefixtures("filled")
def test_one_search_covers_both_hospitals_and_says_who_holds_what(
    read: Callable[..., Reading], home: RealArchive, other: RealArchive
) -> None:
    reading = read(replace(other.archive), replace(home.archive, is_local=True))
    findings = reading.directory.find_studies(StudyQuery(patient_name="Ødegård*"))
    assert findings.is_whole
    places = {at.study.study_instance_uid: at.archives for at in findings.studies}
    assert places == {CURRENT: ("testpacs",), PRIOR: ("otherpacs",), SHARED: ("testpacs", "otherpacs")}
    assert {at.study.patient.name for at in findings.studies} == {"Ødegård^Åse"}


@pytest.mark.usefixtures("filled")
def test_an_archive_that_is_down_is_named_and_the_other_still_answers(
    read: Callable[..., Reading], home: RealArchive, other: RealArchive
) -> None:
    reading = read(home.archive, replace(other.archive, port=1))
    findings = reading.directory.find_studies(StudyQuery(patient_id="19 120345"))
    assert CURRENT in [at.study.study_instance_uid for at in findings.studies]
    assert [name for name, _ in findings.failures] == ["otherpacs"]


@pytest.mark.usefixtures("filled")
def test_the_prior_of_the_other_hospital_is_fetched_and_found_as_one(
    read: Callable[..., Reading], home: RealArchive, other: RealArchive
) -> None:
    reading = read(home.archive, other.archive)
    assert reading.retrievals.fetch_uid(CURRENT, "testpacs").is_proven
    current = reading.cache.study(CURRENT)
    findings = reading.directory.find_patient_studies(current.patient.key)
    (prior,) = [at.study for at in findings.studies if at.study.study_instance_uid == PRIOR]
    progress = reading.retrievals.fetch(prior)
    assert (progress.received, progress.expected, progress.is_proven) == (4, 4, True)
    assert [study.study_instance_uid for study in reading.cache.priors_of(current)] == [PRIOR]


@pytest.mark.parametrize("method", list(RetrieveMethod))
def test_an_image_that_the_archive_lists_and_lost_is_missing_and_never_complete(
    read: Callable[..., Reading], tmp_path: Path, method: RetrieveMethod
) -> None:
    """F37, F38: its file is gone from the archive's disk; Orthanc 1.10 fails the whole request for it."""
    with orthanc(tmp_path, retrieve=method, MaximumStorageCacheSize=0) as archive:
        archive.store(study(tmp_path / "files", images=6))
        victim = archive.rest("/instances?expand")[2]
        reading = read(archive.archive)
        Hooked.after_list = lambda: _lose(archive, victim)
        progress = reading.retrievals.fetch_uid(CURRENT, "testpacs")
        assert (progress.received, progress.expected, progress.is_proven) == (5, 6, False)
        assert [row.sop_instance_uid for row in progress.missing] == [victim["MainDicomTags"]["SOPInstanceUID"]]
        assert progress.problem.startswith("5 of 6")


def _lose(archive: RealArchive, instance: dict[str, str]) -> None:
    """The file of one instance from the archive's store, which is sharded by the UUID of the attachment."""
    name = archive.rest(f"/instances/{instance['ID']}/attachments/dicom/info")["Uuid"]
    (archive.folder / "db" / name[:2] / name[2:4] / name).unlink()


@pytest.mark.parametrize("method", list(RetrieveMethod))
def test_an_image_that_is_deleted_between_list_and_transfer_is_announced(
    read: Callable[..., Reading], tmp_path: Path, method: RetrieveMethod
) -> None:
    """F60: the list is asked for again, and says that one image has gone; the others come."""
    with orthanc(tmp_path, retrieve=method) as archive:
        archive.store(study(tmp_path / "files", images=6))
        victim = archive.rest("/instances?expand")[2]
        reading = read(archive.archive)
        changes: list[StudyChange] = []
        reading.retrievals.changed.connect(changes.append)
        Hooked.after_list = lambda: archive.rest(f"/instances/{victim['ID']}", method="DELETE")
        progress = reading.retrievals.fetch_uid(CURRENT, "testpacs")
        assert (progress.received, progress.expected, progress.is_proven) == (5, 5, True)
        while reading.queue.pump():
            pass
        assert [row.sop_instance_uid for row in changes[0].gone] == [victim["MainDicomTags"]["SOPInstanceUID"]]


def test_an_image_the_first_archive_lost_comes_from_the_other_hospital(read: Callable[..., Reading], tmp_path: Path) -> None:
    with orthanc(tmp_path, MaximumStorageCacheSize=0) as here, dcmqrscp(tmp_path) as there:
        files = study(tmp_path / "files", images=6)
        here.store(files)
        there.store(files)
        _lose(here, here.rest("/instances?expand")[2])
        reading = read(here.archive, there.archive)
        progress = reading.retrievals.fetch_uid(CURRENT, "testpacs")
        assert (progress.received, progress.is_proven) == (6, True)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """40 images of 128 KiB."""
    return study(tmp_path_factory.mktemp("large"), images=40, size=256, uid="1.2.826.0.1.3680043.10.4")


@pytest.mark.parametrize("make", [orthanc, dcmqrscp], ids=["orthanc", "dcmqrscp"])
def test_a_link_cut_in_mid_transfer_is_resumed_with_at_most_a_tenth_wasted(
    read: Callable[..., Reading], tmp_path: Path, large: list[Path], make: Callable[..., object]
) -> None:
    """F36, F37."""
    size = sum(path.stat().st_size for path in large)
    with make(tmp_path) as archive, ShapingProxy(archive.archive.port, Shape(cut_after=size // 2)) as proxy:  # type: ignore[attr-defined]
        archive.store(large)
        reading = read(replace(archive.archive, port=proxy.port))
        seen: list[RetrieveProgress] = []

        def watch(progress: RetrieveProgress) -> None:
            seen.append(progress)
            if proxy.counts.from_target >= size // 2:
                proxy.shape = Shape()  # the link comes back

        study_uid = "1.2.826.0.1.3680043.10.4"
        found = reading.directory.study_at(archive.archive.name, study_uid)
        progress = reading.retrievals.fetch(found, on_progress=watch)
        assert (progress.received, progress.expected, progress.is_proven) == (40, 40, True)
        assert all(p.received == 40 for p in seen if p.is_proven)
        assert any(not p.is_proven and p.received for p in seen)
        assert proxy.counts.from_target <= size * MOST_WASTE
        assert proxy.counts.connections >= 3  # search, and a transfer on each side of the cut


def test_a_kill_in_mid_transfer_is_resumed_by_the_next_start_with_at_most_a_tenth_wasted(
    tmp_path: Path, large: list[Path]
) -> None:
    """F36: `kill -9` of the program, then the same command again."""
    size = sum(path.stat().st_size for path in large)
    home = tmp_path / "home"
    environment = {**os.environ, "LYSKASSE_HOME": str(home)}
    command = [sys.executable, str(REPOSITORY / "main.py"), "archive", "get", "1.2.826.0.1.3680043.10.4", "--json"]
    with orthanc(tmp_path) as archive, ShapingProxy(archive.archive.port, Shape(kilobits=4000)) as proxy:
        archive.store(large)
        put_archive(home / "config", replace(archive.archive, port=proxy.port))
        with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
            assert process.stderr is not None
            told = (re.search(r"(\d+) of 40 images", line) for line in process.stderr)
            next(found for found in told if found and int(found[1]) >= 15)
            process.kill()
        proxy.shape = Shape()
        again = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        answer = json.loads(again.stdout)
        assert again.returncode == 0, again.stderr
        assert (answer["received"], answer["expected"], answer["proven"], answer["missing"]) == (40, 40, True, [])
        assert proxy.counts.from_target <= size * MOST_WASTE


def test_objects_of_ours_reach_the_archive_and_are_proven_there(
    read: Callable[..., Reading], reader: ImageWorker, tmp_path: Path
) -> None:
    with orthanc(tmp_path) as archive:
        reading = read(archive.archive)
        sender = Sender(reading.directory, SendingLedger(tmp_path / "sending.db"), Vault.with_key(bytes(32)), tmp_path)
        queued = sender.enqueue_paths("testpacs", study(tmp_path / "ours", images=3), reader)
        sent = sender.send_all([row.sending_id for row in queued], 60)
        assert [row.state for row in sent] == [SendingState.PROVEN] * 3, [row.reason for row in sent]
        assert len(archive.rest("/instances")) == 3
        sender.close()


@pytest.mark.usefixtures("filled")
def test_the_archive_doors_speak_json_and_say_no_by_their_exit_status(tmp_path: Path, home: RealArchive) -> None:
    environment = {**os.environ, "LYSKASSE_HOME": str(tmp_path / "home")}

    def door(*arguments: str) -> tuple[int, str, str]:
        command = [sys.executable, str(REPOSITORY / "main.py"), "archive", *arguments]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout, done.stderr

    place = ("--kind", "dimse", "--host", "127.0.0.1", "--port", str(home.archive.port), "--called-ae", "TESTPACS")
    assert door("add", "home", *place)[0] == 0
    put_archive(tmp_path / "home" / "config", replace(home.archive, name="gone", port=1))
    status, words, _ = door("test", "gone")
    assert status == 1
    assert "FAILED" in words
    status, answer, complaint = door("find", "--name", "Ødegård*", "--json")
    assert status == 1
    assert "gone did not answer" in complaint
    assert CURRENT in [found["study_uid"] for found in json.loads(answer)["studies"]]
    status, answer, _ = door("get", CURRENT, "--archive", "home", "--json")
    got = json.loads(answer)
    assert (status, got["received"], got["expected"], got["proven"]) == (0, 10, 10, True)
