"""PySide6 6.12.0 takes a reference from None at each void call and aborts on Python 3.11."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

import pytest

pytestmark = pytest.mark.qt
REPOSITORY = Path(__file__).resolve().parents[2]
CALLS = 20_000


def test_void_calls_take_no_reference_from_none(qtbot):
    from PySide6.QtWidgets import QLabel

    label = QLabel()
    qtbot.addWidget(label)
    before = sys.getrefcount(None)
    for _ in range(CALLS):
        label.update()
    lost = before - sys.getrefcount(None)
    assert lost < CALLS // 10


def test_both_parts_of_pyside_are_pinned_below_the_broken_release():
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    pins = [d for d in project["dependencies"] if d.startswith("PySide6")]
    assert len(pins) == 2
    assert all(pin.endswith("<6.12") for pin in pins)
