"""DIMSE archives that are not there, say no, break the protocol, fall silent or are not who they say."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from certificates import CertificateAuthority, Issued
from real_archives import RealArchive, ServerTls, free_port, orthanc, study
from shaping_proxy import Shape, ShapingProxy

from workstation.archives.gateway.dimse import DimseConnection
from workstation.domain.archive import Archive, ArchiveKind, ReceivedFile, StudyQuery, Tls
from workstation.errors import DiskFull, Refused, Unavailable, WorkstationError

STUDY = "1.2.826.0.1.3680043.10.1"


@pytest.fixture(scope="module")
def pacs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealArchive]:
    folder = tmp_path_factory.mktemp("pacs")
    with orthanc(folder) as running:
        running.store(study(folder / "files", images=10, size=256))
        yield running


@pytest.fixture
def into(tmp_path: Path) -> Path:
    folder = tmp_path / "into"
    folder.mkdir()
    return folder


@contextmanager
def peer(behave: Callable[[socket.socket], None]) -> Iterator[Archive]:
    """Something that takes connections and does what no archive should."""
    listener = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                try:
                    behave(connection)
                except OSError:
                    continue

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        port = listener.getsockname()[1]
        yield Archive("bad", ArchiveKind.DIMSE, host="127.0.0.1", port=port, called_ae="BAD", timeout_seconds=1.0)
    finally:
        over.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(10)


def huge_pdu(connection: socket.socket) -> None:
    connection.recv(65536)
    connection.sendall(struct.pack(">BBI", 2, 0, 0xFFFFFFFF) + bytes(1000))
    connection.settimeout(5)
    connection.recv(1)


def abort(connection: socket.socket) -> None:
    connection.recv(65536)
    connection.sendall(struct.pack(">BBIBBBB", 7, 0, 4, 0, 0, 2, 0))


def mute(connection: socket.socket) -> None:
    connection.settimeout(20)
    while connection.recv(65536):
        pass


def garbage(connection: socket.socket) -> None:
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


def hang_up(connection: socket.socket) -> None:
    """Nothing said."""


@pytest.mark.parametrize("behave", [huge_pdu, abort, mute, garbage, hang_up])
def test_a_peer_that_breaks_the_protocol_is_an_error_in_words(behave: Callable[[socket.socket], None]) -> None:
    """A PDU of 4 GB, A-ABORT, silence, HTTP, a closed door: no hang, no memory taken (F35, F40)."""
    with peer(behave) as archive:
        with pytest.raises(WorkstationError) as told:
            DimseConnection(archive).find_studies(StudyQuery())
        assert told.value.hint
        assert not all(step.succeeded for step in DimseConnection(archive).test())


def test_the_length_of_a_pdu_that_was_too_long_is_told() -> None:
    """F40."""
    with peer(huge_pdu) as archive, pytest.raises(Unavailable, match="4294967295"):
        DimseConnection(archive).find_studies(StudyQuery())


def test_a_test_says_which_step_fails(pacs: RealArchive) -> None:
    """F40, F44."""

    def last(archive: Archive) -> tuple[str, str]:
        steps = DimseConnection(archive).test()
        assert not steps[-1].succeeded
        assert all(step.succeeded for step in steps[:-1])
        return steps[-1].name, steps[-1].words

    assert all(step.succeeded for step in DimseConnection(pacs.archive).test())
    name, words = last(replace(pacs.archive, host="no-such-host.invalid"))
    assert name == "Name"
    assert "not known" in words
    name, words = last(replace(pacs.archive, port=free_port()))
    assert name == "Port"
    assert "Nothing listens" in words
    name, words = last(replace(pacs.archive, called_ae="NOBODY"))
    assert "called_ae" in words


def test_who_may_not_search_is_told_so(pacs: RealArchive) -> None:
    """Orthanc knows this AE title not: it takes the association and none of what is asked."""
    with pytest.raises(WorkstationError) as told:
        DimseConnection(replace(pacs.archive, calling_ae="STRANGER")).find_studies(StudyQuery())
    assert told.value.hint


def test_a_line_that_falls_silent_in_mid_transfer_is_given_up(pacs: RealArchive, into: Path) -> None:
    """Half open: no reset, no end, nothing (F35). What had come stays good (F37)."""
    connection = DimseConnection(pacs.archive)
    wanted = connection.find_instances(STUDY)
    with ShapingProxy(pacs.archive.port, Shape(silent_after=600_000)) as proxy:
        archive = replace(pacs.archive, port=proxy.port, timeout_seconds=1.0)
        got: list[ReceivedFile] = []
        with pytest.raises(Unavailable, match="does not answer any more"):
            DimseConnection(archive).retrieve(STUDY, wanted, into, got.append)
    assert 0 < len(got) < len(wanted)
    assert all(file.path.stat().st_size > file.size for file in got)


def test_a_line_that_is_cut_keeps_what_came(pacs: RealArchive, into: Path) -> None:
    """F37."""
    connection = DimseConnection(pacs.archive)
    wanted = connection.find_instances(STUDY)
    with ShapingProxy(pacs.archive.port, Shape(cut_after=600_000)) as proxy:
        got: list[ReceivedFile] = []
        with pytest.raises(Unavailable):
            DimseConnection(replace(pacs.archive, port=proxy.port)).retrieve(STUDY, wanted, into, got.append)
    assert 0 < len(got) < len(wanted)
    have = {file.sop_instance_uid for file in got}
    missing = [item for item in wanted if item.sop_instance_uid not in have]
    connection.retrieve(STUDY, missing, into, got.append)
    assert sorted(file.sop_instance_uid for file in got) == sorted(item.sop_instance_uid for item in wanted)


@pytest.mark.parametrize("small_disk", ["size=1m"], indirect=True)
def test_a_full_disk_is_said_in_words_and_leaves_whole_files_only(pacs: RealArchive, small_disk: Path) -> None:
    connection = DimseConnection(pacs.archive)
    wanted = connection.find_instances(STUDY)
    got: list[ReceivedFile] = []
    with pytest.raises(DiskFull, match="no room"):
        connection.retrieve(STUDY, wanted, small_disk, got.append)
    assert 0 < len(got) < len(wanted)
    assert {path.name for path in small_disk.glob("*.dcm")} == {file.path.name for file in got}


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> CertificateAuthority:
    return CertificateAuthority(tmp_path_factory.mktemp("authority"))


def served(issued: Issued, authority: CertificateAuthority, client: Issued | None = None, mutual: bool = False) -> ServerTls:
    ours = Tls(
        str(authority.ca_file),
        str(client.certificate_file) if client else "",
        str(client.key_file) if client else "",
    )
    return ServerTls(issued.certificate_file, issued.key_file, authority.ca_file if mutual else None, ours)


def test_tls_with_certificates_on_both_sides(authority: CertificateAuthority, tmp_path: Path, into: Path) -> None:
    """Taken with our certificate, refused without one and with an expired one (F41)."""
    files = study(tmp_path / "files", images=3)
    tls = served(authority.server(), authority, authority.client(), mutual=True)
    with orthanc(tmp_path, tls=tls) as running:
        running.store(files)
        connection = DimseConnection(running.archive)
        assert all(step.succeeded for step in connection.test())
        got: list[ReceivedFile] = []
        connection.retrieve(STUDY, connection.find_instances(STUDY), into, got.append)
        assert len(got) == 3
        expired = authority.expired_client()
        for client in (
            Tls(str(authority.ca_file)),
            Tls(str(authority.ca_file), str(expired.certificate_file), str(expired.key_file)),
        ):
            with pytest.raises(WorkstationError) as told:
                DimseConnection(replace(running.archive, tls=client)).find_studies(StudyQuery())
            assert told.value.hint
        with pytest.raises(WorkstationError):
            DimseConnection(replace(running.archive, tls=None)).find_studies(StudyQuery())


@pytest.mark.parametrize(
    ("kind", "words"),
    [("expired", "expired"), ("wrong_host", "another host"), ("self_signed", "self-signed"), ("not_yet_valid", "not valid yet")],
)
def test_a_certificate_that_is_not_good_ends_it(kind: str, words: str, authority: CertificateAuthority, tmp_path: Path) -> None:
    """Nothing is sent, and there is no way round (F41); the clock is named (F43)."""
    with orthanc(tmp_path, tls=served(getattr(authority, kind)(), authority)) as running:
        connection = DimseConnection(running.archive)
        with pytest.raises(Refused) as told:
            connection.find_studies(StudyQuery())
        assert words in str(told.value)
        steps = connection.test()
        assert steps[-1].name == "TLS"
        assert words in steps[-1].words
