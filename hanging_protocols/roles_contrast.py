"""Whether contrast was given, and in which phase: CT and MR.

ContrastBolusAgent and its sequence say that contrast was given, the image room's note of ContrastBolusAgentPhase
which phase it is; then words. A series that is called native is without contrast although its scan protocol fills
ContrastBolusAgent in all of its series.
"""

from __future__ import annotations

from collections.abc import Iterator

from hanging_protocols.facts import Fact, ImageSet
from hanging_protocols.role_words import role_in_text, roles_in_text

PHASES = ("arterial", "portal_venous", "delayed", "excretory", "hepatobiliary")

_NO_CONTRAST = frozenset({"", "NO", "NONE", "N", "WITHOUT", "UTAN", "UTEN", "UDEN", "EI"})


def contrast(image_set: ImageSet) -> Iterator[Fact]:
    plain = [*roles_in_text(image_set, "non_contrast")]
    phases = [*roles_in_text(image_set, *PHASES)]
    yield from phases
    if plain and not phases:
        yield from plain
        return
    given = _given(image_set) or role_in_text(image_set, "post_contrast") or next(iter(phases), None)
    if given:
        yield Fact("post_contrast", given.because)


def _given(image_set: ImageSet) -> Fact | None:
    if image_set.elements("ContrastBolusAgentSequence"):
        return Fact("post_contrast", "ContrastBolusAgentSequence is filled")
    if image_set.first("ContrastBolusAgent").strip().upper() not in _NO_CONTRAST:
        return Fact("post_contrast", "ContrastBolusAgent is filled")
    return None
