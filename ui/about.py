"""What this program is, its licence, and what it is not."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QVBoxLayout, QWidget


def program_version() -> str:
    """The installed version; "development" when run from a checkout that is not installed."""
    try:
        return version("lyskasse")
    except PackageNotFoundError:
        return "development"


class AboutDialog(QDialog):
    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("aboutDialog")
        self.setWindowTitle(self.tr("About Lyskasse"))
        title = _line("Lyskasse")
        title.setProperty("role", "title")
        known = _line(self.tr("Version {0}").format(program_version()))
        known.setProperty("role", "muted")
        what = _line(self.tr("A radiology reading workstation: images, voice and report in one program."))
        licence = _line(self.tr("Free software under the Apache License, version 2.0."))
        warning = _line(self.tr("Not a certified medical device."))
        warning.setProperty("role", "amber")
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 16)
        column.setSpacing(8)
        for label in (title, known, what, licence, warning):
            column.addWidget(label)
        column.addSpacing(8)
        column.addWidget(buttons)
        self.setMinimumWidth(460)


def _line(text: str) -> QLabel:
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    return label
