"""Roles read from what a series is called, in five languages: the last resort after attributes."""

from __future__ import annotations

from hanging_protocols.facts import Fact, ImageSet
from hanging_protocols.words import vocabulary

SERIES_TEXTS = ("SeriesDescription", "ProtocolName")


def role_in_text(image_set: ImageSet, *names: str) -> Fact | None:
    """The first of `names` that SeriesDescription, else ProtocolName, says in words."""
    terms = vocabulary("series")
    for keyword in SERIES_TEXTS:
        for found, word in terms.in_text(image_set.first(keyword)):
            if found in names:
                return Fact(found, f'the word "{word}" in {keyword}')
    return None
