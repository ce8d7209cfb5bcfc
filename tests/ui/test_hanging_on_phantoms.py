"""Learned, edited and hung again in the real program: a phantom's chest CT with its prior, and mammograms."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QDropEvent, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog

import main
from rendering.phantoms.generator import write_demonstration
from ui import app
from ui.hanging.editor import ProtocolEditor
from ui.hanging.like_this import LikeThisDialog, Where
from ui.series_mime import series_mime
from workstation.domain.viewing import Layout, Plane
from workstation.jobs import Jobs
from workstation.settings import Folders

pytestmark = pytest.mark.qt


def wait(done: Callable[[], object], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end
        QApplication.processEvents()
        time.sleep(0.002)


class Program:
    """The real core and the real window."""

    def __init__(self, home: Path, files: Path, roles: dict[str, str]) -> None:
        from ui.main_window import MainWindow

        self.roles = roles
        poster = app.MainPoster()
        self.folders = Folders(home / "data", home / "config", home / "cache")
        self.core = main.open_core(lambda: Jobs(poster.post), "", self.folders)
        self.core.cache.add([files])
        self.session = self.core.session
        self.window = MainWindow(self.core)
        self.window.resize(1280, 800)
        self.window.show()
        self.session.refresh_worklist()
        wait(lambda: len(self.session.items) >= len(roles))

    def open(self, role: str) -> None:
        uid = self.roles[role]
        self.session.open(next(item for item in self.session.items if item.study_instance_uid == uid))
        wait(lambda: self.session.case is not None and self.session.case.study.study_instance_uid == uid)
        wait(self.is_painted)
        self.window.grid.setFocus()

    def is_painted(self) -> bool:
        filled = [i for i, cell in enumerate(self.session.viewing.cells) if cell.state is not None]
        return bool(filled) and all(self.window.grid.widget(index).painted is not None for index in filled)

    def press(self, *keys: str) -> None:
        for key in keys:
            combination = QKeySequence(key)[0]
            QTest.keyClick(QApplication.focusWidget() or self.window.grid, combination.key(), combination.keyboardModifiers())
            QApplication.processEvents()

    def dialog(self, kind: type[Any]) -> Any:
        (found,) = (one for one in self.window.findChildren(kind) if one.isVisible())
        found.activateWindow()
        QApplication.processEvents()
        return found

    def shown(self) -> list[tuple[str, Plane]]:
        assert self.session.case is not None
        names = {s.series_instance_uid: s.series_description for study in self.session.case.studies for s in study.series}
        return [(names[c.state.series_uid], c.state.plane) for c in self.session.viewing.cells if c.state]

    def close(self) -> None:
        for widget in QApplication.topLevelWidgets():
            if isinstance(widget, QDialog):
                widget.close()
        self.window.leaving.agree()
        self.window.close()
        self.core.close()
        QApplication.processEvents()


@pytest.fixture(scope="module")
def phantoms(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """The files, and the study of each role."""
    files = tmp_path_factory.mktemp("phantoms")
    written = write_demonstration(files, only={"ct-chest", "ct-chest-prior", "mg"}, size="small")
    return files, {one.role: one.study_uid for one in written}


@pytest.fixture
def program(tmp_path: Path, qapp: QApplication, phantoms: tuple[Path, dict[str, str]]) -> Iterator[Program]:
    made = Program(tmp_path, *phantoms)
    try:
        yield made
    finally:
        made.close()


def test_a_chest_by_keys_and_mammograms_by_mouse_hang_so_again(program: Program) -> None:
    program.open("ct-chest")
    opened = program.shown()
    assert len(opened) == 2
    program.press("Tab", "Alt+3", "Shift+Tab", "Alt+3")  # both coronal
    arranged = program.shown()
    assert [plane for _, plane in arranged] == [Plane.CORONAL, Plane.CORONAL]
    program.press("Ctrl+S")
    asked = program.dialog(LikeThisDialog)
    assert asked.notes.text() == ""
    program.press("Return")
    wait(lambda: "is saved and in force" in program.window.banner.text)

    program.open("mg")
    views = [name for name, _ in program.shown()]
    assert views == ["R CC", "L CC", "R MLO", "L MLO"]
    case = program.session.case
    assert case is not None
    program.session.viewing.set_layout(Layout(1, 4), case.studies)
    wanted = ["L MLO", "R MLO", "L CC", "R CC"]
    for place, name in enumerate(wanted):
        series = next(one for one in case.study.series if one.series_description == name)
        data = series_mime(case.study.study_instance_uid, series.series_instance_uid)
        left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
        program.window.grid.widget(place).dropEvent(QDropEvent(QPointF(9, 9), Qt.DropAction.CopyAction, data, left, none))
    program.window.actions_by_id["hanging.like_this"].trigger()
    asked = program.dialog(LikeThisDialog)
    asked.where[Where.OWN].click()
    QTest.mouseClick(asked.go, Qt.MouseButton.LeftButton)
    assert [path.name for path in sorted((program.folders.config / "hanging_protocols").glob("*.toml"))] == [
        "ct_chest.toml",
        "mammography_4_series.toml",
    ]

    program.open("ct-chest")
    assert program.shown() == arranged
    program.press(".")
    assert program.shown() == opened, "what the protocol hung before is the next stage"
    program.open("mg")
    assert [name for name, _ in program.shown()] == wanted


def test_the_editor_shows_a_draft_on_real_images_and_takes_it_away_again(program: Program) -> None:
    program.open("mg")
    before = list(program.session.viewing.cells)
    program.press("Ctrl+F2")
    made = program.dialog(ProtocolEditor)
    assert made.title.text() == "Mammography"
    made.try_out.click()
    made.stages.stages.setCurrentRow(1)
    wait(program.is_painted)
    assert [name for name, _ in program.shown()] == ["R CC", "L CC"]
    program.press("Esc")
    wait(program.is_painted)
    assert [(c.state and c.state.series_uid) for c in program.session.viewing.cells] == [
        (c.state and c.state.series_uid) for c in before
    ]
