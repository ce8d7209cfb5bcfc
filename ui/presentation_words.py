"""How a presentation state is named, and what stands on an image that is shown by one."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from ui.layer_words import badges, layer_source
from ui.picture_source import Shown
from ui.plain import core_text, plain
from workstation.domain.annotation import Source
from workstation.ports import PresentationState
from workstation.session.session import Session


def over_words(session: Session, index: int, shown: Shown) -> tuple[tuple[str, ...], ...]:
    """What must be said of one viewport's picture: the state that it is shown by, and the layers laid over it."""
    return (*state_badges(session, index), *badges(session.findings.named(shown.drawn)))


def state_badges(session: Session, index: int) -> tuple[tuple[str, ...], ...]:
    """`Presentation state: name, Name 1.2, 2026-11-20` and shorter wordings, and what of it is not followed."""
    shown = session.presenting.shown(index)
    if shown is None:
        return ()
    name, source = name_words(shown.by), shown.by.source
    if shown.made is None:
        return ((_tr("The presentation state is not for this image"), _tr("No presentation state")),)
    what = _tr("Presentation state, changed") if shown.changed else _tr("Presentation state")
    brief = layer_source(Source(source.kind, source.name.split(",")[0]))
    named = (f"{what}: {name}, {layer_source(source)}", f"{what}: {name}, {brief}", f"{what}: {name}", what)
    return (named, *((plain(core_text(words)),) for words in shown.words))


def name_words(state: PresentationState) -> str:
    return plain(state.name) or _tr("unnamed")


def _tr(text: str) -> str:
    return QCoreApplication.translate("viewport", text)
