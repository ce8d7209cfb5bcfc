"""Which section of which report a recording was spoken for, on disk beside the recording.

What was said before a crash then still finds its way to the right report (reliability F01, F62).
"""

from __future__ import annotations

import os
from pathlib import Path

from workstation.domain.report import SectionCode
from workstation.session.desk import DictationTarget


def key_of(target: DictationTarget) -> str:
    """`report-uuid/59776-5`: the target as one word."""
    return f"{target.report_uuid}/{target.section.value}"


def target_of(key: str) -> DictationTarget | None:
    """The target that `key_of` made the word of; None for any other text."""
    report_uuid, _, section = key.strip().rpartition("/")
    if not report_uuid or section not in {code.value for code in SectionCode}:
        return None
    return DictationTarget(report_uuid, SectionCode(section))


class SpokenPlaces:
    """One small file for each recording in `folder`, named after the segment. Used from any thread."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def note(self, segment_id: str, key: str) -> None:
        """Raises OSError when the disk will not take it."""
        descriptor = os.open(self._path(segment_id), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(key)
            file.flush()
            os.fsync(descriptor)

    def target(self, segment_id: str) -> DictationTarget | None:
        """None when nothing, or nothing readable, was noted."""
        try:
            return target_of(self._path(segment_id).read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError):
            return None

    def forget(self, segment_id: str) -> None:
        self._path(segment_id).unlink(missing_ok=True)

    def forget_others(self, segment_ids: frozenset[str]) -> None:
        """Remove the notes whose recordings are gone."""
        for path in self._folder.glob("*.place"):
            if path.stem not in segment_ids:
                path.unlink(missing_ok=True)

    def _path(self, segment_id: str) -> Path:
        return self._folder / f"{segment_id}.place"
