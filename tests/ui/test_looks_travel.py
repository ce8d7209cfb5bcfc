"""What a reader saves looks the same elsewhere: saved from the window, read by a second home, the same picture (F62, F75)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from object_images import Phantom
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

import main
from rendering.objects import delivery
from ui import app
from ui.key_image_words import mark_lines
from ui.main_window import MainWindow
from ui.presentation_words import state_badges
from workstation.domain.viewing import Layout, Window
from workstation.errors import Unavailable
from workstation.jobs import Jobs
from workstation.settings import Folders


@pytest.fixture
def open_window(tmp_path: Path, qapp, qtbot):
    cores = []

    def open_window(name: str, *files: Path) -> tuple:
        poster, home = app.MainPoster(), tmp_path / name
        core = main.open_core(lambda: Jobs(poster.post), folders=Folders(home / "data", home / "config", home / "cache"))
        cores.append(core)
        core.session.signer = f"Dr {name}"
        core.cache.add(list(files))
        window = MainWindow(core)
        qtbot.addWidget(window)
        window.resize(1280, 800)
        window.show()
        open_case(core, window, qtbot)
        return core, window

    yield open_window
    for core in cores:
        core.close()


def open_case(core, window, qtbot) -> None:
    core.session.refresh_worklist()
    qtbot.waitUntil(lambda: bool(core.session.items), timeout=10_000)
    core.session.open(core.session.items[0])
    qtbot.waitUntil(lambda: core.session.case is not None, timeout=10_000)
    core.session.viewing.set_layout(Layout(1, 1))
    qtbot.waitUntil(lambda: is_painted(window), timeout=20_000)


def is_painted(window) -> bool:
    shown = window.grid.widget(0).painted
    return shown is not None and not shown.picture.partial


def pixels(core, window, qtbot) -> np.ndarray:
    """What the first viewport shows of its state now."""
    state = core.session.viewing.state(0)
    qtbot.waitUntil(lambda: window.grid.widget(0).painted.request.state == state, timeout=10_000)
    return window.grid.widget(0).painted.picture.pixels


def press(window, key, modifier=Qt.KeyboardModifier.NoModifier) -> None:
    window.grid.setFocus()
    QTest.keyClick(window.grid, key, modifier)


def save(core, window, qtbot) -> str:
    """Saves by the command; what it said."""
    told = []
    core.session.notice.connect(told.append)
    window.runner.run("drawing.save")
    qtbot.waitUntil(lambda: any("saved on this computer only" in notice.text for notice in told), timeout=20_000)
    return next(notice.text for notice in told if "saved on this computer only" in notice.text)


def files_of(core, folder: Path) -> list[Path]:
    """Everything of the study as an archive would give it."""
    folder.mkdir()
    study = core.cache.study(core.session.case.study.study_instance_uid)
    made = []
    for number, instance in enumerate(i for series in study.series for i in series.instances):
        with core.vault.open(Path(instance.path)) as file:
            made.append(folder / f"{number}.dcm")
            made[-1].write_bytes(file.read())
    return made


def test_the_look_of_a_window_is_the_same_picture_in_a_second_home(open_window, tmp_path, qtbot):
    first, window = open_window("First", *Phantom(tmp_path / "images", slices=5).write())
    viewing = first.session.viewing
    viewing.scroll(2)
    viewing.set_window(Window(61.0, 321.0))
    viewing.change(zoom=1.7171, pan=(0.0421, -0.0123))
    for key in (Qt.Key.Key_R, Qt.Key.Key_H, Qt.Key.Key_I):
        press(window, key)
    wanted = pixels(first, window, qtbot).copy()
    assert np.ptp(wanted) > 50
    save(first, window, qtbot)

    second, there = open_window("Second", *files_of(first, tmp_path / "objects"))
    qtbot.waitUntil(lambda: len(second.session.presenting.states()) == 1, timeout=20_000)
    (state,) = second.session.presenting.states()
    assert not second.session.presenting.is_own(state)
    assert state.source.name == "First Dr, Lyskasse"
    before = second.session.viewing.state(0)
    second.session.presenting.show(state.uid)
    assert np.array_equal(pixels(second, there, qtbot), wanted)
    assert state_badges(second.session, 0)[0][0].startswith("Presentation state: Drawings and looks, First Dr, Lyskasse")
    press(there, Qt.Key.Key_U, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    left = second.session.viewing.state(0)
    assert (left.zoom, left.pan, left.window, left.rotation, left.inverted) == (
        before.zoom,
        before.pan,
        before.window,
        before.rotation,
        before.inverted,
    )
    assert state_badges(second.session, 0) == ()


def test_own_key_images_and_drawings_stay_ones_own_here_and_are_received_there(open_window, tmp_path, qtbot):
    first, window = open_window("First", *Phantom(tmp_path / "images").write())
    press(window, Qt.Key.Key_K)
    qtbot.waitUntil(lambda: len(first.session.key_images.all()) == 1, timeout=5_000)
    words = save(first, window, qtbot)
    assert words.startswith("2 objects")
    first.session.close_case()
    open_case(first, window, qtbot)
    qtbot.waitUntil(lambda: len(first.session.presenting.states()) == 1, timeout=20_000)
    assert first.session.presenting.is_own(first.session.presenting.states()[0])
    assert [key.source.kind for key in first.session.key_images.all()] == ["reader"]

    second, _ = open_window("Second", *files_of(first, tmp_path / "objects"))
    qtbot.waitUntil(lambda: len(second.session.key_images.all()) == 1, timeout=20_000)
    (theirs,) = second.session.key_images.all()
    (own,) = first.session.key_images.all()
    assert theirs.place == own.place
    assert (theirs.source.kind, theirs.source.name) == ("received", "First Dr, Lyskasse")
    (line,) = mark_lines(second.session.key_images.on(*theirs.place))
    assert "Received key image" in line.text
    assert second.session.key_images.list(theirs.study_uid) == ()


def test_what_was_removed_after_saving_does_not_come_back_from_our_own_object(open_window, tmp_path, qtbot):
    """F62: not here from the older object, and nowhere once it was saved again."""
    first, window = open_window("First", *Phantom(tmp_path / "images").write())
    annotating = first.session.annotating
    for key in (Qt.Key.Key_P, Qt.Key.Key_Return, Qt.Key.Key_Return):
        press(window, key)
    qtbot.waitUntil(lambda: len(annotating.all()) == 1, timeout=5_000)
    press(window, Qt.Key.Key_K)
    qtbot.waitUntil(lambda: len(first.session.key_images.all()) == 1, timeout=5_000)
    save(first, window, qtbot)
    early = files_of(first, tmp_path / "early")

    annotating.remove(annotating.all()[0].uid)
    press(window, Qt.Key.Key_K)
    qtbot.waitUntil(lambda: not annotating.all() and not first.session.key_images.all(), timeout=5_000)
    first.session.close_case()
    open_case(first, window, qtbot)
    qtbot.waitUntil(lambda: bool(first.session.presenting.states()), timeout=20_000)
    assert annotating.all() == ()
    assert first.session.key_images.all() == ()

    second, there = open_window("Second", *early)
    qtbot.waitUntil(lambda: len(second.session.findings.findings()) == 1, timeout=20_000)
    words = save(first, window, qtbot)
    assert "Not saved: That no image is a key image any more" in words
    second.cache.add(files_of(first, tmp_path / "late"))
    second.session.close_case()
    open_case(second, there, qtbot)
    qtbot.waitUntil(lambda: second.session.findings.findings() == () and second.session.findings.words != (), timeout=20_000)
    assert len(second.session.presenting.states()) == 1
    assert sum("replaced by a later one" in words for words in second.session.findings.words) == 2


def test_what_cannot_be_saved_is_told(open_window, tmp_path, qtbot):
    first, window = open_window("First", *Phantom(tmp_path / "images").write())
    press(window, Qt.Key.Key_U)
    assert save(first, window, qtbot).endswith("Not saved: The filter of a view: a presentation state has none")


def test_what_the_store_does_not_take_is_neither_sent_nor_remembered(open_window, tmp_path, qtbot, monkeypatch):
    """The disk is full while saving: said, and the next saving replaces nothing that is not there."""
    first, window = open_window("First", *Phantom(tmp_path / "images").write())
    uid = first.session.case.study.study_instance_uid

    def full(*_: object) -> None:
        raise Unavailable("The disk is full")

    monkeypatch.setattr(delivery, "keep", full)
    told = []
    first.session.notice.connect(told.append)
    window.runner.run("drawing.save")
    qtbot.waitUntil(lambda: any("The disk is full" in notice.text for notice in told), timeout=20_000)
    assert first.annotations.marks.own_of([uid]) == ()
    monkeypatch.undo()
    save(first, window, qtbot)
    (own,) = first.annotations.marks.own_of([uid])
    assert (own.modality, own.revision) == ("PR", 1)
