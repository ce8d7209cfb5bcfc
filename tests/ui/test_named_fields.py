"""Every field and list of every dialog has a name for those who hear the screen (EN 301 549, 11.5.2.5)."""

from __future__ import annotations

from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QComboBox,
    QHeaderView,
    QLineEdit,
    QPlainTextEdit,
    QTextEdit,
    QWidget,
)

from ui.dialogs import _DIALOGS
from ui.keys_dialog import KeysDialog
from workstation.errors import WorkstationError

FIELDS = (QLineEdit, QComboBox, QAbstractItemView, QPlainTextEdit, QTextEdit, QAbstractSpinBox, QAbstractButton)


def unnamed(widget):
    """What can be written into, chosen from or pressed, and says nothing of itself. A buddy's label is a name."""
    for one in widget.findChildren(QWidget):
        is_part = isinstance(one.parent(), (QComboBox, QAbstractSpinBox)) or one.inherits("QComboBoxListView")
        if not isinstance(one, FIELDS) or isinstance(one, QHeaderView) or is_part or one.focusPolicy().value == 0:
            continue
        interface = QAccessible.queryAccessibleInterface(one)
        if not one.accessibleName() and not (interface is not None and interface.text(QAccessible.Text.Name)):
            yield type(one).__name__, one.objectName()


def test_every_field_of_every_dialog_has_a_name(window, seat, qtbot):
    seat.session.open(seat.items[0])
    qtbot.waitUntil(lambda: seat.session.desk.report is not None)
    found, made = [], [KeysDialog(window.runner, window)]
    for name in _DIALOGS:
        try:
            made.append(_DIALOGS[name](seat, window))
        except (WorkstationError, AttributeError):
            continue  # it needs more than this seat has
    assert len(made) > 15
    for dialog in made:
        found += [(type(dialog).__name__, *what) for what in unnamed(dialog)]
        dialog.deleteLater()
    assert found == []
