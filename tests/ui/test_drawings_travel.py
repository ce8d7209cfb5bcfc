"""Drawings and key images travel: saved, sent to a real Orthanc, proven, fetched by an empty second home."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from real_archives import PASSWORD, USER, RealArchive, orthanc, study

import main
from ui import app
from ui.archives.send_dialog import SendDialog
from ui.main_window import MainWindow
from workstation.domain.archive import Archive, ArchiveKind
from workstation.domain.sending import SendingState
from workstation.jobs import Jobs
from workstation.settings import Folders

pytestmark = pytest.mark.qt

UID = "1.2.826.0.1.3680043.10.7"


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RealArchive, Path]]:
    with orthanc(tmp_path_factory.mktemp("home"), web=True) as real:
        files = tmp_path_factory.mktemp("files") / "study"
        real.store(study(files, images=3, uid=UID, size=64))
        yield real, files


@pytest.fixture(scope="module")
def poster() -> app.MainPoster:
    """Outlives every core: Qt's objects must die on their own."""
    app.application([])
    return app.MainPoster()


@pytest.fixture
def open_home(archive, poster, tmp_path):
    cores = []

    def open_home(name: str):
        folders = Folders(tmp_path / name / "data", tmp_path / name / "config", tmp_path / name / "cache")
        core = main.open_core(lambda: Jobs(poster.post), "", folders)
        cores.append(core)
        web = archive[0].web
        assert web is not None
        own = Archive("own", ArchiveKind.DICOMWEB, "Own archive", url=web.url, user=USER, is_local=True, can_store=True)
        core.archives.add(own, PASSWORD)
        return core

    yield open_home
    for core in cores:
        core.close()


def open_case(core, qtbot) -> None:
    core.session.refresh_worklist()
    qtbot.waitUntil(lambda: bool(core.session.items), timeout=10_000)
    core.session.open(core.session.items[0])
    qtbot.waitUntil(lambda: core.session.case is not None, timeout=10_000)


def test_drawings_and_key_images_travel_through_an_archive(archive, open_home, qtbot):
    """F62, F75: what arrives elsewhere is the same drawing with the same values, as a finding of its reader."""
    first = open_home("first")
    first.session.signer = "Dr Test"
    first.cache.add(sorted(archive[1].iterdir()))
    window = MainWindow(first)
    qtbot.addWidget(window)
    window.resize(1280, 800)
    window.show()
    open_case(first, qtbot)
    qtbot.waitUntil(lambda: window.grid.widget(0).painted is not None, timeout=10_000)
    drawn = draw_by_keys(first, window, qtbot)
    QTest.keyClick(window.grid, Qt.Key.Key_K)
    qtbot.waitUntil(lambda: len(first.session.key_images.all()) == 1, timeout=5_000)
    window.runner.run("drawing.save")
    (dialog,) = window.findChildren(SendDialog)
    dialog.send.click()
    qtbot.waitUntil(lambda: len(first.sender.rows()) == 3, timeout=20_000)
    qtbot.waitUntil(lambda: {row.state for row in first.sender.rows()} == {SendingState.PROVEN}, timeout=60_000)

    second = open_home("second")
    assert second.retrievals.fetch_uid(UID, "own").is_proven
    open_case(second, qtbot)
    qtbot.waitUntil(lambda: bool(second.session.findings.findings()), timeout=20_000)
    (came,) = second.session.findings.findings()
    assert (came.kind, came.sop_instance_uid, came.source.kind) == (drawn.kind, drawn.sop_instance_uid, "received")
    # Presentation states hold 32-bit floats (PS3.3 C.10.5).
    for point, own in zip(came.points, drawn.points, strict=True):
        assert point == pytest.approx(own, abs=1e-4)
    assert [v.text for v in came.measured.values] == [v.text for v in drawn.measured.values]
    (own,), (theirs,) = first.session.key_images.all(), second.session.key_images.all()
    assert (theirs.place, theirs.source.kind) == (own.place, "received")
    assert [state.source.name for state in second.session.presenting.states()] == ["Test Dr, Lyskasse"]


def draw_by_keys(core, window, qtbot):
    window.grid.setFocus()
    for key, shift in ((Qt.Key.Key_D, False), (Qt.Key.Key_Return, False), (Qt.Key.Key_Return, False), (Qt.Key.Key_Right, True)):
        modifier = Qt.KeyboardModifier.ShiftModifier if shift else Qt.KeyboardModifier.NoModifier
        QTest.keyClick(window.grid, key, modifier)
    QTest.keyClick(window.grid, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: len(core.session.annotating.all()) == 1, timeout=5_000)
    (drawn,) = core.session.annotating.all()
    return drawn
