"""An archive that asks for a pause gets it; a full disk is told as one, makes room, and is tried once more."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from real_archives import study
from scripted_archive import ScriptedConnection, found_study
from small_disk import fill
from talking_server import talking_server

from rendering.worker import ImageWorker
from workstation.archives.directory import ArchiveDirectory
from workstation.archives.gateway import wire
from workstation.archives.prefetch_asking import Patience
from workstation.archives.prefetch_sources import DirectorySources
from workstation.archives.remote import RemoteConnection
from workstation.archives.retrieve import Retrievals
from workstation.archives.retrieve_fetch import Tries
from workstation.archives.retrieve_ledger import RetrieveLedger
from workstation.archives.secrets import Secrets
from workstation.at_rest.vault import Vault
from workstation.cache.cache import StudyCache
from workstation.domain.archive import Archive, ArchiveConnection, ArchiveKind, RetrieveProgress, StudyQuery
from workstation.domain.patient import Patient, PatientKey
from workstation.errors import DiskFull, Unavailable
from workstation.ris.outbox import Backoff


def busy(seconds: float) -> Unavailable:
    error = Unavailable("The archive is busy", f"retry after {seconds:.0f} s")
    error.retry_after = seconds
    return error


class World:
    def __init__(self, folder: Path, cache: Path, reader: ImageWorker, archive: Archive, connection: ArchiveConnection) -> None:
        self.cache = StudyCache(cache, reader)
        self.directory = ArchiveDirectory(folder, Secrets(folder, Vault.plain(), None, {}), lambda *_: connection)
        self.directory.add(archive)
        tries = Tries(most=3, backoff=Backoff(base=0.001, cap=0.5), draw=lambda: 0.0)
        self.retrievals = Retrievals(self.directory, self.cache, RetrieveLedger(folder / "retrievals.db"), None, tries)

    def fetch(self, files: list[Path]) -> RetrieveProgress:
        return self.retrievals.fetch(found_study(files[0], "here"))

    def close(self) -> None:
        self.retrievals.close()
        self.directory.close()
        self.cache.close()


@pytest.fixture(scope="module")
def reader() -> Iterator[ImageWorker]:
    with ImageWorker() as worker:
        yield worker


def test_errors_keep_their_kind_and_their_pause_over_the_wire() -> None:
    told = wire.decode_error(wire.encode_error(busy(30.0)))
    assert (type(told), told.retry_after) == (Unavailable, 30.0)
    full = wire.decode_error(wire.encode_error(DiskFull("Full")))
    assert (type(full), full.retry_after) == (DiskFull, None)


@pytest.mark.parametrize("pause", [-1, 1e9, "soon", None, True])
def test_a_pause_that_is_none_is_not_kept(pause: object) -> None:
    told = wire.decode_error(["Unavailable", "Busy", "", "", pause])
    assert told.retry_after in (None, 1.0)


def test_what_a_real_server_asks_for_reaches_the_program() -> None:
    """As F29, for archives: through the archive's own process."""
    with talking_server() as serve:

        def talk(connection: socket.socket, head: bytes) -> None:
            connection.sendall(b"HTTP/1.1 429 Slow\r\nRetry-After: 40\r\nContent-Length: 0\r\n\r\n")

        remote = RemoteConnection(Archive("here", ArchiveKind.DICOMWEB, url=serve(talk)))
        try:
            with pytest.raises(Unavailable, match="busy") as told:
                remote.find_studies(StudyQuery(patient_id="P"))
        finally:
            remote.close()
    assert told.value.retry_after == 40.0


def test_a_retrieval_does_not_stand_in_the_way_for_a_long_pause(tmp_path: Path, reader: ImageWorker) -> None:
    """A thread that waits for an hour would be one that hangs: it says when, and ends."""
    files = study(tmp_path / "files", images=2)
    connection = ScriptedConnection(files)
    connection.failing = busy(3600.0)
    world = World(tmp_path, tmp_path / "cache", reader, Archive("here", ArchiveKind.FOLDER, folder="/none"), connection)
    try:
        progress = world.fetch(files)
        assert (progress.retry_after, progress.is_proven) == (3600.0, False)
        assert "retry after 3600 s" in progress.problem
        connection.failing = None
        assert world.fetch(files).is_proven
        assert world.fetch(files).retry_after is None
    finally:
        world.close()


def test_prefetching_leaves_an_archive_in_peace_for_as_long_as_it_asks(tmp_path: Path) -> None:
    clock = [0.0]
    patience = Patience(30, 100, lambda: clock[0])
    connection = ScriptedConnection([])
    connection.failing = busy(500.0)
    directory = ArchiveDirectory(tmp_path, Secrets(tmp_path, Vault.plain(), None, {}), lambda *_: connection)
    directory.add(Archive("here", ArchiveKind.FOLDER, folder="/none"))
    with pytest.raises(Unavailable) as told:
        DirectorySources(directory).studies_of("here", Patient(PatientKey("P")), lambda: False)
    directory.close()
    patience.failed("here", told.value)
    assert patience.seconds_until_due == 500.0


@pytest.mark.parametrize("is_room_made", [True, False])
def test_an_archives_process_that_meets_a_full_disk_has_room_made_and_goes_on_once(
    tmp_path: Path, reader: ImageWorker, small_disk: Path, is_room_made: bool
) -> None:
    """F14: the disk, not the link, is to blame; only what is missing comes again."""
    files = study(tmp_path / "files", images=12, size=256)
    archive = Archive("here", ArchiveKind.FOLDER, folder=str(tmp_path / "files"))
    world = World(tmp_path, small_disk / "cache", reader, archive, RemoteConnection(archive))
    asked: list[int] = []
    try:
        filler = fill(small_disk, leave=600_000)

        def make_room(size: int) -> bool:
            asked.append(size)
            if is_room_made:
                filler.unlink(missing_ok=True)
            return is_room_made

        world.cache.make_room = make_room
        progress = world.fetch(files)
    finally:
        world.close()
    assert progress.is_proven == is_room_made
    assert asked
    assert is_room_made or "is no room" in progress.problem or "disk is full" in progress.problem
