"""Asks for the passphrase of the stored data, before there is a window."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QInputDialog, QLineEdit

from ui.plain import core_text


def ask_passphrase(reason: str) -> str:
    """Empty when the user gives up. `reason` is a source string of the core."""
    label = QCoreApplication.translate("Passphrase", "%1. Passphrase:").replace("%1", core_text(reason))
    text, is_given = QInputDialog.getText(None, "Lyskasse", label, QLineEdit.EchoMode.Password)
    return text if is_given else ""
