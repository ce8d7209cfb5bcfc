"""What is known beside the images when a case is hung: the order, the reader's choice, the screens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

_NOT_HUNG = "The hanging protocols failed"


def not_hung(kind: str) -> str:
    """Why a case hangs without any protocol; `kind` names the mistake."""
    return f"{_NOT_HUNG} ({kind}), so every series is laid out in order"


def failure_of(reasons: Sequence[str]) -> str:
    """The one of an arrangement's reasons that says that hanging failed; empty when it did not."""
    return next((reason for reason in reasons if reason.startswith(_NOT_HUNG)), "")


@dataclass(frozen=True, slots=True)
class ScreenFacts:
    """One screen that images may hang on. `pixel_mm` is the distance of two device pixels, None where it is not known."""

    width: int
    height: int
    pixel_mm: float | None = None


@dataclass(frozen=True, slots=True)
class HangingContext:
    """All but the images. The order's words are text from outside.

    `mentioned` says of priors (by Study Instance UID) which words of the order or of the report being written speak
    of them, `mentioned_before` which of an earlier report. `first_prior` is the prior that the reader stepped to: it
    hangs where the most relevant one would. `smallest_lesions` is the prior in which the lesions that are followed were smallest.
    `screens` are those that images hang on, the first one first.
    """

    procedure: str = ""
    procedure_code: str = ""
    reason: str = ""
    body_site: str = ""
    laterality: str = ""
    mentioned: Mapping[str, str] = field(default_factory=dict)
    mentioned_before: Mapping[str, str] = field(default_factory=dict)
    first_prior: str = ""
    smallest_lesions: str = ""
    screens: tuple[ScreenFacts, ...] = ()


NOTHING_KNOWN = HangingContext()


@dataclass(frozen=True, slots=True)
class ProtocolChoice:
    """A protocol as it stands for one case. `points` 0 means that it does not fit; `reasons` say why (not), in words."""

    protocol_id: str
    title: str
    points: float
    reasons: tuple[str, ...]
    level: str = ""


@dataclass(frozen=True, slots=True)
class ReceivedProtocol:
    """A DICOM Hanging Protocol object as a protocol here, not saved yet. All texts are from outside.

    `words` say what of it could not be taken over. `is_ours`: this program wrote it, and nobody changed it since.
    `replaces` is the title of the protocol in force whose id it has, "" for none. `toml` is the whole of it.
    """

    protocol_id: str
    title: str
    description: str
    creator: str
    stages: tuple[str, ...]
    words: tuple[str, ...]
    is_ours: bool
    replaces: str
    toml: str
