"""Drawings saved as objects come back as they were: here, and on a second computer with nothing of its own (F62)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from object_images import Phantom
from object_seat import K, seat_of

import main
from rendering.worker import ImageWorker
from ui import app
from workstation.domain.annotation import Source
from workstation.jobs import Jobs
from workstation.settings import Folders


@pytest.fixture
def open_home(tmp_path: Path, qapp):
    cores = []

    def open_home(name: str):
        poster, home = app.MainPoster(), tmp_path / name
        core = main.open_core(lambda: Jobs(poster.post), folders=Folders(home / "data", home / "config", home / "cache"))
        cores.append(core)
        return core

    yield open_home
    for core in cores:
        core.close()


def open_case(core, qtbot) -> None:
    core.session.refresh_worklist()
    qtbot.waitUntil(lambda: bool(core.session.items), timeout=10_000)
    core.session.open(core.session.items[0])
    qtbot.waitUntil(lambda: core.session.case is not None, timeout=10_000)


def test_saved_drawings_come_back_as_they_were(open_home, tmp_path, qtbot):
    from ui.main_window import MainWindow

    folder = tmp_path / "images"
    with ImageWorker() as worker:
        made = seat_of(Phantom(folder), worker).drawing(7, K.LENGTH, [(10.0, 30.0), (30.0, 30.0)], "lesion")
    core = open_home("first")
    core.cache.add(sorted(folder.iterdir()))
    window = MainWindow(core)
    qtbot.addWidget(window)
    open_case(core, qtbot)
    annotating = core.session.annotating
    drawn = replace(made, source=Source("reader", "Dr Test"))
    drawn = replace(drawn, measured=annotating.measure(drawn))
    assert drawn.measured.values
    annotating.add(drawn)
    qtbot.waitUntil(lambda: not annotating.is_unsaved, timeout=5_000)
    notices = []
    core.session.notice.connect(notices.append)
    window.runner.run("drawing.save")
    qtbot.waitUntil(lambda: any("on this computer only" in notice.text for notice in notices), timeout=20_000)
    study = core.cache.study(drawn.study_uid)
    assert sorted(series.modality for series in study.series) == ["CT", "PR", "SR"]

    core.session.close_case()
    told = []
    core.session.findings.changed.connect(told.append)
    open_case(core, qtbot)
    # Once for the case that was put away, once for the objects that were read.
    qtbot.waitUntil(lambda: len(told) == 2, timeout=20_000)
    found = tuple(core.library.objects_of(study, lambda: False))
    assert [len(one.annotations) for one in found] == [1, 1]
    assert annotating.all() == (drawn,), "here the drawing itself stands, and once"

    second = open_home("second")
    objects = tmp_path / "objects"
    objects.mkdir()
    for number, instance in enumerate(i for series in study.series for i in series.instances):
        with core.vault.open(Path(instance.path)) as file:
            (objects / f"{number}.dcm").write_bytes(file.read())
    second.cache.add(sorted(objects.iterdir()))
    open_case(second, qtbot)
    qtbot.waitUntil(lambda: bool(second.session.findings.findings()), timeout=20_000)
    (came,) = second.session.findings.findings()
    assert (came.kind, came.points, came.text) == (drawn.kind, drawn.points, drawn.text)
    assert [v.text for v in came.measured.values] == [v.text for v in drawn.measured.values]
    assert came.source.kind == "received"
