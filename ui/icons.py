"""The window's icons, drawn from a few strokes each so that they are sharp at any scale.

Each is the inside of a 24 x 24 SVG with round strokes in one colour.
"""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from ui import theme

SHAPES: dict[str, str] = {
    "window": '<circle cx="12" cy="12" r="8"/><path d="M12 4a8 8 0 0 1 0 16z" fill="#C"/>',
    "zoom": '<circle cx="10.5" cy="10.5" r="6"/><path d="M15 15l5 5M8 10.5h5M10.5 8v5"/>',
    "pan": '<path d="M12 3v18M3 12h18M12 3l-2.5 2.5M12 3l2.5 2.5M12 21l-2.5-2.5M12 21l2.5-2.5'
    'M3 12l2.5-2.5M3 12l2.5 2.5M21 12l-2.5-2.5M21 12l-2.5 2.5"/>',
    "scroll": '<rect x="4" y="8" width="12" height="12" rx="1"/><path d="M8 5h11v11"/><path d="M10 11v6M10 17l-2-2M10 17l2-2"/>',
    "length": '<path d="M4 20L20 4M4 20m-2.5-2.5l5 5M20 4m-2.5-2.5l5 5M8.5 12.5l1.5 1.5M12.5 8.5l1.5 1.5"/>',
    "probe": '<circle cx="12" cy="12" r="3"/><path d="M12 3v5M12 16v5M3 12h5M16 12h5"/>',
    "angle": '<path d="M4 19L18 5M4 19h17M12 19a8 8 0 0 0-2.4-5.6"/>',
    "ellipse": '<ellipse cx="12" cy="12" rx="9" ry="6"/>',
    "arrow": '<path d="M20 20L5 5M5 5h7M5 5v7"/>',
    "more": '<path d="M5 12h.01M12 12h.01M19 12h.01" stroke-width="3"/>',
    "crosshair": '<path d="M12 2v20M2 12h20"/><circle cx="12" cy="12" r="6"/>',
    "planes": '<rect x="3" y="3" width="8" height="8"/><rect x="13" y="3" width="8" height="8"/>'
    '<rect x="3" y="13" width="8" height="8"/><path d="M13 17h8M17 13v8"/>',
    "layout": '<rect x="3" y="4" width="18" height="16" rx="1"/><path d="M12 4v16M3 12h18"/>',
    "link": '<path d="M9.5 14.5l5-5M8 11l-2.5 2.5a3.5 3.5 0 0 0 5 5L13 16M16 13l2.5-2.5a3.5 3.5 0 0 0-5-5L11 8"/>',
    "text": '<path d="M5 6V5h14v1M12 5v14M9.5 19h5"/>',
    "worklist": '<path d="M8 6h12M8 12h12M8 18h12"/><path d="M4 6h.01M4 12h.01M4 18h.01" stroke-width="2.6"/>',
    "import": '<path d="M12 3v11M12 14l-4-4M12 14l4-4M4 17v3h16v-3"/>',
    "previous": '<path d="M15 5l-7 7 7 7"/>',
    "next": '<path d="M9 5l7 7-7 7"/>',
    "close": '<path d="M6 6l12 12M18 6L6 18"/>',
    "warning": '<path d="M12 4l9 16H3z"/><path d="M12 10v5M12 17.6v.2"/>',
    "refused": '<circle cx="12" cy="12" r="9"/><path d="M6 18L18 6"/>',
    "search": '<circle cx="10.5" cy="10.5" r="6"/><path d="M15 15l5 5"/>',
    "check": '<path d="M5 12.5l5 5L19.5 7"/>',
    "waiting": '<circle cx="12" cy="12" r="8.5"/><path d="M12 7v5.5l3.5 2"/>',
    "microphone": '<rect x="9" y="3" width="6" height="11" rx="3"/><path d="M5.5 11a6.5 6.5 0 0 0 13 0M12 17.5V21M9 21h6"/>',
    "preset": '<path d="M4 20C9 20 8 4 20 4"/><path d="M4 4v16h16"/>',
}


def icon(name: str, colour: str = theme.TEXT) -> QIcon:
    """An icon with its look when switched off as well."""
    made = QIcon(pixmap(name, colour))
    made.addPixmap(pixmap(name, theme.EDGE), QIcon.Mode.Disabled)
    return made


@lru_cache(maxsize=256)
def pixmap(name: str, colour: str = theme.TEXT, size: int = 20, ratio: float = 2.0) -> QPixmap:
    """One icon as a pixmap of `size` logical pixels."""
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="#C" stroke-width="1.6" '
        f'stroke-linecap="round" stroke-linejoin="round">{SHAPES[name]}</svg>'
    ).replace("#C", colour)
    made = QPixmap(QSize(size, size) * ratio)
    made.setDevicePixelRatio(ratio)
    made.fill(Qt.GlobalColor.transparent)
    painter = QPainter(made)
    QSvgRenderer(QByteArray(svg.encode())).render(painter, QRectF(0, 0, size, size))
    painter.end()
    return made
