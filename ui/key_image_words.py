"""How key images are named: on the image, and in their list. Own and received are told apart in words."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QCoreApplication

from rendering.picture import Picture
from ui.corner_line import Line, Tone
from ui.layer_words import layer_source
from ui.plain import core_text, plain
from workstation.domain.key_image import OF_INTEREST, TITLES, KeyImage
from workstation.session.annotating import READER
from workstation.session.key_images import KeyImages

SIGN = "\u25c6"
"""Stands before the words, and before the number in the list of series."""
PRIORITY = 1


def keys_on(marks: KeyImages, picture: Picture) -> tuple[KeyImage, ...]:
    """The marks on the image that a picture shows."""
    shown = picture.identity
    return marks.on(shown.study_uid, shown.sop_instance_uid, shown.frame_number) if shown is not None else ()


def mark_lines(keys: Sequence[KeyImage]) -> tuple[Line, ...]:
    """A quiet line for the reader's mark, and one for each of others, with source and date."""
    return tuple(Line(f"{SIGN} {_words(key)}", PRIORITY, Tone.KEY, (f"{SIGN} {_short(key)}", SIGN)) for key in keys)


def _words(key: KeyImage) -> str:
    title = f": {title_words(key)}" if key.title != OF_INTEREST else ""
    if key.source.kind == READER:
        return _tr("Key image") + title
    return f"{_tr('Received key image')}{title}, {layer_source(key.source)}"


def _short(key: KeyImage) -> str:
    return _tr("Key image") if key.source.kind == READER else _tr("Received key image")


def title_words(key: KeyImage) -> str:
    return core_text(key.title_words) if key.title in TITLES else plain(key.title)


def by_words(key: KeyImage) -> str:
    """Who marked it and when; of others with the program they used."""
    if key.source.kind != READER:
        return _tr("Received: {0}").format(layer_source(key.source))
    made = key.source.made.astimezone().strftime("%Y-%m-%d %H:%M") if key.source.made is not None else ""
    return ", ".join(part for part in (plain(key.source.name), made) if part)


def _tr(text: str) -> str:
    return QCoreApplication.translate("viewport", text)
