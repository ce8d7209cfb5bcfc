"""A nodule that grew, from the real registration of two phantoms to a line in the table: its true sizes are known."""

from __future__ import annotations

import time

import pytest
from PySide6.QtWidgets import QApplication

import main
from rendering.phantoms.generator import write_demonstration
from ui import app
from workstation.domain.annotation import Verdict
from workstation.domain.geometry import length, sub
from workstation.jobs import Jobs
from workstation.session.tool import Tool
from workstation.settings import Folders

VOXEL = 1.5
"""mm: how near a place must come on the coarse phantoms."""


def wait(until, seconds=120.0):
    end = time.monotonic() + seconds
    while not until():
        assert time.monotonic() < end, "it did not come"
        QApplication.processEvents()
        time.sleep(0.005)


@pytest.fixture
def opened(tmp_path, qapp):
    """The chest of today with its prior of nine months ago beside it, and where their nodules truly are."""
    written = write_demonstration(tmp_path / "files", only={"ct-chest", "ct-chest-prior"}, size="small")
    poster = app.MainPoster()
    core = main.open_core(lambda: Jobs(poster.post), "", Folders(tmp_path / "data", tmp_path / "config", tmp_path / "cache"))
    try:
        core.cache.add([tmp_path / "files"])
        core.session.refresh_worklist()
        wait(lambda: bool(core.session.items))
        core.session.open(max(core.session.items, key=lambda item: item.study_date))
        wait(lambda: core.session.case is not None)
        yield core, {one.role: one.truth for one in written}
    finally:
        core.close()
        QApplication.processEvents()


def test_a_nodule_is_found_again_in_the_prior_where_anatomy_says_and_its_growth_is_told(opened):
    core, truth = opened
    session = core.session
    now, before = session.case.study.series[0], session.case.priors[0].series[0]
    wait(lambda: session.registering.alignment(now.series_instance_uid, before.series_instance_uid) is not None)
    alignment = session.registering.alignment(now.series_instance_uid, before.series_instance_uid)
    centre, earlier = truth["ct-chest"]["nodule_centre"], truth["ct-chest-prior"]["nodule_centre"]
    assert length(sub(alignment.apply(tuple(centre)), tuple(earlier))) < 1.0
    assert length(sub(tuple(centre), tuple(earlier))) > 5.0  # the table alone would not lead there
    measure(session, centre, truth["ct-chest"]["nodule_diameter_mm"])
    session.lesions.carry()
    wait(lambda: len(session.annotating.all()) == 2)
    proposed = session.annotating.find(session.annotating.selected)
    assert proposed.study_uid == session.case.priors[0].study_instance_uid
    middle = [sum(p[axis] for p in proposed.patient_points[:4]) / 4 for axis in range(3)]
    assert length(sub(tuple(middle), tuple(earlier))) < 2 * VOXEL
    assert proposed.measured.values[0].value == pytest.approx(truth["ct-chest-prior"]["nodule_diameter_mm"], abs=VOXEL)
    drawn = next(a for a in session.annotating.all() if a.study_uid == session.case.study.study_instance_uid)
    assert session.from_image.told(drawn).words.startswith("8 x 8 mm (")
    session.annotating.judge(proposed.uid, Verdict.ACCEPTED)
    wait(lambda: session.annotating.find(proposed.uid).verdict is Verdict.ACCEPTED and not session.annotating.is_unsaved)
    words = session.from_image.told(session.annotating.find(drawn.uid)).words
    assert "), before " in words
    assert "volume doubling time" in words
    grown = session.lesions.table().rows[0].cells[1].change
    assert grown == pytest.approx(8.0 / proposed.measured.values[0].value - 1.0)


def measure(session, centre, diameter):
    viewer = session.viewing.viewer(0)
    session.viewing.change(0, position=viewer.at_point(session.viewing.state(0), tuple(centre)).position)
    wait(lambda: viewer.is_ready(session.viewing.state(0)))
    session.viewing.set_tool(Tool.BIDIRECTIONAL)
    size = session.annotating.drawing.size(0)
    for axis in (0, 1):
        for sign in (-0.5, 0.5):
            point = [c + sign * diameter * (axis == i) for i, c in enumerate(centre)]
            seen = viewer.to_view(session.viewing.state(0), *size, tuple(point))
            session.annotating.drawing.place(0, seen[:2])
