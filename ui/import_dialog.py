"""Chooses what to import: files and folders alike, which no platform's own dialog offers."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QDialog, QFileDialog, QWidget


class ImportDialog(QFileDialog):
    """Return or "Import" takes what is chosen, folders too; a double click goes into a folder."""

    def __init__(self, start: str, parent: QWidget | None = None) -> None:
        super().__init__(parent, self.tr("Import files, folders or zip archives"), start)
        self.setObjectName("importDialog")
        self.setOption(QFileDialog.Option.DontUseNativeDialog)
        self.setFileMode(QFileDialog.FileMode.ExistingFiles)
        self.setLabelText(QFileDialog.DialogLabel.Accept, self.tr("Import"))

    def accept(self) -> None:
        """Without the usual way into a chosen folder. Nothing chosen means the folder that is open."""
        self.done(int(QDialog.DialogCode.Accepted))

    def paths(self) -> list[Path]:
        return [Path(name) for name in self.selectedFiles() if Path(name).exists()]
