"""Our private block in a hanging protocol object (PS3.5 7.8.1): the protocol as TOML, and what the rest said then.

A foreign reader passes it over. By the digest it is known whether somebody changed the standard part since: what the
standard part says then stands.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hanging_protocols.iod.dataset import Model, canonical, public_part

CREATOR = "LYSKASSE HANGING PROTOCOL"
GROUP = "0073"
CREATOR_TAG, TOML_TAG, DIGEST_TAG = "00730010", "00731001", "00731002"


@dataclass(frozen=True, slots=True)
class Kept:
    """`is_current`: the standard part is as it was when the text was kept beside it."""

    toml: str
    is_current: bool


def with_block(public: Model, toml: str) -> Model:
    """The object with our block in it."""
    return {
        **public,
        CREATOR_TAG: {"vr": "LO", "Value": [CREATOR]},
        TOML_TAG: {"vr": "UT", "Value": [toml]},
        DIGEST_TAG: {"vr": "LO", "Value": [digest(public)]},
    }


def digest(model: Mapping[str, Any]) -> str:
    """SHA-256 (hex) of what the standard part says."""
    said = json.dumps(canonical(public_part(model)), separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(said.encode()).hexdigest()


def kept_in(model: Mapping[str, Any]) -> Kept | None:
    """What our block holds, None where there is none or it is not sound. Other programs may have moved the block."""
    for tag, held in model.items():
        if tag[:6] == GROUP + "00" and tag[6:] >= "10" and _first(held) == CREATOR:
            block = GROUP + tag[6:]
            toml, known = _first(model.get(block + TOML_TAG[6:])), _first(model.get(block + DIGEST_TAG[6:]))
            return Kept(toml, known == digest(model)) if toml else None
    return None


def _first(held: object) -> str:
    values = held.get("Value") if isinstance(held, dict) else None
    return values[0].strip() if isinstance(values, list) and values and isinstance(values[0], str) else ""
