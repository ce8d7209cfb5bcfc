"""The places that words go to, and the written form of words for each."""

from __future__ import annotations

from dictation.formatter import Ending, Formatter


class Places:
    """Remembers the text in front of each place, and in which documents the speaker dictates the stops."""

    def __init__(self, language: str) -> None:
        self._formatter = Formatter(language)
        self._before: dict[str, str] = {}
        self._documents: dict[str, str] = {}
        self._dictates_stops: set[str] = set()

    def place(self, before: str, key: str, document: str) -> None:
        """`before` is the text in front of place `key`, which is in `document`."""
        self._before[key] = before
        self._documents[key] = document or key

    def draft(self, spoken: str, key: str) -> str:
        return self._formatter.written(spoken, self._before.get(key, ""), None, self._document(key) in self._dictates_stops).text

    def write(self, spoken: str, key: str, ending: Ending) -> str:
        """The written form of a segment, which stands in front of the place from now on."""
        before, document = self._before.get(key, ""), self._document(key)
        written = self._formatter.written(spoken, before, ending, document in self._dictates_stops)
        if written.dictates_stops:
            self._dictates_stops.add(document)
        if written.text:
            self._before[key] = before + ("" if written.joins else " ") + written.text
        return written.text

    def _document(self, key: str) -> str:
        return self._documents.get(key, key)
