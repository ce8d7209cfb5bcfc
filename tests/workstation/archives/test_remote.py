"""The archive's process: it dies, hangs and is cancelled without harm to the program, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from real_archives import RealArchive, orthanc, study
from shaping_proxy import Shape, ShapingProxy

from workstation.archives.gateway import wire
from workstation.archives.remote import RemoteConnection
from workstation.domain.archive import Archive, ArchiveKind, FoundInstance, ReceivedFile, StudyQuery, Tls
from workstation.errors import Refused, Unavailable

STUDY = "1.2.826.0.1.3680043.10.1"
REPOSITORY = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def pacs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealArchive]:
    folder = tmp_path_factory.mktemp("pacs")
    with orthanc(folder) as running:
        running.store(study(folder / "files", images=12, size=256))
        yield running


@pytest.fixture
def into(tmp_path: Path) -> Path:
    folder = tmp_path / "into"
    folder.mkdir()
    return folder


def fetch(connection: RemoteConnection, into: Path, cancelled: threading.Event, first: threading.Event) -> list[ReceivedFile]:
    got: list[ReceivedFile] = []
    wanted = connection.find_instances(STUDY)
    connection.retrieve(STUDY, wanted, into, got.append, lambda _: first.set(), cancelled.is_set)
    return got


class Fetching(threading.Thread):
    """A fetch over a slow line, and how it ended."""

    def __init__(self, connection: RemoteConnection, into: Path) -> None:
        super().__init__(daemon=True)
        self.cancelled, self.begun = threading.Event(), threading.Event()
        self.error: BaseException | None = None
        self._connection, self._into = connection, into

    def run(self) -> None:
        try:
            fetch(self._connection, self._into, self.cancelled, self.begun)
        except Unavailable as error:
            self.error = error


def test_what_a_dataclass_holds_survives_the_pipe() -> None:
    archive = Archive("a", ArchiveKind.DIMSE, tls=Tls("ca.pem"), shared_tenants=("x", "y"), kilobits=3)
    assert wire.decode(Archive, wire.encode(archive)) == archive
    assert wire.decode(ReceivedFile, wire.encode(ReceivedFile(Path("f"), 7, "1.2"))) == ReceivedFile(Path("f"), 7, "1.2")
    with pytest.raises(TypeError):
        wire.decode(FoundInstance, {"series_instance_uid": 1, "sop_instance_uid": "2"})


def test_an_error_comes_out_of_the_process_as_it_was(pacs: RealArchive) -> None:
    connection = RemoteConnection(replace(pacs.archive, called_ae="NOBODY"))
    with pytest.raises(Refused) as told:
        connection.find_studies(StudyQuery())
    assert "called_ae" in told.value.hint
    connection.close()


def test_a_set_up_that_cannot_work_is_a_failed_step_of_the_test() -> None:
    connection = RemoteConnection(Archive("a", ArchiveKind.DIMSE, host="localhost", port=104))
    (step,) = connection.test()
    assert not step.succeeded
    assert "called_ae" in step.words
    connection.close()


def test_a_search_does_not_wait_for_a_fetch_and_a_killed_process_is_started_again(pacs: RealArchive, into: Path) -> None:
    """The process is killed in mid-retrieve; the next request finds a new one (F37)."""
    with ShapingProxy(pacs.archive.port, Shape(kilobits=800)) as proxy:
        connection = RemoteConnection(replace(pacs.archive, port=proxy.port))
        fetching = Fetching(connection, into)
        fetching.start()
        assert fetching.begun.wait(30)
        assert connection.find_studies(StudyQuery())
        assert fetching.is_alive()
        proxy.shape = Shape()
        busy = [lane.pids for lane in (connection._fetching,)]
        os.kill(busy[0][0], signal.SIGKILL)
        fetching.join(30)
        assert isinstance(fetching.error, Unavailable)
        assert "ended" in fetching.error.title
        assert len(fetch(connection, into, threading.Event(), threading.Event())) == 12
        connection.close()


def test_a_cancelled_fetch_stops_and_leaves_whole_files_only(pacs: RealArchive, into: Path) -> None:
    with ShapingProxy(pacs.archive.port, Shape(kilobits=400)) as proxy:
        connection = RemoteConnection(replace(pacs.archive, port=proxy.port))
        fetching = Fetching(connection, into)
        fetching.start()
        assert fetching.begun.wait(30)
        fetching.cancelled.set()
        fetching.join(30)
        assert not fetching.is_alive()
        assert connection.find_studies(StudyQuery())
        connection.close()
    assert len(list(into.glob("*.dcm"))) < 12


def test_a_process_that_hangs_is_killed_and_said_to_be_silent(pacs: RealArchive) -> None:
    """Stopped as a process that hangs is: nothing of it moves any more (F35)."""
    connection = RemoteConnection(replace(pacs.archive, timeout_seconds=0.5))
    assert connection.find_studies(StudyQuery())
    (pid,) = connection.process_ids
    os.kill(pid, signal.SIGSTOP)
    with pytest.raises(Unavailable, match="does not answer"):
        connection.find_studies(StudyQuery())
    assert not psutil.pid_exists(pid)
    connection.close()


def test_secrets_are_on_no_command_line_and_in_no_environment(pacs: RealArchive) -> None:
    connection = RemoteConnection(pacs.archive, "open-sesame-42", b"k" * 32)
    assert connection.find_studies(StudyQuery())
    (pid,) = connection.process_ids
    process = psutil.Process(pid)
    assert "open-sesame-42" not in " ".join(process.cmdline()) + str(process.environ())
    assert process.nice() >= 10
    connection.close()


def test_the_process_ends_when_the_program_is_killed(pacs: RealArchive) -> None:
    """kill -9 of the program says no goodbye; its end of the pipe closes all the same."""
    program = f"""
