"""The storage SCP: there only when asked for, and only for whom and what was asked."""

from __future__ import annotations

import socket
import subprocess
from pathlib import Path

import pytest
from pynetdicom import evt
from real_archives import STORESCU, free_port, study

from workstation.archives.gateway.dimse_link import DimseLink
from workstation.archives.gateway.dimse_receive import Intake
from workstation.archives.gateway.storage_scp import listening
from workstation.domain.archive import Archive, ArchiveKind, ReceivedFile, RetrieveMethod, Tls
from workstation.errors import Refused, Unavailable

STUDY = "1.2.826.0.1.3680043.10.1"


@pytest.fixture
def archive() -> Archive:
    return Archive(
        "pacs", ArchiveKind.DIMSE, host="127.0.0.1", port=104, called_ae="PACS", retrieve=RetrieveMethod.C_MOVE,
        listen_port=free_port(), timeout_seconds=5.0,
    )  # fmt: skip


class Scp:
    """A listening SCP that waits for one study."""

    def __init__(self, archive: Archive, into: Path, wanted: frozenset[str] = frozenset()) -> None:
        into.mkdir()
        self.into = into
        self.notes: list[str] = []
        self.got: list[ReceivedFile] = []
        link = DimseLink(5.0)
        self.intake = Intake(into, b"", STUDY, wanted, self.got.append, link, self.notes.append)
        handlers = [(evt.EVT_C_STORE, self.intake.store)]
        self.open = listening(archive, link, handlers, self.intake.attach, on_note=self.notes.append)


def offer(archive: Archive, files: list[Path], calling: str = "PACS", called: str = "LYSKASSE") -> str:
    """storescu's own words."""
    command = [
        STORESCU,
        "-v",
        "-R",
        "-nh",
        "-aet",
        calling,
        "-aec",
        called,
        "127.0.0.1",
        str(archive.listen_port),
        *map(str, files),
    ]
    done = subprocess.run(command, capture_output=True, timeout=60, check=False)
    return (done.stdout + done.stderr).decode()


def test_the_study_that_was_asked_for_is_taken_and_another_is_refused(archive: Archive, tmp_path: Path) -> None:
    """Status 0124, a note, no file (F39)."""
    scp = Scp(archive, tmp_path / "into")
    with scp.open:
        assert "Success" in offer(archive, study(tmp_path / "ours", images=1))
        foreign = offer(archive, study(tmp_path / "foreign", images=1, uid="1.2.826.0.1.3680043.10.66"))
    assert "0x124" in foreign
    assert [file.sop_instance_uid for file in scp.got] == [f"{STUDY}.1.1"]
    assert list(scp.into.iterdir()) == [scp.got[0].path]
    assert scp.intake.refused.total() == 1
    assert "not requested" in scp.notes[0]


def test_an_instance_that_was_not_asked_for_is_refused(archive: Archive, tmp_path: Path) -> None:
    """F39."""
    scp = Scp(archive, tmp_path / "into", frozenset({f"{STUDY}.1.2"}))
    with scp.open:
        offer(archive, study(tmp_path / "ours", images=2))
    assert [file.sop_instance_uid for file in scp.got] == [f"{STUDY}.1.2"]


def test_who_was_not_asked_is_turned_away(archive: Archive, tmp_path: Path) -> None:
    """F39: another AE title, another name for us."""
    files = study(tmp_path / "ours", images=1)
    scp = Scp(archive, tmp_path / "into")
    with scp.open:
        assert "Rejected" in offer(archive, files, calling="STRANGER")
        assert "Rejected" in offer(archive, files, called="SOMEONE")
        assert "Success" in offer(archive, files)
    assert len(scp.got) == 1
    assert "AE title" in scp.notes[0]


def test_nobody_listens_before_and_after(archive: Archive, tmp_path: Path) -> None:
    def is_listening() -> bool:
        try:
            socket.create_connection(("127.0.0.1", archive.listen_port), timeout=5).close()
        except ConnectionRefusedError:
            return False
        return True

    assert not is_listening()
    with Scp(archive, tmp_path / "into").open:
        assert is_listening()
    assert not is_listening()


def test_a_port_that_is_taken_is_said(archive: Archive, tmp_path: Path) -> None:
    with socket.create_server(("0.0.0.0", archive.listen_port)), pytest.raises(Unavailable, match="listened"):
        Scp(archive, tmp_path / "into").open.__enter__()


def test_tls_without_a_certificate_of_ours_is_refused(archive: Archive, tmp_path: Path) -> None:
    from dataclasses import replace

    with pytest.raises(Refused, match="C-GET"):
        Scp(replace(archive, tls=Tls()), tmp_path / "into").open.__enter__()
