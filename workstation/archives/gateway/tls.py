"""TLS to archives: what we accept, and in words why a handshake failed.

BCP 195 (RFC 9325) as PS3.15 B.12 asks: TLS 1.2 and 1.3 only, forward secrecy and authenticated ciphers
only, the host's name always checked. There is no switch that trusts everybody.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import truststore

from workstation.domain.archive import Tls
from workstation.errors import Refused

# TLS 1.3 has only good ones, and they are not set here.
_CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"

Words = tuple[str, str, str]
"""Title, detail and hint of a `WorkstationError`."""


def client_context(tls: Tls | None, host: str) -> ssl.SSLContext | None:
    """What to talk to `host` with; None when the archive is set up without TLS.

    Raises `Refused` where a file that the archive's settings name cannot be used.
    """
    if tls is None:
        return None
    if not host:
        raise Refused("TLS needs the archive's name", "A certificate is checked against the host", "Give the archive a host")
    context = _trusting(tls.ca_file)
    harden(context)
    if tls.certificate_file:
        _present(context, tls)
    return context


def harden(context: ssl.SSLContext) -> None:
    """Whichever end we are."""
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(_CIPHERS)
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION


def _trusting(ca_file: str) -> ssl.SSLContext:
    if not ca_file:
        return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(ca_file)
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        raise Refused(
            "The file of trusted certificates cannot be used",
            f"{Path(ca_file).name} is missing or holds no certificate in PEM form",
            "Check the archive's ca_file",
        ) from error
    return context


def _present(context: ssl.SSLContext, tls: Tls) -> None:
    try:
        context.load_cert_chain(tls.certificate_file, tls.key_file or None, password=no_password)
    except (OSError, ValueError) as error:
        raise Refused(
            "Our own certificate cannot be used",
            f"{Path(tls.certificate_file).name} and its key are missing, encrypted, not in PEM form or do not belong together",
            "Check the archive's certificate_file and key_file",
        ) from error


def no_password() -> str:
    """OpenSSL would ask on the terminal, and this process has none."""
    raise ValueError("the key is encrypted")


def words_for(error: BaseException) -> Words | None:
    """Why TLS failed, for the reader; None when `error` and what caused it are not about TLS."""
    for each in _causes(error):
        if isinstance(each, ssl.SSLCertVerificationError):
            return _not_trusted(each)
        if isinstance(each, ssl.SSLError):
            return _failed(each)
    return None


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    next_one: BaseException | None = error
    while next_one is not None and id(next_one) not in seen:
        seen.add(id(next_one))
        yield next_one
        next_one = next_one.__cause__ or next_one.__context__


_UNTRUSTED = "The archive's certificate is not trusted"
_ASK = "Ask who runs the archive. Nothing was sent"
_CA = "Ask who runs the archive for the certificate of its authority and name it as ca_file"

# OpenSSL's X509_V_ERR_*; the operating systems' own verifiers give only words.
_VERDICTS: dict[int, Words] = {
    18: (_UNTRUSTED, "It is self-signed: nobody this computer trusts vouches for it", _CA),
    19: (_UNTRUSTED, "Its authority is not one that this computer trusts", _CA),
    20: (_UNTRUSTED, "Its authority is not one that this computer trusts", _CA),
    21: (_UNTRUSTED, "Its authority is not one that this computer trusts", _CA),
    23: (_UNTRUSTED, "It was revoked", _ASK),
    62: (_UNTRUSTED, "It was issued for another host than the one in the archive's address", "Check the archive's address"),
    64: (_UNTRUSTED, "It was issued for another host than the one in the archive's address", "Check the archive's address"),
}


def _not_trusted(error: ssl.SSLCertVerificationError) -> Words:
    said = f"{error.verify_message} {error}".lower()
    code = getattr(error, "verify_code", 0)
    if code == 10 or "expired" in said:
        return _about_time("It has expired")
    if code == 9 or "not yet valid" in said:
        return _about_time("It is not valid yet")
    if code in _VERDICTS:
        return _VERDICTS[code]
    if "hostname" in said or "doesn't match" in said or "name mismatch" in said:
        return _VERDICTS[62]
    return _UNTRUSTED, "It could not be verified", _CA


def _about_time(verdict: str) -> Words:
    """A wrong clock makes good certificates look bad, so it is named (F43)."""
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    detail = f"{verdict}, going by this computer's clock, which says {now}"
    return _UNTRUSTED, detail, "Check this computer's clock; if it is right, ask who runs the archive for a new certificate"


_NO_TLS = "No secure connection to the archive"
_OWN = "The archive refused our certificate"
_OURS = "Check the archive's certificate_file and key_file, and whether the archive knows our certificate's authority"

# The end of OpenSSL's reason, in order: the first that fits is meant.
_REASONS: tuple[tuple[str, Words], ...] = (
    ("CERTIFICATE_REQUIRED", ("The archive asks for a certificate of ours", "None was given", _OURS)),
    ("ALERT_CERTIFICATE_EXPIRED", (_OWN, "It says that ours has expired, or its clock or ours is wrong", _OURS)),
    ("ALERT_CERTIFICATE_REVOKED", (_OWN, "It says that ours was revoked", _OURS)),
    ("ALERT_UNKNOWN_CA", (_OWN, "It does not know the authority that issued ours", _OURS)),
    ("ALERT_BAD_CERTIFICATE", (_OWN, "It finds ours damaged or unfit", _OURS)),
    ("ALERT_UNSUPPORTED_CERTIFICATE", (_OWN, "Ours is of a kind that it does not take", _OURS)),
    ("ALERT_CERTIFICATE_UNKNOWN", (_OWN, "It does not say why", _OURS)),
    ("ALERT_ACCESS_DENIED", (_OWN, "Ours is valid but has no access", _OURS)),
    ("ALERT_DECRYPT_ERROR", (_OWN, "It could not check our signature", _OURS)),
    (
        "UNSUPPORTED_PROTOCOL",
        (_NO_TLS, "The archive speaks only TLS older than 1.2, which is not safe", "Ask who runs the archive for TLS 1.2 or 1.3"),
    ),
    (
        "ALERT_PROTOCOL_VERSION",
        (_NO_TLS, "The archive speaks only TLS older than 1.2, which is not safe", "Ask who runs the archive for TLS 1.2 or 1.3"),
    ),
    ("WRONG_VERSION_NUMBER", (_NO_TLS, "What answers at this port does not speak TLS", "Check the port, or leave TLS out")),
    ("PACKET_LENGTH_TOO_LONG", (_NO_TLS, "What answers at this port does not speak TLS", "Check the port, or leave TLS out")),
    ("HTTP_REQUEST", (_NO_TLS, "What answers at this port does not speak TLS", "Check the port, or leave TLS out")),
    (
        "HANDSHAKE_FAILURE",
        (_NO_TLS, "The archive wants a certificate of ours, or has no cipher that is safe today", _OURS),
    ),
    ("DH_KEY_TOO_SMALL", (_NO_TLS, "The archive's key is too short to be safe", _ASK)),
    ("EE_KEY_TOO_SMALL", (_NO_TLS, "The archive's key is too short to be safe", _ASK)),
)


def _failed(error: ssl.SSLError) -> Words:
    reason = f"{error.reason or ''} {error}".upper()
    for mark, words in _REASONS:
        if mark in reason:
            return words
    if isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        return (
            _NO_TLS,
            "The archive ended the connection in the middle",
            "Check the port, and whether it asks for a certificate of ours",
        )
    return _NO_TLS, "TLS broke in the middle", "Try again; if it stays so, ask who runs the archive"
