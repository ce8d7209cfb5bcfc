"""Two quiet words beside images: that their screen is not a diagnostic one, and which page of several is up."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel

from ui import theme
from ui.plain import core_text, tooltip


class ScreenBadge(QLabel):
    """Lasting, never in the way, and words rather than a colour alone. Empty it takes no room."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("screenBadge")
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setStyleSheet(f"color: {theme.AMBER}; padding: 0 8px;")
        self.tell(True, 1, 1, "", "")

    def tell(self, is_diagnostic: bool, page: int, pages: int, keys: str, roles: str) -> None:
        """`page` counts from 1. `keys` turn pages, `roles` are those of the dialog of roles."""
        parts, hints = [], []
        if not is_diagnostic:
            parts.append(core_text("Not a diagnostic screen"))
            by = core_text("By the roles of the screens; change them with {0}").format(roles)
            hints.append(by if roles else core_text("By the roles of the screens"))
        if pages > 1:
            parts.append(core_text("Images {0} of {1}").format(page, pages))
            hints.append(core_text("A screen is missing: its images are here, page by page"))
        self.setText("  ·  ".join(parts))
        self.setToolTip(tooltip(*hints, *([keys] if pages > 1 else [])))
        self.setVisible(bool(parts))
