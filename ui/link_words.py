"""What moves together and what is shown where, in a few words for the status line."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from workstation.session.linking import LinkBy, Linking


def link_words(linking: Linking) -> str:
    """`Linked: place, zoom · 3D cursor`; what is as usual (reference lines, no cursor) is not said."""
    names = {
        LinkBy.POSITION: _tr("place"),
        LinkBy.INDEX: _tr("image number"),
        LinkBy.WINDOW: _tr("window"),
        LinkBy.ZOOM: _tr("zoom"),
    }
    linked = ", ".join(name for by, name in names.items() if by in linking.by)
    parts = [_tr("Linked: {0}").format(linked) if linked else _tr("Nothing is linked")]
    if linking.cursor:
        parts.append(_tr("3D cursor"))
    if not linking.references:
        parts.append(_tr("no reference lines"))
    return "  ·  ".join(parts)


def _tr(text: str) -> str:
    return QCoreApplication.translate("status_bar", text)
