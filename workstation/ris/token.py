"""Our sign-in at a FHIR RIS: OAuth 2.0 client credentials, as SMART Backend Services have it.

With a key of ours the request is signed (RFC 7523 `private_key_jwt`: SMART App Launch 2, backend
services); without one the secret goes in HTTP Basic (RFC 6749 2.3.1). A token is kept in memory only
and renewed shortly before it ends; one that the RIS turns away is renewed once.
"""

from __future__ import annotations

import base64
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from urllib.parse import quote, urlencode, urlsplit

from workstation.errors import Refused
from workstation.ris.no_answer import NoAnswer
from workstation.ris.wire import Wire

SCOPE = "system/*.read system/*.write"
_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_ASSERTION_SECONDS = 240
"""SMART allows at most five minutes; the clocks may differ a little."""
_EARLY_SECONDS = 30.0
_HINT = "Check ris_client_id, ris_token_url and the secret or key with who runs the RIS; nothing that is written here is lost"


@dataclass(frozen=True, slots=True)
class Client:
    """`secret` is used when there is no `key_file` (PEM; RSA for RS384, P-384 for ES384)."""

    token_url: str
    client_id: str
    secret: str = field(default="", repr=False)
    key_file: str = ""
    scope: str = SCOPE


class Tokens:
    """An `Authorization` for `Wire`. Thread-safe."""

    def __init__(self, client: Client, wire: Wire, monotonic: Callable[[], float] = time.monotonic) -> None:
        """`wire` leads to the token address's server. Raises `Refused` when the key file cannot be used."""
        self._client = client
        self._wire = wire
        self._monotonic = monotonic
        self._key = _key_of(client.key_file) if client.key_file else None
        self._token = ""
        self._ends = 0.0
        self._lock = Lock()

    def headers(self) -> Mapping[str, str]:
        """Raises `NoAnswer` when there is no token to be had."""
        with self._lock:
            if not self._token or self._monotonic() >= self._ends:
                self._renew()
            return {"Authorization": f"Bearer {self._token}"}

    def turned_away(self, used: Mapping[str, str]) -> bool:
        """The RIS answered 401 to `used`. Whether asking again with other headers is worth it."""
        with self._lock:
            if used.get("Authorization") == f"Bearer {self._token}":
                self._token = ""
                self._renew()
            return True

    def close(self) -> None:
        self._wire.close()

    def _renew(self) -> None:
        form = {"grant_type": "client_credentials", "scope": self._client.scope}
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        if self._key is not None:
            form |= {"client_assertion_type": _ASSERTION, "client_assertion": self._assertion()}
        else:
            # RFC 6749 2.3.1: both parts are form-encoded before they are joined.
            pair = ":".join(quote(part, safe="") for part in (self._client.client_id, self._client.secret))
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        reply = self._wire.request("POST", urlsplit(self._client.token_url).path, None, urlencode(form).encode(), headers)
        if reply.status != 200:
            raise NoAnswer("The RIS does not accept our sign-in", f"HTTP status {reply.status} at its token address", _HINT)
        answer = reply.json()
        token, seconds = answer.get("access_token"), answer.get("expires_in", 300)
        if not isinstance(token, str) or not token or not token.isascii() or not token.isprintable():
            raise NoAnswer("The RIS does not accept our sign-in", "Its token address gave no token", _HINT)
        lasts = float(seconds) if isinstance(seconds, int | float) and 0 < seconds < 1e6 else 300.0
        self._token = token
        self._ends = self._monotonic() + max(lasts - _EARLY_SECONDS, lasts / 2)

    def _assertion(self) -> str:
        import jwt  # only where a site signs in with a key

        assert self._key is not None
        key, algorithm = self._key
        claims = {
            "iss": self._client.client_id,
            "sub": self._client.client_id,
            "aud": self._client.token_url,
            "exp": int(time.time()) + _ASSERTION_SECONDS,
            "jti": str(uuid.uuid4()),
        }
        return jwt.encode(claims, key, algorithm=algorithm)


def _key_of(path: str) -> tuple[bytes, str]:
    """The key file's bytes and the algorithm that goes with it."""
    from cryptography.hazmat.primitives.asymmetric.ec import SECP384R1, EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        content = Path(path).read_bytes()
        key = load_pem_private_key(content, password=None)
    except (OSError, ValueError, TypeError) as error:
        raise Refused(
            "Our key for the RIS cannot be used", "It is missing, encrypted, or no PEM file", "Check ris_key"
        ) from error
    if isinstance(key, RSAPrivateKey):
        return content, "RS384"
    if isinstance(key, EllipticCurvePrivateKey) and isinstance(key.curve, SECP384R1):
        return content, "ES384"
    raise Refused("Our key for the RIS cannot be used", "It is neither RSA nor on the curve P-384", "Make a key of these")
