"""What objects without images are called: kinds that are kept, and that this program does not show."""

from __future__ import annotations

from collections.abc import Iterable

from workstation.domain.study import Series

_STORAGE = "1.2.840.10008.5.1.4.1.1."
# SOP class stems (PS3.4 B.5); English source strings.
_CALLED = {
    "9.1": "ECG",
    "9.2": "haemodynamic curves",
    "9.3": "ECG",
    "9.4": "sound",
    "9.5": "pulse curve",
    "9.6": "curves",
    "9.7": "EEG",
    "9.8": "curves",
    "104.1": "PDF document",
    "104.2": "CDA document",
    "104.3": "3D model",
    "104.4": "3D model",
    "104.5": "3D model",
    "481.5": "radiotherapy plan",
    "481.8": "radiotherapy plan",
    "66": "raw data",
}


def called(sop_class_uid: str) -> str:
    """What an object is in a word or two; empty for images and for all that is read in this program."""
    stem = sop_class_uid.removeprefix(_STORAGE)
    return "" if stem == sop_class_uid else _CALLED.get(stem) or _CALLED.get(".".join(stem.split(".")[:2]), "")


def kinds(series: Iterable[Series]) -> tuple[str, ...]:
    """What is not shown of these series, each kind once."""
    found = (called(instance.sop_class_uid) for one in series for instance in one.instances if not instance.has_pixels)
    return tuple(dict.fromkeys(kind for kind in found if kind))
