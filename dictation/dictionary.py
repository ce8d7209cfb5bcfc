"""The user's words and corrections by language: one file each, in the user's own folder."""

from __future__ import annotations

from pathlib import Path

from dictation.learning import Corrections
from workstation.errors import Refused


class OwnDictionary:
    """`of(language)` is read when first asked for. Raises Refused, each time, for a damaged file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: dict[str, Corrections] = {}

    def of(self, language: str) -> Corrections:
        if not language.isalpha() or len(language) > 3:
            raise Refused("No such language", language[:8])
        if language not in self._read:
            self._read[language] = Corrections(self._folder / f"words-{language}.json", language)
        return self._read[language]
