"""TLS to and from a RIS: 1.2 and 1.3 with forward secrecy only, the host's name always checked (RFC 9325).

There is no switch that trusts everybody. A certificate of ours is named by path, with its key.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime

import truststore

from workstation.errors import Refused

# TLS 1.3 has only good ones, and they are not set here.
_CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"


@dataclass(frozen=True, slots=True)
class RisTls:
    """PEM files by path. An empty `ca_file` trusts whom this computer trusts."""

    ca_file: str = ""
    certificate_file: str = ""
    key_file: str = ""


def client_context(tls: RisTls) -> ssl.SSLContext:
    """What to talk to the RIS with. Raises `Refused` where a file cannot be used."""
    if tls.ca_file:
        context = _trusting(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), tls)
    else:
        context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    _harden(context)
    if tls.certificate_file:
        _present(context, tls)
    return context


def server_context(tls: RisTls) -> ssl.SSLContext:
    """What to listen with: our certificate, and only peers that `ca_file` vouches for. Raises `Refused`."""
    if not (tls.certificate_file and tls.ca_file):
        raise Refused(
            "No secure listening",
            "A certificate of ours and the authority of who may send are needed",
            "Set ris_certificate_file, ris_key_file and ris_ca_file",
        )
    context = _trusting(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), tls)
    context.verify_mode = ssl.CERT_REQUIRED
    _harden(context)
    _present(context, tls)
    return context


def reason_of(error: ssl.SSLError) -> str:
    """Why TLS failed, for the reader."""
    if isinstance(error, ssl.SSLCertVerificationError):
        said = f"{error.verify_message} {error}".lower()
        if "expired" in said or "not yet valid" in said:
            # A wrong clock makes good certificates look bad, so it is named (F43).
            now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
            return f"Its certificate has expired or is not valid yet, going by this computer's clock, which says {now}"
        if "host" in said or "name mismatch" in said or "ip address mismatch" in said:
            return "Its certificate was issued for another host"
        return "Its certificate is not trusted: nobody whom ris_ca_file or this computer trusts vouches for it"
    if "ALERT" in (error.reason or ""):
        return "It turned our certificate away, or asks for one: check ris_certificate_file and ris_key_file"
    return "What answers there speaks no TLS that is safe today"


def _trusting(context: ssl.SSLContext, tls: RisTls) -> ssl.SSLContext:
    try:
        context.load_verify_locations(tls.ca_file)
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        raise Refused(
            "The file of trusted certificates cannot be used", "It is missing or no PEM file", "Check ris_ca_file"
        ) from error
    return context


def _harden(context: ssl.SSLContext) -> None:
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(_CIPHERS)
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION


def _present(context: ssl.SSLContext, tls: RisTls) -> None:
    try:
        context.load_cert_chain(tls.certificate_file, tls.key_file or None, password=_no_password)
    except (OSError, ValueError) as error:
        raise Refused(
            "Our own certificate cannot be used",
            "It or its key is missing, encrypted, not in PEM form, or they do not belong together",
            "Check ris_certificate_file and ris_key_file",
        ) from error


def _no_password() -> str:
    """OpenSSL would ask on the terminal."""
    raise ValueError("the key is encrypted")
