"""Which RIS a site has, by its settings: FHIR at an http address, HL7 at an mllp one."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from urllib.parse import urlsplit

from workstation.domain.delivery import Submission
from workstation.errors import Refused
from workstation.ris.addresses import host_and_port, is_hl7, is_secured
from workstation.ris.fhir import FhirRis
from workstation.ris.hl7.driver import Hl7Ris, ReadableHl7Ris
from workstation.ris.hl7.mllp import MllpLink
from workstation.ris.hl7.reading import AccessionReader
from workstation.ris.tls import RisTls, client_context
from workstation.ris.token import Client, Tokens
from workstation.ris.wire import Wire
from workstation.settings import Settings


def ris_for(
    url: str,
    settings: Settings,
    accession_of: Callable[[str], str],
    doubt: Callable[[Submission], str],
    secret: Callable[[], str],
) -> FhirRis | Hl7Ris:
    """The RIS at `url`. Raises `Refused` where an address or a file of the settings cannot be used.

    `secret` is asked for only where our sign-in needs it.
    """
    if not is_hl7(url):
        return FhirRis(url, tls=_context(url, settings), authorization=_sign_in(url, settings, secret))
    host, port = host_and_port(url)
    read_url = settings.ris_read_url
    link = MllpLink(host, port, _context(url, settings))
    if not read_url:
        return Hl7Ris(link, doubt)
    reader = AccessionReader(read_url, tls=_context(read_url, settings), authorization=_sign_in(read_url, settings, secret))
    return ReadableHl7Ris(link, doubt, reader, accession_of)


def _sign_in(url: str, settings: Settings, secret: Callable[[], str]) -> Tokens | None:
    if not settings.ris_client_id:
        return None
    parts = urlsplit(settings.ris_token_url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Refused("The sign-in at the RIS is not set up", "ris_token_url is no address", "Correct ris_token_url")
    if parts.scheme == "http" and is_secured(url):
        raise Refused("The sign-in at the RIS is not safe", "ris_token_url would send it unencrypted", "Give an https address")
    key_file = settings.ris_client_key_file
    client = Client(settings.ris_token_url, settings.ris_client_id, "" if key_file else secret(), key_file)
    return Tokens(client, Wire(f"{parts.scheme}://{parts.netloc}", tls=_context(settings.ris_token_url, settings)))


def tls_of(settings: Settings) -> RisTls:
    return RisTls(settings.ris_ca_file, settings.ris_certificate_file, settings.ris_key_file)


def _context(url: str, settings: Settings) -> ssl.SSLContext | None:
    """None for what is not secured, and for HTTPS by the computer's own trust."""
    tls = tls_of(settings)
    if not is_secured(url) or (urlsplit(url).scheme == "https" and tls == RisTls()):
        return None
    return client_context(tls)
