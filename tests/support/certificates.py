"""Certificates made at test time: an authority of our own and what it issues, good and bad.

Nothing of it is worth keeping: keys lie unencrypted in the test's folder and end with it.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Issued:
    """PEM files of one certificate. `combined_file` holds key and certificate together, as Orthanc wants them."""

    certificate_file: Path
    key_file: Path
    combined_file: Path


class CertificateAuthority:
    """Issues certificates into `folder`. Trust it by `ca_file`."""

    def __init__(self, folder: Path, name: str = "Lyskasse test authority") -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._count = 0
        self._name = _name(name)
        self._key = ec.generate_private_key(ec.SECP256R1())
        now = datetime.now(UTC)
        certificate = (
            _builder(self._name, self._name, self._key, now - _DAY, now + 30 * _DAY)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_key_usage(signs_certificates=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self._key.public_key()), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        self.ca_file = folder / "ca.pem"
        self.ca_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def server(self, *hosts: str) -> Issued:
        """For these names and addresses; for localhost, 127.0.0.1 and ::1 when none is given."""
        return self._issue("server", hosts or LOOPBACK, -_DAY, 30 * _DAY)

    def wrong_host(self) -> Issued:
        return self._issue("server", ("pacs.elsewhere.example",), -_DAY, 30 * _DAY)

    def expired(self) -> Issued:
        return self._issue("server", LOOPBACK, -30 * _DAY, -_DAY)

    def not_yet_valid(self) -> Issued:
        return self._issue("server", LOOPBACK, _DAY, 30 * _DAY)

    def client(self, name: str = "reader") -> Issued:
        return self._issue(name, (), -_DAY, 30 * _DAY)

    def expired_client(self) -> Issued:
        return self._issue("reader", (), -30 * _DAY, -_DAY)

    def self_signed(self) -> Issued:
        """A server that vouches for itself: this authority has no part in it."""
        return self._issue("server", LOOPBACK, -_DAY, 30 * _DAY, by_itself=True)

    def _issue(self, name: str, hosts: tuple[str, ...], start: timedelta, end: timedelta, by_itself: bool = False) -> Issued:
        self._count += 1
        key = ec.generate_private_key(ec.SECP256R1())
        now = datetime.now(UTC)
        signer, issuer = (key, _name(name)) if by_itself else (self._key, self._name)
        usage = ExtendedKeyUsageOID.SERVER_AUTH if hosts else ExtendedKeyUsageOID.CLIENT_AUTH
        builder = (
            _builder(_name(name), issuer, key, now + start, now + end)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        )
        if hosts:
            builder = builder.add_extension(x509.SubjectAlternativeName([_subject(host) for host in hosts]), critical=False)
        return self._written(f"{name}-{self._count}", key, builder.sign(signer, hashes.SHA256()))

    def _written(self, stem: str, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> Issued:
        private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        public = certificate.public_bytes(serialization.Encoding.PEM)
        issued = Issued(self.folder / f"{stem}.crt.pem", self.folder / f"{stem}.key.pem", self.folder / f"{stem}.both.pem")
        issued.certificate_file.write_bytes(public)
        issued.key_file.write_bytes(private)
        issued.combined_file.write_bytes(private + public)
        return issued


LOOPBACK = ("localhost", "127.0.0.1", "::1")


def server_context(issued: Issued, client_authority: CertificateAuthority | None = None) -> ssl.SSLContext:
    """What a test's own server listens with; with `client_authority` it asks for a certificate of it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(issued.certificate_file, issued.key_file)
    if client_authority is not None:
        context.load_verify_locations(client_authority.ca_file)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def shake_hands(connection: ssl.SSLSocket) -> None:
    """The server's handshake. Where it turns the client away, the client gets to read why before the end.

    Closing at once would reset the connection, and a reset can overtake the alert.
    """
    try:
        connection.do_handshake()
    except ssl.SSLError:
        with contextlib.suppress(OSError):
            socket.socket.shutdown(connection, socket.SHUT_WR)
            while socket.socket.recv(connection, 4096):
                pass
        raise


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _subject(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, start: datetime, end: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
    )


def _key_usage(signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )
