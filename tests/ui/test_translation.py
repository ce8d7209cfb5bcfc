"""Every text a reader sees goes through Qt's translation, from the first line on."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.qt
ROOM = Path(__file__).resolve().parents[2] / "ui"

# Calls whose text argument a reader sees.
SHOWN = {
    "setText", "setToolTip", "setWindowTitle", "setPlaceholderText", "setAccessibleName", "setStatusTip", "setLabelText",
    "addMenu", "setHorizontalHeaderLabels", "QLabel", "QPushButton", "QAction", "QCheckBox", "setTitle", "paint_message",
}  # fmt: skip
# The program's name and key names are the same in every language.
SAME_EVERYWHERE = re.compile(r"^(Lyskasse|(Ctrl\+|Shift\+|Alt\+)*([A-Z]|F\d{1,2}|Return|Esc)|[^A-Za-z]*)$")


def literals(node: ast.expr) -> list[str]:
    """The bare words in an argument: constants, f-strings, lists of them; not those inside a call."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value]
    if isinstance(node, ast.JoinedStr):
        return ["".join(v.value for v in node.values if isinstance(v, ast.Constant) and isinstance(v.value, str)).strip()]
    if isinstance(node, (ast.List, ast.Tuple)):
        return [text for element in node.elts for text in literals(element)]
    if isinstance(node, ast.IfExp):
        return [*literals(node.body), *literals(node.orelse)]
    if isinstance(node, ast.BinOp):
        return [*literals(node.left), *literals(node.right)]
    return []


def untranslated(source: str) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in SHOWN:
                texts = [text for argument in node.args for text in literals(argument)]
                found += [f"line {node.lineno}: {text!r}" for text in texts if not SAME_EVERYWHERE.match(text)]
    return found


@pytest.mark.parametrize("path", sorted(ROOM.rglob("*.py")), ids=lambda p: str(p.relative_to(ROOM)))
def test_no_widget_shows_a_text_that_cannot_be_translated(path):
    assert untranslated(path.read_text(encoding="utf-8")) == []


def test_the_search_finds_what_it_looks_for():
    assert untranslated('label.setText("Findings")') == ["line 1: 'Findings'"]
    assert untranslated('QLabel(f"{count} images")') == ["line 1: 'images'"]
    assert untranslated('label.setText(self.tr("Findings"))') == []
    assert untranslated('button.setToolTip("Ctrl+Return")') == []
