"""Addresses of a RIS as settings name them: `https://host/fhir`, `mllp://host:port`, `mllps://host:port`."""

from __future__ import annotations

from urllib.parse import urlsplit

from workstation.errors import Refused

MLLP_PORT = 2575
"""Of IANA, for HL7 over MLLP."""
_SECURED = ("mllps", "https")


def is_hl7(url: str) -> bool:
    return urlsplit(url).scheme in ("mllp", "mllps")


def is_secured(url: str) -> bool:
    return urlsplit(url).scheme in _SECURED


def host_and_port(url: str) -> tuple[str, int]:
    """Of an HL7 address. Raises `Refused`."""
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        port = 0
    if not is_hl7(url) or not parts.hostname or port == 0:
        detail = "An HL7 address is mllp://host:port or mllps://host:port"
        raise Refused("The address of the RIS cannot be used", detail, "Correct it in settings.toml")
    return parts.hostname, port or MLLP_PORT
