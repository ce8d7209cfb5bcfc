"""TLS: what is accepted, and the words for what is not, over real sockets (F41, F43)."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from certificates import CertificateAuthority, server_context, shake_hands

from workstation.archives.gateway.tls import client_context, words_for
from workstation.domain.archive import Tls
from workstation.errors import Refused

Serve = Callable[[ssl.SSLContext | None], int]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> CertificateAuthority:
    return CertificateAuthority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> CertificateAuthority:
    return CertificateAuthority(tmp_path_factory.mktemp("stranger"), "Somebody else")


@pytest.fixture
def serve() -> Iterator[Serve]:
    """One connection: the handshake, one byte read, one written. Returns the port."""
    threads: list[threading.Thread] = []
    listeners: list[socket.socket] = []

    def start(context: ssl.SSLContext | None) -> int:
        listener = socket.create_server(("127.0.0.1", 0))
        listener.settimeout(10)
        listeners.append(listener)

        def run() -> None:
            with contextlib.suppress(OSError):
                connection, _ = listener.accept()
                connection.settimeout(10)
                with connection:
                    if context is None:
                        connection.sendall(b"220 mail.example ready, and no TLS here\r\n")
                        connection.recv(4096)
                        return
                    with context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False) as secure:
                        shake_hands(secure)
                        secure.sendall(secure.recv(1))

        threads.append(threading.Thread(target=run))
        threads[-1].start()
        return int(listener.getsockname()[1])

    yield start
    for thread in threads:
        thread.join(15)
    for listener in listeners:
        listener.close()


def speak(tls: Tls, port: int, host: str = "localhost") -> str:
    """Talk to the server; the TLS version, or raises what a connection would."""
    context = client_context(tls, host)
    assert context is not None
    with socket.create_connection(("127.0.0.1", port), 10) as plain, context.wrap_socket(plain, server_hostname=host) as secure:
        secure.sendall(b"x")
        if secure.recv(1) != b"x":
            raise ConnectionResetError
        return secure.version() or ""


def words(tls: Tls, port: int, host: str = "localhost") -> str:
    with pytest.raises((ssl.SSLError, ConnectionResetError)) as caught:
        speak(tls, port, host)
    found = words_for(caught.value)
    assert found is not None, caught.value
    return ". ".join(found)


def trusting(authority: CertificateAuthority) -> Tls:
    return Tls(ca_file=str(authority.ca_file))


def test_a_server_of_a_trusted_authority_is_spoken_to_in_tls_1_3(authority, serve):
    assert speak(trusting(authority), serve(server_context(authority.server()))) == "TLSv1.3"


def test_tls_1_2_is_good_enough_and_uses_forward_secrecy(authority, serve):
    server = server_context(authority.server())
    server.maximum_version = ssl.TLSVersion.TLSv1_2
    assert speak(trusting(authority), serve(server)) == "TLSv1.2"


def test_an_address_is_checked_like_a_name(authority, serve):
    assert speak(trusting(authority), serve(server_context(authority.server())), "127.0.0.1") == "TLSv1.3"


@pytest.mark.parametrize(
    ("issue", "said"),
    [
        (CertificateAuthority.expired, "has expired, going by this computer's clock, which says 20"),
        (CertificateAuthority.not_yet_valid, "is not valid yet, going by this computer's clock"),
        (CertificateAuthority.wrong_host, "issued for another host"),
        (CertificateAuthority.self_signed, "self-signed"),
    ],
)
def test_a_bad_certificate_is_refused_and_why_is_said(authority, serve, issue, said):
    """F41, F43."""
    assert said in words(trusting(authority), serve(server_context(issue(authority))))


def test_a_certificate_of_an_unknown_authority_is_refused(authority, stranger, serve):
    """F41."""
    assert "authority is not one that this computer trusts" in words(
        trusting(stranger), serve(server_context(authority.server()))
    )


def test_the_systems_own_store_does_not_know_a_test_authority(authority, serve):
    """F41: without a ca_file the operating system decides."""
    assert "not trusted" in words(Tls(), serve(server_context(authority.server())))


def test_a_client_certificate_opens_where_one_is_asked_for(authority, serve):
    client = authority.client()
    tls = Tls(str(authority.ca_file), str(client.certificate_file), str(client.key_file))
    assert speak(tls, serve(server_context(authority.server(), authority))) == "TLSv1.3"


@pytest.mark.parametrize("newest", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_missing_client_certificate_is_said(authority, serve, newest):
    """F41."""
    server = server_context(authority.server(), authority)
    server.maximum_version = newest
    assert "certificate of ours" in words(trusting(authority), serve(server))


def test_a_client_certificate_of_a_strange_authority_is_said(authority, stranger, serve):
    """F41."""
    client = stranger.client()
    tls = Tls(str(authority.ca_file), str(client.certificate_file), str(client.key_file))
    said = words(tls, serve(server_context(authority.server(), authority)))
    assert "does not know the authority that issued ours" in said


def test_an_expired_client_certificate_is_said(authority, serve):
    """F41."""
    client = authority.expired_client()
    tls = Tls(str(authority.ca_file), str(client.certificate_file), str(client.key_file))
    assert "ours has expired" in words(tls, serve(server_context(authority.server(), authority)))


def test_old_tls_is_refused(authority, serve):
    """F41: a server that speaks nothing newer than TLS 1.1."""
    server = server_context(authority.server())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # it is the point of this test
        server.minimum_version = ssl.TLSVersion.TLSv1
        server.maximum_version = ssl.TLSVersion.TLSv1_1
    server.set_ciphers("ALL:@SECLEVEL=0")
    assert "older than 1.2" in words(trusting(authority), serve(server))


def test_what_does_not_speak_tls_is_told_apart(authority, serve):
    assert "does not speak TLS" in words(trusting(authority), serve(None))


def test_an_error_without_tls_in_it_has_no_words_here():
    assert words_for(ConnectionResetError()) is None


def test_without_tls_there_is_no_context():
    assert client_context(None, "localhost") is None


@pytest.mark.parametrize("content", [None, "nothing like a certificate"])
def test_a_ca_file_that_cannot_be_used_is_refused(tmp_path: Path, content):
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_text(content)
    with pytest.raises(Refused, match="trusted certificates"):
        client_context(Tls(ca_file=str(file)), "localhost")


def test_a_key_of_another_certificate_is_refused(authority):
    first, second = authority.client(), authority.client()
    with pytest.raises(Refused, match="Our own certificate"):
        client_context(Tls(str(authority.ca_file), str(first.certificate_file), str(second.key_file)), "localhost")


def test_there_is_no_way_to_trust_everybody(authority):
    context = client_context(trusting(authority), "localhost")
    assert context is not None
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    assert all("ECDHE" in cipher["name"] or cipher["protocol"] == "TLSv1.3" for cipher in context.get_ciphers())
