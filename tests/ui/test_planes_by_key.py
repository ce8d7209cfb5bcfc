"""Planes and slabs by keys alone, in the real window on a real volume; and a plane's way to a series of its own."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import made_series
import numpy as np
import pytest
from made_series import Acquisition, SeriesMaker
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from window_seat import HeldJobs

from rendering.objects.facts import ObjectContext
from rendering.viewport import Viewport
from rendering.worker import ImageWorker
from ui.plane_desk import PlaneDesk
from workstation.at_rest.vault import Vault
from workstation.cache.cache import StudyCache
from workstation.domain.plane_series import PlaneBatch
from workstation.domain.viewing import Plane
from workstation.errors import WorkstationError

pytestmark = pytest.mark.qt


@pytest.fixture
def volume(case: Any, seat: Any, monkeypatch: pytest.MonkeyPatch) -> Viewport:
    """The first series of the open case is a real volume, linear in space."""
    monkeypatch.setattr(made_series, "STUDY", "1.1")
    monkeypatch.setattr(made_series, "SERIES", "1.1.1")
    grid = Acquisition(shape=(30, 40, 44), row_spacing=1.0, column_spacing=1.0, gap=1.5)
    made: Viewport = grid.fill(SeriesMaker(), lambda points: points @ np.array([2.0, 3.0, 5.0])).viewport()
    seat.library.shelf["1.1", "1.1.1"] = made
    seat.session.viewing.hang_series(0, seat.session.case.study, seat.session.case.study.series[0], False)
    return made


@pytest.fixture
def press(case: Any, volume: Viewport) -> Any:
    def press(key: str, times: int = 1) -> None:
        combination = QKeySequence(key)[0]
        for _ in range(times):
            QTest.keyClick(QApplication.focusWidget() or case, combination.key(), combination.keyboardModifiers())
            QApplication.processEvents()

    case.grid.setFocus()
    return press


def states(seat: Any) -> list[Any]:
    return [cell.state for cell in seat.session.viewing.cells]


def test_planes_are_turned_tilted_and_set_straight_by_keys(press, seat, case):
    press("Alt+7")
    assert [s.plane for s in states(seat)] == [Plane.AXIAL, Plane.CORONAL, Plane.SAGITTAL, Plane.STACK]
    press("Alt+Right")
    one = states(seat)[1].oblique
    press("Alt+Shift+Right")
    assert states(seat)[1].oblique != one
    press("Alt+Shift+Left")
    assert states(seat)[1].oblique[0] == pytest.approx(one[0])
    press("Alt+Left")
    assert states(seat)[1].plane is Plane.CORONAL
    press("Alt+PgUp")
    press("Alt+Shift+PgUp")
    assert states(seat)[0].plane is Plane.OBLIQUE
    press("Alt+Shift+PgDown")
    press("Alt+PgDown")
    assert states(seat)[0].plane is Plane.AXIAL
    press("Alt+Shift+Right")
    press("Alt+8")
    assert [s.plane for s in states(seat)[:3]] == [Plane.AXIAL, Plane.CORONAL, Plane.SAGITTAL]
    assert case.grid.hasFocus()


def test_one_viewport_becomes_the_turned_plane_by_a_key(press, seat):
    press("Alt+7")
    press("Alt+Shift+Right")
    turned = states(seat)[1].oblique
    press("Tab")
    press("Alt+3")
    assert states(seat)[1].plane is Plane.CORONAL
    press("Alt+9")
    assert states(seat)[1].oblique == turned


def test_slabs_are_made_changed_and_named_by_keys(press, seat, case, qtbot):
    press("Alt+7")
    press("Alt+Up", 2)
    assert states(seat)[0].slab_mm == 5.0
    press("Alt+Down")
    assert states(seat)[0].slab_mm == 4.0
    press("Alt+M")
    assert states(seat)[0].slab_mode == "MIP"
    press("Down", 3)
    assert (states(seat)[0].slab_mm, states(seat)[0].slab_mode) == (4.0, "MIP"), "kept while scrolling"
    press("Alt+T")
    QTest.keyClicks(QApplication.focusWidget(), "20")
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Return)
    assert states(seat)[0].slab_mm == 20.0
    assert case.grid.hasFocus()
    qtbot.waitUntil(lambda: case.grid.widget(0).painted.picture.slab.words == "MIP 20 mm")
    press("Ctrl+R")
    assert states(seat)[0].slab_mm == 0.0


@pytest.mark.parametrize("key", ["Alt+Right", "Alt+PgUp", "Alt+Up", "Alt+M", "Alt+T", "Alt+E", "Alt+8"])
def test_where_there_is_no_plane_a_key_says_so(key, press, case):
    press(key)
    assert "no plane" in case.banner.text


def test_the_export_is_asked_for_by_a_key_and_left_by_another(press, seat, case):
    press("Alt+7")
    press("Alt+E")
    dialog = case.grid.plane_desk.dialog
    assert dialog is not None
    assert seat.session.viewing.planes.preview is not None
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert seat.session.viewing.planes.preview is None


@pytest.fixture
def worker():
    with ImageWorker() as running:
        yield running


def test_planes_are_written_kept_and_queued(press, seat, case, volume, worker, tmp_path):
    """The whole way: the very objects that were kept here are those that are queued to the archive."""
    press("Alt+7")
    cache = StudyCache(tmp_path / "kept", worker)
    queued: list[Any] = []
    notices: list[str] = []
    seat.session.notice.connect(lambda notice: notices.append(notice.text))
    core = SimpleNamespace(
        session=seat.session,
        library=seat.library,
        jobs=HeldJobs(),
        cache=cache,
        vault=Vault.plain(),
        settings=SimpleNamespace(signer="Dr Reader"),
        reader=SimpleNamespace(object_context=lambda _path: ObjectContext("1.1", patient_name="A^B", patient_id="P1")),
        sender=SimpleNamespace(enqueue=lambda archive, objects: queued.append((archive, objects))),
        start_sending=lambda: queued.append("started"),
    )
    desk = PlaneDesk(case.grid, core)
    batch = PlaneBatch(states(seat)[1], 3, 2.0, description="My planes")
    desk.export(batch, "pacs")
    (archive, objects), started = queued
    assert (archive, started) == ("pacs", "started")
    (series,) = cache.study("1.1").series
    assert (series.modality, series.image_count, series.series_description) == ("CT", 3, "My planes")
    assert {row.instance.sop_instance_uid for row in objects} == {i.sop_instance_uid for i in series.instances}
    assert notices[-1] == "3 planes were made a series and are on their way to the archive"
    seat.library.shelf.pop(("1.1", "1.1.1"))
    problems: list[WorkstationError] = []
    seat.session.report_problem = problems.append
    desk.export(batch, "")
    assert "not open any more" in problems[0].detail
    cache.close()
