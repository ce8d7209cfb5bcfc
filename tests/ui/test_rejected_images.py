"""F60: an image that a rejection note names bears the reason in its viewport, and only that image."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QApplication

from ui.cell_facts import CellFacts
from workstation.ports import ObjectFound

pytestmark = pytest.mark.qt


def test_an_image_named_by_a_rejection_note_says_why(case, seat, qtbot, monkeypatch):
    said: list[str] = []
    made = CellFacts.__init__

    def noted(self, *given, **named):
        said.append(named["rejected"])
        made(self, *given, **named)

    monkeypatch.setattr(CellFacts, "__init__", noted)
    state = seat.session.viewing.state()
    image = f"{state.series_uid}.{state.position}"
    seat.library.objects["1.1"] = (ObjectFound("Note", rejected=((image, "Rejected for quality reasons"),)),)
    seat.session.findings.open_case(seat.session.case.studies)
    qtbot.waitUntil(lambda: "Rejected for quality reasons" in said, timeout=60_000)
    seat.session.viewing.scroll(1)
    QApplication.processEvents()
    qtbot.waitUntil(lambda: said[-1] == "", timeout=60_000)
    seat.session.findings.close_case()
    assert not seat.session.findings.rejected
