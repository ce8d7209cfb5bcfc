"""The program closes within seconds, whatever an archive does or does not do."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from main import open_core
from workstation.archives.sending_ledger import Outgoing
from workstation.domain.archive import Archive, ArchiveKind, FoundInstance, FoundStudy
from workstation.domain.patient import Patient, PatientKey
from workstation.domain.sending import SendingEvent
from workstation.settings import Folders

PATIENCE = 30.0
"""Of the archive's silence; an archive process waits for twice as long before it is given up."""
ENOUGH = 20.0


@contextmanager
def half_open() -> Iterator[tuple[int, list[socket.socket]]]:
    """Takes every connection and never says a word: its port, and who came."""
    listener = socket.create_server(("127.0.0.1", 0))
    came: list[socket.socket] = []

    def serve() -> None:
        while True:
            try:
                came.append(listener.accept()[0])
            except OSError:
                return

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1], came
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(10)
        for connection in came:
            connection.close()


def archive(kind: ArchiveKind, port: int) -> Archive:
    url = f"http://127.0.0.1:{port}/dicom-web" if kind is ArchiveKind.DICOMWEB else ""
    place = ("", 0) if url else ("127.0.0.1", port)
    return Archive(
        "mute", kind, host=place[0], port=place[1], called_ae="" if url else "MUTE", url=url,
        can_store=True, timeout_seconds=PATIENCE,
    )  # fmt: skip


@pytest.mark.parametrize("kind", [ArchiveKind.DIMSE, ArchiveKind.DICOMWEB])
def test_closing_does_not_wait_for_an_archive_that_is_silent(tmp_path: Path, kind: ArchiveKind) -> None:
    """A fetch, a search and the question whether an object arrived are all under way (as F10, for archives)."""
    with half_open() as (port, came):
        core = open_core(folders=Folders(tmp_path / "data", tmp_path / "config", tmp_path / "cache"))
        core.archives.add(archive(kind, port))
        patient = Patient(PatientKey("P-1"), "Test^Silent")
        core.retrievals.fetch_soon(FoundStudy("mute", "1.2.3", patient))
        core.retrievals.fetch_soon(FoundStudy("mute", "1.2.4", patient))
        (row,) = core.sender.enqueue("mute", [Outgoing("1.2.3", FoundInstance("1.2.3.1", "1.2.3.1.1"), "0" * 64, content=b"x")])
        core.sender._ledger.move(row.sending_id, SendingEvent.SEND)
        core.start_sending()
        until = time.monotonic() + 60
        while not came and time.monotonic() < until:
            time.sleep(0.02)
        assert came, "nobody asked the archive anything"
        closing = threading.Thread(target=core.close, daemon=True)
        closing.start()
        closing.join(ENOUGH)
        assert not closing.is_alive()