import sys, time
sys.path.insert(0, {str(REPOSITORY)!r})
from workstation.archives.gateway import wire
from workstation.archives.remote import RemoteConnection
from workstation.domain.archive import Archive, StudyQuery
import json
connection = RemoteConnection(wire.decode(Archive, json.loads(sys.argv[1])))
connection.find_studies(StudyQuery())
print(*connection.process_ids, flush=True)
time.sleep(600)
"""
    import json

    command = [sys.executable, "-P", "-c", program, json.dumps(wire.encode(pacs.archive))]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        orphan = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
    orphan.wait(30)


def eventually(holds: Callable[[], bool]) -> bool:
    end = time.monotonic() + 30
    while not holds() and time.monotonic() < end:
        time.sleep(0.02)
    return holds()


def test_what_was_found_is_fetched_by_a_process_that_runs_already(pacs: RealArchive, into: Path) -> None:
    connection = RemoteConnection(pacs.archive)
    connection.warm()
    connection.warm()
    assert eventually(lambda: len(connection.process_ids) == 1)
    assert connection.find_studies(StudyQuery())
    assert eventually(lambda: len(connection.process_ids) == 2)
    before = set(connection.process_ids)
    assert len(fetch(connection, into, threading.Event(), threading.Event())) == 12
    assert set(connection.process_ids) == before
    connection.close()


def test_a_connection_that_is_closed_starts_nothing_any_more(pacs: RealArchive) -> None:
    connection = RemoteConnection(pacs.archive)
    connection.warm(fetching=True)
    connection.close()
    connection.warm()
    assert eventually(lambda: not any(thread.name == "archive start" for thread in threading.enumerate()))
    assert connection.process_ids == ()


def test_a_closed_connection_says_so(pacs: RealArchive) -> None:
    connection = RemoteConnection(pacs.archive)
    assert connection.find_series(STUDY)
    pids = connection.process_ids
    connection.close()
    assert not any(psutil.pid_exists(pid) for pid in pids)
    with pytest.raises(Unavailable, match="closed"):
        connection.find_series(STUDY)


def test_bytes_are_told_as_they_come(pacs: RealArchive, into: Path) -> None:
    connection = RemoteConnection(pacs.archive)
    counts: list[int] = []
    got: list[ReceivedFile] = []
    started = time.monotonic()
    connection.retrieve(STUDY, connection.find_instances(STUDY), into, got.append, counts.append, kilobits=8_000)
    assert sum(counts) > sum(file.size for file in got) > 12 * 256 * 256 * 2
    # 1.6 MB at 1 MB/s: a cap cannot be beaten, however quick the machine.
    assert time.monotonic() - started > 1.2
    connection.close()
