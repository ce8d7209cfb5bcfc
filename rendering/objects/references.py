"""What objects name: concepts by code, images by UID. Plain data; all text is from outside."""

from __future__ import annotations

from dataclasses import dataclass

Point = tuple[float, float]
"""(column, row) with 0.0 at the CENTRE of the first pixel."""


@dataclass(frozen=True, slots=True)
class Code:
    """A coded concept (PS3.3 8.8)."""

    value: str = ""
    scheme: str = ""
    meaning: str = ""

    @property
    def text(self) -> str:
        return self.meaning or self.value


UNSAID = Code()


@dataclass(frozen=True, slots=True)
class ImageReference:
    """`frames` empty means every frame. Study and series are empty where the object does not say them."""

    sop_instance_uid: str
    sop_class_uid: str = ""
    series_uid: str = ""
    study_uid: str = ""
    frames: tuple[int, ...] = ()
    segments: tuple[int, ...] = ()
