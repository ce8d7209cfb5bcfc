"""How layers over images are named: on the image, and in the list of findings and layers."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QCoreApplication

from ui import plain
from workstation.domain.annotation import Source
from workstation.ports import ImageLayer

# More layers of one source than this are told as a number: the image is wanted too.
MOST_NAMED = 3


def badges(drawn: Sequence[ImageLayer]) -> tuple[tuple[str, ...], ...]:
    """`Segmentation: liver, Name 1.2, 2026-11-20` and shorter wordings: one for all that is seen of one source."""
    by_source: dict[tuple[str, Source], list[str]] = {}
    for layer in drawn:
        by_source.setdefault((what(layer), layer.source), []).append(plain.plain(layer.name))
    lines = []
    for (kind, source), names in by_source.items():
        count = names[0] if len(names) == 1 else _tr("{0} areas").format(len(names))
        listed = ", ".join(names) if len(names) <= MOST_NAMED else count
        brief = layer_source(Source(source.kind, source.name.split(",")[0]))
        lines.append((f"{kind}: {listed}, {layer_source(source)}", f"{kind}: {listed}, {brief}", f"{count}, {brief}"))
    return tuple(lines)


def what(layer: ImageLayer) -> str:
    return _tr("Segmentation") if layer.is_filled else _tr("Contours")


def layer_source(source: Source) -> str:
    """Who made it: name and version, whether it is a program, and the day."""
    named = " ".join(part for part in (plain.plain(source.name), plain.plain(source.version)) if part) or _tr("unnamed")
    kind = _tr("AI: {0}").format(named) if source.kind == "program" else named
    return ", ".join(part for part in (kind, source.made.date().isoformat() if source.made is not None else "") if part)


def _tr(text: str) -> str:
    return QCoreApplication.translate("viewport", text)
